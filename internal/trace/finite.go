package trace

import (
	"fmt"
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// NotFiniteError says that a result is not finite that was to be: see RequireFinite.
type NotFiniteError struct {
	// Result is the result's number, Value the first element that is NaN or an infinity.
	Result int
	Value  float64
}

func (e *NotFiniteError) Error() string { return fmt.Sprintf("result %d is %v", e.Result, e.Value) }

// required lists the leaves of the results that are to be finite, with the number of the result.
func (fn *Function) required(t Trace) (leaves, results []int) {
	for _, r := range fn.opts.Finite {
		for k := t.resultLeaves[r][0]; k < t.resultLeaves[r][1]; k++ {
			leaves, results = append(leaves, k), append(results, r)
		}
	}
	return leaves, results
}

// isInfOrNaN is what RequireFinite looks for.
func isInfOrNaN(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }

// withFinite puts the op in the place of outputs that are to be finite.
func withFinite(outputs []*graph.Node, leaves, results []int) []*graph.Node {
	outputs = slices.Clone(outputs)
	for i, k := range leaves {
		if y := outputs[k]; y.DType().IsFloat() {
			y.Graph().With(y, func() { outputs[k] = y.Graph().Apply(&finiteOp, finiteAttrs{results[i]}, y) })
		}
	}
	return outputs
}

// checkFinite looks at what withFinite would.
func checkFinite(values []exec.Value, leaves, results []int) error {
	for i, k := range leaves {
		if at := exec.FirstBad(values[k], isInfOrNaN); at >= 0 {
			return &NotFiniteError{results[i], values[k].At(at)}
		}
	}
	return nil
}

type finiteAttrs struct{ Result int }

var finiteOp graph.Op

func init() {
	finiteOp = graph.Op{
		Name:  "finite",
		Doc:   "its operand, unless an element is NaN or an infinity",
		Arity: 1, Class: graph.Opaque, Attrs: finiteAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			if !in[0].DType().IsFloat() {
				return graph.Type{}, fmt.Errorf("wants floats")
			}
			return in[0].Type(), nil
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			t, result := n.Type(), n.Attrs().(finiteAttrs).Result
			return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
				v := exec.Value{Type: t, Buf: in[0]}
				if at := exec.FirstBad(v, isInfOrNaN); at >= 0 {
					return &NotFiniteError{result, v.At(at)}
				}
				copy(exec.Value{Type: t, Buf: out}.Bytes(), v.Bytes())
				return nil
			}
		},
		Derivative: ops.Linear{func(_, ct *graph.Node) *graph.Node { return ct }},
		Batch: func(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
			return n.Graph().Apply(n.Op(), n.Attrs(), in...)
		},
		Cases: []graph.Case{
			{Name: "scalar", Attrs: finiteAttrs{}, In: []graph.Arg{{Lo: -1, Hi: 1}}},
			{Name: "vector", Attrs: finiteAttrs{}, In: []graph.Arg{{Shape: []int{3}, Lo: -1, Hi: 1}}},
		},
		BadCases: []graph.BadCase{{In: []graph.Type{graph.T(graph.Int64)}, Attrs: finiteAttrs{}, Want: "wants floats"}},
	}
	graph.Register(&finiteOp)
}
