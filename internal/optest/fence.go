package optest

import (
	"bytes"
	"fmt"
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
)

// fence is the number of guard bytes on either side of an operand. With 0xFF they read as NaN, −1 or true.
const fence = 128

// fenced is an operand between guard bytes, one element off the alignment that vectors like best.
type fenced struct {
	raw     []byte
	start   int
	value   exec.Value
	pattern byte
}

func newFenced(t graph.Type, pattern byte) fenced {
	size := t.DType.Size()
	raw := bytes.Repeat([]byte{pattern}, t.Bytes()+2*fence+64)
	base := int(-uintptr(unsafe.Pointer(unsafe.SliceData(raw))) % 64)
	if t.DType == graph.Packed {
		size = fence / 2 // packed values, whose parts are aligned, are too
	}
	f := fenced{raw: raw, start: base + fence/2 + size, pattern: pattern}
	f.value = exec.Value{Type: t, Buf: graph.Buffer{Ptr: unsafe.Pointer(&raw[f.start]), Len: t.Size()}}
	return f
}

func (f fenced) intact() bool {
	outside := func(b []byte) bool {
		return !slices.ContainsFunc(b, func(x byte) bool { return x != f.pattern })
	}
	return outside(f.raw[:f.start]) && outside(f.raw[f.start+f.value.Type.Bytes():])
}

// runFenced runs a node's kernel with everything around and in its output filled with a pattern. If alias ≥ 0, the
// output lies over that operand.
func runFenced(n *graph.Node, out graph.Type, in []exec.Value, pattern byte, alias int) (exec.Value, error) {
	dst := newFenced(out, pattern)
	operands := make([]fenced, len(in))
	buffers := make([]graph.Buffer, len(in))
	for i, v := range in {
		operands[i] = newFenced(v.Type, pattern)
		copy(operands[i].value.Bytes(), v.Bytes())
		if i == alias {
			copy(dst.value.Bytes(), v.Bytes())
			operands[i] = dst
		}
		buffers[i] = operands[i].value.Buf
	}
	workspace := newFenced(graph.T(graph.Float64, 0), pattern)
	kernel, size, err := exec.KernelOf(n, compile.Options{}.Compiler())
	if err != nil {
		return dst.value, err
	}
	if size >= 0 {
		workspace = newFenced(graph.T(graph.Float64, (size+7)/8), pattern)
		buffers = append(buffers, graph.Buffer{Ptr: workspace.value.Buf.Ptr, Len: size})
	}
	if err := kernel(&graph.Work{Workers: 1}, dst.value.Buf, buffers); err != nil {
		return dst.value, err
	}
	if !dst.intact() || !workspace.intact() {
		return dst.value, fmt.Errorf("the kernel writes outside of its output or workspace")
	}
	for i, f := range operands {
		if !f.intact() || i != alias && !bytes.Equal(f.value.Bytes(), in[i].Bytes()) {
			return dst.value, fmt.Errorf("the kernel writes on its operand %d", i)
		}
	}
	return dst.value, nil
}

// checkKernel runs the kernel between fences: it fills exactly the type that Infer gives, from nothing but its
// operands, and gives the same when it may write over one.
func checkKernel(in Instance) error {
	if isBuilt(in.Op) {
		return fencePacked(in)
	}
	n := in.node()
	if n.Op().Class == graph.View {
		return checkLayout(n)
	}
	values := in.values()
	if n.Op().Class == graph.Map {
		return checkMap(n, values)
	}
	first, err := checkFilled(n, n.Type(), values)
	if err != nil || !n.Op().InPlace {
		return err
	}
	if x := in.args[0]; x.Size() != n.Type().Size() || x.DType.Size() != n.DType().Size() {
		return nil
	}
	return checkInPlace(n, n.Type(), values, 0, first)
}

