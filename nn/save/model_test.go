package save_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/save"
)

type block struct {
	Norm  *nn.BatchNorm
	Layer *nn.Linear
	Tied  *nn.Param // the layer's weight
	Rate  float64
	Steps *tensor.Dense
	Extra map[string]*nn.Param
	Body  nn.Sequential
}

func newBlock(seed uint64) *block {
	rng := rand.New(rand.NewPCG(seed, 0))
	b := &block{
		Norm: nn.NewBatchNorm(graph.Float64, 3), Layer: nn.NewLinear(graph.Float64, 3, 2, nn.Xavier, rng),
		Steps: tensor.New(tensor.WithShape(1), tensor.WithBacking([]int64{int64(seed)})),
		Extra: map[string]*nn.Param{"b": nn.NewParam(graph.Float32, 2), "a": nn.NewParam(graph.Float32)},
		Body:  nn.NewMLP(graph.Float64, []int{2, 4, 1}, nn.Tanh, nn.Xavier, rng),
	}
	b.Norm.Mean.Value.Float64s()[1] = float64(seed) + 0.5
	b.Extra["b"].Value.Float32s()[0] = float32(seed)
	b.Tied = b.Layer.Weight
	return b
}

// The names are those of the parameters and states, and those of tensors beside them; what is tied is there once.
func TestTensorsOfAModel(t *testing.T) {
	b := newBlock(1)
	all, err := save.Tensors(b)
	require.NoError(t, err)
	for _, p := range autodiff.Parameters(b) {
		_, value := p.Parameter.Held()
		require.Same(t, *value, all[p.Name], p.Name)
	}
	require.Len(t, all, len(autodiff.Parameters(b))+1)
	require.Same(t, b.Steps, all["steps"])
	require.Contains(t, all, "layer.weight")
	require.Contains(t, all, "norm.mean")
	require.NotContains(t, all, "tied")

	type ring struct{ Next *ring }
	r := &ring{}
	r.Next = r
	_, err = save.Tensors(r)
	require.ErrorContains(t, err, "contains itself")
	_, err = save.Tensors(map[string]any{"a.b": b.Steps, "a": map[string]any{"b": tensor.New(tensor.FromScalar(1.0))}})
	require.ErrorContains(t, err, "two tensors are called a.b")
	_, err = save.Tensors(&nn.Linear{Weight: &nn.Param{}})
	require.ErrorContains(t, err, "weight has no value")
}

// A model that was saved and loaded has the same bits, in the memory that it had.
func TestSaveAndLoad(t *testing.T) {
	for _, name := range []string{"model.safetensors", "model.npz"} {
		path := filepath.Join(t.TempDir(), name)
		first, second := newBlock(1), newBlock(2)
		require.NoError(t, save.Save(path, first, nil))
		memory := second.Layer.Weight.Value
		require.NoError(t, save.Load(path, second))
		require.Same(t, memory, second.Layer.Weight.Value)
		a, err := save.Tensors(first)
		require.NoError(t, err)
		b, err := save.Tensors(second)
		require.NoError(t, err)
		require.Equal(t, len(a), len(b))
		for name := range a {
			require.Equal(t, a[name].Data(), b[name].Data(), name)
		}
	}
	require.ErrorIs(t, save.Load(filepath.Join(t.TempDir(), "none"), newBlock(1)), errNotExist)
}

