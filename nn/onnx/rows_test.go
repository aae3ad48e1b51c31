package onnx

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
)

// What others got wrong: small cases with the right values.

type attrs = map[string]any

// nodeOf makes a node with attributes of ints, floats, strings, lists of ints, tensors or graphs.
func nodeOf(op string, in, out []string, a attrs) *pb.Node {
	n := &pb.Node{OpType: proto.String(op), Input: in, Output: out}
	for name, v := range a {
		p := &pb.Attribute{Name: proto.String(name)}
		switch v := v.(type) {
		case int:
			p.I = proto.Int64(int64(v))
		case float64:
			p.F = proto.Float32(float32(v))
		case string:
			p.S = []byte(v)
		case []int64:
			p.Ints = v
		case *pb.Tensor:
			p.T = v
		case *pb.Graph:
			p.G = v
		}
		n.Attribute = append(n.Attribute, p)
	}
	return n
}

func tensorType(t elem, dims ...int64) *pb.Type {
	s := &pb.Shape{}
	for _, d := range dims {
		s.Dim = append(s.Dim, &pb.Shape_Dimension{Value: &pb.Shape_Dimension_DimValue{DimValue: d}})
	}
	return &pb.Type{Value: &pb.Type_TensorType_{TensorType: &pb.Type_TensorType{ElemType: proto.Int32(int32(t)), Shape: s}}}
}

func floatTensor(name string, dims []int64, v ...float32) *pb.Tensor {
	return &pb.Tensor{Name: &name, Dims: dims, DataType: proto.Int32(1), FloatData: v}
}

func intTensor(name string, dims []int64, v ...int64) *pb.Tensor {
	return &pb.Tensor{Name: &name, Dims: dims, DataType: proto.Int32(int32(pb.Tensor_INT64)), Int64Data: v}
}

// modelOf is a file of nodes on initialisers, whose last node's first output is the result.
func modelOf(opset int64, nodes []*pb.Node, given ...*pb.Tensor) *pb.Model {
	g := &pb.Graph{Node: nodes, Initializer: given}
	out := nodes[len(nodes)-1].GetOutput()
	for _, name := range out {
		g.Output = append(g.Output, &pb.ValueInfo{Name: &name})
	}
	return &pb.Model{Graph: g, OpsetImport: []*pb.OperatorSet{{Version: &opset}}}
}

func readModel(m *pb.Model) (*Model, error) {
	data, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	return Read(bytes.NewReader(data))
}

// evaluate runs a model without inputs.
func evaluate(p *pb.Model) (shapes [][]int, values [][]float64, err error) {
	m, err := readModel(p)
	if err != nil {
		return nil, nil, err
	}
	f := func(m *Model) []*graph.Node { return m.Apply() }
	var ys []*graph.Node
	if len(m.Parameters) > 0 {
		out, err := autodiff.Compile(f).Run(context.Background(), m)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range out {
			v, err := autodiff.Floats(t)
			if err != nil {
				return nil, nil, err
			}
			shapes, values = append(shapes, t.Shape()), append(values, v)
		}
		return shapes, values, nil
	}
	if err := graph.Try(func() { ys = f(m) }); err != nil {
		return nil, nil, err
	}
	out, err := autodiff.Eval(ys...)
	if err != nil {
		return nil, nil, err
	}
	for i, t := range out {
		v, err := autodiff.Floats(t)
		if err != nil {
			return nil, nil, err
		}
		shapes, values = append(shapes, ys[i].Shape()), append(values, v)
	}
	return shapes, values, nil
}

// check evaluates one operator on initialisers.
func check(t *testing.T, opset int64, op string, a attrs, given []*pb.Tensor, shape []int, want ...float64) {
	t.Helper()
	var in []string
	var present []*pb.Tensor
	for _, g := range given {
		if g == nil {
			in = append(in, "")
			continue
		}
		in, present = append(in, g.GetName()), append(present, g)
	}
	shapes, values, err := evaluate(modelOf(opset, []*pb.Node{nodeOf(op, in, []string{"y"}, a)}, present...))
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprint(shape), fmt.Sprint(shapes[0]))
	assert.InDeltaSlice(t, want, values[0], 2e-6)
}

func refused(t *testing.T, opset int64, op string, a attrs, given []*pb.Tensor, message string) {
	t.Helper()
	var in []string
	for _, g := range given {
		in = append(in, g.GetName())
	}
	_, _, err := evaluate(modelOf(opset, []*pb.Node{nodeOf(op, in, []string{"y"}, a)}, given...))
	assert.ErrorContains(t, err, message)
}

