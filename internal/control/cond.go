package control

import (
	"fmt"
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// A branch is a node too: its inputs are a bool and what either of two functions takes, its results are those of the one
// that the bool chooses. The derivative of a branch is the branch of the derivatives.

// condAttrs is the attribute of a branch. Both functions take all inputs but the first.
type condAttrs struct{ Then, Else *graph.Func }

// CondOf makes a branch: of p, and of two functions with what each of them takes.
func CondOf(p *graph.Node, then, otherwise *graph.Func, thenIn, otherwiseIn []*graph.Node) []*graph.Node {
	g, in, first := p.Graph(), slices.Clone(thenIn), placesOf(thenIn)
	for _, n := range otherwiseIn {
		if _, taken := first[n]; !taken {
			in = append(in, n)
		}
	}
	a := condAttrs{widened(g, then, thenIn, in), widened(g, otherwise, otherwiseIn, in)}
	return graph.PartsOf(g.Apply(&condOp, a, append([]*graph.Node{p}, in...)...))
}

// placesOf tells where in a list its nodes are.
func placesOf(nodes []*graph.Node) map[*graph.Node]int {
	places := make(map[*graph.Node]int, len(nodes))
	for i, n := range nodes {
		places[n] = i
	}
	return places
}

// widened is f, whose inputs stand for the nodes of captured, as a function of all nodes in.
func widened(g *graph.Graph, f *graph.Func, captured, in []*graph.Node) *graph.Func {
	s := sweep.Scratch{G: graph.NewFor(f.Outputs()...)}
	args, places := make([]*graph.Node, len(captured)), placesOf(captured)
	for _, n := range in {
		s.Inputs = append(s.Inputs, s.Input(n))
		if i, taken := places[n]; taken {
			args[i] = s.Inputs[len(s.Inputs)-1]
		}
	}
	return g.Func(s.Inputs, f.Inline(s.G, args))
}

var condOp graph.Op

func init() {
	condOp = graph.Op{
		Name:  "cond",
		Doc:   "one of two functions of its inputs, chosen by the first",
		Arity: graph.Variadic, Class: graph.Opaque, Attrs: condAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(condAttrs)
			if err := a.infer(in); err != nil {
				return graph.Type{}, err
			}
			return graph.Pack(typesOf(a.Then.Outputs())), nil
		},
		Parts:      func(n *graph.Node) []graph.Type { return typesOf(n.Attrs().(condAttrs).Then.Outputs()) },
		Program:    func(n *graph.Node, c graph.Compiler) (graph.Program, error) { return newCondCode(n, c) },
		Derivative: condRule{},
		BadCases: []graph.BadCase{
			{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: condAttrs{}, Want: "the condition must be a bool scalar"},
			{In: []graph.Type{graph.T(graph.Bool)}, Attrs: condAttrs{}, Want: "a branch is missing"},
		},
	}
	graph.Register(&condOp)
}

func (a condAttrs) infer(in []*graph.Node) error {
	if p := in[0]; p.DType() != graph.Bool || p.Rank() != 0 {
		return fmt.Errorf("the condition must be a bool scalar")
	}
	for _, f := range []*graph.Func{a.Then, a.Else} {
		if f == nil {
			return fmt.Errorf("a branch is missing")
		}
		if len(f.Inputs()) != len(in)-1 || len(f.Outputs()) != len(a.Then.Outputs()) {
			return fmt.Errorf("a branch has %d inputs and %d results", len(f.Inputs()), len(f.Outputs()))
		}
		for i, x := range f.Inputs() {
			if !x.Type().Equal(in[i+1].Type()) {
				return fmt.Errorf("input %d is %v, a branch takes %v", i+1, in[i+1].Type(), x.Type())
			}
		}
		for i, y := range f.Outputs() {
			if !y.Type().Equal(a.Then.Outputs()[i].Type()) {
				return fmt.Errorf("result %d of the branches is %v or %v", i, a.Then.Outputs()[i].Type(), y.Type())
			}
		}
	}
	return nil
}

// condCode is a branch compiled, the function for true first.
type condCode struct {
	branches [2]graph.Code
	parts    block
}

