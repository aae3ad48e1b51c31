package optest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// circuit is a graph around one op with the values to feed it.
type circuit struct {
	inputs, outputs []*graph.Node
	draw            []func(*rand.Rand) exec.Value
}

func (c *circuit) input(t graph.Type, draw func(*rand.Rand) exec.Value, g *graph.Graph) *graph.Node {
	n := g.Input(fmt.Sprintf("in%d", len(c.inputs)), t.DType, t.Shape...)
	c.inputs = append(c.inputs, n)
	c.draw = append(c.draw, draw)
	return n
}

// feeds draws values for the inputs. Arguments with data of their own keep it.
func (c *circuit) feeds(seed uint64) []exec.Value {
	rng := rand.New(rand.NewPCG(seed, 1))
	vs := make([]exec.Value, len(c.inputs))
	for i, d := range c.draw {
		vs[i] = d(rng)
	}
	return vs
}

// arguments adds the instance's arguments to the circuit.
func (in Instance) arguments(c *circuit, g *graph.Graph) []*graph.Node {
	xs := make([]*graph.Node, len(in.args))
	for i, t := range in.args {
		xs[i] = c.input(t, func(rng *rand.Rand) exec.Value { return draw(rng, in.Case.In[i], t) }, g)
	}
	return xs
}

// alone is the op on inputs, with nothing around it.
func (in Instance) alone() *circuit {
	c, g := &circuit{}, graph.New()
	c.outputs = []*graph.Node{in.apply(in.arguments(c, g)...)}
	return c
}

// copied returns a node that equals x and is computed, so that it lies where the compiler chooses. One is 1 or, for
// bools, false, and known at run time only.
func copied(x, one *graph.Node) *graph.Node {
	if x.DType() == graph.Bool {
		return ops.Xor(x, one)
	}
	return ops.Mul(x, one)
}

// busy is the op on computed operands, its result used further, with its first and second order gradients. Every
// operand whose number is in keep is used again afterwards, and result says whether the op's result is an output
// itself. Floats of equal types are one node if twin is set.
type busy struct {
	keep         func(i int) bool
	result, twin bool
}

// busy builds the circuit that b describes.
func (in Instance) busy(b busy) *circuit {
	c, g := &circuit{}, graph.New()
	ones := map[graph.DType]*graph.Node{}
	one := func(d graph.DType) *graph.Node {
		if ones[d] == nil {
			t := graph.T(d)
			value := exec.NewValue(t)
			if d != graph.Bool {
				value.Set(0, 1)
			}
			ones[d] = c.input(t, func(*rand.Rand) exec.Value { return value }, g)
		}
		return ones[d]
	}
	xs := in.arguments(c, g)
	if b.twin {
		for i := range xs[1:] {
			if xs[0].DType().IsFloat() && xs[i+1].Type().Equal(xs[0].Type()) {
				xs[i+1] = xs[0]
			}
		}
	}
	var kept []*graph.Node
	f := func(xs []*graph.Node) *graph.Node {
		operands := make([]*graph.Node, len(xs))
		for i, x := range xs {
			operands[i] = copied(x, one(x.DType()))
			if b.keep(i) {
				kept = append(kept, operands[i])
			}
		}
		y := in.apply(operands...)
		if b.result {
			kept = append(kept, y)
		}
		return copied(y, one(y.DType()))
	}
	y := f(xs)
	c.outputs = append(c.outputs, y)
	for _, x := range kept {
		c.outputs = append(c.outputs, copied(x, one(x.DType())))
	}
	wrt := slices.DeleteFunc(slices.Clone(xs), func(x *graph.Node) bool { return !x.DType().IsFloat() })
	if len(wrt) == 0 || !y.DType().IsFloat() || in.Case.Build != nil && len(in.moves) == 0 { // it refuses derivatives
		return c
	}
	c.differentiate(g, y, wrt, func(wrt []*graph.Node) *graph.Node { return f(replace(xs, wrt)) })
	return c
}

// differentiate adds the first and second order gradients of y = f(wrt), along weights that are further inputs.
func (c *circuit) differentiate(g *graph.Graph, y *graph.Node, wrt []*graph.Node, f func([]*graph.Node) *graph.Node) {
	weight := func(n *graph.Node) *graph.Node {
		t := n.Type()
		return c.input(t, func(rng *rand.Rand) exec.Value { return directions(rng, t) }, g)
	}
	ct := weight(y)
	grads, pull := autodiff.VJP(func(wrt []*graph.Node) []*graph.Node {
		_, pull := autodiff.VJP(f, wrt, autodiff.AllowUnreachable())
		return pull(ct)
	}, wrt, autodiff.AllowUnreachable())
	cts := make([]*graph.Node, len(grads))
	for i, n := range grads {
		cts[i] = weight(n)
	}
	c.outputs = slices.Concat(c.outputs, grads, pull(cts))
}

// replace puts the float nodes given in the places of those in xs, in order.
func replace(xs, floats []*graph.Node) []*graph.Node {
	out := slices.Clone(xs)
	next := 0
	for i, x := range xs {
		if x.DType().IsFloat() {
			out[i] = floats[next]
			next++
		}
	}
	return out
}

