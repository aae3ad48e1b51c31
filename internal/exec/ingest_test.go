package exec_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// counted returns a row-major tensor of 0, 1, 2, ….
func counted[T float32 | float64 | int64 | int](shape ...int) *tensor.Dense {
	data := make([]T, graph.Size(shape))
	for i := range data {
		data[i] = T(i)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

func sliced(t *testing.T, d *tensor.Dense, ranges ...tensor.Slice) *tensor.Dense {
	t.Helper()
	v, err := d.Slice(ranges...)
	require.NoError(t, err)
	return v.(*tensor.Dense)
}

func transposed(t *testing.T, d *tensor.Dense, perm ...int) *tensor.Dense {
	t.Helper()
	require.NoError(t, d.T(perm...))
	return d
}

func number(x any) float64 {
	switch x := x.(type) {
	case float32:
		return float64(x)
	case int64:
		return float64(x)
	case int:
		return float64(x)
	case bool:
		if x {
			return 1
		}
		return 0
	}
	return x.(float64)
}

// eachIndex calls visit with every index of a shape, in row-major order.
func eachIndex(shape []int, visit func(i int, index []int)) {
	index := make([]int, len(shape))
	for i := range graph.Size(shape) {
		rest := i
		for k := len(shape) - 1; k >= 0; k-- {
			index[k] = rest % shape[k]
			rest /= shape[k]
		}
		visit(i, index)
	}
}

// sameAsAt holds an ingested tensor against what the tensor's own At says.
func sameAsAt(t *testing.T, d *tensor.Dense) exec.Value {
	t.Helper()
	v, err := exec.Ingest(d)
	require.NoError(t, err)
	require.Equal(t, []int(d.Shape()), append([]int{}, v.Type.Shape...), "shape")
	require.Equal(t, v.Type.Size(), v.Buf.Len)
	if d.Shape().IsScalar() {
		require.Equal(t, number(d.Data()), v.At(0))
		return v
	}
	eachIndex(v.Type.Shape, func(i int, index []int) {
		want, err := d.At(index...)
		require.NoError(t, err)
		require.Equal(t, number(want), v.At(i), "element %v of shape %v, strides %v", index, d.Shape(), d.Strides())
	})
	return v
}

func TestIngestLayouts(t *testing.T) {
	fortran := func(shape ...int) *tensor.Dense {
		data := make([]float64, graph.Size(shape))
		for i := range data {
			data[i] = float64(i)
		}
		return tensor.New(tensor.WithShape(shape...), tensor.AsFortran(data))
	}
	bools := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]bool{true, false, false, true, true, false}))
	for _, c := range []struct {
		name  string
		d     *tensor.Dense
		alias bool
	}{
		{"matrix", counted[float64](4, 5), true},
		{"f32", counted[float32](2, 3, 4), true},
		{"i64", counted[int64](7), true},
		{"int", counted[int](3, 2), true},
		{"bool", bools, true},
		{"scalar", tensor.New(tensor.FromScalar(3.5)), true},
		{"one by one", counted[float64](1, 1), true},
		{"rows", sliced(t, counted[float64](4, 5), tensor.S(1, 3)), true},
		{"row", sliced(t, counted[float64](4, 5), tensor.S(2)), true},
		{"column", sliced(t, counted[float64](4, 5), nil, tensor.S(3)), false},
		{"columns", sliced(t, counted[float32](4, 5), nil, tensor.S(1, 4)), false},
		{"block", sliced(t, counted[int64](4, 5), tensor.S(1, 3), tensor.S(2, 4)), false},
		{"element", sliced(t, counted[float64](4, 5), tensor.S(1), tensor.S(2)), true},
		{"stepped", sliced(t, counted[float64](6, 5), tensor.S(0, 6, 2), tensor.S(1, 5, 3)), false},
		{"stepped to a wrong shape", sliced(t, counted[float64](4, 5), tensor.S(0, 3, 2)), true},
		{"transposed", transposed(t, counted[float64](4, 5)), false},
		{"transposed int", transposed(t, counted[int](4, 5)), false},
		{"transposed bool", transposed(t, bools.Clone().(*tensor.Dense)), false},
		{"permuted", transposed(t, counted[float32](2, 3, 4), 2, 0, 1), false},
		{"sliced, then transposed", transposed(t, sliced(t, counted[float64](4, 5), tensor.S(1, 3), tensor.S(1, 4))), false},
		{"transposed, then sliced", sliced(t, transposed(t, counted[float64](4, 5)), tensor.S(1, 4), tensor.S(0, 2)), false},
		{"permuted, then sliced", sliced(t, transposed(t, counted[float64](2, 3, 4), 2, 0, 1), tensor.S(1, 3), nil, tensor.S(0, 2)), false},
		{"column-major", fortran(2, 3), false},
		{"column-major rows", sliced(t, fortran(3, 4), tensor.S(1, 3)), false},
		{"column-major columns", sliced(t, fortran(3, 4), nil, tensor.S(1, 3)), false},
		{"column-major transposed", transposed(t, fortran(2, 3)), true},
		{"row transposed", transposed(t, counted[float64](1, 5)), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := sameAsAt(t, c.d)
			require.Equal(t, c.alias, exec.Aliases(c.d, v), "aliases")
		})
	}
}

