package exec

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"chainrule/graph"
)

// Blame computes outputs as Reference does and finds out where the first of them that has an element for which bad
// holds, a NaN or an infinity, got it from. It goes back from there: of the operands that have such elements to those
// without which the result would not have them, until it comes to a node that has it although they have none. What
// elsewhere in the graph is bad but does not reach an output, such as a value that where does not choose, is not looked
// at. It returns nil if no output is bad. Of the run that it is a part of, w, it has the context and the end.
func Blame(
	w *graph.Work, outputs []*graph.Node, feeds map[*graph.Node]Value, bad func(float64) bool,
) (*NaNError, error) {
	w = &graph.Work{Workers: 1, Stop: w.Stop, Context: w.Context}
	t := tracer{work: w, values: map[*graph.Node]Value{}, feeds: feeds, bad: bad}
	for _, n := range graph.Topo(outputs...) {
		if w.Stopped() {
			return nil, graph.ErrStopped
		}
		v, err := evaluateWith(w, naive{}, n, t.values, feeds)
		if err != nil {
			return nil, NodeError(n, err)
		}
		t.values[n] = v
	}
	result := -1
	for i, n := range outputs {
		if FirstBad(t.values[n], bad) >= 0 && (result < 0 || n.ID() < outputs[result].ID()) {
			result = i
		}
	}
	if result < 0 {
		return nil, nil
	}
	at := spot{node: outputs[result], as: outputs[result], element: FirstBad(t.values[outputs[result]], bad)}
	for {
		cause, found := t.cause(at)
		if w.Stopped() {
			return nil, graph.ErrStopped
		}
		if !found {
			break
		}
		at = cause
	}
	e := t.inside(at.node)
	if e == nil {
		e = t.report(at)
	}
	e.Result = result
	return e, nil
}

// FirstBad returns the first element of a value for which bad holds, or −1. No number and no integer is bad.
func FirstBad(v Value, bad func(float64) bool) int {
	switch v.Type.DType {
	case graph.Float32:
		return firstBad(graph.Elements[float32](v.Buf), bad)
	case graph.Float64:
		return firstBad(graph.Elements[float64](v.Buf), bad)
	}
	return -1
}

func firstBad[T float32 | float64](elements []T, bad func(float64) bool) int {
	for i, x := range elements {
		if x-x != 0 && bad(float64(x)) { // x − x is NaN if x is no number
			return i
		}
	}
	return -1
}

func floatsIn(t graph.Type, n int) int {
	if !t.DType.IsFloat() {
		return 0
	}
	return n
}

// spot is an element of a node's value. If the node has several results, as is the one that it belongs to.
type spot struct {
	node, as *graph.Node
	element  int
}

// tracer follows bad elements back.
type tracer struct {
	work          *graph.Work
	values, feeds map[*graph.Node]Value
	bad           func(float64) bool
}

// cause returns an element of an operand that makes the one at a spot bad, if there is one.
func (t *tracer) cause(at spot) (spot, bool) {
	n := at.node
	switch suspects := t.suspects(at); {
	case len(suspects) == 0:
		return at, false
	case n.Op().Class == graph.View:
		return suspects[0], true
	case n.Op().Class == graph.Map:
		for _, s := range suspects {
			if t.isBadBy(at, []spot{s}, suspects) {
				return s, true
			}
		}
		return suspects[0], true
	case t.isBadBy(at, nil, suspects):
		return at, false
	default:
		left := suspects
		for len(left) > 1 {
			half := len(left) / 2
			if t.isBadBy(at, left[:half], suspects) {
				left = left[:half]
			} else {
				left = left[half:]
			}
		}
		return left[0], true
	}
}