// circuits are the surroundings in which a compiled op must agree with the reference: they take the planner
// through every decision on where an op's result goes.
func (in Instance) circuits() map[string]*circuit {
	none, all := func(int) bool { return false }, func(int) bool { return true }
	first := func(i int) bool { return i == 0 }
	c := map[string]*circuit{
		"alone":         in.alone(),
		"consumed":      in.busy(busy{keep: none}),
		"operands kept": in.busy(busy{keep: all, result: true}),
		"first kept":    in.busy(busy{keep: first}),
	}
	if len(in.args) > 1 {
		c["one operand twice"] = in.busy(busy{keep: none, twin: true})
	}
	return c
}

// setting is a way to compile. One that is exact keeps every bit; fast rules may give a zero the other sign.
type setting struct {
	name  string
	opts  compile.Options
	exact bool
}

// settings are all passes, each pass off in turn, every pass off, exact rules alone, no memory shared, and two workers.
// An op that holds functions, whose bodies are compiled in the same way and computed node by node by the reference, has each
// pass off with exact rules alone too: it is not only simplify that rounds otherwise then.
func settings(holdsFuncs bool) []setting {
	all := map[string]bool{}
	list := []setting{
		{name: "all passes"},
		{name: "exact rules", opts: compile.Options{Off: map[string]bool{"fast": true}}, exact: true},
		{name: "no reuse", opts: compile.Options{NoReuse: true}},
		{name: "two workers", opts: compile.Options{Workers: 2}},
	}
	for _, p := range compile.Pipeline {
		all[p.Name] = true
		if p.OfFuncs && !holdsFuncs {
			continue
		}
		list = append(list, setting{name: "without " + p.Name, opts: compile.Options{Off: map[string]bool{p.Name: true}},
			exact: p.Name == "simplify" && !holdsFuncs})
		if holdsFuncs {
			list = append(list, setting{name: "exact rules, without " + p.Name, exact: true,
				opts: compile.Options{Off: map[string]bool{"fast": true, p.Name: true}}})
		}
	}
	list = append(list, setting{name: "no pass", opts: compile.Options{Off: all}, exact: true})
	for i := range list {
		list[i].opts.Verify = true
	}
	return list
}

// enlargement takes arguments of a few elements to more than a loop over tiles does at once.
const enlargement = 421

// checkCompiled holds compiled programs against the reference executor, bit for bit: values and first and second
// order gradients, in every surrounding and setting. Only where fast rules are on may loops add up their steps in
// another order, see slack. Each program runs three times, on two sets of feeds, so that nothing left in the arena
// can pass for a result.
func checkCompiled(in Instance) error {
	circuits := in.circuits()
	if large, ok := in.enlarged(enlargement); ok && large.node().Type().Size() < 1<<14 {
		circuits["enlarged"] = large.busy(busy{keep: func(i int) bool { return i == 0 }})
	}
	for name, c := range circuits {
		feeds := [][]exec.Value{c.feeds(in.Seed()), c.feeds(in.Seed() + 1)}
		var wants [2][]exec.Value
		for k := range feeds {
			want, err := c.reference(feeds[k])
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			wants[k] = want
		}
		for _, s := range settings(isBuilt(in.Op)) {
			p, err := compile.Compile(rewrite.Unit{Inputs: c.inputs, Outputs: c.outputs}, s.opts)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", name, s.name, err)
			}
			for _, k := range []int{0, 1, 0} {
				if err := agree(p, feeds[k], wants[k], in.slack(s.exact)); err != nil {
					return fmt.Errorf("%s, %s: compiled is not the reference: %w\n%s", name, s.name, err,
						graph.Text(c.outputs...))
				}
			}
		}
	}
	return nil
}

func (c *circuit) reference(feeds []exec.Value) ([]exec.Value, error) {
	fed := map[*graph.Node]exec.Value{}
	for i, n := range c.inputs {
		fed[n] = feeds[i]
	}
	return exec.Reference(c.outputs, fed)
}

// agree runs p on feeds into fresh memory and compares.
func agree(p *exec.Program, feeds, want []exec.Value, allowed slack) error {
	got := make([]exec.Value, len(want))
	for i, w := range want {
		got[i] = exec.NewValue(w.Type)
	}
	if err := p.Run(context.Background(), got, feeds); err != nil {
		return err
	}
	for i := range got {
		if err := allowed.differ(got[i], want[i]); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

// checkAllocations expects a run of the compiled op and its gradients to allocate nothing.
func checkAllocations(in Instance) error {
	c := in.busy(busy{keep: func(int) bool { return true }, result: true})
	p, err := compile.Compile(rewrite.Unit{Inputs: c.inputs, Outputs: c.outputs}, compile.Options{})
	if err != nil {
		return err
	}
	feeds := c.feeds(in.Seed())
	dst := make([]exec.Value, len(c.outputs))
	for i, n := range c.outputs {
		dst[i] = exec.NewValue(n.Type())
	}
	ctx := context.Background()
	allocs := testing.AllocsPerRun(5, func() { err = p.Run(ctx, dst, feeds) })
	if err == nil && allocs != 0 {
		err = fmt.Errorf("a run allocates %v times\n%s", allocs, graph.Text(c.outputs...))
	}
	return err
}
