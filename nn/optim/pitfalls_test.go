package optim_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/golden"
	"chainrule/nn/optim"
	"chainrule/ops"
)

// follow makes a step of a rule for each list of gradients, and returns the first parameter's first element after each.
func follow(t *testing.T, rule optim.Rule, start []float64, grads ...[]float64) []float64 {
	t.Helper()
	path, _ := followState(t, rule, start, 1, grads...)
	return path
}

func followState(t *testing.T, rule optim.Rule, start []float64, count float64, grads ...[]float64) ([]float64, *optim.State) {
	t.Helper()
	p := []*tensor.Dense{dense(start, len(start))}
	state, err := optim.NewState[[]node](rule, p)
	if err != nil {
		t.Fatal(err)
	}
	step := autodiff.Compile(func(p, g, state []node, count node) ([]node, []node, node) {
		return optim.Update(rule, p, g, state, optim.Input{Count: count, Loss: count})
	})
	var path []float64
	for _, g := range grads {
		out, err := step.Run(context.Background(), p, []*tensor.Dense{dense(g, len(g))}, state.Values, count)
		if err != nil {
			t.Fatal(err)
		}
		p, state.Values = out[:1], out[1:len(out)-1]
		path = append(path, p[0].Float64s()[0])
	}
	return path, state
}

func rate(v float64) optim.Rate { return optim.Constant(v) }

