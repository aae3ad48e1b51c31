package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"chainrule/benchmarks/wire"
	"chainrule/benchmarks/workload"
)

// TestMain lets the test's own binary be a peer, as the command's is.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == serveFlag {
		serve(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

// fake is a peer without a process.
type fake struct {
	answer  []workload.Sum
	micros  float64
	prepare error
	runs    int // samples taken
}

func (f *fake) Prepare(string) error              { return f.prepare }
func (f *fake) Answer() ([]workload.Sum, error)   { return f.answer, nil }
func (f *fake) Allocs(int) (float64, bool, error) { return 3, true, nil }
func (f *fake) Dead() bool                        { return false }
func (f *fake) Close()                            {}

func (f *fake) Run(_, samples int) ([]float64, error) {
	f.runs += samples
	times := make([]float64, samples)
	for i := range times {
		times[i] = f.micros * float64(1+i%2) // every other one disturbed
	}
	return times, nil
}

func parse(t *testing.T, name string) workload.Case {
	t.Helper()
	c, err := workload.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestWrong: a peer whose answer differs is reported and never timed; those that agree are.
func TestWrong(t *testing.T) {
	c := parse(t, "gemm_f32_nn_4x4x4")
	right := []workload.Sum{c.Reference()[0].Sum}
	wrong := []workload.Sum{{Value: right[0].Value + 0.01*right[0].Norm, Norm: right[0].Norm}}
	good, bad := &fake{answer: right, micros: 100}, &fake{answer: wrong, micros: 50}
	f := &field{threads: 1, entrants: []*entrant{{name: subject, client: good}, {name: "numpy", client: bad}}}
	results := f.measure(c, turns{rounds: 4, slice: 10 * time.Millisecond})
	if r := results[0]; r.Status != statusTimed || r.Least() != 100 || len(r.Rounds) != 4 || r.Allocs != 3 {
		t.Errorf("%+v", r)
	}
	if r := results[1]; r.Status != statusWrong || !strings.Contains(r.Why, "the product: the sum is") || bad.runs != 0 {
		t.Errorf("%+v after %d samples", r, bad.runs)
	}
}

// TestAbsent: a peer that is not there is reported by every printer, and is no error.
func TestAbsent(t *testing.T) {
	c := parse(t, "gemm_f32_nn_4x4x4")
	f := &field{threads: 1, entrants: []*entrant{
		{name: subject, client: &fake{answer: []workload.Sum{c.Reference()[0].Sum}, micros: 100}},
		{name: "pytorch", absent: errors.New("no module named torch")},
		{name: "numpy", client: &fake{prepare: wire.ErrUnsupported}},
	}}
	results := f.measure(c, turns{rounds: 3, slice: time.Millisecond})
	if results[1].Status != statusAbsent || results[2].Status != statusUnsupported {
		t.Errorf("%+v, %+v", results[1], results[2])
	}
	var out, log bytes.Buffer
	(&objects{out: &out, log: &log}).results(c, results)
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d objects:\n%s", n, &out)
	}
	out.Reset()
	(&table{out: &out, log: &log}).results(c, results)
	if !strings.Contains(out.String(), "pytorch    absent\n") {
		t.Errorf("table:\n%s", &out)
	}
}

// timed is a result with the samples given.
func timed(peer string, rounds ...[]float64) *result {
	return &result{Peer: peer, Status: statusTimed, Threads: 1, Allocs: math.NaN(), Rounds: rounds}
}

// TestJSON pins the lines that other programs read.
func TestJSON(t *testing.T) {
	ours, theirs := timed(subject, []float64{2000, 1340}), timed("pytorch", []float64{3000.04})
	ours.Peak, ours.Allocs = 115e9, 0
	var out bytes.Buffer
	(&objects{out: &out}).results(parse(t, "mlp_f32_b64"), []*result{ours, theirs})
	want := `{"case":"mlp_f32_b64","threads":1,"peer":"chainrule","median_us":1670,"least_us":1340,` +
		`"peak_share":1,"allocs":0}` + "\n" +
		`{"case":"mlp_f32_b64","threads":1,"peer":"pytorch","median_us":3000,"least_us":3000,` +
		`"peak_share":null,"allocs":null}` + "\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

func TestStatistics(t *testing.T) {
	for _, c := range []struct {
		list []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{5, 1, 3}, 3}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.list); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.list, got, c.want)
		}
	}
	if !math.IsNaN(median(nil)) || !math.IsNaN(timed("").Least()) {
		t.Error("nothing has a median or a least")
	}
	// The machine is ten times slower in the second round: the ratio does not see it.
	ours, theirs := timed(subject, []float64{1}, []float64{10}, []float64{1}), timed("", []float64{2}, []float64{20})
	if got := ratio(theirs, ours); got != 2 {
		t.Errorf("ratio %v, want 2", got)
	}
	if r := timed("", []float64{7, 3}, []float64{4}); r.Least() != 3 || r.Median() != 4 {
		t.Errorf("least %v, median %v", r.Least(), r.Median())
	}
	for x, want := range map[float64]float64{123456: 123500, 0.0012344: 0.001234, 0: 0} {
		if got := round(x, 4); math.Abs(got-want) > 1e-12*math.Abs(want) {
			t.Errorf("round(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestChooseCases(t *testing.T) {
	for list, want := range map[string]string{
		"chain_f32_n10000":             "chain_f32_n10000", // not chain_f32_n1000000 too
		"nielsen":                      "nielsen_f32_b10 nielsen_f64_b10",
		"mlp_f32_b7,^scalar,mlp_.*b32": "mlp_f32_b7 scalar1000 mlp_f32_b32",
	} {
		cases, err := chooseCases(list)
		var names []string
		for _, c := range cases {
			names = append(names, c.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", list, got, err, want)
		}
	}
	for _, list := range []string{"nosuch", "("} {
		if _, err := chooseCases(list); err == nil {
			t.Errorf("%q: no error", list)
		}
	}
	if all, err := chooseCases(""); err != nil || len(all) != len(workload.Names()) {
		t.Errorf("%d cases, %v", len(all), err)
	}
}

func TestChoosePeers(t *testing.T) {
	for list, want := range map[string]string{
		"":      "chainrule pytorch numpy gonum spago gomlx",
		"all":   "chainrule pytorch numpy gonum spago gomlx c",
		"gonum": "chainrule gonum",
		"c":     "chainrule c",
	} {
		chosen, err := choosePeers(list)
		var names []string
		for _, p := range chosen {
			names = append(names, p.name)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", list, got, err, want)
		}
	}
	if _, err := choosePeers("gonum,jax"); err == nil {
		t.Error("an unknown peer is no error")
	}
}

// TestEnvironment: what would hold a library to other kernels or threads is not inherited.
func TestEnvironment(t *testing.T) {
	t.Setenv("OPENBLAS_CORETYPE", "Prescott")
	t.Setenv("OMP_NUM_THREADS", "7")
	t.Setenv("VS_TEST_VARIABLE", "kept")
	text := "\n" + strings.Join((&setting{threads: 2}).environment(), "\n") + "\n"
	for _, line := range []string{"VS_TEST_VARIABLE=kept", "OMP_NUM_THREADS=2", "GOMAXPROCS=2"} {
		if strings.Count(text, "\n"+line+"\n") != 1 {
			t.Errorf("%s is not there once", line)
		}
	}
	if strings.Contains(text, "Prescott") || strings.Contains(text, "OMP_NUM_THREADS=7") {
		t.Error("inherited")
	}
}

// TestRun is the whole command on small cases: real processes, absent Python, answers checked, every kind of output.
func TestRun(t *testing.T) {
	raw := t.TempDir() + "/raw.jsonl"
	common := []string{"-cases", "gemm_f64_tn_8x9x10,mlp_f32_b2,nielsen_f32_b10,chain_f64_n100,scalar100,compile_n100",
		"-peers", "chainrule,pytorch,numpy,gonum", "-python", "/no/such/python", "-rounds", "3", "-seconds", "0.006"}
	run := func(more ...string) (string, string) {
		var out, log bytes.Buffer
		if err := measure(append(more, common...), &out, &log); err != nil {
			t.Fatalf("%v\n%s", err, &log)
		}
		return out.String(), log.String()
	}
	lines, log := run("-json", "-raw", raw)
	found := map[string]int{}
	for line := range strings.Lines(lines) {
		var o object
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !(o.Least > 0 && o.Median >= o.Least && o.Allocs != nil) {
			t.Errorf("%s", line)
		}
		found[o.Peer]++
	}
	if found["chainrule"] != 6 || found["gonum"] != 5 || len(found) != 2 {
		t.Errorf("objects %v\n%s%s", found, lines, log)
	}
	for _, want := range []string{"pytorch: absent", "numpy: absent", "compile_n100: gonum: unsupported"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in the log:\n%s", want, log)
		}
	}
	if text, err := os.ReadFile(raw); err != nil || strings.Count(string(text), "\n") != 1+6*4 {
		t.Errorf("raw file: %v\n%s", err, text)
	}
	text, _ := run("-markdown")
	if n := strings.Count(text, "\n| "); n != 2+6 {
		t.Errorf("markdown has %d lines of a table:\n%s", n, text)
	}
	if text, _ = run(); strings.Count(text, "chainrule ") < 7 {
		t.Errorf("table:\n%s", text)
	}
}
