package optim_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/golden"
	"chainrule/nn/optim"
	"chainrule/ops"
)

type node = *graph.Node

// goldens reads what PyTorch gave: the file that CHAINRULE_NN_GOLDEN names, or the committed copy.
func goldens(t *testing.T) *golden.File {
	t.Helper()
	path := os.Getenv("CHAINRULE_NN_GOLDEN")
	if path == "" {
		path = "../testdata/torch_nn.json.gz"
	}
	file, err := golden.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// scheduleOf is PyTorch's schedule of a name, with the schedule of the momentum if it has one.
func scheduleOf(name string, a golden.Args, base float64) (rate optim.Rate, momentum optim.Schedule) {
	switch name {
	case "StepLR":
		return optim.StepDecay(base, a.Int("step_size", 1), a.Float("gamma", .1)), nil
	case "MultiStepLR":
		return optim.MultiStep(base, a.Ints("milestones", 1), a.Float("gamma", .1)), nil
	case "ExponentialLR":
		return optim.Exponential(base, a.Float("gamma", .1)), nil
	case "CosineAnnealingLR":
		return optim.Cosine(base, a.Int("T_max", 1), a.Float("eta_min", 0)), nil
	case "CosineAnnealingWarmRestarts":
		return optim.WarmRestarts(base, a.Int("T_0", 1), a.Int("T_mult", 1), a.Float("eta_min", 0)), nil
	case "LinearLR":
		return optim.Linear(base, a.Float("start_factor", 1./3), a.Float("end_factor", 1), a.Int("total_iters", 5)), nil
	case "ConstantLR":
		return optim.Held(base, a.Float("factor", 1./3), a.Int("total_iters", 5)), nil
	case "PolynomialLR":
		return optim.Polynomial(base, a.Int("total_iters", 5), a.Float("power", 1)), nil
	case "WarmupLinear":
		return optim.Warmup(base, a.Int("warmup", 1)), nil
	case "WarmupCosine":
		return optim.WarmupCosine(base, a.Int("warmup", 1), a.Int("total", 1), a.Float("floor", 0)), nil
	case "WarmupInverseSqrt":
		return optim.WarmupInverseSqrt(base, a.Int("warmup", 1)), nil
	case "OneCycleLR":
		c := optim.OneCycle{
			Max: a.Float("max_lr", 0), Steps: a.Int("total_steps", 0), Peak: a.Float("pct_start", 0),
			Linear: a.Text("anneal_strategy", "") == "linear", Div: a.Float("div_factor", 0),
			FinalDiv: a.Float("final_div_factor", 0), ThreePhases: a.Bool("three_phase", false),
			MinMomentum: a.Float("base_momentum", 0), MaxMomentum: a.Float("max_momentum", 0),
		}
		return c.Rate(), c.Momentum()
	case "CyclicLR":
		c := optim.Cyclic{
			Base: a.Float("base_lr", 0), Max: a.Float("max_lr", 0), Up: a.Int("step_size_up", 0),
			Down: a.Int("step_size_down", 0), Halved: a.Text("mode", "") == "triangular2",
			MinMomentum: a.Float("base_momentum", 0), MaxMomentum: a.Float("max_momentum", 0),
		}
		if a.Text("mode", "") == "exp_range" {
			c.Gamma = a.Float("gamma", 1)
		}
		return c.Rate(), c.Momentum()
	case "ReduceLROnPlateau":
		p := optim.Plateau{
			Base: base, Factor: a.Float("factor", 0), Patience: a.Int("patience", 0), Threshold: a.Float("threshold", 0),
			Absolute: a.Text("threshold_mode", "") == "abs", Signed: a.Text("threshold_mode", "") != "abs", Largest: a.Text("mode", "") == "max",
			Cooldown: a.Int("cooldown", 0), Min: a.Float("min_lr", 0),
		}
		return p, nil
	case "SequentialLR", "ChainedScheduler":
		return joined(name, a, base), nil
	}
	return nil, nil
}

// joined is a schedule of schedules.
func joined(name string, a golden.Args, base float64) optim.Rate {
	var parts []optim.Schedule
	for i, part := range a["schedulers"].([]any) {
		inner := part.(map[string]any)
		from := base
		if name == "ChainedScheduler" && i > 0 {
			from = 1
		}
		rate, _ := scheduleOf(inner["name"].(string), golden.Args(inner["args"].(map[string]any)), from)
		if rate == nil {
			return nil
		}
		parts = append(parts, rate.(optim.Schedule))
	}
	if name == "ChainedScheduler" {
		return optim.Product(parts...)
	}
	return optim.Joined(parts, a.Ints("milestones", 1)...)
}

// spy is a rule that keeps the rate of the step for the test to see.
type spy struct{ rate optim.Rate }

func (r spy) Next(s *optim.Step, params []optim.Param) []node {
	rate := r.rate.At(s)
	s.Slot("seen", func() node { return ops.FullLike(rate, 0) })
	s.Keep("seen", rate)
	return []node{ops.StopGradient(params[0].Value)}
}

// ratesOf runs a rate, inside a compiled step, with losses for those who look at them.
func ratesOf(t *testing.T, rate optim.Rate, n int, losses []float64) []float64 {
	t.Helper()
	p := []*tensor.Dense{dense([]float64{1}, 1)}
	rule := spy{rate}
	state, err := optim.NewState[[]node](rule, p)
	if err != nil {
		t.Fatal(err)
	}
	step := autodiff.Compile(func(p, state []node, loss node) ([]node, []node) {
		next, kept, _ := optim.Update(optim.Rule(rule), p, p, state, optim.Input{Loss: loss})
		return next, kept
	})
	var rates []float64
	for i := range n {
		loss := 0.0
		if losses != nil {
			loss = losses[min(i, len(losses)-1)]
		}
		out, err := step.Run(context.Background(), p, state.Values, loss)
		if err != nil {
			t.Fatal(err)
		}
		state.Values = out[1:]
		rates = append(rates, state.Slot("seen").Float64s()[0])
	}
	return rates
}

func TestTorchSchedules(t *testing.T) {
	passed, failed, unsupported, all := 0, 0, 0, goldens(t).Schedules
	for _, c := range all {
		rate, _ := scheduleOf(c.Name, c.Args, c.Base)
		if rate == nil {
			unsupported++
			t.Logf("there is no %s", c.Name)
			continue
		}
		if err := golden.Near(ratesOf(t, rate, len(c.LRs), c.Metrics), c.LRs, 1e-12); err != nil {
			failed++
			t.Errorf("%s %v: %v", c.Name, c.Args, err)
			continue
		}
		passed++
	}
	t.Logf("schedules: %d passed, %d failed, %d unsupported of %d", passed, failed, unsupported, len(all))
}

// ruleOf is PyTorch's optimiser of a name.
func ruleOf(c golden.Optimiser) optim.Rule {
	a := c.Args
	lr := a.Float("lr", 1e-3)
	var rate optim.Rate = optim.Constant(lr)
	var momentum optim.Schedule
	if c.Schedule != nil {
		if rate, momentum = scheduleOf(c.Schedule.Name, c.Schedule.Args, lr); rate == nil {
			return nil
		}
	}
	betas := []float64{0, 0}
	if list, ok := a["betas"].([]any); ok {
		betas = []float64{list[0].(float64), list[1].(float64)}
	}
	eps, decay := a.Float("eps", 0), a.Float("weight_decay", 0)
	switch c.Optimiser {
	case "SGD":
		return optim.SGD{Rate: rate, Momentum: a.Float("momentum", 0), MomentumAt: momentum, Dampening: a.Float("dampening", 0),
			Nesterov: a.Bool("nesterov", false), WeightDecay: decay}
	case "Adam":
		return optim.Adam{Rate: rate, Beta1: betas[0], Beta2: betas[1], Beta1At: momentum, Eps: eps,
			AMSGrad: a.Bool("amsgrad", false), WeightDecay: decay}
	case "AdamW":
		return optim.AdamW{Rate: rate, Beta1: betas[0], Beta2: betas[1], Beta1At: momentum, Eps: eps,
			AMSGrad: a.Bool("amsgrad", false), WeightDecay: a.Float("weight_decay", 0.01)}
	case "Adamax":
		return optim.Adamax{Rate: rate, Beta1: betas[0], Beta2: betas[1], Eps: eps, WeightDecay: decay}
	case "NAdam":
		return optim.NAdam{Rate: rate, Beta1: betas[0], Beta2: betas[1], Eps: eps, WeightDecay: decay,
			MomentumDecay: a.Float("momentum_decay", 0)}
	case "RAdam":
		return optim.RAdam{Rate: rate, Beta1: betas[0], Beta2: betas[1], Eps: eps, WeightDecay: decay}
	case "RMSprop":
		return optim.RMSProp{Rate: rate, Alpha: a.Float("alpha", 0), Eps: eps, Momentum: a.Float("momentum", 0),
			Centered: a.Bool("centered", false), WeightDecay: decay}
	case "Adagrad":
		return optim.Adagrad{Rate: rate, RateDecay: a.Float("lr_decay", 0), Eps: eps, WeightDecay: decay,
			Initial: a.Float("initial_accumulator_value", 0)}
	case "Adadelta":
		return optim.Adadelta{Rate: rate, Rho: a.Float("rho", 0), Eps: eps, WeightDecay: decay}
	case "ASGD":
		return optim.ASGD{Rate: rate, Lambda: a.Float("lambd", 0), Alpha: a.Float("alpha", 0), T0: a.Float("t0", 0),
			WeightDecay: decay}
	case "Rprop":
		r := optim.Rprop{Initial: lr}
		if list, ok := a["etas"].([]any); ok {
			r.Shrink, r.Grow = list[0].(float64), list[1].(float64)
		}
		if list, ok := a["step_sizes"].([]any); ok {
			r.Min, r.Max = list[0].(float64), list[1].(float64)
		}
		return r
	}
	return nil
}

// clipped is a rule behind a case's clipping.
func clipped(c golden.Optimiser, rule optim.Rule) optim.Rule {
	if c.Args.Bool("maximize", false) {
		rule = optim.Chain(rule, optim.Maximize())
	}
	switch {
	case c.Clip == nil:
		return rule
	case c.Clip.Value != nil:
		return optim.Chain(rule, optim.ClipValue(*c.Clip.Value))
	case c.Clip.Type == "inf":
		return optim.Chain(rule, optim.ClipGlobalNormOf(*c.Clip.Norm, math.Inf(1)))
	}
	return optim.Chain(rule, optim.ClipGlobalNormOf(*c.Clip.Norm, c.Clip.Type.(float64)))
}

// problems are the functions that are made small, and their parameters at the start.
func problems(file *golden.File, name string) (start []*tensor.Dense, f func(p []node) node) {
	in := file.Problems[name]
	at := func(p []node, name string) node {
		return graph.Const(p[0].Graph(), in[name].Values, in[name].Shape...)
	}
	switch name {
	case "bowl":
		return starts(in, "x0"), func(p []node) node {
			x := p[0]
			return ops.Sub(ops.Mul(.5, ops.Dot(x, ops.MatMul(at(p, "A"), x))), ops.Dot(at(p, "b"), x))
		}
	case "rosenbrock":
		return starts(in, "x0"), func(p []node) node {
			n := p[0].Shape()[0]
			x, y := ops.Slice(p[0], ops.Range{Start: 0, Stop: n - 1}), ops.Slice(p[0], ops.Range{Start: 1, Stop: n})
			return ops.Sum(ops.Add(ops.Mul(100, ops.Square(ops.Sub(y, ops.Square(x)))), ops.Square(ops.Sub(1, x))))
		}
	}
	return starts(in, "W1", "b1", "W2", "b2"), func(p []node) node {
		h := ops.Tanh(ops.Add(ops.MatMul(at(p, "x"), ops.Transpose(p[0])), p[1]))
		logs := ops.LogSoftmax(ops.Add(ops.MatMul(h, ops.Transpose(p[2])), p[3]), -1)
		hot := ops.OneHot(ops.Cast(at(p, "y"), graph.Int64), logs.Shape()[1], graph.Float64)
		return ops.Div(ops.Neg(ops.Sum(ops.Mul(hot, logs))), float64(logs.Shape()[0]))
	}
}

func starts(in map[string]golden.Tensor, names ...string) (out []*tensor.Dense) {
	for _, n := range names {
		out = append(out, dense(in[n].Values, in[n].Shape...))
	}
	return out
}

func dense(v []float64, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(append([]float64{}, v...)))
}