// fencePacked runs the kernel of the case's node of the op, between fences, on what the reference executor makes of its
// operands, and compares the parts of its results.
func fencePacked(in Instance) error {
	g := graph.New()
	xs, feeds, _ := in.fed(g)
	order := graph.Topo(in.apply(xs...))
	k := slices.IndexFunc(order, func(n *graph.Node) bool { return n.Op() == in.Op })
	if k < 0 {
		return nil // the compiler makes it
	}
	n := order[k]
	if n.Op().Class == graph.View {
		return checkLayout(n)
	}
	values, err := exec.Reference(n.In(), feeds)
	if err != nil {
		return err
	}
	first, err := runFenced(n, n.Type(), values, 0xFF, -1)
	if err != nil {
		return err
	}
	second, err := runFenced(n, n.Type(), values, 0x01, -1)
	if err != nil {
		return err
	}
	parts := n.Op().Parts(n)
	for i, at := range graph.Offsets(parts)[:len(parts)] {
		end := at + parts[i].Bytes()
		if !bytes.Equal(first.Bytes()[at:end], second.Bytes()[at:end]) {
			return fmt.Errorf("the kernel leaves a piece of result %d unwritten, or reads outside of its operands", i)
		}
	}
	return nil
}

// checkFilled runs the kernel in two kinds of memory and expects one result.
func checkFilled(n *graph.Node, out graph.Type, values []exec.Value) (exec.Value, error) {
	first, err := runFenced(n, out, values, 0xFF, -1)
	if err != nil {
		return first, err
	}
	second, err := runFenced(n, out, values, 0x01, -1)
	if err != nil {
		return first, err
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		return first, fmt.Errorf("the kernel leaves a part unwritten, or reads outside of its operands: %w",
			Differ(first, second))
	}
	return first, nil
}

func checkInPlace(n *graph.Node, out graph.Type, values []exec.Value, over int, want exec.Value) error {
	got, err := runFenced(n, out, values, 0x01, over)
	if err == nil {
		err = Differ(got, want)
	}
	if err != nil {
		return fmt.Errorf("written over operand %d: %w", over, err)
	}
	return nil
}

// long is a length that takes vector loops through full rounds and tails.
const long = 131

// checkMap checks a Map's kernel on runs of the output, as the contract of graph.Kernel has it: the whole, each
// single element, and a long run in which the elements repeat.
func checkMap(n *graph.Node, values []exec.Value) error {
	size := n.Type().Size()
	for i, v := range values {
		if v.Buf.Len != 1 {
			values[i] = stretch(v, n.Shape())
		}
	}
	whole, err := checkFilled(n, graph.T(n.DType(), size), values)
	if err != nil || size == 0 {
		return err
	}
	for i, v := range values {
		if v.Buf.Len == size && v.Type.DType.Size() == n.DType().Size() {
			if err := checkInPlace(n, whole.Type, values, i, whole); err != nil {
				return err
			}
		}
	}
	for _, length := range []int{1, long} {
		got, err := checkFilled(n, graph.T(n.DType(), length), cycled(values, size, length))
		if err != nil {
			return fmt.Errorf("run of %d: %w", length, err)
		}
		if err := Differ(got, cycle(whole, length)); err != nil {
			return fmt.Errorf("run of %d: %w", length, err)
		}
	}
	return nil
}

// cycle returns the given number of elements of v, from the start and over again.
func cycle(v exec.Value, length int) exec.Value {
	size := v.Type.DType.Size()
	out := exec.NewValue(graph.T(v.Type.DType, length))
	for i := range length {
		from := i % v.Buf.Len
		copy(out.Bytes()[i*size:][:size], v.Bytes()[from*size:])
	}
	return out
}

func cycled(values []exec.Value, size, length int) []exec.Value {
	long := make([]exec.Value, len(values))
	for i, v := range values {
		long[i] = v
		if v.Buf.Len == size {
			long[i] = cycle(v, length)
		}
	}
	return long
}

// checkLayout checks that a View reads nothing outside of its input.
func checkLayout(n *graph.Node) error {
	l := n.Op().Layout(n)
	size := n.In()[0].Type().Size()
	if len(l.Strides) != n.Rank() {
		return fmt.Errorf("the layout has %d strides for rank %d", len(l.Strides), n.Rank())
	}
	if n.Type().Size() == 0 {
		return nil
	}
	low, high := l.Offset, l.Offset
	for i, d := range n.Shape() {
		low += min(0, (d-1)*l.Strides[i])
		high += max(0, (d-1)*l.Strides[i])
	}
	if low < 0 || high >= size {
		return fmt.Errorf("the layout reaches from %d to %d of %d elements", low, high, size)
	}
	return nil
}