func count(n int) (v []float32) {
	for i := range n {
		v = append(v, float32(i))
	}
	return v
}

func wide(v []float32) (w []float64) {
	for _, e := range v {
		w = append(w, float64(e))
	}
	return w
}

func tensors(t ...*pb.Tensor) []*pb.Tensor { return t }

func TestReshapes(t *testing.T) {
	x := floatTensor("x", []int64{2, 3, 4}, count(24)...)
	check(t, 14, "Reshape", nil, tensors(x, intTensor("s", []int64{2}, 0, -1)), []int{2, 12}, wide(count(24))...)
	check(t, 14, "Reshape", nil, tensors(x, intTensor("s", []int64{2}, -1, 0)), []int{8, 3}, wide(count(24))...)
	empty := floatTensor("x", []int64{0, 3})
	check(t, 14, "Reshape", attrs{"allowzero": 1}, tensors(empty, intTensor("s", []int64{2}, 3, 0)), []int{3, 0})
	refused(t, 14, "Reshape", attrs{"allowzero": 1}, tensors(empty, intTensor("s", []int64{2}, 0, -1)), "allowzero")
}

func TestSlices(t *testing.T) {
	slice := func(start, end, step int64, want ...float64) {
		one := func(name string, v int64) *pb.Tensor { return intTensor(name, []int64{1}, v) }
		check(t, 13, "Slice", nil, tensors(floatTensor("x", []int64{5}, count(5)...), one("a", start), one("b", end),
			one("c", 0), one("d", step)), []int{len(want)}, want...)
	}
	slice(-1, math.MinInt64, -1, 4, 3, 2, 1, 0)
	slice(-1, math.MaxInt64, -1)
	slice(3, 0, -2, 3, 1)
	slice(0, 5, -1)
	slice(-3, math.MaxInt64, 2, 2, 4)
	slice(7, 9, 1)
}

func TestResizeNearest(t *testing.T) {
	to := func(n, m int64, a attrs, want ...float64) {
		check(t, 13, "Resize", a, tensors(floatTensor("x", []int64{n}, count(int(n))...), nil, nil, intTensor("s", []int64{1}, m)),
			[]int{int(m)}, want...)
	}
	to(8, 2, attrs{"nearest_mode": "floor"}, 1, 5)
	to(8, 2, attrs{"nearest_mode": "round_prefer_floor"}, 1, 5)
	to(8, 2, attrs{"nearest_mode": "ceil"}, 2, 6)
	to(8, 2, attrs{"nearest_mode": "round_prefer_ceil"}, 2, 6)
	to(8, 2, attrs{"coordinate_transformation_mode": "asymmetric"}, 0, 4)
	to(8, 2, attrs{"coordinate_transformation_mode": "align_corners"}, 0, 7)
	to(2, 8, attrs{"nearest_mode": "floor"}, 0, 0, 0, 0, 0, 0, 1, 1) // the first source is −3/8
	// A scale is used as it is given, not as the ratio of the lengths.
	check(t, 13, "Resize", attrs{"nearest_mode": "round_prefer_floor"}, tensors(floatTensor("x", []int64{3}, count(3)...), nil,
		floatTensor("k", []int64{1}, 2.5)), []int{7}, 0, 0, 0, 1, 1, 2, 2)
}

// The gates of an LSTM are i, o, f, c.
func TestLSTMOrder(t *testing.T) {
	shapes, values, err := evaluate(modelOf(14, []*pb.Node{nodeOf("LSTM", []string{"x", "w", "r"}, []string{"y", "h", "c"},
		attrs{"hidden_size": 1})}, floatTensor("x", []int64{2, 1, 1}, 1, 2), floatTensor("w", []int64{1, 4, 1}, 1, 2, 3, .5),
		floatTensor("r", []int64{1, 4, 1}, .1, .2, .3, .4)))
	require.NoError(t, err)
	assert.Equal(t, []int{2, 1, 1, 1}, shapes[0])
	assert.InDeltaSlice(t, []float64{.2867374, .7681859}, values[0], 1e-6)
	assert.InDelta(t, 1.0491394, values[2][0], 1e-6)
}