func newCondCode(n *graph.Node, by graph.Compiler) (*condCode, error) {
	a := n.Attrs().(condAttrs)
	c := &condCode{parts: newBlock(typesOf(a.Then.Outputs())...)}
	for i, f := range []*graph.Func{a.Then, a.Else} {
		var err error
		if c.branches[i], err = by.Code(f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Workspace and Kernel implement graph.Program.
func (c *condCode) Workspace() int { return max(c.branches[0].Workspace(), c.branches[1].Workspace()) }

func (c *condCode) Kernel() graph.Kernel {
	then, otherwise := c.branches[0].Routine(), c.branches[1].Routine()
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		branch := then
		if !*(*bool)(in[0].Ptr) {
			branch = otherwise
		}
		return runOnce(branch, w, out.Ptr, c.parts, in[1:])
	}
}

// runOnce runs a routine on the buffers in, of which the last is its memory, into the block of parts at out.
func runOnce(r graph.Routine, w *graph.Work, out unsafe.Pointer, parts block, in []graph.Buffer) error {
	r.Bind(w, in[len(in)-1].Ptr)
	defer r.Release()
	for i, b := range in[:len(in)-1] {
		r.Input(i, b.Ptr)
	}
	for i := range parts.bytes {
		r.Output(i, parts.at(out, i))
	}
	if err := stopped(w); err != nil {
		return err
	}
	return r.Run()
}

type condRule struct{ sweep.PackedRule }

// Wrt implements graph.Derivative.
func (condRule) Wrt(i int) bool { return i > 0 }

func (condRule) Push(n *graph.Node, tangents sweep.Derivatives, needed sweep.Selection, guard bool) sweep.Derivatives {
	a := n.Attrs().(condAttrs)
	moves, masked := sweep.Which(tangents.D)[1:], tangents.Masked()[1:]
	all := make(sweep.Selection, len(a.Then.Outputs()))
	for i := range all {
		all[i] = guard
	}
	in := slices.Concat(n.In(), sweep.NotNil(tangents.D), tangents.WholeMasks())
	return both(n.Graph(), a, in, all, func(f *graph.Func) sweep.Derived { return sweep.JVPOf(f, moves, masked, needed, guard) })
}

func (condRule) Pull(n *graph.Node, cts sweep.Derivatives, wanted, guard sweep.Selection) sweep.Derivatives {
	a := n.Attrs().(condAttrs)
	given, masked := sweep.Which(cts.D), cts.Masked()
	in := slices.Concat(n.In(), sweep.NotNil(cts.D), cts.WholeMasks())
	back := both(n.Graph(), a, in, guard[1:], func(f *graph.Func) sweep.Derived {
		return sweep.VJPOf(f, given, masked, wanted[1:], guard[1:])
	})
	return sweep.Derivatives{D: append([]*graph.Node{nil}, back.D...), Masks: append([]*graph.Node{nil}, back.Masks...)}
}

// both is the branch of a function derived from each of a's. What one of them has and the other has not is zero there, and
// not live: the branch does not depend on it, or does not use it.
func both(g *graph.Graph, a condAttrs, in []*graph.Node, guard sweep.Selection, derive func(*graph.Func) sweep.Derived) sweep.Derivatives {
	d, e := derive(a.Then), derive(a.Else)
	all := sweep.Derived{Has: make(sweep.Selection, len(d.Has)), Masked: make(sweep.Selection, len(d.Has))}
	for i := range all.Has {
		all.Has[i] = d.Has[i] || e.Has[i]
		all.Masked[i] = d.Masked[i] || e.Masked[i] || guard[i] && d.Has[i] != e.Has[i]
	}
	if all.Has.Count() == 0 {
		return sweep.NewDerivatives(len(all.Has))
	}
	then, otherwise := d.Filled(all, e), e.Filled(all, d)
	parts := graph.PartsOf(g.Apply(&condOp, condAttrs{g.Intern(then), g.Intern(otherwise)}, in...))
	return all.Results(parts)
}

func (condRule) Batch(
	n *graph.Node, in []*graph.Node, batched []bool, size int,
) ([]*graph.Node, sweep.Selection) {
	a, g := n.Attrs().(condAttrs), n.Graph()
	none := make(sweep.Selection, len(a.Then.Outputs()))
	d, e := sweep.BatchOf(a.Then, batched[1:], none, size), sweep.BatchOf(a.Else, batched[1:], none, size)
	all := make(sweep.Selection, len(none))
	for i := range all {
		all[i] = batched[0] || d.Has[i] || e.Has[i]
	}
	d, e = sweep.BatchOf(a.Then, batched[1:], all, size), sweep.BatchOf(a.Else, batched[1:], all, size)
	out := make([]*graph.Node, len(all))
	if !batched[0] {
		node := g.Apply(&condOp, condAttrs{g.Intern(d.F), g.Intern(e.F)}, in...)
		return graph.PartsOf(node), all
	}
	x, y := forSome(in[0], d.F, in[1:], batched[1:]), forSome(ops.Not(in[0]), e.F, in[1:], batched[1:])
	for i := range out {
		out[i] = ops.Where(alongFirst(in[0], x[i].Rank()), x[i], y[i])
	}
	return out, all
}

// forSome is f, made for many examples, for those that want it. For others, if f may fail, it gives anything; and if none
// wants it, it is not computed.
func forSome(wanted *graph.Node, f *graph.Func, in []*graph.Node, batched []bool) []*graph.Node {
	g := wanted.Graph()
	if !mayFail(f) {
		return f.Inline(g, in)
	}
	s := sweep.Unfold(f)
	p := s.G.Input("", graph.Bool, wanted.Shape()...)
	then := s.G.Func(append([]*graph.Node{p}, s.Inputs...), f.Inline(s.G, guarded(p, s.Inputs, batched)))
	nothing := make([]*graph.Node, len(s.Outputs))
	for i, y := range s.Outputs {
		nothing[i] = sweep.Zeros(y)
	}
	otherwise := s.G.Func(append([]*graph.Node{p}, s.Inputs...), nothing)
	args := append([]*graph.Node{ops.Any(wanted), wanted}, in...)
	return graph.PartsOf(g.Apply(&condOp, condAttrs{g.Intern(then), g.Intern(otherwise)}, args...))
}

// alongFirst gives a vector axes of length 1 behind its own.
func alongFirst(p *graph.Node, rank int) *graph.Node {
	shape := make([]int, rank)
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = p.Shape()[0]
	return ops.Reshape(p, shape...)
}
