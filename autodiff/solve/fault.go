package solve

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// ODEError says where ODE cannot go on, and why: the slope or the solution is no number there, or steps
// that keep to the tolerance are so small that adding them to the time changes nothing, as before a singularity.
type ODEError struct {
	// Time is how far it came.
	Time float64
	// Unknown is the path of an unknown in y, such as "V[2]", the number of an element if y is one node; Component
	// counts the elements of all of y's leaves.
	Unknown   string
	Component int
	// Value and Slope are the unknown and its dy/dt at Time, Off is what the last step that was tried would have been
	// off by, as a multiple of what is allowed: NaN, or an infinity, if f is not finite in any step however small.
	Value, Slope, Off float64
	// End is the time that it was to come to.
	End float64
	// Example is the number of the example under Vmap, −1 without.
	Example int
}

func (e *ODEError) Error() string {
	example := ""
	if e.Example >= 0 {
		example = fmt.Sprintf(" for example %d", e.Example)
	}
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	switch {
	case !finite(e.End):
		return fmt.Sprintf("ode goes no further%s than time %v: the next time asked for is %v", example, e.Time, e.End)
	case !finite(e.Value):
		return fmt.Sprintf("ode cannot go on%s at time %v: %s is %v", example, e.Time, e.Unknown, e.Value)
	case !finite(e.Slope):
		return fmt.Sprintf("ode cannot go on%s at time %v, where %s is %v: its slope is %v", example, e.Time, e.Unknown, e.Value, e.Slope)
	case !finite(e.Off):
		return fmt.Sprintf("ode cannot go on%s at time %v, where %s is %v: after any step, however small, its slope is no finite number",
			example, e.Time, e.Unknown, e.Value)
	}
	return fmt.Sprintf("ode cannot go on%s at time %v, where %s is %v and its slope %v: "+
		"steps within the tolerance are too small to change the time; is there a singularity?",
		example, e.Time, e.Unknown, e.Value, e.Slope)
}

// arrival is what a solver of differential equations has come to: the solution, its slope and the error of the last step,
// vectors; how far it came and was to come; and whether it could not go on.
type arrival struct{ Y, K, Off, T, End, Bad *graph.Node }

// checked is y where the solver has arrived. Its derivatives are checked in the same way: where nothing asks for y itself,
// they must not pass for right.
func (m odeMethod) checked(a arrival) *graph.Node {
	return a.Y.Graph().Apply(&arrivedOp, arrivedAttrs{m.unknowns}, a.Y, a.Y, a.K, a.Off, a.T, a.End, a.Bad)
}

// checkedRows is the solutions of RK4 at all times but the first, [T, n]. What is no number once stays so, so that it is the last
// row that is checked, and the first of those which are none that the error is about.
func (m odeMethod) checkedRows(rows, times *graph.Node) *graph.Node {
	n := rows.Shape()[0]
	wrong := ops.Not(ops.Every(ops.IsFinite(rows), 1))
	worst := ops.ArgMax(ops.Cast(wrong, graph.Int64), 0)
	at := func(x *graph.Node, i *graph.Node) *graph.Node {
		return ops.Squeeze(ops.Take(x, ops.ExpandDims(i, 0), 0), 0)
	}
	row, t := ops.StopGradient(at(rows, worst)), ops.StopGradient(at(times, ops.Add(worst, 1)))
	last := ops.Squeeze(ops.Slice(rows, ops.At(n-1)), 0)
	last = rows.Graph().Apply(&arrivedOp, arrivedAttrs{m.unknowns}, last, row, row, row, t, t, ops.Any(wrong))
	if n == 1 {
		return ops.ExpandDims(last, 0)
	}
	return ops.Concat([]*graph.Node{ops.Slice(rows, ops.Range{Start: 0, Stop: n - 1}), ops.ExpandDims(last, 0)}, 0)
}

// arrivedAttrs has the paths and sizes of the unknowns, as in "X=1,V=3".
type arrivedAttrs struct{ Unknowns string }

// Title is how errors call the op.
func (arrivedAttrs) Title() string { return "ode" }