// A GRU's reset gate acts before or after the product with the recurrent weights: by hand for one step from h = 1.
func TestGRUReset(t *testing.T) {
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	const x, wz, wr, wh, rz, rr, rh, bh = 0.5, 1, 2, 3, .1, .2, .3, .7
	z, r := sigma(wz*x+rz), sigma(wr*x+rr)
	after := math.Tanh(wh*x + r*(rh+bh))
	before := math.Tanh(wh*x + r*rh + bh)
	for flag, h := range map[int]float64{0: before, 1: after} {
		check(t, 14, "GRU", attrs{"hidden_size": 1, "linear_before_reset": flag}, tensors(floatTensor("x", []int64{1, 1, 1}, x),
			floatTensor("w", []int64{1, 3, 1}, wz, wr, wh), floatTensor("r", []int64{1, 3, 1}, rz, rr, rh),
			floatTensor("b", []int64{1, 6}, 0, 0, 0, 0, 0, bh), nil, floatTensor("h", []int64{1, 1, 1}, 1)),
			[]int{1, 1, 1, 1}, (1-z)*h+z)
	}
}

func TestSoftmaxVersions(t *testing.T) {
	x := floatTensor("x", []int64{2, 2, 3}, make([]float32, 12)...)
	same := func(v float64) []float64 {
		all := make([]float64, 12)
		for i := range all {
			all[i] = v
		}
		return all
	}
	check(t, 12, "Softmax", attrs{"axis": 1}, tensors(x), []int{2, 2, 3}, same(1./6)...)
	check(t, 13, "Softmax", attrs{"axis": 1}, tensors(x), []int{2, 2, 3}, same(1./2)...)
	check(t, 12, "Softmax", nil, tensors(x), []int{2, 2, 3}, same(1./6)...)
	check(t, 13, "Softmax", nil, tensors(x), []int{2, 2, 3}, same(1./3)...)
}

func TestCasts(t *testing.T) {
	check(t, 13, "Cast", attrs{"to": int(pb.Tensor_INT32)}, tensors(floatTensor("x", []int64{3}, -1.9, 1.9, 2.5)), []int{3}, -1, 1, 2)
	check(t, 13, "Cast", attrs{"to": int(pb.Tensor_BOOL)}, tensors(floatTensor("x", []int64{1}, .5)), []int{1}, 1)
	check(t, 13, "Cast", attrs{"to": int(pb.Tensor_UINT8)}, tensors(intTensor("x", []int64{2}, 300, -1)), []int{2}, 44, 255)
	// Floats that no integer is: 300 wraps, what is no number is 0, and infinities go to the ends of i64, then wrap.
	inf := float32(math.Inf(1))
	check(t, 13, "Cast", attrs{"to": int(pb.Tensor_INT8)}, tensors(floatTensor("x", []int64{4}, 300, float32(math.NaN()), inf, -inf)),
		[]int{4}, 44, 0, -1, 0)
}

func TestClips(t *testing.T) {
	x := floatTensor("x", []int64{3}, -5, 0, 5)
	three := floatTensor("hi", nil, 3)
	check(t, 13, "Clip", nil, tensors(x, nil, three), []int{3}, -5, 0, 3)
	check(t, 13, "Clip", nil, tensors(x, floatTensor("lo", nil, 4), floatTensor("hi", nil, 2)), []int{3}, 2, 2, 2)
	check(t, 6+1, "Clip", attrs{"max": 3.0}, tensors(x), []int{3}, -5, 0, 3)
	check(t, 13, "Clip", nil, tensors(x, floatTensor("lo", nil, math.SmallestNonzeroFloat32)), []int{3}, 0, 0, 5)
}

func TestPads(t *testing.T) {
	x := floatTensor("x", []int64{2, 3}, 1, 2, 3, 4, 5, 6)
	check(t, 13, "Pad", nil, tensors(x, intTensor("p", []int64{4}, 0, 1, 0, -1), floatTensor("v", nil, 9)), []int{2, 3}, 9, 1, 2, 9, 4, 5)
	check(t, 18, "Pad", nil, tensors(x, intTensor("p", []int64{2}, 1, -1), floatTensor("v", nil, 9), intTensor("a", []int64{1}, -1)),
		[]int{2, 3}, 9, 1, 2, 9, 4, 5)
	check(t, 13, "Pad", attrs{"mode": "reflect"}, tensors(x, intTensor("p", []int64{4}, 0, 2, 0, 1)), []int{2, 6},
		3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5)
	refused(t, 13, "Pad", attrs{"mode": "reflect"}, tensors(x, intTensor("p", []int64{4}, 0, 3, 0, 0)), "padding 3 of axis 1, which has the length 3")
}

