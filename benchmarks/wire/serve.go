package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"chainrule/benchmarks/workload"
)

// ErrUnsupported says that a program has no counterpart of a case. Wrap it with the reason.
var ErrUnsupported = errors.New("unsupported")

// A Program is a case made ready to run.
type Program struct {
	Step   func()                         // one iteration; panics if it fails
	Answer func() ([]workload.Sum, error) // called at most once, before any Step
}

// Serve answers the lines of in until it ends. Prepare makes the program of a case.
func Serve(in io.Reader, out io.Writer, version string, prepare func(name string) (*Program, error)) error {
	s := &server{version: version, prepare: prepare}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(out, s.answer(words)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// ServeStd is Serve on the standard streams. What libraries print goes to standard error.
func ServeStd(version string, prepare func(name string) (*Program, error)) {
	out := os.Stdout
	os.Stdout = os.Stderr
	if err := Serve(os.Stdin, out, version, prepare); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type server struct {
	version string
	prepare func(name string) (*Program, error)
	program *Program
}

// answer does what a line says. A panic becomes an error.
func (s *server) answer(words []string) (reply string) {
	defer func() {
		if value := recover(); value != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", value, debug.Stack())
			reply = "error " + oneLine(fmt.Sprint(value))
		}
	}()
	reply, err := s.do(words)
	switch {
	case errors.Is(err, ErrUnsupported):
		return "unsupported " + strings.TrimPrefix(oneLine(err.Error()), ErrUnsupported.Error()+": ")
	case err != nil:
		return "error " + oneLine(err.Error())
	}
	return strings.TrimSpace("ok " + reply)
}

func (s *server) do(words []string) (string, error) {
	var numbers []int
	if words[0] != "prepare" {
		for _, w := range words[1:] {
			n, err := strconv.Atoi(w)
			if err != nil || n < 1 {
				return "", fmt.Errorf("%q is no count", w)
			}
			numbers = append(numbers, n)
		}
	}
	switch command := fmt.Sprint(words[0], len(words)-1); command {
	case "hello0":
		return s.version, nil
	case "prepare1":
		s.program = nil
		runtime.GC() // what the last case leaves must not be collected during this one
		var err error
		s.program, err = s.prepare(words[1])
		return "", err
	}
	if s.program == nil {
		return "", errors.New("no case is prepared")
	}
	switch command := fmt.Sprint(words[0], len(words)-1); command {
	case "answer0":
		sums, err := s.program.Answer()
		var b strings.Builder
		for _, sum := range sums {
			fmt.Fprintf(&b, "%.17g %.17g ", sum.Value, sum.Norm)
		}
		return b.String(), err
	case "run2":
		var b strings.Builder
		for range numbers[1] {
			start := time.Now()
			for range numbers[0] {
				s.program.Step()
			}
			fmt.Fprintf(&b, "%.6g ", float64(time.Since(start).Nanoseconds())/1e3/float64(numbers[0]))
		}
		return b.String(), nil
	case "allocs1":
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range numbers[0] {
			s.program.Step()
		}
		runtime.ReadMemStats(&after)
		return fmt.Sprint((after.Mallocs - before.Mallocs) / uint64(numbers[0])), nil
	}
	return "", fmt.Errorf("no such command: %s", strings.Join(words, " "))
}

func oneLine(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = s[:most] + "…"
	}
	return s
}