// unknownsOf lists the leaves of y for arrivedAttrs.
func unknownsOf(leaves []tree.Leaf) string {
	var parts []string
	for _, l := range leaves {
		parts = append(parts, fmt.Sprintf("%s=%d", l.Path, l.Node.Type().Size()))
	}
	return strings.Join(parts, ",")
}

// name is the path of component i.
func (a arrivedAttrs) name(i int) string {
	for part := range strings.SplitSeq(a.Unknowns, ",") {
		path, digits, _ := strings.Cut(part, "=")
		size, _ := strconv.Atoi(digits)
		switch {
		case i >= size:
			i -= size
			continue
		case size > 1:
			return fmt.Sprintf("%s[%d]", path, i)
		case path != "":
			return path
		}
		break
	}
	return "y"
}

var arrivedOp graph.Op

func init() {
	arrivedOp = graph.Op{
		Name:  "arrived",
		Doc:   "its first operand, unless a solver of differential equations could not go on",
		Arity: 7, Class: graph.Opaque, Attrs: arrivedAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			y, t := in[0], in[4]
			for i, want := range []graph.Type{y.Type(), y.Type(), y.Type(), y.Type(), t.Type(), t.Type(),
				graph.T(graph.Bool, t.Shape()...)} {
				if !y.DType().IsFloat() || t.DType() != y.DType() || !in[i].Type().Equal(want) {
					return graph.Type{}, errors.New("wants y, its slope and error, two times and a bool")
				}
			}
			return y.Type(), nil
		},
		Kernel: arrivedKernel,
		Derivative: ops.Linear{func(n, ct *graph.Node) *graph.Node {
			return n.Graph().Apply(n.Op(), n.Attrs(), append([]*graph.Node{ct}, n.In()[1:]...)...)
		}, nil, nil, nil, nil, nil, nil},
		Batch: allRepeated,
		Cases: []graph.Case{{Name: "good", Attrs: arrivedAttrs{"=3"}, In: []graph.Arg{
			{Shape: []int{3}}, {Shape: []int{3}}, {Shape: []int{3}}, {Shape: []int{3}}, {}, {}, {DType: graph.Bool, Data: []float64{0}}}}},
		BadCases: []graph.BadCase{{
			In: []graph.Type{graph.T(graph.Float64, 3), graph.T(graph.Float64, 3), graph.T(graph.Float64, 2), graph.T(graph.Float64, 3),
				graph.T(graph.Float64), graph.T(graph.Float64), graph.T(graph.Bool)},
			Want: "wants y, its slope and error, two times and a bool",
		}},
	}
	graph.Register(&arrivedOp)
}

func arrivedKernel(n *graph.Node) graph.Kernel {
	if n.DType() == graph.Float64 {
		return arrivedAt[float64](n)
	}
	return arrivedAt[float32](n)
}

func arrivedAt[F float32 | float64](n *graph.Node) graph.Kernel {
	attrs, alone, t := n.Attrs().(arrivedAttrs), n.In()[6].Rank() == 0, n.Type()
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		for i, bad := range graph.Elements[bool](in[6]) {
			if !bad {
				continue
			}
			e := &ODEError{Time: float64(graph.Elements[F](in[4])[i]), End: float64(graph.Elements[F](in[5])[i]), Example: i}
			if alone {
				e.Example = -1
			}
			size := in[0].Len / in[6].Len
			part := func(k int) []F { return graph.Elements[F](in[k])[i*size:][:size] }
			y, slope, off := part(1), part(2), part(3)
			k := worstOf(y, slope, off)
			e.Component, e.Unknown = k, attrs.name(k)
			e.Value, e.Slope, e.Off = float64(y[k]), float64(slope[k]), float64(off[k])
			return e
		}
		copy(exec.Value{Type: t, Buf: out}.Bytes(), exec.Value{Type: t, Buf: in[0]}.Bytes())
		return nil
	}
}

// worstOf is the first place of a number that is not finite, looked for in one list after the other, or that of the largest
// of the last list.
func worstOf[F float32 | float64](lists ...[]F) (worst int) {
	for _, list := range lists {
		for i, x := range list {
			if x-x != 0 {
				return i
			}
		}
	}
	last := lists[len(lists)-1]
	for i, x := range last {
		if math.Abs(float64(x)) > math.Abs(float64(last[worst])) {
			worst = i
		}
	}
	return worst
}