func TestGathers(t *testing.T) {
	x := floatTensor("x", []int64{3}, 10, 20, 30)
	check(t, 13, "Gather", nil, tensors(x, intTensor("i", []int64{2}, -1, 0)), []int{2}, 30, 10)
	refused(t, 13, "Gather", nil, tensors(x, intTensor("i", []int64{1}, -4)), "out of range")
	refused(t, 13, "GatherND", nil, tensors(floatTensor("x", []int64{2, 2}, 1, 2, 3, 4), intTensor("i", []int64{1, 2}, 0, 2)), "out of range")
	check(t, 16, "ScatterND", attrs{"reduction": "add"}, tensors(floatTensor("x", []int64{3}, 1, 2, 3), intTensor("i", []int64{2, 1}, 0, 0),
		floatTensor("u", []int64{2}, 10, 5)), []int{3}, 16, 2, 3)
	check(t, 16, "ScatterND", attrs{"reduction": "mul"}, tensors(floatTensor("x", []int64{3}, 1, 2, 3), intTensor("i", []int64{2, 1}, 2, -1),
		floatTensor("u", []int64{2}, 10, 5)), []int{3}, 1, 2, 150)
	check(t, 16, "ScatterND", nil, tensors(floatTensor("x", []int64{3}, 1, 2, 3), intTensor("i", []int64{2, 1}, 1, 1),
		floatTensor("u", []int64{2}, 10, 5)), []int{3}, 1, 5, 3)
	refused(t, 16, "ScatterND", nil, tensors(floatTensor("x", []int64{3}, 1, 2, 3), intTensor("i", []int64{1, 1}, 3),
		floatTensor("u", []int64{1}, 10)), "out of range")
}

// Momentum is the old statistics' share, the variance that of the batch itself, and the output does not depend on it.
func TestBatchNormTraining(t *testing.T) {
	for _, m := range []float64{.9, .3} {
		one := func(name string, v float32) *pb.Tensor { return floatTensor(name, []int64{1}, v) }
		_, values, err := evaluate(modelOf(15, []*pb.Node{nodeOf("BatchNormalization", []string{"x", "s", "b", "m", "v"},
			[]string{"y", "mean", "var"}, attrs{"training_mode": 1, "momentum": m, "epsilon": 0.0})},
			floatTensor("x", []int64{2, 1}, 0, 4), one("s", 1), one("b", 0), one("m", 0), one("v", 1)))
		require.NoError(t, err)
		assert.InDeltaSlice(t, []float64{-1, 1}, values[0], 1e-6)
		assert.InDelta(t, (1-m)*2, values[1][0], 1e-6)
		assert.InDelta(t, m+(1-m)*4, values[2][0], 1e-6)
	}
}

func TestRoundModDiv(t *testing.T) {
	check(t, 11, "Round", nil, tensors(floatTensor("x", []int64{4}, .5, 1.5, 2.5, -.5)), []int{4}, 0, 2, 2, math.Copysign(0, -1))
	a, b := intTensor("a", []int64{2}, -7, 7), intTensor("b", []int64{2}, 3, -3)
	check(t, 13, "Mod", nil, tensors(a, b), []int{2}, 2, -2)
	check(t, 13, "Mod", attrs{"fmod": 1}, tensors(a, b), []int{2}, -1, 1)
	check(t, 14, "Div", nil, tensors(a, intTensor("c", []int64{2}, 2, -2)), []int{2}, -3, -3)
}

// Results of steps are stacked on a new first axis, of no steps too.
func TestLoops(t *testing.T) {
	body := func(again *pb.Node) *pb.Graph {
		four := int64(4)
		out := &pb.ValueInfo{Name: proto.String("row"), Type: tensorType(pb.Tensor_FLOAT, four)}
		return &pb.Graph{Node: []*pb.Node{again, nodeOf("Identity", []string{"r"}, []string{"row"}, nil)},
			Input:  []*pb.ValueInfo{{Name: proto.String("i")}, {Name: proto.String("c")}},
			Output: []*pb.ValueInfo{{Name: proto.String("go")}, out}}
	}
	row := floatTensor("r", []int64{4}, 1, 2, 3, 4)
	always := nodeOf("Identity", []string{"c"}, []string{"go"}, nil)
	once := nodeOf("Not", []string{"c"}, []string{"go"}, nil)
	yes := &pb.Tensor{Name: proto.String("yes"), DataType: proto.Int32(int32(pb.Tensor_BOOL)), Int32Data: []int32{1}}
	for _, c := range []struct {
		trips int64
		again *pb.Node
		rows  int
	}{{0, always, 0}, {5, once, 1}, {3, always, 3}} {
		shapes, values, err := evaluate(modelOf(16, []*pb.Node{nodeOf("Loop", []string{"m", "yes"}, []string{"y"}, attrs{"body": body(c.again)})},
			intTensor("m", nil, c.trips), yes, row))
		require.NoError(t, err)
		assert.Equal(t, []int{c.rows, 4}, shapes[0])
		for i, v := range values[0] {
			assert.EqualValues(t, i%4+1, v)
		}
	}
}

