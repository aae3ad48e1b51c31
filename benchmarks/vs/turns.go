package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"chainrule/benchmarks/wire"
	"chainrule/benchmarks/workload"
)

// What became of a peer in a case.
type status string

const (
	statusTimed       status = "timed"
	statusAbsent      status = "absent"
	statusUnsupported status = "unsupported"
	statusWrong       status = "WRONG"
	statusFailed      status = "failed"
)

// A result is one peer in one case. Times are in microseconds for one iteration.
type result struct {
	Peer    string
	Status  status
	Why     string      // it was not timed
	Rounds  [][]float64 // the samples of each round
	Threads int
	Peak    float64 // operations a second of the machine, the best of the run until then; 0 if unknown
	Allocs  float64 // for one iteration; NaN if unknown
}

// client is what the measurement needs of a wire.Client.
type client interface {
	Prepare(name string) error
	Answer() ([]workload.Sum, error)
	Run(iterations, samples int) ([]float64, error)
	Allocs(iterations int) (float64, bool, error)
	Dead() bool
	Close()
}

// An entrant is a peer that was asked to take part.
type entrant struct {
	name    string
	version string
	client  client
	absent  error // why there is no client
	restart func() (client, error)
}

// A field is all entrants, and the server of the machine's limits, which is nil if there is none.
type field struct {
	threads  int
	entrants []*entrant
	limit    client
	peaks    map[string]float64 // the best of the run, by element type
}

// start starts the peers chosen.
func start(s *setting, chosen []peer, log io.Writer) *field {
	f := &field{threads: s.threads, peaks: map[string]float64{}}
	for _, variable := range os.Environ() {
		if tunes(variable) {
			fmt.Fprintf(log, "%s is not handed on to the peers\n", variable)
		}
	}
	for _, p := range chosen {
		e := &entrant{name: p.name}
		e.restart = func() (client, error) { return s.start(p) }
		c, err := s.start(p)
		if err != nil {
			e.absent = err
			fmt.Fprintf(log, "%s: %v\n", p.name, err)
		} else {
			e.client, e.version = c, c.Version
		}
		f.entrants = append(f.entrants, e)
	}
	limit, err := s.start(peer{name: limitPeer, command: itself(limitPeer)})
	if err != nil {
		fmt.Fprintf(log, "%s: %v\n", limitPeer, err)
		return f
	}
	f.limit = limit
	return f
}

func (f *field) close() {
	for _, e := range f.entrants {
		if e.client != nil {
			e.client.Close()
		}
	}
	if f.limit != nil {
		f.limit.Close()
	}
}

// versions lists the peers with what they say of themselves.
func (f *field) versions() (list [][2]string) {
	for _, e := range f.entrants {
		version := e.version
		if e.client == nil {
			version = string(statusAbsent)
		}
		list = append(list, [2]string{e.name, version})
	}
	return list
}

// turns says how a case's time is dealt out.
type turns struct {
	rounds int
	slice  time.Duration
}

const (
	sampleMicros = 2000                   // a sample's length, for the clock and for short disturbances to be seen as such
	limitFirst   = 300 * time.Millisecond // of the peak, when a run first asks
	limitSlice   = 5 * time.Millisecond   // of the peak in each round
	rest         = 5 * time.Millisecond   // between slices: idle threads of the last peer spin no longer
	fewestRounds = 3
	overdraft    = 3 // a peer whose iterations are long stops when it has taken that many times its time
)

// runner is an entrant in the course of a case.
type runner struct {
	*result
	entrant    *entrant
	iterations int // of a sample
	samples    int // of a slice
	spent      time.Duration
}

