package sweep

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// Functions derived from the bodies of loops and branches. Each is made once for a function and a choice of inputs:
// they are kept with it.

// Derived is a function with, for each of the results that it might have, whether it has it. Derivatives may have masks
// too, behind the other results.
type Derived struct {
	F           *graph.Func
	Has, Masked Selection
}

// Scratch is a function's nodes on a graph of their own.
type Scratch struct {
	G               *graph.Graph
	Inputs, Outputs []*graph.Node
}

// Unfold puts f on a new graph.
func Unfold(f *graph.Func) Scratch {
	s := Scratch{G: graph.NewFor(f.Outputs()...)}
	for _, x := range f.Inputs() {
		s.Inputs = append(s.Inputs, s.G.Input(x.Name(), x.DType(), x.Shape()...))
	}
	s.Outputs = f.Inline(s.G, s.Inputs)
	return s
}

// Input adds an input of n's type.
func (s *Scratch) Input(n *graph.Node) *graph.Node { return s.G.Input("", n.DType(), n.Shape()...) }

// Twins adds an input of n's type for each node n that is meant, nil for the others.
func (s *Scratch) Twins(nodes []*graph.Node, meant Selection) []*graph.Node {
	twins := make([]*graph.Node, len(nodes))
	for i, n := range nodes {
		if meant[i] {
			twins[i] = s.Input(n)
		}
	}
	return twins
}

// Masks adds an input for a mask over each node that is meant, nil for the others.
func (s *Scratch) Masks(nodes []*graph.Node, meant Selection) []*graph.Node {
	masks := make([]*graph.Node, len(nodes))
	for i, n := range nodes {
		if meant[i] {
			masks[i] = s.G.Input("", graph.Bool, n.Shape()...)
		}
	}
	return masks
}

// JVPOf is f's tangent: of the inputs, the tangents of those that move, and masks over those that are masked, to the
// tangents of the needed outputs, those that are not zero whatever the inputs are, and to their masks if they are to be
// guarded.
func JVPOf(f *graph.Func, moves, masked, needed Selection, guard bool) Derived {
	return f.Memo(fmt.Sprint("push", moves, masked, needed, guard), func() any {
		s := Unfold(f)
		ts := Derivatives{s.Twins(s.Inputs, moves), s.Masks(s.Inputs, masked)}
		out := ForwardMasked(Choose(s.Outputs, needed), Choose(s.Inputs, moves), ts.Choose(moves), guard).Scatter(needed)
		return s.derived(slices.Concat(s.Inputs, NotNil(ts.D), NotNil(ts.Masks)), out, s.Outputs)
	}).(Derived)
}

// Senders tells from which inputs of f there is a derivative of one of the outputs that are needed.
func Senders(f *graph.Func, needed Selection) Selection {
	return f.Memo(fmt.Sprint("senders", needed), func() any {
		from := make(Selection, len(f.Inputs()))
		if needed.Count() == 0 {
			return from
		}
		outputs := Choose(f.Outputs(), needed)
		order := graph.Topo(slices.Concat(outputs, f.Inputs())...)
		to := leadingTo(outputs, order)
		for i, x := range f.Inputs() {
			from[i] = to.Has(x)
		}
		return from
	}).(Selection)
}

// VJPOf is f's transposed derivative: of the inputs, the cotangents of those outputs that have one, and masks over those
// that are masked, to the cotangents of the wanted inputs, those that are not zero whatever the inputs are, and to masks
// over those that are to be guarded.
func VJPOf(f *graph.Func, given, masked, wanted, guard Selection) Derived {
	return f.Memo(fmt.Sprint("pull", given, masked, wanted, guard), func() any {
		s := Unfold(f)
		cts := Derivatives{s.Twins(s.Outputs, given), s.Masks(s.Outputs, masked)}
		back := s.Pull(cts, given, wanted, guard)
		return s.derived(slices.Concat(s.Inputs, NotNil(cts.D), NotNil(cts.Masks)), back, s.Inputs)
	}).(Derived)
}

// Pull returns the cotangents of the wanted inputs, given those of the outputs, each in its place.
func (s *Scratch) Pull(cts Derivatives, given, wanted, guard Selection) Derivatives {
	wrt, asked := Choose(s.Inputs, wanted), make(Selection, 0, len(wanted))
	for i, w := range wanted {
		if w {
			asked = append(asked, guard[i])
		}
	}
	return ReverseMasked(Choose(s.Outputs, given), cts.Choose(given), wrt, asked).Scatter(wanted)
}

// derived is a function of inputs to the rates of nodes, whose masks become whole.
func (s *Scratch) derived(inputs []*graph.Node, r Derivatives, of []*graph.Node) Derived {
	out, live := NotNil(r.D), r.Masked()
	for i, has := range live {
		if has {
			out = append(out, WholeMask(r.Masks[i], of[i]))
		}
	}
	return Derived{s.G.Func(inputs, out), Which(r.D), live}
}

// BatchOf is f for size examples at once, of which only the inputs that are batched have the axis: it goes from them
// to the outputs, those that differ between examples with that axis. Outputs that all says have it in any case.
func BatchOf(f *graph.Func, batched, all Selection, size int) Derived {
	return f.Memo(fmt.Sprint("spread", batched.key(), all.key(), size), func() any {
		s := Unfold(f)
		inputs := slices.Clone(s.Inputs)
		var sources, lifted []*graph.Node
		for i, x := range s.Inputs {
			if batched[i] {
				inputs[i] = s.G.Input(x.Name(), x.DType(), append([]int{size}, x.Shape()...)...)
				sources, lifted = append(sources, x), append(lifted, inputs[i])
			}
		}
		out := make([]*graph.Node, len(s.Outputs))
		if len(sources) > 0 && len(out) > 0 {
			out = Batch(s.Outputs, sources, lifted, size)
		}
		has := Which(out)
		for i, y := range s.Outputs {
			switch {
			case out[i] == nil && all[i]:
				out[i], has[i] = Repeated(y, size), true
			case out[i] == nil:
				out[i] = y
			}
		}
		return Derived{F: s.G.Func(inputs, out), Has: has}
	}).(Derived)
}

// Repeated is n for each of size examples.
func Repeated(n *graph.Node, size int) *graph.Node {
	return ops.BroadcastTo(n, append([]int{size}, n.Shape()...)...)
}

// Results puts what d's function gives in its places.
func (d Derived) Results(nodes []*graph.Node) Derivatives {
	n := d.Has.Count()
	return Derivatives{Scatter(nodes[:n], d.Has), Scatter(nodes[n:], d.Masked)}
}

// Filled is d's function with all results, of which it may have some only, like the other function.
func (d Derived) Filled(all, other Derived) *graph.Func {
	s := Unfold(d.F)
	own, others := d.Results(s.Outputs), other.Results(other.F.Outputs())
	var masks []*graph.Node
	for i := range all.Has {
		has := own.D[i] != nil
		if all.Has[i] && !has {
			like := others.D[i]
			own.D[i] = ops.BroadcastTo(s.G.Scalar(like.DType(), 0), like.Shape()...)
		}
		if all.Masked[i] {
			if own.Masks[i] == nil {
				own.Masks[i] = ConstMask(own.D[i], has)
			}
			masks = append(masks, WholeMask(own.Masks[i], own.D[i]))
		}
	}
	return s.G.Func(s.Inputs, append(NotNil(own.D), masks...))
}
