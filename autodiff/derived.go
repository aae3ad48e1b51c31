package autodiff

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// Functions derived from the bodies of loops and branches. Each is made once for a function and a choice of inputs:
// they are kept with it.

// mask says which of a list are meant.
type mask []bool

// key is m as the key of a map.
func (m mask) key() string { return fmt.Sprint([]bool(m)) }

// count is the number of those meant.
func (m mask) count() int {
	n := 0
	for _, b := range m {
		if b {
			n++
		}
	}
	return n
}

// every means all of n.
func every(n int) mask {
	m := make(mask, n)
	for i := range m {
		m[i] = true
	}
	return m
}

// derived is a function with, for each of the results that it might have, whether it has it. Derivatives may have masks
// too, behind the other results.
type derived struct {
	f         *graph.Func
	has, live mask
}

// scratch is a function's nodes on a graph of their own.
type scratch struct {
	g               *graph.Graph
	inputs, outputs []*graph.Node
}

// unfold puts f on a new graph.
func unfold(f *graph.Func) scratch {
	s := scratch{g: graph.NewFor(f.Outputs()...)}
	for _, x := range f.Inputs() {
		s.inputs = append(s.inputs, s.g.Input(x.Name(), x.DType(), x.Shape()...))
	}
	s.outputs = f.Inline(s.g, s.inputs)
	return s
}

// input adds an input of n's type.
func (s *scratch) input(n *graph.Node) *graph.Node { return s.g.Input("", n.DType(), n.Shape()...) }

// twin adds an input of n's type for each node n that is meant, nil for the others.
func (s *scratch) twins(nodes []*graph.Node, meant mask) []*graph.Node {
	twins := make([]*graph.Node, len(nodes))
	for i, n := range nodes {
		if meant[i] {
			twins[i] = s.input(n)
		}
	}
	return twins
}

// masks adds an input for a mask over each node that is meant, nil for the others.
func (s *scratch) masks(nodes []*graph.Node, meant mask) []*graph.Node {
	masks := make([]*graph.Node, len(nodes))
	for i, n := range nodes {
		if meant[i] {
			masks[i] = s.g.Input("", graph.Bool, n.Shape()...)
		}
	}
	return masks
}

// some lists the nodes that are not nil.
func some(nodes []*graph.Node) []*graph.Node {
	var list []*graph.Node
	for _, n := range nodes {
		if n != nil {
			list = append(list, n)
		}
	}
	return list
}

// where tells which nodes are not nil.
func where(nodes []*graph.Node) mask {
	m := make(mask, len(nodes))
	for i, n := range nodes {
		m[i] = n != nil
	}
	return m
}

// choose lists the nodes that are meant.
func choose(nodes []*graph.Node, meant mask) []*graph.Node {
	var list []*graph.Node
	for i, n := range nodes {
		if meant[i] {
			list = append(list, n)
		}
	}
	return list
}

// pushed is f's tangent: of the inputs, the tangents of those that move, and masks over those that are masked, to the
// tangents of the needed outputs, those that are not zero whatever the inputs are, and to their masks if they are to be
// guarded.
func pushed(f *graph.Func, moves, masked, needed mask, guard bool) derived {
	return f.Memo(fmt.Sprint("push", moves, masked, needed, guard), func() any {
		s := unfold(f)
		ts := rates{s.twins(s.inputs, moves), s.masks(s.inputs, masked)}
		out := forwardTo(choose(s.outputs, needed), choose(s.inputs, moves), ts.choose(moves), guard).scatter(needed)
		return s.derived(slices.Concat(s.inputs, some(ts.d), some(ts.live)), out, s.outputs)
	}).(derived)
}

// senders tells from which inputs of f there is a derivative of one of the outputs that are needed.
func senders(f *graph.Func, needed mask) mask {
	return f.Memo(fmt.Sprint("senders", needed), func() any {
		from := make(mask, len(f.Inputs()))
		if needed.count() == 0 {
			return from
		}
		outputs := choose(f.Outputs(), needed)
		order := graph.Topo(slices.Concat(outputs, f.Inputs())...)
		to := leadingTo(outputs, order)
		for i, x := range f.Inputs() {
			from[i] = to.has(x)
		}
		return from
	}).(mask)
}

