package autodiff_test

import (
	"context"
	"fmt"
	"math"
	"path"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// mark remembers the line that it is called on.
type mark struct{ line string }

func (m *mark) here(n node) node {
	_, file, line, _ := runtime.Caller(1)
	m.line = fmt.Sprintf("%s:%d", path.Base(file), line)
	return n
}

// birth runs f, which must fail with a NaNError.
func birth(t *testing.T, option autodiff.CompileOption, f any, feeds ...any) *autodiff.NaNError {
	t.Helper()
	_, err := autodiff.Compile(f, option).Run(context.Background(), feeds...)
	var e *autodiff.NaNError
	require.ErrorAs(t, err, &e)
	return e
}

var nan, inf = math.NaN(), math.Inf(1)

// Where a NaN is born, element and operands included.
func TestBirthOfNaN(t *testing.T) {
	var m mark
	x := []float64{1, 2, -0.5, 4}
	for _, c := range []struct {
		name  string
		f     func(x node) node
		feed  any
		want  string // after the line
		index []int
	}{
		{"forward", func(x node) node {
			return ops.Sum(ops.Square(m.here(ops.Log(graph.Named("x", ops.Reshape(x, 2, 2))))))
		}, x, "log at LINE gave NaN at element [1,0] from x[1,0] = -0.5 (forward); it reaches result 0", []int{1, 0}},
		{"the first of several", func(x node) node {
			return ops.Sum(ops.Sqrt(m.here(ops.Log(x))))
		}, x, "log at LINE gave NaN at element [2] from -0.5 (forward); it reaches result 0", []int{2}},
		{"of infinities", func(x node) node {
			y := ops.Exp(ops.Mul(1000, x))
			return m.here(ops.Sub(y, ops.Square(y)))
		}, 1.0, "sub at LINE gave NaN from +Inf, +Inf (forward); it reaches result 0", []int{}},
		{"backward", func(x node) node {
			return autodiff.Grad(func(x node) node { return ops.Sum(ops.Mul(m.here(ops.Sqrt(x)), x)) })(x)
		}, []float64{1, 0}, "in the derivative of sqrt at LINE: mul gave NaN at element [1] from 0, +Inf " +
			"(backward); it reaches result 0", []int{1}},
		{"second derivative", func(x node) node {
			return autodiff.Grad(func(x node) node {
				return ops.Sum(autodiff.Grad(func(x node) node { return ops.Sum(m.here(ops.Pow(x, 1.5))) })(x))
			})(ops.Mul(0, x))
		}, []float64{1}, "", nil},
		{"tangent", func(x node) node {
			_, tangent := autodiff.JVP(func(x node) node { return m.here(ops.Sqrt(x)) }, x, ops.Mul(0, x))
			return tangent
		}, []float64{1, 0}, "in the tangent of sqrt at LINE: mul gave NaN at element [1] from 0, +Inf (forward mode); " +
			"it reaches result 0", []int{1}},
		{"the row that matters", func(x node) node { // row 0 has a NaN that is not used
			r := ops.Sum(m.here(ops.Log(ops.Reshape(x, 2, 2))), 1)
			return ops.Slice(r, ops.At(1))
		}, []float64{-1, -2, 1, -4}, "log at LINE gave NaN at element [1,1] from -4 (forward); it reaches result 0",
			[]int{1, 1}},
		{"by broadcasting", func(x node) node {
			l := m.here(ops.Log(x))
			return ops.Add(ops.Reshape(vector(x, 1, 2), 2, 1), l)
		}, []float64{3, -1}, "log at LINE gave NaN at element [1] from -1 (forward); it reaches result 0", []int{1}},
		{"in a product", func(x node) node {
			return m.here(ops.MatMul(vector(x, 0, 1), x))
		}, []float64{inf, 1}, "matmul at LINE gave NaN at element [0,0] from f64[1,2], f64[2,1] (forward); " +
			"it reaches result 0", []int{0, 0}},
		{"through a product", func(x node) node { // columns 0 and 1, of which column 1 is used
			b := m.here(ops.Log(ops.Reshape(x, 2, 2)))
			return ops.Slice(ops.MatMul(vector(x, 1, 1), b), ops.At(1))
		}, []float64{-1, 1, 1, -2}, "log at LINE gave NaN at element [1,1] from -2 (forward); it reaches result 0",
			[]int{1, 1}},
		{"through views", func(x node) node {
			l := m.here(ops.Log(ops.Reshape(x, 2, 2)))
			return ops.Slice(ops.Transpose(l), ops.At(1), ops.At(0)) // element [0,1]
		}, []float64{1, -3, -4, -5}, "log at LINE gave NaN at element [0,1] from -3 (forward); it reaches result 0",
			[]int{0, 1}},
		{"what where chose", func(x node) node {
			bad := ops.Log(x)
			return ops.Where(ops.Lt(x, 0), m.here(ops.Sqrt(x)), bad)
		}, []float64{-1}, "sqrt at LINE gave NaN at element [0] from -1 (forward); it reaches result 0", []int{0}},
		{"fed", func(x node) node { return ops.Sum(ops.Exp(x)) }, []float64{1, nan},
			"the value fed for input 0 has NaN at element [1]; it reaches result 0", []int{1}},
		{"constant", func(x node) node { return ops.Add(x, m.here(graph.Const(x.Graph(), []float64{1, nan}, 2))) }, []float64{1, 1},
			"the constant at LINE has NaN at element [1]; it reaches result 0", []int{1}},
		{"in f32", func(x node) node { return m.here(ops.Log(ops.Cast(x, graph.Float32))) }, []float64{-0.5},
			"log at LINE gave NaN at element [0] from -0.5 (forward); it reaches result 0", []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fn := autodiff.Compile(c.f, autodiff.DebugNaN())
			_, err := fn.Run(context.Background(), c.feed)
			if c.want == "" {
				require.NoError(t, err) // pow's second derivative is 0.75·0^−0.5: an infinity, of which it makes no NaN
				return
			}
			require.EqualError(t, err, strings.ReplaceAll(c.want, "LINE", m.line))
			var e *autodiff.NaNError
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.index, e.Index)
			require.True(t, math.IsNaN(e.Value))
		})
	}
}