// All that does not fit is told at once, and nothing changes; order and number are no names (row D3).
func TestMismatches(t *testing.T) {
	type net struct{ First, Second, Third *nn.Param }
	param := func(d graph.DType, shape ...int) *nn.Param { return nn.NewParam(d, shape...) }
	n := net{param(graph.Float64, 2), param(graph.Float64, 2), param(graph.Float32, 3)}
	vector := func(v ...float64) *tensor.Dense { return tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(v)) }
	err := save.Assign(n, map[string]*tensor.Dense{
		"first": vector(1, 2), "secund": vector(3, 4), "third": vector(5, 6, 7), "zeroth": vector(1),
	})
	var wrong *save.MismatchError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, &save.MismatchError{
		Missing: []string{"second"}, Unexpected: []string{"secund", "zeroth"},
		Types: []save.TypeMismatch{{"third", "float64[3]", "float32[3]"}},
	}, wrong)
	require.EqualError(t, err, "save: the tensors do not fit, in 4 places\n\tmissing: second\n\tunexpected: secund\n"+
		"\tunexpected: zeroth\n\tthird is float64[3], want float32[3]")
	require.Equal(t, []float64{0, 0}, n.First.Value.Float64s())

	err = save.Assign(n, map[string]*tensor.Dense{"first": vector(1, 2, 3)}, save.Partial())
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []save.TypeMismatch{{"first", "float64[3]", "float64[2]"}}, wrong.Types)
	require.Empty(t, wrong.Missing)

	require.NoError(t, save.Assign(n, map[string]*tensor.Dense{"first": vector(1, 2), "other": vector(3)}, save.Partial()))
	require.Equal(t, []float64{1, 2}, n.First.Value.Float64s())
	require.NoError(t, save.Assign(n, map[string]*tensor.Dense{
		"second": vector(3, 4), "third": vector(5, 6, 0.1), "first": vector(8, 9),
	}, save.Convert()))
	require.Equal(t, []float64{3, 4}, n.Second.Value.Float64s())
	require.Equal(t, []float32{5, 6, 0.1}, n.Third.Value.Float32s())
}

// Weights with PyTorch's names and shapes: renamed, transposed, and written so again.
func TestRenameAndTranspose(t *testing.T) {
	type net struct{ Layers []*nn.Linear }
	n := net{[]*nn.Linear{{Weight: nn.NewParam(graph.Float64, 3, 2), Bias: nn.NewParam(graph.Float64, 2)}}}
	torch := map[string]*tensor.Dense{
		"module.fc1.weight": tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6})),
		"module.fc1.bias":   tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{7, 8})),
		"module.running":    tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{9})),
	}
	rules := []save.Option{
		save.Rename(`^module\.`, ""), save.Rename(`^running$`, ""), save.Rename(`fc1`, "layers.0"), save.Transpose(`weight$`),
	}
	require.NoError(t, save.Assign(n, torch, rules...))
	require.Equal(t, []float64{1, 4, 2, 5, 3, 6}, n.Layers[0].Weight.Value.Float64s())
	require.Equal(t, []float64{7, 8}, n.Layers[0].Bias.Value.Float64s())

	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, save.Save(path, n, nil, save.Rename(`layers\.0`, "module.fc1"), save.Transpose(`weight$`)))
	back, _, err := save.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, back, 2)
	require.Equal(t, tensor.Shape{2, 3}, back["module.fc1.weight"].Shape())
	require.Equal(t, []float64{1, 2, 3, 4, 5, 6}, back["module.fc1.weight"].Float64s())

	require.ErrorContains(t, save.Assign(n, torch, save.Rename(`.*`, "same")), "both renamed")
	require.ErrorContains(t, save.Assign(n, torch, save.Rename(`(`, "")), "error parsing regexp")
}

// Places that are empty, or whose elements lie otherwise, get copies.
func TestAssignReplaces(t *testing.T) {
	type pair struct{ A, B *tensor.Dense }
	turned := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{0, 0, 0, 0}))
	require.NoError(t, turned.T())
	p := pair{B: turned}
	from := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, 2, 3, 4}))
	require.NoError(t, save.Assign(&p, map[string]*tensor.Dense{"b": from}))
	from.Float64s()[0] = 9
	require.Equal(t, []float64{1, 2, 3, 4}, p.B.Float64s())

	l := &nn.Linear{Weight: &nn.Param{}}
	require.NoError(t, save.Assign(l, map[string]*tensor.Dense{"weight": from}))
	require.Equal(t, tensor.Shape{2, 2}, l.Weight.Value.Shape())
	require.NotSame(t, from, l.Weight.Value)
}