// pulled is f's transposed derivative: of the inputs, the cotangents of those outputs that have one, and masks over those
// that are masked, to the cotangents of the wanted inputs, those that are not zero whatever the inputs are, and to masks
// over those that are to be guarded.
func pulled(f *graph.Func, given, masked, wanted, guard mask) derived {
	return f.Memo(fmt.Sprint("pull", given, masked, wanted, guard), func() any {
		s := unfold(f)
		cts := rates{s.twins(s.outputs, given), s.masks(s.outputs, masked)}
		back := s.pull(cts, given, wanted, guard)
		return s.derived(slices.Concat(s.inputs, some(cts.d), some(cts.live)), back, s.inputs)
	}).(derived)
}

// pull returns the cotangents of the wanted inputs, given those of the outputs, each in its place.
func (s *scratch) pull(cts rates, given, wanted, guard mask) rates {
	wrt, asked := choose(s.inputs, wanted), make(mask, 0, len(wanted))
	for i, w := range wanted {
		if w {
			asked = append(asked, guard[i])
		}
	}
	return reverseTo(choose(s.outputs, given), cts.choose(given), wrt, asked).scatter(wanted)
}

// derived is a function of inputs to the rates of nodes, whose masks become whole.
func (s *scratch) derived(inputs []*graph.Node, r rates, of []*graph.Node) derived {
	out, live := some(r.d), r.masked()
	for i, has := range live {
		if has {
			out = append(out, wholeMask(r.live[i], of[i]))
		}
	}
	return derived{s.g.Func(inputs, out), where(r.d), live}
}

// scatter puts a list in the places that are meant, nil in the others.
func scatter(list []*graph.Node, meant mask) []*graph.Node {
	all := make([]*graph.Node, len(meant))
	for i, m := range meant {
		if m {
			all[i], list = list[0], list[1:]
		}
	}
	return all
}

// forwardTo is forwardLive that takes empty lists.
func forwardTo(outputs, wrt []*graph.Node, tangents rates, guard bool) rates {
	if len(outputs) == 0 || len(wrt) == 0 {
		return newRates(len(outputs))
	}
	return forwardLive(outputs, wrt, tangents, guard)
}

// reverseTo is reverseLive that takes empty lists.
func reverseTo(outputs []*graph.Node, cts rates, wrt []*graph.Node, guard mask) rates {
	if len(outputs) == 0 || len(wrt) == 0 {
		return newRates(len(wrt))
	}
	return reverseLive(outputs, cts, wrt, guard)
}

// spreadOut is f for size examples at once, of which only the inputs that are batched have the axis: it goes from them
// to the outputs, those that differ between examples with that axis. Outputs that all says have it in any case.
func spreadOut(f *graph.Func, batched, all mask, size int) derived {
	return f.Memo(fmt.Sprint("spread", batched.key(), all.key(), size), func() any {
		s := unfold(f)
		inputs := slices.Clone(s.inputs)
		var sources, lifted []*graph.Node
		for i, x := range s.inputs {
			if batched[i] {
				inputs[i] = s.g.Input(x.Name(), x.DType(), append([]int{size}, x.Shape()...)...)
				sources, lifted = append(sources, x), append(lifted, inputs[i])
			}
		}
		out := make([]*graph.Node, len(s.outputs))
		if len(sources) > 0 && len(out) > 0 {
			out = batch(s.outputs, sources, lifted, size)
		}
		has := where(out)
		for i, y := range s.outputs {
			switch {
			case out[i] == nil && all[i]:
				out[i], has[i] = repeated(y, size), true
			case out[i] == nil:
				out[i] = y
			}
		}
		return derived{f: s.g.Func(inputs, out), has: has}
	}).(derived)
}

// repeated is n for each of size examples.
func repeated(n *graph.Node, size int) *graph.Node {
	return ops.BroadcastTo(n, append([]int{size}, n.Shape()...)...)
}