// A NaN that nothing depends on is no error, and an infinity is none unless it is asked for.
func TestWhatIsNoError(t *testing.T) {
	f := func(x node) (value, grad, lost node) {
		value, grad = autodiff.ValueAndGrad(func(x node) node {
			return ops.Sum(ops.Where(ops.Gt(x, 0), ops.Log(x), 0))
		})(x)
		return value, grad, ops.Log(ops.Mul(0, ops.Exp(x)))
	}
	fn := autodiff.Compile(f, autodiff.DebugNaN())
	_, err := fn.Run(context.Background(), []float64{-1, 0, 2, nan})
	require.Error(t, err)
	require.Contains(t, err.Error(), "fed for input 0 has NaN at element [3]; it reaches result 2")
	out, err := fn.Run(context.Background(), []float64{-1, 0, 2})
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0, 0.5}, out[1].Data())
	e := birth(t, autodiff.DebugInf(), f, []float64{-1, 0, 2})
	require.Equal(t, "log", e.Op)
	require.True(t, math.IsInf(e.Value, -1))
	require.Equal(t, 2, e.Result)
	require.Equal(t, []autodiff.NaNOperand{{Type: graph.T(graph.Float64, 3), Index: []int{0}, Known: true}}, e.Operands)
}

// With infinities the error is about where the first of them was born, also if a NaN came of it.
func TestBirthOfInfinity(t *testing.T) {
	var m mark
	e := birth(t, autodiff.DebugInf(), func(x node) node {
		y := m.here(ops.Exp(ops.Mul(1000, x)))
		return ops.Sub(y, ops.Square(y))
	}, 1.0)
	require.Equal(t, "exp", e.Op)
	require.Equal(t, m.line, e.Source)
	require.Equal(t, inf, e.Value)
	e = birth(t, autodiff.DebugInf(), autodiff.Grad(func(x node) node { return ops.Sum(m.here(ops.Sqrt(x))) }),
		[]float64{4, 0})
	require.Equal(t, "sqrt", e.Derivative)
	require.True(t, e.Backward)
	require.Equal(t, "div", e.Op)
	require.Equal(t, m.line, e.Source)
	require.Equal(t, []int{1}, e.Index)
}