// Random chains of transposes and slices, stepped ones included.
func TestIngestRandomLayouts(t *testing.T) {
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, 0))
	for trial := range 2000 {
		shape := make([]int, 1+rng.IntN(4))
		for i := range shape {
			shape[i] = 1 + rng.IntN(5)
		}
		d := counted[float64](shape...)
		history := fmt.Sprint("seed ", seed, ", trial ", trial, ": ", shape)
		for range rng.IntN(4) {
			if rng.IntN(2) == 0 && d.Dims() > 1 {
				perm := rng.Perm(d.Dims())
				history += fmt.Sprint(" T", perm)
				if err := d.T(perm...); err != nil {
					break // the tensor refuses permutations that change nothing
				}
				continue
			}
			ranges := make([]tensor.Slice, d.Dims())
			for i, n := range d.Shape() {
				if from := rng.IntN(n); rng.IntN(3) > 0 {
					ranges[i] = tensor.S(from, from+1+rng.IntN(n-from), 1+rng.IntN(2))
				}
			}
			history += fmt.Sprint(" S", ranges)
			v, err := d.Slice(ranges...)
			if err != nil {
				break
			}
			d = v.(*tensor.Dense)
		}
		if !t.Run("", func(t *testing.T) { t.Log(history); sameAsAt(t, d) }) {
			return
		}
	}
}

func TestIngestGonum(t *testing.T) {
	big := mat.NewDense(4, 5, nil)
	big.Apply(func(i, j int, _ float64) float64 { return float64(10*i + j) }, big)
	band := mat.NewSymBandDense(3, 1, []float64{1, 2, 3, 4, 5, 0})
	for _, c := range []struct {
		name  string
		m     mat.Matrix
		shape []int
	}{
		{"dense", big, []int{4, 5}},
		{"gap between rows", big.Slice(1, 3, 1, 4), []int{2, 3}},
		{"whole rows", big.Slice(1, 3, 0, 5), []int{2, 5}},
		{"transposed", big.T(), []int{5, 4}},
		{"vector", mat.NewVecDense(3, []float64{1, 2, 3}), []int{3}},
		{"column", big.ColView(2), []int{4}},
		{"symmetric", mat.NewSymDense(3, []float64{1, 2, 3, 0, 4, 5, 0, 0, 6}), []int{3, 3}},
		{"triangular", mat.NewTriDense(2, mat.Upper, []float64{1, 2, 0, 3}), []int{2, 2}},
		{"band", band, []int{3, 3}},
		{"empty", &mat.Dense{}, []int{0, 0}},
		{"empty vector", &mat.VecDense{}, []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := exec.Ingest(c.m)
			require.NoError(t, err)
			require.Equal(t, graph.T(graph.Float64, c.shape...), v.Type)
			rows, cols := c.m.Dims()
			for i := range rows {
				for j := range cols {
					require.Equal(t, c.m.At(i, j), v.At(i*cols+j), "element %d, %d", i, j)
				}
			}
		})
	}
	v, err := exec.Ingest(big)
	require.NoError(t, err)
	big.Set(0, 0, 99)
	require.Equal(t, 99.0, v.At(0), "a matrix without gaps is used where it is")
}