// Twenty steps of every optimiser of PyTorch's, with schedules and clipping, to 1e-9 relative.
func TestTorchOptimisers(t *testing.T) {
	file := goldens(t)
	passed, failed, unsupported := 0, 0, 0
	for i, c := range file.Optimisers {
		rule := ruleOf(c)
		var err error
		switch {
		case c.Optimiser == "LBFGS":
			err = runLBFGS(file, c)
		case rule == nil:
			unsupported++
			t.Logf("there is no %s", c.Optimiser)
			continue
		default:
			err = runCurve(file, c, clipped(c, rule))
		}
		if err != nil {
			failed++
			t.Errorf("curve %d, %s on %s, %v: %v", i, c.Optimiser, c.Problem, c.Args, err)
			continue
		}
		passed++
	}
	t.Logf("optimisers: %d passed, %d failed, %d unsupported of %d", passed, failed, unsupported, len(file.Optimisers))
}

func runCurve(file *golden.File, c golden.Optimiser, rule optim.Rule) error {
	start, f := problems(file, c.Problem)
	state, err := optim.NewState[[]node](rule, start)
	if err != nil {
		return err
	}
	step := autodiff.Compile(func(p, state []node) (node, []node, []node) {
		loss, grads := autodiff.ValueAndGrad(f)(p)
		next, kept, _ := optim.Update(rule, p, grads, state, optim.Input{Loss: loss})
		return loss, next, kept
	})
	p, losses := start, []float64{}
	for i := range 21 {
		out, err := step.Run(context.Background(), p, state.Values)
		if err != nil {
			return err
		}
		losses = append(losses, out[0].Float64s()[0])
		if i == 20 {
			break
		}
		p, state.Values = out[1:1+len(p)], out[1+len(p):]
		if i == 0 {
			if err := nearAll(p, c.First, 1e-9); err != nil {
				return fmt.Errorf("after the first step: %w", err)
			}
		}
	}
	// A curve that doubles its roundings at every step asks for no more digits than it has.
	scale := 0.0
	for _, v := range c.Losses {
		scale = max(scale, math.Abs(v))
	}
	if err := golden.Near(losses, c.Losses, max(1e-9, 10*c.Spread.Losses/scale)); err != nil {
		return fmt.Errorf("losses: %w", err)
	}
	return nearAll(p, c.Final, max(1e-9, 10*c.Spread.Final))
}

// cut divides a vector into tensors of the sizes of others.
func cut(x []float64, like []golden.Tensor) (parts []*tensor.Dense) {
	for _, l := range like {
		parts = append(parts, dense(x[:len(l.Values)], l.Shape...))
		x = x[len(l.Values):]
	}
	return parts
}

func nearAll(got []*tensor.Dense, want []golden.Tensor, tol float64) error {
	for i, w := range want {
		if err := golden.Near(got[i].Float64s(), w.Values, tol); err != nil {
			return fmt.Errorf("parameter %d: %w", i, err)
		}
	}
	return nil
}
