package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// message is what the other side sends.
type message struct {
	ID       json.RawMessage `json:"id"`
	Kind     string          `json:"kind"`
	Module   string          `json:"module"`
	Function string          `json:"function"`
	Input    json.RawMessage `json:"input"`
}

// answer is what it gets. Success is nil for messages that nothing is asked in.
type answer struct {
	ID      json.RawMessage `json:"id"`
	Tool    string          `json:"tool,omitempty"`
	Success *bool           `json:"success,omitempty"`
	Output  any             `json:"output,omitempty"`
	Timings []timing        `json:"timings,omitempty"`
	Error   string          `json:"error,omitempty"`
}

// timing is how long a part of the work took.
type timing struct {
	Name        string `json:"name"`
	Nanoseconds int64  `json:"nanoseconds"`
}

// longest is the length from which on a line is refused; the suite's longest are about 30 MB.
const longest = 1 << 30

// serve answers every line of r until it ends. Only failures to read or write end it earlier.
func serve(r io.Reader, w io.Writer) error {
	in, out := bufio.NewReaderSize(r, 1<<16), bufio.NewWriterSize(w, 1<<16)
	for {
		line, err := readLine(in, longest)
		switch {
		case errors.Is(err, errTooLong):
			err = write(out, failure(nil, err))
		case len(bytes.TrimSpace(line)) > 0:
			if fault := write(out, respond(line)); fault != nil {
				return fault
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

var errTooLong = errors.New("the line is too long")

// readLine reads up to the end of a line. Of one longer than most it keeps nothing.
func readLine(r *bufio.Reader, most int) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > most; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
		case err == nil && long:
			return nil, errTooLong
		default:
			return line, err
		}
	}
}

// write sends an answer. One that JSON cannot express, such as a NaN, becomes a failure.
func write(w *bufio.Writer, a answer) error {
	if l, ok := a.Output.(lists); ok {
		if err := l.check(); err != nil {
			return write(w, failure(a.ID, err))
		}
		if err := l.stream(w, a); err != nil {
			return err
		}
		return w.Flush()
	}
	line, err := json.Marshal(a)
	if err != nil {
		line, err = json.Marshal(failure(a.ID, fmt.Errorf("the output cannot be sent: %w", err)))
	}
	if err != nil {
		return err
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return err
	}
	return w.Flush()
}

func failure(id json.RawMessage, err error) answer {
	success := false
	const most = 1000 // of what is quoted, a line of any length
	reason := err.Error()
	if len(reason) > most {
		reason = strings.ToValidUTF8(reason[:most], "") + "…"
	}
	return answer{ID: id, Success: &success, Error: reason}
}

// respond answers one message. Whatever goes wrong is part of the answer.
func respond(line []byte) (a answer) {
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		return failure(idOf(line), fmt.Errorf("the message cannot be read: %w", err))
	}
	defer func() {
		if p := recover(); p != nil {
			a = failure(m.ID, fmt.Errorf("%v", p))
		}
	}()
	a = answer{ID: m.ID}
	success := true
	switch m.Kind {
	case "start":
		a.Tool = "chainrule"
	case "define":
		if modules[m.Module] == nil {
			return failure(m.ID, fmt.Errorf("there is no module %q", m.Module))
		}
		a.Success = &success
	case "evaluate":
		f := modules[m.Module][m.Function]
		if f == nil {
			return failure(m.ID, fmt.Errorf("there is no function %q in module %q", m.Function, m.Module))
		}
		e, err := f(m.Input)
		if err != nil {
			return failure(m.ID, err)
		}
		if a.Output, a.Timings, err = e.repeat(); err != nil {
			return failure(m.ID, err)
		}
		a.Success = &success
	case "":
		return failure(m.ID, errors.New("the message has no kind"))
	}
	return a
}

// idOf looks for the id in a message that cannot be read as a whole.
func idOf(line []byte) json.RawMessage {
	tokens := json.NewDecoder(bytes.NewReader(line))
	tokens.UseNumber()
	if open, err := tokens.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	for {
		name, err := tokens.Token()
		if err != nil {
			return nil
		}
		var value json.RawMessage
		if err := tokens.Decode(&value); err != nil {
			return nil
		}
		if name == "id" {
			return value
		}
	}
}
