package autodiff_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// bundle is a problem of bundle adjustment: cameras [n, 11] (rotation, centre, focal length, principal point, radial
// distortion), points [m, 3] and weights [k] are to explain observations, each of one point by one camera.
type bundle struct {
	cameras, points, weights []float64
	camera, point            []int64
	features                 []float64
}

type scene struct{ Cameras, Points, Weights *graph.Node }

func newBundle(r *rand.Rand, cameras, points, observations int) bundle {
	draw := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = r.Float64() - 0.5
		}
		return x
	}
	b := bundle{
		cameras: draw(11 * cameras), points: draw(3 * points), weights: draw(observations), features: draw(2 * observations),
	}
	for i := range points {
		b.points[3*i+2] += 5
	}
	for range observations {
		b.camera = append(b.camera, int64(r.IntN(cameras)))
		b.point = append(b.point, int64(r.IntN(points)))
	}
	return b
}

func (b bundle) feed() any {
	matrix := func(data []float64, width int) *tensor.Dense {
		return tensor.New(tensor.WithShape(len(data)/width, width), tensor.WithBacking(data))
	}
	return map[string]any{"Cameras": matrix(b.cameras, 11), "Points": matrix(b.points, 3), "Weights": b.weights}
}

type residuals struct{ Reprojection, Weight *graph.Node }

// residuals has two residuals for every observation, [2, k], and one for its weight.
func (b bundle) residuals(s scene) residuals {
	g, k := s.Points.Graph(), len(b.camera)
	c := ops.Transpose(ops.Take(s.Cameras, graph.Const(g, b.camera, k), 0)) // [11, k]
	x := ops.Transpose(ops.Take(s.Points, graph.Const(g, b.point, k), 0))   // [3, k]
	rows := func(x *graph.Node, from, to int) *graph.Node { return ops.Slice(x, ops.Range{Start: from, Stop: to}) }
	p := rotate(rows(c, 0, 3), ops.Sub(x, rows(c, 3, 6)))
	image := ops.Div(rows(p, 0, 2), rows(p, 2, 3))
	r2 := ops.Sum(ops.Square(image), 0)
	k1, k2 := ops.Reshape(rows(c, 9, 10), k), ops.Reshape(rows(c, 10, 11), k)
	distorted := ops.Mul(image, ops.Add(1, ops.Mul(r2, ops.Add(k1, ops.Mul(k2, r2)))))
	projected := ops.Add(ops.Mul(rows(c, 6, 7), distorted), rows(c, 7, 9))
	features := ops.Transpose(graph.Const(g, b.features, k, 2))
	return residuals{ops.Mul(s.Weights, ops.Sub(projected, features)), ops.Sub(1, ops.Square(s.Weights))}
}

// rotate turns the columns of x, [3, k], by the vectors of angles r (Rodrigues).
func rotate(r, x *graph.Node) *graph.Node {
	theta := ops.Sqrt(ops.Sum(ops.Square(r), 0))
	w := ops.Div(r, theta)
	cos, sin := ops.Cos(theta), ops.Sin(theta)
	along := ops.Mul(w, ops.Mul(ops.Sum(ops.Mul(w, x), 0), ops.Sub(1, cos)))
	return ops.Add(ops.Add(ops.Mul(x, cos), ops.Mul(cross(w, x), sin)), along)
}

func cross(a, b *graph.Node) *graph.Node {
	turn := func(x *graph.Node, by int) *graph.Node {
		return ops.Concat([]*graph.Node{ops.Slice(x, ops.Range{Start: by, Stop: 3}), ops.Slice(x, ops.Range{Stop: by})}, 0)
	}
	return ops.Sub(ops.Mul(turn(a, 1), turn(b, 2)), ops.Mul(turn(a, 2), turn(b, 1)))
}

// Two residuals of 14 values each take two colours, whatever cameras share: the same matrix as by columns.
func TestSparseJacobianOfBundleAdjustment(t *testing.T) {
	const seed = 5
	t.Log("seed", seed)
	ctx := context.Background()
	b := newBundle(rand.New(rand.NewPCG(seed, 0)), 7, 40, 150)
	f := autodiff.SparseJacobian(b.residuals)
	p, colors, err := f.Pattern(b.feed())
	require.NoError(t, err)
	require.Equal(t, 3, colors, "two for what shows where, one for the weights")
	require.Equal(t, 150*(2*14+1), p.NNZ(), "a residual uses one of the two principal coordinates")
	got, err := f.Eval(ctx, b.feed())
	require.NoError(t, err)
	forward := autodiff.SparseJacobian(b.residuals, autodiff.ForwardMode())
	_, colors, err = forward.Pattern(b.feed())
	require.NoError(t, err)
	require.GreaterOrEqual(t, colors, 14)
	want, err := forward.Eval(ctx, b.feed())
	require.NoError(t, err)
	require.Equal(t, want.ColIdx, got.ColIdx)
	for i, w := range want.Values { // of 30 terms each, some of which cancel; no derivative is larger than 100
		require.InDelta(t, w, got.Values[i], 30*100*eps)
	}
}

func BenchmarkSparseBundle(b *testing.B) {
	ctx := context.Background()
	data := newBundle(rand.New(rand.NewPCG(6, 0)), 49, 7776, 31843)
	for _, c := range []struct {
		name string
		opts []autodiff.MatrixOption
	}{{"chosen", nil}, {"columns", []autodiff.MatrixOption{autodiff.ForwardMode()}}} {
		f := autodiff.SparseJacobian(data.residuals, append(c.opts, autodiff.Workers(1))...)
		b.Run("what=prepare/by="+c.name, func(b *testing.B) {
			for b.Loop() {
				f := autodiff.SparseJacobian(data.residuals, c.opts...)
				if _, _, err := f.Pattern(data.feed()); err != nil {
					b.Fatal(err)
				}
			}
		})
		m, err := f.Eval(ctx, data.feed())
		if err != nil {
			b.Fatal(err)
		}
		feed := data.feed().(map[string]any)
		in := []*tensor.Dense{feed["Cameras"].(*tensor.Dense), feed["Points"].(*tensor.Dense),
			tensor.New(tensor.WithBacking(data.weights))}
		_, colors, _ := f.Pattern(data.feed())
		b.Run("what=jacobian/by="+c.name, func(b *testing.B) {
			b.ReportMetric(float64(colors), "colors")
			for b.Loop() {
				if err := f.EvalInto(ctx, m, nil, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("what=primal", func(b *testing.B) {
		f := autodiff.Compile(data.residuals, autodiff.Workers(1))
		out, err := f.Run(ctx, data.feed())
		if err != nil {
			b.Fatal(err)
		}
		feed := data.feed().(map[string]any)
		in := []*tensor.Dense{feed["Cameras"].(*tensor.Dense), feed["Points"].(*tensor.Dense),
			tensor.New(tensor.WithBacking(data.weights))}
		for b.Loop() {
			if err := f.RunInto(ctx, out, in); err != nil {
				b.Fatal(err)
			}
		}
	})
}