// measure lets all entrants run a case by turns.
func (f *field) measure(c workload.Case, t turns) []*result {
	reference := c.Reference()
	var results []*result
	var running []*runner
	for _, e := range f.entrants {
		r := &runner{entrant: e, result: &result{Peer: e.name, Threads: f.threads, Allocs: math.NaN()}}
		results = append(results, r.result)
		if r.Status, r.Why = e.ready(c, reference); r.Status == "" {
			if r.fail(r.calibrate(t)); r.Status == "" {
				running = append(running, r)
			}
		}
	}
	limit := f.newLimit(c)
	for round := range t.rounds {
		limit.take(limitSlice)
		for i := range running {
			running[(i+round)%len(running)].takeTurn(round, t)
		}
		running = slices.DeleteFunc(running, func(r *runner) bool { return r.Status != "" })
	}
	limit.take(limitSlice)
	for _, r := range running {
		r.Status = statusTimed
		r.countAllocs()
	}
	if limit.client != nil {
		f.peaks[c.DType] = limit.best
	}
	for _, r := range results {
		r.Peak = limit.best
		if r.Status == "" {
			r.Status = statusTimed
		}
	}
	return results
}

// ready prepares a case and holds the answer against the reference. An empty status says that all is well.
func (e *entrant) ready(c workload.Case, reference []workload.Expected) (status, string) {
	if e.client == nil {
		return statusAbsent, e.absent.Error()
	}
	if e.client.Dead() {
		e.client.Close()
		fresh, err := e.restart()
		if err != nil {
			e.client, e.absent = nil, err
			return statusAbsent, err.Error()
		}
		e.client = fresh
	}
	err := e.client.Prepare(c.Name)
	if errors.Is(err, wire.ErrUnsupported) {
		return statusUnsupported, err.Error()
	}
	var answer []workload.Sum
	if err == nil {
		answer, err = e.client.Answer()
	}
	if err != nil {
		return statusFailed, err.Error()
	}
	if err := c.Agree(answer, reference); err != nil {
		return statusWrong, err.Error()
	}
	return "", ""
}

func (r *runner) fail(err error) {
	if err != nil {
		r.Status, r.Why = statusFailed, err.Error()
	}
}

// calibrate finds how many iterations make a sample, and how many samples a slice.
func (r *runner) calibrate(t turns) error {
	r.iterations = 1
	for {
		times, err := r.entrant.client.Run(r.iterations, 1)
		if err != nil {
			return err
		}
		took := times[0] * float64(r.iterations)
		if took >= sampleMicros || r.iterations > 1<<24 {
			r.samples = max(1, int(float64(t.slice.Microseconds())/took))
			return nil
		}
		r.iterations = max(r.iterations+1, int(min(1.1*sampleMicros/times[0], 10*float64(r.iterations))))
	}
}

// takeTurn gives a runner one slice. Before it, something is run that is not counted, to warm the caches.
func (r *runner) takeTurn(round int, t turns) {
	if r.Status != "" || round >= fewestRounds && r.spent > overdraft*t.slice*time.Duration(t.rounds) {
		return
	}
	time.Sleep(rest)
	began := time.Now()
	warm := 0
	if r.samples > 4 {
		warm = 1
	}
	times, err := r.entrant.client.Run(r.iterations, r.samples+warm)
	if err != nil {
		r.fail(err)
		return
	}
	r.Rounds = append(r.Rounds, times[warm:])
	r.spent += time.Since(began)
}

// countAllocs asks for the allocations of enough iterations that those of a runtime between do not count.
func (r *runner) countAllocs() {
	n := min(200, r.iterations*r.samples)
	allocs, known, err := r.entrant.client.Allocs(n)
	if err == nil && known {
		r.Allocs = allocs
	}
}

// A limit is the machine's peak in the course of a case.
type limit struct {
	client     client // nil if the case has no such limit
	operations float64
	best       float64 // operations a second
}

// newLimit prepares the peak that bounds a case. Without one, everything later does nothing.
func (f *field) newLimit(c workload.Case) *limit {
	if f.limit == nil || c.FLOPs() == 0 || f.limit.Prepare("peak_"+c.DType) != nil {
		return &limit{}
	}
	answer, err := f.limit.Answer()
	if err != nil || len(answer) != 1 {
		return &limit{}
	}
	l := &limit{client: f.limit, operations: answer[0].Value, best: f.peaks[c.DType]}
	if l.best == 0 {
		l.take(limitFirst)
	}
	return l
}

// take measures the peak for a while.
func (l *limit) take(d time.Duration) {
	if l.client == nil {
		return
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		times, err := l.client.Run(1, 4)
		if err != nil {
			return
		}
		l.best = max(l.best, l.operations/slices.Min(times)*1e6)
	}
}
