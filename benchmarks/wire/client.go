package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"chainrule/benchmarks/workload"
)

// ErrAbsent says that a server cannot run on this machine.
var ErrAbsent = errors.New("absent")

// Timeout is the longest time that a client waits for a line.
const Timeout = 5 * time.Minute

// A Client holds one server.
type Client struct {
	Version string
	cmd     *exec.Cmd
	in      io.WriteCloser
	lines   chan string
	stderr  *tail
	dead    error
}

// Start runs the command of a server and greets it. The error wraps ErrAbsent if it cannot run here.
func Start(cmd *exec.Cmd) (*Client, error) {
	c := &Client{cmd: cmd, lines: make(chan string, 1), stderr: &tail{}}
	cmd.Stderr = c.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrAbsent, err)
	}
	c.in = in
	go func() {
		r := bufio.NewReader(out)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				close(c.lines)
				return
			}
			c.lines <- strings.TrimSpace(line)
		}
	}()
	c.Version, err = c.ask("hello")
	if err != nil && !errors.Is(err, ErrAbsent) {
		err = fmt.Errorf("%w: %v", ErrAbsent, err)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the server.
func (c *Client) Close() {
	c.in.Close()
	if c.dead == nil {
		c.dead = errors.New("closed")
	}
	done := make(chan struct{})
	go func() {
		for range c.lines { // what it still says is read and dropped
		}
		c.cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		c.cmd.Process.Kill()
		<-done
	}
}

// Dead reports whether the server has ended or been given up.
func (c *Client) Dead() bool { return c.dead != nil }

// ask sends a line and returns what follows "ok" in the reply.
func (c *Client) ask(format string, args ...any) (string, error) {
	if c.dead != nil {
		return "", c.dead
	}
	line := fmt.Sprintf(format, args...)
	_, _ = fmt.Fprintln(c.in, line) // a server that does not read it has ended, and what it said is read below
	timer := time.NewTimer(Timeout)
	defer timer.Stop()
	select {
	case reply, ok := <-c.lines:
		if !ok {
			c.cmd.Wait() // the last words are read by then
			return "", c.fail(line, "it ended: "+c.stderr.last())
		}
		word, rest, _ := strings.Cut(reply, " ")
		switch word {
		case "ok":
			return rest, nil
		case "unsupported":
			return "", fmt.Errorf("%w: %s", ErrUnsupported, rest)
		case "absent":
			return "", fmt.Errorf("%w: %s", ErrAbsent, rest)
		case "error":
			return "", errors.New(rest)
		}
		return "", c.fail(line, fmt.Sprintf("it replied %q", reply))
	case <-timer.C:
		return "", c.fail(line, fmt.Sprintf("no reply in %v", Timeout))
	}
}

// fail gives the server up.
func (c *Client) fail(line, why string) error {
	c.dead = fmt.Errorf("%s: %s", line, why)
	c.cmd.Process.Kill()
	return c.dead
}

// Prepare makes the program of a case. The error wraps ErrUnsupported if the server has none.
func (c *Client) Prepare(name string) error {
	_, err := c.ask("prepare %s", name)
	return err
}

// Answer returns what the program computes.
func (c *Client) Answer() ([]workload.Sum, error) {
	numbers, err := c.numbers("answer")
	if err != nil || len(numbers)%2 != 0 {
		return nil, errors.Join(err, c.odd(len(numbers)))
	}
	var sums []workload.Sum
	for i := 0; i < len(numbers); i += 2 {
		sums = append(sums, workload.Sum{Value: numbers[i], Norm: numbers[i+1]})
	}
	return sums, nil
}

func (c *Client) odd(n int) error {
	if n%2 == 0 {
		return nil
	}
	return fmt.Errorf("answer: %d numbers are no pairs", n)
}

// Run returns samples of that many iterations each, in microseconds for one iteration.
func (c *Client) Run(iterations, samples int) ([]float64, error) {
	times, err := c.numbers("run %d %d", iterations, samples)
	if err == nil && len(times) != samples {
		err = fmt.Errorf("run: %d samples, not %d", len(times), samples)
	}
	return times, err
}

// Allocs returns the allocations of one iteration, and whether the server can tell.
func (c *Client) Allocs(iterations int) (allocs float64, known bool, err error) {
	reply, err := c.ask("allocs %d", iterations)
	if err != nil || reply == "none" {
		return 0, false, err
	}
	allocs, err = strconv.ParseFloat(reply, 64)
	return allocs, err == nil, err
}

func (c *Client) numbers(format string, args ...any) ([]float64, error) {
	reply, err := c.ask(format, args...)
	if err != nil {
		return nil, err
	}
	var numbers []float64
	for _, word := range strings.Fields(reply) {
		x, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", format, err)
		}
		numbers = append(numbers, x)
	}
	return numbers, nil
}

// tail keeps the end of what a server prints to standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > most {
		t.text = t.text[len(t.text)-most:]
	}
	return len(p), nil
}

// last is the last line.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := bytes.TrimSpace(t.text)
	return oneLine(string(text[bytes.LastIndexByte(text, '\n')+1:]))
}
