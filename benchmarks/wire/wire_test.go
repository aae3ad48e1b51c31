package wire

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"chainrule/benchmarks/workload"
)

// serverVar makes the test's own binary a server.
const serverVar = "WIRE_TEST_SERVER"

func TestMain(m *testing.M) {
	switch os.Getenv(serverVar) {
	case "":
		os.Exit(m.Run())
	case "absent":
		fmt.Println("absent no such library")
	case "broken":
		fmt.Fprintln(os.Stderr, "cannot load")
		os.Exit(3)
	case "good":
		ServeStd("tester 1.0", prepare)
	default:
		fmt.Println()
	}
}

func prepare(name string) (*Program, error) {
	switch name {
	case "other":
		return nil, fmt.Errorf("%w: not this one", ErrUnsupported)
	case "faulty":
		return nil, errors.New("two\nlines")
	}
	fmt.Println("noise on standard output") // must not reach the client
	return &Program{
		Step: func() {
			switch name {
			case "panics":
				panic("boom")
			case "exits":
				fmt.Fprintln(os.Stderr, "out of memory")
				os.Exit(1)
			}
			time.Sleep(time.Millisecond)
		},
		Answer: func() ([]workload.Sum, error) {
			return []workload.Sum{{Value: 1.0 / 3, Norm: 2}, {Value: -1e-300, Norm: 0}}, nil
		},
	}, nil
}

func startServer(t *testing.T, kind string) (*Client, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverVar+"="+kind)
	c, err := Start(cmd)
	if c != nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

func TestRoundTrip(t *testing.T) {
	c, err := startServer(t, "good")
	if err != nil || c.Version != "tester 1.0" {
		t.Fatalf("started %v, %v", c, err)
	}
	if _, err := c.Answer(); err == nil {
		t.Error("an answer before any case")
	}
	if err := c.Prepare("case"); err != nil {
		t.Fatal(err)
	}
	sums, err := c.Answer()
	if want := []workload.Sum{{Value: 1.0 / 3, Norm: 2}, {Value: -1e-300, Norm: 0}}; err != nil ||
		len(sums) != 2 || sums[0] != want[0] || sums[1] != want[1] {
		t.Errorf("answer %v, %v, want %v to the last bit", sums, err, want)
	}
	times, err := c.Run(2, 3)
	if err != nil || len(times) != 3 {
		t.Fatalf("times %v, %v", times, err)
	}
	for _, us := range times {
		if us < 1000 || us > 1e6 {
			t.Errorf("a step that sleeps a millisecond took %v µs", us)
		}
	}
	if n, known, err := c.Allocs(3); err != nil || !known || n != 0 {
		t.Errorf("allocs %v, %v, %v", n, known, err)
	}
}

func TestRefusals(t *testing.T) {
	c, err := startServer(t, "good")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Prepare("other"); !errors.Is(err, ErrUnsupported) || err.Error() != "unsupported: not this one" {
		t.Errorf("error %v", err)
	}
	if err := c.Prepare("faulty"); err == nil || err.Error() != "two lines" {
		t.Errorf("error %v", err)
	}
	if err := c.Prepare("panics"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run(1, 1); err == nil || err.Error() != "boom" {
		t.Errorf("error %v", err)
	}
	if c.Dead() {
		t.Error("a panic has ended the server")
	}
	if err := c.Prepare("exits"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run(1, 1); err == nil || !strings.Contains(err.Error(), "out of memory") || !c.Dead() {
		t.Errorf("error %v, dead %v", err, c.Dead())
	}
	if err := c.Prepare("case"); err == nil {
		t.Error("a dead server prepares")
	}
}

func TestAbsent(t *testing.T) {
	for kind, want := range map[string]string{
		"absent": "no such library", "broken": "cannot load", "garbage": "replied",
	} {
		if _, err := startServer(t, kind); !errors.Is(err, ErrAbsent) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", kind, err)
		}
	}
	if _, err := Start(exec.Command("/no/such/program")); !errors.Is(err, ErrAbsent) {
		t.Errorf("error %v", err)
	}
}
