package compile_test

import (
	"context"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/optest"
	"chainrule/internal/rewrite"
)

// variants are the ways to compile: everything, without each pass, without any, without rules that round
// differently, without sharing memory, and for two cores.
func variants() map[string]compile.Options {
	all := map[string]compile.Options{
		"all": {}, "no reuse": {NoReuse: true}, "two workers": {Workers: 2}, "exact": {Off: map[string]bool{"fast": true}},
		"exact, three workers, no reuse": {Workers: 3, NoReuse: true, Off: map[string]bool{"fast": true}},
		"eight workers, in order":        {Workers: 8, Off: map[string]bool{"schedule": true}},
	}
	none := map[string]bool{}
	for _, p := range compile.Pipeline {
		all["without "+p.Name] = compile.Options{Off: map[string]bool{p.Name: true}}
		none[p.Name] = true
	}
	all["without any pass"] = compile.Options{Off: none}
	for name, o := range all {
		o.Verify = true
		all[name] = o
	}
	return all
}

// FuzzCompile: whatever the graph, its outputs, what is donated and the way to compile, the plan is valid and the
// program gives the bits that the reference executor gives for what the passes have left, even if its arena is full of
// something else before. If only exact rules fire, these are the bits for the graph as it was.
//
// A fuzzer lives on many runs: graphs are small, fewer bytes make smaller ones, and each is compiled in three ways, which
// its bytes choose. TestRandomGraphs compiles large ones in all ways. A fuzzer makes inputs that it finds interesting
// smaller, for up to a minute each, and does nothing else meanwhile: -fuzzminimizetime 50x is a better use of the time.
func FuzzCompile(f *testing.F) {
	for seed := range 64 {
		f.Add(optest.RandomBytes(uint64(seed), 6+4*seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) <= 400 {
			h := fnv.New64a()
			h.Write(data)
			checkCompile(t, optest.NewRandomGraph(data, true), someVariants(h.Sum64(), 3))
		}
	})
}

// someVariants are a few of the variants, as bits say.
func someVariants(bits uint64, n int) map[string]compile.Options {
	rng := rand.New(rand.NewPCG(bits, 0))
	all := variants()
	names := slices.Sorted(maps.Keys(all))
	some := map[string]compile.Options{}
	for range n {
		name := names[rng.IntN(len(names))]
		some[name] = all[name]
	}
	return some
}

func TestRandomGraphs(t *testing.T) {
	count := uint64(400)
	if testing.Short() {
		count = 100
	}
	for seed := range count {
		checkCompile(t, optest.LargeRandomGraph(seed), variants())
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func checkCompile(t *testing.T, r *optest.RandomGraph, all map[string]compile.Options) {
	outputs := r.Outputs()
	feeds := map[*graph.Node]exec.Value{}
	for i, n := range r.Inputs {
		feeds[n] = r.Feeds[i]
	}
	want, wantErr := exec.Reference(outputs, feeds)
	without := rewrite.Rules[r.Intn(len(rewrite.Rules))].Name
	all["without "+without] = compile.Options{Off: map[string]bool{without: true}, Verify: true}
	for name, opts := range all {
		u := rewrite.Unit{Inputs: r.Inputs, Outputs: outputs}
		if name != "no reuse" {
			u.Donated = r.Donate(outputs)
		}
		left, plan := compile.PlanOf(u, opts)
		err := validate(left, plan)
		if err == nil {
			err = checkGroups(left)
		}
		if err != nil {
			t.Errorf("%s: %v\ndonated %v of\n%s", name, err, u.Donated, graph.Text(left.Outputs...))
			continue
		}
		leftFeeds := map[*graph.Node]exec.Value{}
		for i, n := range left.Inputs {
			leftFeeds[n] = r.Feeds[i]
		}
		leftWant, leftErr := exec.Reference(left.Outputs, leftFeeds)
		switch {
		case (wantErr == nil) != (leftErr == nil):
			t.Errorf("%s: fails with %v, before the passes with %v\n%s", name, leftErr, wantErr, graph.Text(outputs...))
			continue
		case wantErr == nil && (opts.Off["simplify"] || opts.Off["fast"]):
			comparePasses(t, name, outputs, left.Outputs, want, leftWant)
		}
		program, err := compile.Compile(u, opts)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, graph.Text(outputs...))
			continue
		}
		for _, pattern := range []byte{0xff, 0x7f} {
			program.Spoil(pattern) // as a float64 or float32 0xff… is a NaN and 0x7f… huge or a NaN
			compareRun(t, name, program, u, r, leftWant, leftErr)
		}
	}
}

// comparePasses holds the values of the outputs after the passes against those before.
func comparePasses(t *testing.T, name string, before, after []*graph.Node, want, got []exec.Value) {
	for i := range want {
		if !equalBits(got[i], want[i]) {
			t.Errorf("%s: the passes change output %d to %v from %v\n%sto\n%s", name, i, got[i].Dense(), want[i].Dense(),
				graph.Text(before...), graph.Text(after...))
		}
	}
}

// compareRun runs a program on copies of the inputs, since donated ones change.
func compareRun(
	t *testing.T, name string, p *exec.Program, u rewrite.Unit, r *optest.RandomGraph, want []exec.Value, wantErr error,
) {
	var in, dst []exec.Value
	for _, v := range r.Feeds {
		in = append(in, v.Clone())
	}
	for i, n := range u.Outputs {
		if u.Donated != nil && u.Donated[i] >= 0 {
			dst = append(dst, in[u.Donated[i]])
			continue
		}
		v := exec.NewValue(n.Type())
		for j := range v.Bytes() {
			v.Bytes()[j] = 0x55
		}
		dst = append(dst, v)
	}
	err := p.Run(context.Background(), dst, in)
	if err != nil || wantErr != nil {
		if err == nil || wantErr == nil {
			t.Errorf("%s: fails with %v, the reference with %v\n%s", name, err, wantErr, graph.Text(u.Outputs...))
		}
		for i, v := range in {
			if !equalBits(v, r.Feeds[i]) {
				t.Errorf("%s: the failed run changed input %d", name, i)
			}
		}
		return
	}
	for i := range dst {
		if !equalBits(dst[i], want[i]) {
			t.Errorf("%s: output %d differs: %v, want %v\ndonated %v of\n%s",
				name, i, dst[i].Dense(), want[i].Dense(), u.Donated, graph.Text(u.Outputs...))
		}
	}
	for i, v := range in {
		if !slices.Contains(u.Donated, i) && !equalBits(v, r.Feeds[i]) {
			t.Errorf("%s: input %d, which is not donated, has changed", name, i)
		}
	}
}

// equalBits compares bit for bit, NaNs apart, whose bits say nothing.
func equalBits(a, b exec.Value) bool { return optest.Differ(a, b) == nil }
