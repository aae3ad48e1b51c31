package optest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// Instance is one op on one of its cases in one element type.
type Instance struct {
	Op   *graph.Op
	Case graph.Case
	// DType is the type of the arguments that leave it open, or that of the first argument if none does.
	DType graph.DType
	args  []graph.Type
	moves []int // what wrt returns, if a function builds the node
}

// Instances returns every instance of an op: each case in f32 and f64, or once if its arguments fix their types.
func Instances(op *graph.Op) []Instance {
	var all []Instance
	for _, c := range op.Cases {
		open := false
		for _, a := range c.In {
			open = open || a.DType == (graph.DType{})
		}
		switch {
		case open:
			all = append(all, newInstance(op, c, graph.Float32), newInstance(op, c, graph.Float64))
		case len(c.In) > 0:
			all = append(all, newInstance(op, c, c.In[0].DType))
		}
	}
	return all
}

// newInstance gives the open arguments of a case the element type d.
func newInstance(op *graph.Op, c graph.Case, d graph.DType) Instance {
	in := Instance{Op: op, Case: c, DType: d}
	for _, a := range c.In {
		t := graph.T(a.DType, a.Shape...)
		if a.DType == (graph.DType{}) {
			t.DType = d
		}
		in.args = append(in.args, t)
	}
	if c.Build != nil && graph.Try(func() { in.node() }) == nil {
		in.moves = in.reached()
	}
	return in
}

// reached lists the arguments that a gradient of what is built arrives at.
func (in Instance) reached() []int {
	var list []int
	for i, t := range in.args {
		xs := in.inputs(graph.New())
		y := in.apply(xs...)
		if t.DType.IsFloat() && y.DType().IsFloat() &&
			graph.Try(func() { autodiff.Gradients(ops.Sum(y), xs[i]) }) == nil {
			list = append(list, i)
		}
	}
	return list
}

// as returns the instance with its open arguments in another element type.
func (in Instance) as(d graph.DType) Instance { return newInstance(in.Op, in.Case, d) }

// enlarged returns the instance with the last axis of every argument scaled, where it is longer than 1, and whether
// the op takes that.
func (in Instance) enlarged(scale int) (large Instance, ok bool) {
	c := in.Case
	c.Name, c.In = c.Name+" enlarged", slices.Clone(c.In)
	for i, a := range c.In {
		last := len(a.Shape) - 1
		if last < 0 || a.Shape[last] <= 1 {
			continue
		}
		c.In[i].Shape = slices.Clone(a.Shape)
		c.In[i].Shape[last] *= scale
		if a.Data != nil {
			c.In[i].Data = slices.Repeat(a.Data, scale)
		}
		ok = true
	}
	large = newInstance(in.Op, c, in.DType)
	return large, ok && graph.Try(func() { large.node() }) == nil
}

// with returns the instance with a copy of the op's record that change has changed. The copy is not registered.
func (in Instance) with(change func(*graph.Op)) Instance {
	record := *in.Op
	change(&record)
	in.Op = &record
	return in
}

func (in Instance) String() string {
	return fmt.Sprintf("%s/%s/%v", in.Op.Name, in.Case.Name, in.DType)
}

// Seed is where the instance's random numbers start: a hash of the names of op and case, the same for every type.
func (in Instance) Seed() uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%s", in.Op.Name, in.Case.Name)
	return h.Sum64()
}

func (in Instance) rng() *rand.Rand { return rand.New(rand.NewPCG(in.Seed(), 0)) }

// values returns the arguments' values.
func (in Instance) values() []exec.Value {
	rng := in.rng()
	vs := make([]exec.Value, len(in.args))
	for i, t := range in.args {
		vs[i] = draw(rng, in.Case.In[i], t)
	}
	return vs
}

// inputs adds an input for each argument to g.
func (in Instance) inputs(g *graph.Graph) []*graph.Node {
	xs := make([]*graph.Node, len(in.args))
	for i, t := range in.args {
		xs[i] = g.Input(fmt.Sprintf("x%d", i), t.DType, t.Shape...)
	}
	return xs
}

// apply applies the op.
func (in Instance) apply(xs ...*graph.Node) *graph.Node {
	return in.Case.Apply(in.Op, xs...)
}

// node returns the op on new inputs.
func (in Instance) node() *graph.Node { return in.apply(in.inputs(graph.New())...) }

// wrt lists the arguments that the op has a derivative by.
func (in Instance) wrt() []int {
	var list []int
	if in.Case.Build != nil {
		return in.moves
	}
	if rule := in.Op.Derivative; rule != nil && in.node().DType().IsFloat() {
		for i, t := range in.args {
			if t.DType.IsFloat() && rule.Wrt(i) {
				list = append(list, i)
			}
		}
	}
	return list
}