func TestIngestSlicesAndNumbers(t *testing.T) {
	for _, c := range []struct {
		feed any
		want graph.Type
		data []float64
	}{
		{[]float64{1, 2}, graph.T(graph.Float64, 2), []float64{1, 2}},
		{[]float32{1, 2, 3}, graph.T(graph.Float32, 3), []float64{1, 2, 3}},
		{[]int64{-1}, graph.T(graph.Int64, 1), []float64{-1}},
		{[]int{4, -5}, graph.T(graph.Int64, 2), []float64{4, -5}},
		{[]bool{true, false}, graph.T(graph.Bool, 2), []float64{1, 0}},
		{[]float64(nil), graph.T(graph.Float64, 0), nil},
		{2.5, graph.T(graph.Float64), []float64{2.5}},
		{float32(2.5), graph.T(graph.Float32), []float64{2.5}},
		{7, graph.T(graph.Int64), []float64{7}},
		{int64(8), graph.T(graph.Int64), []float64{8}},
		{true, graph.T(graph.Bool), []float64{1}},
	} {
		v, err := exec.Ingest(c.feed)
		require.NoError(t, err)
		require.True(t, v.Type.Equal(c.want), "%T gives %v", c.feed, v.Type)
		for i, want := range c.data {
			require.Equal(t, want, v.At(i), "%T, element %d", c.feed, i)
		}
	}
}

func TestIngestRefuses(t *testing.T) {
	masked := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 2}, []bool{true, false}))
	type strange struct{}
	for _, c := range []struct {
		name string
		feed any
		is   error
		says string
	}{
		{"masked", masked, exec.ErrMasked, "fill its masked elements"},
		{"sparse", tensor.CSRFromCoord(tensor.Shape{2, 2}, []int{0, 1}, []int{0, 1}, []float64{1, 2}), exec.ErrSparse, "Dense method"},
		{"int32", tensor.New(tensor.WithShape(2), tensor.WithBacking([]int32{1, 2})), exec.ErrDType, "int32"},
		{"complex", tensor.New(tensor.WithShape(1), tensor.WithBacking([]complex128{1})), exec.ErrDType, "complex128"},
		{"string", tensor.New(tensor.WithShape(1), tensor.WithBacking([]string{"1"})), exec.ErrDType, "string"},
		{"nil", nil, nil, "it is nil"},
		{"nil tensor", (*tensor.Dense)(nil), nil, "it is nil"},
		{"no type", &tensor.Dense{}, nil, "without an element type"},
		{"nil matrix", (*mat.Dense)(nil), nil, "it is nil"},
		{"nil vector", (*mat.VecDense)(nil), nil, "it is nil"},
		{"nil symmetric", (*mat.SymDense)(nil), nil, "it is nil"},
		{"int32 slice", []int32{1}, nil, "a []int32 cannot be fed"},
		{"struct", strange{}, nil, "exec_test.strange cannot be fed"},
		{"text", "1", nil, "a string cannot be fed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := exec.Ingest(c.feed)
			require.ErrorContains(t, err, c.says)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestDenseRoundTrip(t *testing.T) {
	for _, d := range []graph.DType{graph.Float32, graph.Float64, graph.Int64, graph.Bool} {
		for _, shape := range [][]int{nil, {1}, {3}, {0}, {0, 3}, {3, 0, 2}, {2, 3}, {1, 1, 1}} {
			v := exec.NewValue(graph.T(d, shape...))
			for i := range v.Bytes() {
				if i%d.Size() == 0 {
					v.Bytes()[i] = byte(i / d.Size() % 2)
				}
			}
			dense := v.Dense()
			back := sameAsAt(t, dense)
			require.True(t, back.Type.Equal(v.Type), "%v came back as %v", v.Type, back.Type)
			require.True(t, slices.Equal(v.Bytes(), back.Bytes()))
			if v.Buf.Len > 0 {
				require.Equal(t, v.Buf.Ptr, back.Buf.Ptr, "%v is not used where it is", v.Type)
			}
		}
	}
}

func TestOverlaps(t *testing.T) {
	data := make([]float64, 10)
	of := func(from, to int) exec.Value {
		v, err := exec.Ingest(data[from:to])
		require.NoError(t, err)
		return v
	}
	for _, c := range []struct {
		a, b [2]int
		want bool
	}{
		{[2]int{0, 5}, [2]int{5, 10}, false},
		{[2]int{0, 6}, [2]int{5, 10}, true},
		{[2]int{2, 3}, [2]int{0, 10}, true},
		{[2]int{3, 3}, [2]int{0, 10}, false},
	} {
		require.Equal(t, c.want, exec.Overlaps(of(c.a[0], c.a[1]), []exec.Value{of(c.b[0], c.b[1])}), "%v", c)
		require.Equal(t, c.want, exec.Overlaps(of(c.b[0], c.b[1]), nil, []exec.Value{of(c.a[0], c.a[1])}), "%v", c)
	}
}
