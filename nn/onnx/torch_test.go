package onnx_test

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/onnx"
	"chainrule/ops"
)

// TestTorch runs networks that PyTorch exported, at two batch sizes and lengths, and compares outputs and gradients with
// PyTorch's own: see testdata/export.py.
func TestTorch(t *testing.T) {
	files := archive(t, "torch.tar.gz")
	names, err := fs.Glob(files, "*/model.onnx")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		dir := path.Dir(name)
		t.Run(dir, func(t *testing.T) {
			data, err := fs.ReadFile(files, name)
			require.NoError(t, err)
			m, err := onnx.Read(strings.NewReader(string(data)))
			require.NoError(t, err)
			f := autodiff.Compile(func(m *onnx.Model, x *graph.Node) []*graph.Node { return m.Apply(x) })
			for _, set := range []string{"", "2"} {
				x := tensorIn(t, files, dir, "input"+set+"_0")
				got, err := f.Run(context.Background(), m, x)
				require.NoError(t, err)
				for i, y := range got {
					assert.NoError(t, close(y, tensorIn(t, files, dir, fmt.Sprintf("output%s_%d", set, i))), "output %d", i)
				}
			}
			compareGradients(t, files, dir, m)
		})
	}
}

func compareGradients(t *testing.T, files fs.FS, dir string, m *onnx.Model) {
	if len(m.Parameters) == 0 {
		return
	}
	loss := func(x *graph.Node) func(m *onnx.Model) *graph.Node {
		return func(m *onnx.Model) *graph.Node {
			total := ops.Zeros(x.Graph(), graph.Float32)
			for _, y := range m.Apply(x) {
				ct := ops.Sub(ops.FloorMod(ops.Add(ops.Arange(y.Graph(), y.Type().Size()), int64(1)), int64(7)), int64(3))
				total = ops.Add(total, ops.Sum(ops.Mul(ops.Cast(ct, y.DType()), ops.Flatten(y))))
			}
			return total
		}
	}
	grad := autodiff.Compile(func(m *onnx.Model, x *graph.Node) *onnx.Model {
		return autodiff.Grad(loss(x), autodiff.AllowUnreachable())(m)
	})
	got := &onnx.Model{}
	require.NoError(t, grad.RunTo(context.Background(), got, m, tensorIn(t, files, dir, "input_0")))
	compared := 0
	for name, p := range got.Parameters {
		if _, err := fs.Stat(files, dir+"/gradient_"+name+".pb"); err == nil {
			assert.NoError(t, close(p.Value, tensorIn(t, files, dir, "gradient_"+name)), "gradient of %s", name)
			compared++
		}
	}
	all, err := fs.Glob(files, dir+"/gradient_*.pb")
	require.NoError(t, err)
	t.Logf("%d of %d gradients compared", compared, len(all))
	assert.Equal(t, len(all), compared)
}

func tensorIn(t *testing.T, files fs.FS, dir, name string) *tensor.Dense {
	data, err := fs.ReadFile(files, dir+"/"+name+".pb")
	require.NoError(t, err)
	d, err := onnx.ReadTensor(data)
	require.NoError(t, err)
	return d
}

// close allows 1e-5 of the largest element, or of 1: gradients by biases that softmax forgets are rounding alone.
func close(got, want *tensor.Dense) error {
	if g, w := fmt.Sprint(got.Shape()), fmt.Sprint(want.Shape()); g != w {
		return fmt.Errorf("shape %v, want %v", g, w)
	}
	g, w := numbers(got), numbers(want)
	scale := 1.0
	for _, v := range w {
		scale = math.Max(scale, math.Abs(v))
	}
	for i := range w {
		if !(math.Abs(g[i]-w[i]) <= 1e-5*scale) {
			return fmt.Errorf("element %d is %v, want %v, of at most %v", i, g[i], w[i], scale)
		}
	}
	return nil
}
