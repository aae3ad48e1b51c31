package main

import (
	"fmt"
	"os"
	"runtime"

	"chainrule/benchmarks/machine"
	"chainrule/benchmarks/ours"
	"chainrule/benchmarks/wire"
	"chainrule/benchmarks/workload"
)

// servers are the peers that are this program itself, started once more with their name.
var servers = map[string]struct {
	version string
	prepare func(name string) (*wire.Program, error)
}{
	"chainrule": {"chainrule", prepareOurs},
	"gonum":     {"gonum v0.17.0 by hand", forCase(prepareGonum)},
	limitPeer:   {"the machine", prepareLimit},
}

// serve answers on the standard streams, and is all that this process does.
func serve(name string) {
	s, ok := servers[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "no server is called %q\n", name)
		os.Exit(2)
	}
	wire.ServeStd(s.version, s.prepare)
}

// forCase makes a function of a name from one of a case.
func forCase(prepare func(workload.Case) (*wire.Program, error)) func(name string) (*wire.Program, error) {
	return func(name string) (*wire.Program, error) {
		c, err := workload.Parse(name)
		if err != nil {
			return nil, err
		}
		return prepare(c)
	}
}

func prepareOurs(name string) (*wire.Program, error) {
	c, err := workload.Parse(name)
	if err != nil {
		return nil, err
	}
	s, err := ours.New(c, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	return &wire.Program{Answer: s.Answer, Step: func() {
		if err := s.Step(); err != nil {
			panic(err)
		}
	}}, nil
}

// limitPeer is the server of the machine's limits. Its cases are peak_f32 and peak_f64.
const limitPeer = "machine"

func prepareLimit(name string) (*wire.Program, error) {
	if name != "peak_f32" && name != "peak_f64" {
		return nil, fmt.Errorf("%w: %s is no limit", wire.ErrUnsupported, name)
	}
	if !machine.Exact() {
		return nil, fmt.Errorf("%w: no assembly for this processor", wire.ErrUnsupported)
	}
	dtype, workers := name[len("peak_"):], runtime.GOMAXPROCS(0)
	return &wire.Program{
		Step: func() { machine.PeakBurst(dtype, workers) },
		Answer: func() ([]workload.Sum, error) { // the operations of an iteration
			return []workload.Sum{workload.Number(machine.PeakBurst(dtype, workers))}, nil
		},
	}, nil
}