// suspects lists the bad elements of operands that the element at a spot may depend on.
func (t *tracer) suspects(at spot) (list []spot) {
	n := at.node
	for i, x := range n.In() {
		if n.Op().Class == graph.View {
			l := n.Op().Layout(n)
			element := l.Offset
			for axis, k := range graph.IndexOf(at.element, n.Shape()) {
				element += k * l.Strides[axis]
			}
			as := x
			if x.DType() == graph.Packed {
				as, element = n, at.element
			}
			return append(list, spot{x, as, element})
		}
		for k := range floatsIn(x.Type(), x.Type().Size()) {
			if n.Op().Class == graph.Map {
				k = t.operandElement(at, i)
			}
			if t.bad(t.values[x].At(k)) {
				list = append(list, spot{x, x, k})
			}
			if n.Op().Class == graph.Map {
				break
			}
		}
	}
	return list
}

// operandElement is which element of operand i of a Map makes the one at a spot.
func (t *tracer) operandElement(at spot, i int) int {
	x := at.node.In()[i]
	index, element := graph.IndexOf(at.element, at.node.Shape()), 0
	for axis, step := range graph.BroadcastStrides(x.Shape(), at.node.Shape()) {
		element += index[axis] * step
	}
	return element
}

// isBadBy reports whether the element at a spot is bad if, of all suspects, only the given ones are, and the others
// are 1.
func (t *tracer) isBadBy(at spot, given, suspects []spot) bool {
	operands := map[*graph.Node]Value{}
	for _, x := range at.node.In() {
		operands[x] = t.values[x].Clone()
	}
	keep := map[spot]bool{}
	for _, s := range given {
		keep[s] = true
	}
	for _, s := range suspects {
		if keep[s] {
			continue
		}
		operands[s.node].Set(s.element, 1)
	}
	v, err := evaluateWith(t.work, naive{}, at.node, operands, t.feeds)
	return err == nil && t.bad(t.element(at, v))
}

// element is the element of a spot in a value of its node.
func (t *tracer) element(at spot, v Value) float64 {
	if i, isPart := at.as.PartIndex(); isPart && at.node != at.as {
		offset := at.node.PartOffset(i)
		v.Buf.Ptr = unsafe.Add(v.Buf.Ptr, offset)
	}
	v.Type, v.Buf.Len = at.as.Type(), at.as.Type().Size()
	return v.At(at.element)
}

// inside looks for the birth in the programs that a node's kernel runs, such as the body of a loop.
func (t *tracer) inside(n *graph.Node) *NaNError {
	if n.Op().Class != graph.Opaque {
		return nil
	}
	var e *NaNError
	_, err := evaluateWith(&graph.Work{Workers: 1, Bad: t.bad}, naive{}, n, t.values, t.feeds)
	errors.As(err, &e)
	return e
}

// report describes the birth at a spot.
func (t *tracer) report(at spot) *NaNError {
	n := at.node
	e := &NaNError{
		Op: n.Op().Name, Source: n.Source(), Name: nameOf(n), Type: at.as.Type(),
		Value: t.element(at, t.values[n]), Index: graph.IndexOf(at.element, at.as.Shape()),
		leaf: n.Op().Class == graph.Leaf, fed: n.IsInput(),
	}
	if e.Name == "" && n.IsInput() {
		e.Name = fmt.Sprintf("input %d", slices.Index(n.Graph().Inputs(), n))
	}
	if op, tangent := n.Derived(); op != nil {
		e.Derivative, e.Backward = op.Name, !tangent
	}
	for i, x := range n.In() {
		o := NaNOperand{Name: nameOf(x), Type: x.Type()}
		k := 0
		o.Known = x.DType().IsFloat() && (x.Type().Size() == 1 || n.Op().Class == graph.Map)
		if o.Known && n.Op().Class == graph.Map {
			k = t.operandElement(at, i)
		}
		if o.Known {
			o.Index, o.Value = graph.IndexOf(k, x.Shape()), t.values[x].At(k)
		}
		e.Operands = append(e.Operands, o)
	}
	return e
}

// nameOf is the name of n or of what it is an alias of.
func nameOf(n *graph.Node) string {
	for n.IsAlias() && n.Name() == "" {
		n = n.In()[0]
	}
	return n.Name()
}