// In the bodies of loops and branches, and in their derivatives.
func TestBirthInsideOfLoops(t *testing.T) {
	var m mark
	scan := func(x node) node {
		c, _ := autodiff.Scan(func(c, x node) (node, node) {
			c = ops.Add(c, m.here(ops.Sqrt(x)))
			return c, c
		}, x.Graph().Scalar(graph.Float64, 0), x)
		return c
	}
	e := birth(t, autodiff.DebugNaN(), scan, []float64{1, 2, -3, -4})
	require.Equal(t, "sqrt", e.Op)
	require.Equal(t, m.line, e.Source)
	require.Equal(t, -3.0, e.Operands[0].Value)

	e = birth(t, autodiff.DebugInf(), autodiff.Grad(scan), []float64{1, 2, 0, 0})
	require.Equal(t, "sqrt", e.Derivative)
	require.True(t, e.Backward)
	require.Equal(t, m.line, e.Source)

	nested := func(x node) node {
		return autodiff.For(3, func(i, c node) node {
			return autodiff.For(2, func(_, c node) node {
				return m.here(ops.Log(c))
			}, ops.Mul(c, 1))
		}, x)
	}
	e = birth(t, autodiff.DebugNaN(), nested, 1.0) // log 1 = 0, log 0 = −Inf, log −Inf = NaN
	require.Equal(t, "log", e.Op)
	require.Equal(t, m.line, e.Source)
	require.Equal(t, -inf, e.Operands[0].Value)

	branch := func(x node) node {
		return autodiff.Cond(ops.Gt(x, 0), func() node { return ops.Log(x) }, func() node { return m.here(ops.Sqrt(x)) })
	}
	e = birth(t, autodiff.DebugNaN(), branch, -1.0)
	require.Equal(t, "sqrt", e.Op)
	require.Equal(t, m.line, e.Source)

	// A NaN that goes into a loop was not born there.
	e = birth(t, autodiff.DebugNaN(), func(x node) node { return scan(m.here(ops.Log(x))) }, []float64{1, -2})
	require.Equal(t, "log", e.Op)
	require.Equal(t, []int{1}, e.Index)
}

// What is donated is overwritten when all is well, and only then.
func TestDebugKeepsDonated(t *testing.T) {
	step := func(w, x node) (loss, next node) {
		loss, grad := autodiff.ValueAndGrad(func(w node) node { return ops.Sum(ops.Log(ops.Mul(w, x))) })(w)
		return loss, ops.Sub(w, ops.Mul(0.5, grad))
	}
	w := tensor.New(tensor.WithBacking([]float64{1, 2}))
	fn := autodiff.Compile(step, autodiff.Donate(0, 1), autodiff.DebugNaN())
	_, err := fn.Run(context.Background(), w, []float64{1, -1})
	var e *autodiff.NaNError
	require.ErrorAs(t, err, &e)
	require.Equal(t, []float64{1, 2}, w.Data())
	out, err := fn.Run(context.Background(), w, []float64{1, 1})
	require.NoError(t, err)
	require.Same(t, w, out[1])
	require.Equal(t, []float64{0.5, 1.75}, w.Data())
	loss := tensor.New(tensor.FromScalar(0.0))
	require.NoError(t, fn.RunInto(context.Background(), []*tensor.Dense{loss, nil},
		[]*tensor.Dense{w, tensor.New(tensor.WithBacking([]float64{1, 1}))}))
	after := []float64{-0.5, 1.75 - 0.5/1.75}
	require.InDeltaSlice(t, after, w.Data(), 0x1p-50) // three roundings of numbers below 2
	require.Equal(t, math.Log(0.5)+math.Log(1.75), loss.Data())
	err = fn.RunInto(context.Background(), []*tensor.Dense{loss, nil},
		[]*tensor.Dense{w, tensor.New(tensor.WithBacking([]float64{1, 1}))})
	require.ErrorAs(t, err, &e)
	require.InDeltaSlice(t, after, w.Data(), 0x1p-50)
}

func TestDebugOfGraph(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2, 2)
	fn, err := autodiff.CompileGraph([]node{x}, []node{ops.Log(x)}, autodiff.DebugNaN())
	require.NoError(t, err)
	_, err = fn.Run(context.Background(), mat.NewDense(2, 2, []float64{1, 2, 3, -0.5}))
	require.ErrorContains(t, err, "gave NaN at element [1,1] from x[1,1] = -0.5 (forward); it reaches result 0")
}
