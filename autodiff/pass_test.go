package autodiff_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestWithPass: the pass that is left out by default changes nothing in the result, and is there when asked for.
func TestWithPass(t *testing.T) {
	f := func(x, w *graph.Node) *graph.Node { return ops.Tanh(ops.MatMul(x, w)) }
	x, w := mat.NewDense(3, 4, nil), mat.NewDense(4, 5, nil)
	for i := range x.RawMatrix().Data {
		x.RawMatrix().Data[i] = float64(i)/7 - 1
	}
	for i := range w.RawMatrix().Data {
		w.RawMatrix().Data[i] = 1 - float64(i)/9
	}
	plain, with := autodiff.Compile(f), autodiff.Compile(f, autodiff.WithPass("epilogue"))
	want, err := plain.Run(context.Background(), x, w)
	require.NoError(t, err)
	got, err := with.Run(context.Background(), x, w)
	require.NoError(t, err)
	require.Equal(t, want[0].Float64s(), got[0].Float64s())

	for fn, there := range map[*autodiff.Function]bool{plain: false, with: true} {
		var page bytes.Buffer
		require.NoError(t, fn.Dump(context.Background(), &page, x, w))
		require.Equal(t, there, !bytes.Contains(page.Bytes(), []byte("left out: epilogue")))
	}
}
