package exec

import (
	"fmt"
	"slices"
	"strings"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Reference computes the outputs from values for the graph's inputs, node by node into fresh memory. It is slow
// and obvious: operands of Map ops are stretched to full size first, views are copied, and the functions that nodes hold
// are computed node by node too.
func Reference(outputs []*graph.Node, feeds map[*graph.Node]Value) ([]Value, error) {
	return Evaluate(outputs, feeds, naive{})
}

// reference is Reference as part of a run.
func reference(w *graph.Work, outputs []*graph.Node, feeds map[*graph.Node]Value) ([]Value, error) {
	return evaluateAll(w, outputs, feeds, naive{})
}

// Evaluate is Reference with another compiler for functions that nodes hold.
func Evaluate(outputs []*graph.Node, feeds map[*graph.Node]Value, c graph.Compiler) ([]Value, error) {
	return evaluateAll(&graph.Work{Workers: 1}, outputs, feeds, c)
}

func evaluateAll(
	w *graph.Work, outputs []*graph.Node, feeds map[*graph.Node]Value, c graph.Compiler,
) ([]Value, error) {
	values := map[*graph.Node]Value{}
	for _, n := range graph.Topo(outputs...) {
		if w.Stopped() {
			return nil, graph.ErrStopped
		}
		v, err := evaluateWith(w, c, n, values, feeds)
		if err != nil {
			return nil, NodeError(n, err)
		}
		values[n] = v
	}
	results := make([]Value, len(outputs))
	for i, n := range outputs {
		results[i] = NewValue(n.Type())
		copy(results[i].Bytes(), values[n].Bytes())
	}
	return results, nil
}

// Fold computes a node whose inputs are constants, with the functions that it holds compiled by c. It looks at no others.
func Fold(n *graph.Node, c graph.Compiler) (Value, error) {
	values := make(map[*graph.Node]Value, len(n.In()))
	for _, x := range n.In() {
		buf, _ := x.Constant()
		values[x] = Value{x.Type(), buf}
	}
	v, err := evaluateWith(&graph.Work{Workers: 1}, c, n, values, nil)
	if err != nil {
		return Value{}, NodeError(n, err)
	}
	return v, nil
}

func evaluateWith(
	w *graph.Work, c graph.Compiler, n *graph.Node, values, feeds map[*graph.Node]Value,
) (Value, error) {
	if buf, ok := n.Constant(); ok {
		return Value{n.Type(), buf}, nil
	}
	if n.IsInput() {
		v, ok := feeds[n]
		if !ok {
			return v, fmt.Errorf("no value fed")
		}
		if !v.Type.Equal(n.Type()) {
			return v, fmt.Errorf("fed %v, wants %v", v.Type, n.Type())
		}
		return v, nil
	}
	out := NewValue(n.Type())
	in := make([]graph.Buffer, len(n.In()))
	for i, x := range n.In() {
		in[i] = values[x].Buf
	}
	switch n.Op().Class {
	case graph.View:
		src := values[n.In()[0]]
		if src.Type.DType == graph.Packed {
			src.Buf.Len /= n.DType().Size()
		}
		copyView(out, src, n.Op().Layout(n))
		return out, nil
	case graph.Map:
		for i, x := range n.In() {
			in[i] = stretch(values[x], n.Shape()).Buf
		}
	}
	kernel, bytes, err := KernelOf(n, c)
	if err != nil {
		return out, err
	}
	if bytes >= 0 {
		in = append(in, graph.Buffer{Ptr: allocate(bytes), Len: bytes})
	}
	return out, kernel(w, out.Buf, in)
}

// KernelOf returns n's kernel, with the functions that n holds compiled by c, and how much scratch memory it wants as one
// more operand, −1 if it wants no such operand.
func KernelOf(n *graph.Node, c graph.Compiler) (kernel graph.Kernel, workspace int, err error) {
	switch op := n.Op(); {
	case op.Program != nil:
		p, err := op.Program(n, c)
		if err != nil {
			return nil, -1, err
		}
		return p.Kernel(), p.Workspace(), nil
	case op.Workspace != nil:
		return op.Kernel(n), op.Workspace(n), nil
	default:
		return op.Kernel(n), -1, nil
	}
}

// stretch broadcasts v to a shape.
func stretch(v Value, shape []int) Value {
	l := graph.Layout{Strides: graph.BroadcastStrides(v.Type.Shape, shape)}
	out := NewValue(graph.Type{DType: v.Type.DType, Shape: shape})
	copyView(out, v, l)
	return out
}

// copyView writes the elements of src that l names.
func copyView(out, src Value, l graph.Layout) {
	if out.Buf.Len > 0 {
		viewKernel(out.Type, l)(nil, out.Buf, []graph.Buffer{src.Buf})
	}
}

// viewKernel copies a layout of its operand, by element size.
func viewKernel(t graph.Type, l graph.Layout) func(*graph.Work, graph.Buffer, []graph.Buffer) error {
	switch t.DType {
	case graph.Bool:
		return strided[bool](t.Shape, l)
	case graph.Float32:
		return strided[float32](t.Shape, l)
	case graph.Float64:
		return strided[float64](t.Shape, l)
	default:
		return strided[int64](t.Shape, l)
	}
}

func strided[T graph.Element](shape []int, l graph.Layout) graph.Kernel {
	size := graph.Size(shape)
	if size <= elementsUnstopped || shape[0] == 1 {
		return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
			vec.CopyStrided(graph.Elements[T](out), shape, graph.Elements[T](in[0]), l.Offset, l.Strides)
			return nil
		}
	}
	row := size / shape[0]
	rows := min(shape[0], max(1, elementsUnstopped/row))
	parts := [2][]int{slices.Clone(shape), slices.Clone(shape)} // whole ones and the last
	parts[0][0], parts[1][0] = rows, shape[0]%rows
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, offset := graph.Elements[T](out), l.Offset
		for ; len(dst) > 0; offset += rows * l.Strides[0] {
			part := parts[0]
			if len(dst) < rows*row {
				part = parts[1]
			}
			if w.Stopped() {
				return graph.ErrStopped
			}
			n := part[0] * row
			vec.CopyStrided(dst[:n], part, graph.Elements[T](in[0]), offset, l.Strides)
			dst = dst[n:]
		}
		return nil
	}
}

// NodeError says at which node a run failed, once for each function of the user's line.
func NodeError(n *graph.Node, err error) error {
	if n == nil || err == graph.ErrStopped {
		return err
	}
	where := n.Title()
	if src := n.Source(); src != "" {
		where += " at " + src
	}
	if strings.HasPrefix(err.Error(), where+": ") { // a loop within a solver is the solver's too
		return err
	}
	return fmt.Errorf("%s: %w", where, err)
}