// Faults of other libraries, by their smallest cases.
func TestKnownSteps(t *testing.T) {
	one := func(v ...float64) (g [][]float64) {
		for _, x := range v {
			g = append(g, []float64{x})
		}
		return g
	}
	for _, c := range []struct {
		name  string
		rule  optim.Rule
		start float64
		grads [][]float64
		want  []float64
	}{
		{"adam: eps beside the root, not scaled", optim.Adam{Rate: rate(1), Eps: .1}, 0, one(.5), []float64{-.8333333}},
		{"amsgrad: the largest of the raw v", optim.Adam{Rate: rate(1), Beta1: optim.Zero, Beta2: .5, Eps: optim.Zero, AMSGrad: true},
			0, one(1, .1), []float64{-1, -1.1224745}},
		{"adamw: decay beside the step", optim.AdamW{Rate: rate(.1), WeightDecay: .01}, 10, one(0), []float64{9.99}},
		{"adamw: the old p decays", optim.AdamW{Rate: rate(.1), WeightDecay: .5, Eps: optim.Zero}, 1, one(1), []float64{.85}},
		{"sgd: dampening", optim.SGD{Rate: rate(1), Momentum: .9, Dampening: .5}, 0, one(1, 1), []float64{-1, -2.4}},
		{"sgd: Nesterov", optim.SGD{Rate: rate(1), Momentum: .9, Nesterov: true}, 0, one(1, 1), []float64{-1.9, -4.61}},
		{"sgd: decay without momentum", optim.SGD{Rate: rate(.1), WeightDecay: .5}, 1, one(0), []float64{.95}},
		{"lion", optim.Lion{Rate: rate(.1), WeightDecay: .5}, 1, one(2, -.1), []float64{.85, .85 - .1*(1+.425)}},
		{"lookahead", optim.Lookahead{Rule: optim.SGD{Rate: rate(1)}, Every: 2}, 0, one(1, 1, 1), []float64{-1, -1, -2}},
		{"frozen", optim.Frozen{}, 3, one(1), []float64{3}},
		{"grouped", optim.Groups{{Has: optim.Matrices, Rule: optim.Frozen{}}, {Rule: optim.SGD{Rate: rate(1)}}}, 3, one(1), []float64{2}},
		{"no decay for vectors", optim.SGD{Rate: rate(1), WeightDecay: 1, Decays: optim.Matrices}, 3, one(1), []float64{2}},
	} {
		if err := golden.Near(follow(t, c.rule, []float64{c.start}, c.grads...), c.want, 1e-7); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Adafactor and LAMB written out in plain Go.
func TestByHand(t *testing.T) {
	g := []float64{3, -4}
	got := follow(t, optim.LAMB{Rate: rate(.1), WeightDecay: .5, Eps: 1e-6}, []float64{3, 4}, g)
	r := []float64{3/(3+1e-6) + 1.5, -4/(4+1e-6) + 2}
	if want := 3 - .1*5/math.Hypot(r[0], r[1])*r[0]; math.Abs(got[0]-want) > 1e-12 {
		t.Errorf("lamb: %v, want %v", got[0], want)
	}
	// A vector's first step is the gradient by its own size, and has a root mean square of 1 then: its size is relative to p.
	got = follow(t, optim.Adafactor{}, []float64{3, 4}, g)
	if want := 3 - math.Sqrt(12.5)*1e-2; math.Abs(got[0]-want) > 1e-12 {
		t.Errorf("adafactor: %v, want %v", got[0], want)
	}
	p, gm := []*tensor.Dense{dense([]float64{1, 2, 3, 4}, 2, 2)}, []*tensor.Dense{dense([]float64{1, 2, 3, 5}, 2, 2)}
	rule := optim.Adafactor{Rate: rate(1), Clip: 100}
	state, err := optim.NewState[[]node](rule, p)
	if err != nil {
		t.Fatal(err)
	}
	out, err := autodiff.Compile(func(p, g, state []node) ([]node, []node, node) {
		return optim.Update(rule, p, g, state, optim.Input{})
	}).Run(context.Background(), p, gm, state.Values)
	if err != nil {
		t.Fatal(err)
	}
	// Squares 1 4 9 25: rows 2.5, 17, columns 5, 14.5, mean 9.75.
	if got, want := out[0].Float64s()[3], 4-5/math.Sqrt(17*14.5/9.75); math.Abs(got-want) > 1e-12 {
		t.Errorf("adafactor of a matrix: %v, want %v", got, want)
	}
	if n := len(state.Names); n != 3 {
		t.Errorf("adafactor of a matrix keeps %v", state.Names)
	}
}

// A norm of 0 divides nothing, one that is infinite refuses the step.
func TestClipping(t *testing.T) {
	run := func(tr optim.Transform, grads ...[]float64) ([]float64, float64) {
		rule := optim.Chain(optim.SGD{Rate: rate(1)}, tr)
		var p, g []*tensor.Dense
		for _, v := range grads {
			p, g = append(p, dense(make([]float64, len(v)), len(v))), append(g, dense(v, len(v)))
		}
		state, err := optim.NewState[[]node](rule, p)
		if err != nil {
			t.Fatal(err)
		}
		out, err := autodiff.Compile(func(p, g, state []node) ([]node, []node, node) {
			return optim.Update(rule, p, g, state, optim.Input{})
		}).Run(context.Background(), p, g, state.Values)
		if err != nil {
			t.Fatal(err)
		}
		var moved []float64
		for _, d := range out[:len(p)] {
			for _, v := range d.Float64s() {
				moved = append(moved, 0-v)
			}
		}
		return moved, out[len(out)-1].Float64s()[0]
	}
	for _, c := range []struct {
		name  string
		tr    optim.Transform
		grads [][]float64
		want  []float64
	}{
		{"global norm", optim.ClipGlobalNorm(1), [][]float64{{3}, {4}}, []float64{.6, .8}},
		{"less than the limit", optim.ClipGlobalNorm(6), [][]float64{{3}, {4}}, []float64{3, 4}},
		{"zeros", optim.ClipGlobalNorm(1), [][]float64{{0, 0}}, []float64{0, 0}},
		{"each", optim.ClipNorm(1), [][]float64{{3, 4}, {.5}}, []float64{.6, .8, .5}},
		{"value", optim.ClipValue(.5), [][]float64{{3, -4, .1}}, []float64{.5, -.5, .1}},
	} {
		got, refused := run(c.tr, c.grads...)
		if err := golden.Near(got, c.want, 1e-6); err != nil || refused != 0 { // 1e-6 is added to norms
			t.Errorf("%s: %v, refused by %v", c.name, err, refused)
		}
	}
	if _, refused := run(optim.ClipGlobalNorm(1), []float64{math.Inf(1), 1}); !math.IsNaN(refused) {
		t.Errorf("an infinite norm: %v", refused)
	}
}

// Schedules by their smallest cases: first and last steps, and what comes after.
func TestKnownSchedules(t *testing.T) {
	cos := func(lr ...float64) []float64 { return lr }
	for _, c := range []struct {
		name string
		rate optim.Rate
		want []float64
	}{
		{"one-cycle stays at its end", optim.OneCycle{Max: 1, Steps: 5, Peak: .4}.Rate(), cos(.04, 1, .750001, .250003, 4e-6, 4e-6, 4e-6)},
		{"cosine rises again", optim.Cosine(1, 4, 0), cos(1, .8535534, .5, .1464466, 0, .1464466, .5)},
		{"warm-up begins above 0", optim.Warmup(.8, 4), cos(.2, .4, .6, .8, .8)},
		{"restarts", optim.WarmRestarts(1, 1, 3, 0), cos(1, 1, .75, .25, 1)},
		{"restarts of one length", optim.WarmRestarts(1, 2, 1, 0), cos(1, .5, 1, .5, 1)},
	} {
		if err := golden.Near(ratesOf(t, c.rate, len(c.want), nil), c.want, 1e-6); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// A plateau's rate at a step comes of the losses before it.
	plateau := optim.Plateau{Base: 1, Threshold: .1, Patience: 1}
	for _, c := range []struct{ losses, want []float64 }{
		{[]float64{-10, -9.5, -9.2, -9.1, -9}, []float64{1, 1, 1, .1, .1}},
		{[]float64{5, 5, 5, 5, 5, 5, 5}, []float64{1, 1, 1, .1, .1, .01, .01}},
	} {
		if err := golden.Near(ratesOf(t, plateau, len(c.want), c.losses), c.want, 1e-12); err != nil {
			t.Errorf("plateau of %v: %v", c.losses, err)
		}
	}
}

// Means of parts of different sizes are not averaged as if they were of one size, and the last part is not lost.
func TestAccumulate(t *testing.T) {
	rule := optim.Accumulate{Rule: optim.Adam{Rate: rate(1), Eps: optim.Zero}, Every: 2}
	run := func(last bool, parts ...[2]float64) ([]float64, *optim.State) {
		p := []*tensor.Dense{dense([]float64{0}, 1)}
		state, err := optim.NewState[[]node](rule, p)
		if err != nil {
			t.Fatal(err)
		}
		step := autodiff.Compile(func(p, g, state []node, count, last node) ([]node, []node) {
			next, kept, _ := optim.Update(rule, p, g, state, optim.Input{Count: count, Last: last})
			return next, kept
		})
		var path []float64
		for i, part := range parts {
			out, err := step.Run(context.Background(), p, []*tensor.Dense{dense([]float64{part[1]}, 1)}, state.Values, part[0],
				last && i == len(parts)-1)
			if err != nil {
				t.Fatal(err)
			}
			p, state.Values = out[:1], out[1:]
			path = append(path, p[0].Float64s()[0])
		}
		return path, state
	}
	path, state := run(false, [2]float64{3, 1}, [2]float64{1, 5}, [2]float64{2, 7})
	if want := []float64{0, -1, -1}; golden.Near(path, want, 1e-12) != nil {
		t.Errorf("path %v, want %v", path, want)
	}
	// Adam's mean after its one step is a tenth of the gradient, 2; the third part waits.
	if m := state.Slot("rule.m/[0]").Float64s()[0]; math.Abs(m-.2) > 1e-15 {
		t.Errorf("the mean of gradients is %v, want 0.1·2", m)
	}
	path, _ = run(true, [2]float64{3, 1}, [2]float64{1, 5}, [2]float64{2, 7})
	if !(path[2] < -1.5) {
		t.Errorf("the last part alone: path %v", path)
	}
}

// Exponential means without the zeros that they begin with, and with a factor that grows.
func TestEMA(t *testing.T) {
	moves := [][]float64{{-1}, {-1}, {-1}} // p is 1, 2, 3
	mean := func(e optim.EMA, n int) float64 {
		_, state := followState(t, e, []float64{0}, 1, moves[:n]...)
		return state.Slot("ema/[0]").Float64s()[0]
	}
	e := optim.EMA{Rule: optim.SGD{Rate: rate(1)}, Decay: .9, FromZero: true}
	got := []float64{mean(e, 1), mean(e, 2), mean(e, 3)}
	if err := golden.Near(got, []float64{1, 1.5263158, 2.0701107}, 1e-7); err != nil {
		t.Errorf("without the zeros: %v", err)
	}
	e.FromZero, e.WarmUp = false, true
	by := 0.0
	for i, p := range []float64{1, 2, 3} {
		d := min(.9, float64(2+i)/float64(11+i))
		by = d*by + (1-d)*p
	}
	if got := mean(e, 3); math.Abs(got-by) > 1e-15 {
		t.Errorf("with a warm-up: %v, by hand %v", got, by)
	}
}

// A state is of one rule and one model, and says so.
func TestForeignState(t *testing.T) {
	p := []*tensor.Dense{dense([]float64{1, 2}, 2)}
	sgd := optim.SGD{Rate: rate(1), Momentum: .9}
	state, err := optim.NewState[[]node](sgd, p)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(state.Names, []string{"step", "v/[0]"}) {
		t.Errorf("names %v", state.Names)
	}
	_, err = autodiff.Compile(func(p, s []node) ([]node, []node) {
		next, kept, _ := optim.Update(optim.Rule(optim.Adam{}), p, p, s, optim.Input{})
		return next, kept
	}).Run(context.Background(), p, state.Values)
	if err == nil || !strings.Contains(err.Error(), "the state is of another rule or another model") {
		t.Errorf("error %v", err)
	}
}

func TestBadArguments(t *testing.T) {
	nan := math.NaN()
	for want, rule := range map[string]optim.Rule{
		"sgd: there is no rate":                      optim.SGD{},
		"sgd: the momentum is 1, want":               optim.SGD{Rate: rate(1), Momentum: 1},
		"sgd: the momentum is NaN":                   optim.SGD{Rate: rate(1), Momentum: nan},
		"sgd: Nesterov's step has":                   optim.SGD{Rate: rate(1), Nesterov: true},
		"adam: Beta2 is 1":                           optim.Adam{Beta2: 1},
		"groups: no group has the parameter [0]":     optim.Groups{{Has: optim.Matrices, Rule: optim.Frozen{}}},
		"accumulate: want a rule":                    optim.Accumulate{},
		"optim: the rule returned 0 of 1 parameters": none{},
	} {
		_, err := optim.NewState[[]node](rule, []*tensor.Dense{dense([]float64{1}, 1)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	for want, f := range map[string]func(){
		"constant: a number is NaN":             func() { optim.Constant(nan) },
		"step_decay: 0 steps, want 1 or more":   func() { optim.StepDecay(1, 0, .1) },
		"clip_value: the limit is 0":            func() { optim.ClipValue(0) },
		"joined: 1 schedules with 1 milestones": func() { optim.Joined([]optim.Schedule{optim.Constant(1)}, 3) },
	} {
		if err := graph.Try(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

type none struct{}

func (none) Next(*optim.Step, []optim.Param) []node { return nil }

// A float32 parameter stays one, and follows the same path to float32's digits.
func TestFloat32(t *testing.T) {
	for _, rule := range []optim.Rule{
		optim.SGD{Rate: rate(.1), Momentum: .9, Nesterov: true}, optim.Adam{AMSGrad: true}, optim.AdamW{}, optim.Adamax{}, optim.NAdam{},
		optim.RAdam{}, optim.LAMB{}, optim.Lion{}, optim.Adafactor{}, optim.Adagrad{}, optim.Adadelta{}, optim.RMSProp{Centered: true},
		optim.Rprop{}, optim.ASGD{}, optim.EMA{Rule: optim.Adam{}}, optim.Lookahead{Rule: optim.Adam{}},
		optim.Accumulate{Rule: optim.Adam{}, Every: 2}, optim.Chain(optim.Adam{}, optim.ClipGlobalNorm(.5)),
	} {
		var ends [2][]float64
		for i, d := range []graph.DType{graph.Float64, graph.Float32} {
			out, err := autodiff.Compile(func(x node) node {
				p := []node{ops.Cast(x, d)}
				state := stateNodes(rule, p)
				for range 3 {
					g := []node{ops.Mul(p[0], 2)}
					p, state, _ = optim.Update(rule, p, g, state, optim.Input{})
				}
				return p[0]
			}).Run(context.Background(), []float64{.5, -2, 1})
			if err != nil {
				t.Fatalf("%T: %v", rule, err)
			}
			if ends[i], err = autodiff.Floats(out[0]); err != nil || (out[0].Dtype() == tensor.Float32) != (d == graph.Float32) {
				t.Errorf("%T: %v, %v", rule, out[0].Dtype(), err)
			}
		}
		if err := golden.Near(ends[1], ends[0], 1e-5); err != nil {
			t.Errorf("%T: %v", rule, err)
		}
	}
}

// stateNodes is the first state of a rule in a graph that is being built.
func stateNodes(rule optim.Rule, p []node) []node {
	var d []*tensor.Dense
	for _, n := range p {
		zeros := tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(make([]float64, n.Type().Size())))
		if n.DType() == graph.Float32 {
			zeros = tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(make([]float32, n.Type().Size())))
		}
		d = append(d, zeros)
	}
	state, err := optim.NewState[[]node](rule, d)
	if err != nil {
		panic(err)
	}
	var out []node
	for _, v := range state.Values {
		switch v.Dtype() {
		case tensor.Float32:
			out = append(out, graph.Const(p[0].Graph(), v.Data().([]float32), v.Shape()...))
		case tensor.Float64:
			out = append(out, constant[float64](p[0].Graph(), v))
		default:
			out = append(out, constant[int64](p[0].Graph(), v))
		}
	}
	return out
}

func constant[T graph.Element](g *graph.Graph, v *tensor.Dense) node {
	if v.Shape().TotalSize() == 1 && v.Dims() == 0 {
		return graph.Const(g, []T{v.Data().(T)})
	}
	return graph.Const(g, v.Data().([]T), v.Shape()...)
}