func TestExternalData(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "model")
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "sub"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "w"), make([]byte, 8), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "sub", "w.bin"), []byte{0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}, 0o644))
	require.NoError(t, os.Symlink(filepath.Join(dir, "w"), filepath.Join(folder, "link")))
	try := func(where string, offset, length string) (*Model, error) {
		w := &pb.Tensor{Name: proto.String("w"), Dims: []int64{2}, DataType: proto.Int32(1), DataLocation: pb.Tensor_EXTERNAL.Enum()}
		for k, v := range map[string]string{"location": where, "offset": offset, "length": length} {
			w.ExternalData = append(w.ExternalData, &pb.Entry{Key: proto.String(k), Value: proto.String(v)})
		}
		data, err := proto.Marshal(modelOf(13, []*pb.Node{nodeOf("Neg", []string{"w"}, []string{"y"}, nil)}, w))
		require.NoError(t, err)
		path := filepath.Join(folder, "m.onnx")
		require.NoError(t, os.WriteFile(path, data, 0o644))
		return Load(path)
	}
	m, err := try("sub/w.bin", "4", "8")
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 2}, m.Parameters["w"].Value.Data())
	for _, where := range []string{"../w", "/etc/passwd", "link", "sub", "none"} {
		_, err := try(where, "0", "8")
		assert.Error(t, err, where)
	}
	for _, c := range [][2]string{{"4", "9"}, {"99", "8"}, {"-4", "8"}, {"0", "-8"}, {"0", "4"}, {"x", "8"}, {"9223372036854775807", "8"}} {
		_, err := try("sub/w.bin", c[0], c[1])
		assert.Error(t, err, c)
	}
}

func TestHostileFiles(t *testing.T) {
	neg := func(in, out string) *pb.Node { return nodeOf("Neg", []string{in}, []string{out}, nil) }
	deep := &pb.Graph{}
	for range 300 {
		deep = &pb.Graph{Node: []*pb.Node{nodeOf("If", nil, nil, attrs{"then_branch": deep})}}
	}
	for name, m := range map[string]*pb.Model{
		"circle":        modelOf(13, []*pb.Node{neg("b", "a"), neg("a", "b")}),
		"missing input": modelOf(13, []*pb.Node{neg("none", "a")}),
		"made twice":    modelOf(13, []*pb.Node{neg("x", "a"), neg("x", "a")}, floatTensor("x", nil, 1)),
		"huge":          modelOf(13, []*pb.Node{neg("x", "a")}, floatTensor("x", []int64{1 << 62, 4}, 1)),
		"negative":      modelOf(13, []*pb.Node{neg("x", "a")}, floatTensor("x", []int64{-1}, 1)),
		"too few":       modelOf(13, []*pb.Node{neg("x", "a")}, floatTensor("x", []int64{3}, 1)),
		"no graph":      {},
		"deep":          {Graph: deep},
		"a function that calls itself": {Graph: &pb.Graph{}, Functions: []*pb.Function{{Name: proto.String("f"), Domain: proto.String("d"),
			Node: []*pb.Node{{OpType: proto.String("f"), Domain: proto.String("d")}}}}},
	} {
		_, err := readModel(m)
		assert.ErrorIs(t, err, ErrMalformed, name)
	}
}

// Everything that cannot be had is listed at once.
func TestRefusals(t *testing.T) {
	_, err := readModel(modelOf(13, []*pb.Node{nodeOf("Frobnicate", []string{"x"}, []string{"a"}, nil),
		nodeOf("StringNormalizer", []string{"a"}, []string{"b"}, nil)}, floatTensor("x", nil, 1)))
	var u *UnsupportedError
	require.ErrorAs(t, err, &u)
	assert.Len(t, u.Reasons, 2)
	assert.ErrorContains(t, err, "Frobnicate")
	assert.ErrorContains(t, err, "StringNormalizer")
}

func FuzzRead(f *testing.F) {
	for _, m := range []*pb.Model{
		modelOf(13, []*pb.Node{nodeOf("Neg", []string{"x"}, []string{"y"}, nil)}, floatTensor("x", []int64{2}, 1, 2)),
		modelOf(13, []*pb.Node{nodeOf("Reshape", []string{"x", "s"}, []string{"y"}, attrs{"allowzero": 1})},
			floatTensor("x", []int64{2}, 1, 2), intTensor("s", []int64{1}, -1)),
	} {
		data, err := proto.Marshal(m)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		assert.NotNil(t, m.Inputs)
		_ = m.Operators()
	})
}
