package autodiff_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

const eps = 0x1p-52

// rosenbrock is Σᵢ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², the sum over neighbours.
func rosenbrock(x node) node {
	n := x.Shape()[0]
	head, tail := ops.Slice(x, ops.Range{Stop: n - 1}), ops.Slice(x, ops.Range{Start: 1, Stop: n})
	valley := ops.Mul(100, ops.Square(ops.Sub(tail, ops.Square(head))))
	return ops.Sum(ops.Add(valley, ops.Square(ops.Sub(1, head))))
}

// rosenbrockBy is its gradient and Hessian by hand, with the sizes of their largest terms.
func rosenbrockBy(x []float64) (grad []float64, hess *mat.SymDense, gradSize, hessSize float64) {
	n := len(x)
	grad, hess = make([]float64, n), mat.NewSymDense(n, nil)
	add := func(i, j int, v float64) { hess.SetSym(i, j, hess.At(i, j)+v) }
	for i := range n - 1 {
		a, b := x[i], x[i+1]
		grad[i] += -400*a*(b-a*a) - 2*(1-a)
		grad[i+1] += 200 * (b - a*a)
		add(i, i, 1200*a*a-400*b+2)
		add(i, i+1, -400*a)
		add(i+1, i+1, 200)
		gradSize = max(gradSize, 400*math.Abs(a)*(math.Abs(b)+a*a), 200*(math.Abs(b)+a*a))
		hessSize = max(hessSize, 1200*a*a+400*math.Abs(b), 200)
	}
	return grad, hess, gradSize, hessSize
}

// Each element is a sum of a handful of products, on both sides: 16 roundings of the largest of them.
func TestRosenbrockInAnyDimension(t *testing.T) {
	for _, n := range []int{2, 3, 10, 50} {
		t.Run(fmt.Sprint("n=", n), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(n), 0))
			x := make([]float64, n)
			for i := range x {
				x[i] = rng.NormFloat64()
			}
			wantGrad, wantHess, gradSize, hessSize := rosenbrockBy(x)
			got := evaluate(t, func(x node) (grad, h, byReverse, jacobian node) {
				return autodiff.Grad(rosenbrock)(x), autodiff.Hessian(rosenbrock)(x),
					autodiff.Hessian(rosenbrock, autodiff.ReverseMode())(x), autodiff.Jacobian(autodiff.Grad(rosenbrock))(x)
			}, x)
			require.InDeltaSlice(t, wantGrad, got[0], 16*eps*gradSize)
			for _, h := range got[1:] {
				for i := range n {
					for j := range n {
						require.InDelta(t, wantHess.At(i, j), h[i*n+j], 16*eps*hessSize, "element %d, %d", i, j)
					}
				}
			}
		})
	}
}

// The Hessian of the logistic loss Σ log(1 + e^xw) − y·xw in w is XᵀDX with D = σ(xw)(1 − σ(xw)).
func TestLogisticRegression(t *testing.T) {
	const samples, features = 40, 7
	rng := rand.New(rand.NewPCG(3, 0))
	x, w, y := mat.NewDense(samples, features, nil), mat.NewVecDense(features, nil), make([]float64, samples)
	for i := range samples {
		for j := range features {
			x.Set(i, j, rng.NormFloat64())
		}
		y[i] = float64(rng.IntN(2))
	}
	for j := range features {
		w.SetVec(j, rng.NormFloat64())
	}
	got := evaluate(t, func(x, y, w node) (h, hv node) {
		loss := func(w node) node {
			z := ops.MatMul(x, w)
			return ops.Sum(ops.Sub(ops.Softplus(z), ops.Mul(y, z)))
		}
		return autodiff.Hessian(loss)(w), autodiff.HVP(loss)(w, w)
	}, x, y, w)

	var z, dx, want mat.Dense
	z.Mul(x, w)
	dx.Apply(func(i, j int, v float64) float64 {
		s := 1 / (1 + math.Exp(-z.At(i, 0)))
		return s * (1 - s) * v
	}, x)
	want.Mul(x.T(), &dx)
	var wantHV mat.VecDense
	wantHV.MulVec(&want, w)
	// Sums of as many terms as there are samples, none larger than its slope, at most ¼, times two elements of x. The
	// slope feels the rounding of z, a sum over features, relative to |z| ≤ features·max|x||w|.
	size := mat.Max(x) * mat.Max(x) * samples
	tol := eps * size * (samples + features*mat.Max(x)*mat.Norm(w, 2))
	require.InDeltaSlice(t, want.RawMatrix().Data, got[0], tol)
	require.InDeltaSlice(t, wantHV.RawVector().Data, got[1], tol*features*mat.Norm(w, 2))
}

// ∂(x, y)/∂(r, φ) for x = r cos φ, y = r sin φ, as one matrix, in blocks of a tree, by rows and by columns.
func TestJacobianOfPolarCoordinates(t *testing.T) {
	type polar struct{ R, Phi *graph.Node }
	type plane struct{ X, Y *graph.Node }
	blocks := func(p polar) plane { return plane{ops.Mul(p.R, ops.Cos(p.Phi)), ops.Mul(p.R, ops.Sin(p.Phi))} }
	vector := func(p node) node {
		b := blocks(polar{element(p, 0), element(p, 1)})
		return ops.Stack([]*graph.Node{b.X, b.Y}, 0)
	}
	r, phi := 2.0, 0.5
	s, c := math.Sincos(phi)
	want := []float64{c, -r * s, s, r * c}
	for name, opts := range map[string][]autodiff.JacobianOption{
		"by shape": nil, "forward": {autodiff.ForwardMode()}, "reverse": {autodiff.ReverseMode()},
	} {
		got := evaluate(t, func(p polar, v node) (node, autodiff.Blocks) {
			return autodiff.Jacobian(vector, opts...)(v), autodiff.JacobianBlocks(blocks, opts...)(p)
		}, map[string]any{"R": r, "Phi": phi}, []float64{r, phi})
		for i, w := range want {
			require.InDelta(t, w, got[0][i], 4*eps*r, name)
			require.InDelta(t, w, got[1+i][0], 4*eps*r, "%s, block %d", name, i)
		}
	}
}

func element(x node, i int) node { return ops.Squeeze(ops.Slice(x, ops.At(i)), 0) }

// The derivatives of sin go round in fours, those of exp nowhere, and those of 1/(1 − x) are k!/(1 − x)ᵏ⁺¹.
func TestHigherDerivatives(t *testing.T) {
	const n = 8
	factorial := 1.0
	for _, c := range []struct {
		name string
		f    func(node) node
		want func(k int, x float64) float64
	}{
		{"sin", ops.Sin, func(k int, x float64) float64 { return math.Sin(x + float64(k)*math.Pi/2) }},
		{"exp", ops.Exp, func(_ int, x float64) float64 { return math.Exp(x) }},
		{"1/(1−x)", func(x node) node { return ops.Reciprocal(ops.Sub(1, x)) }, func(k int, x float64) float64 {
			if k == 0 {
				factorial = 1
			}
			factorial *= math.Max(1, float64(k))
			return factorial / math.Pow(1-x, float64(k+1))
		}},
		{"x³, which ends", func(x node) node { return ops.Mul(x, ops.Square(x)) }, func(k int, x float64) float64 {
			return []float64{x * x * x, 3 * x * x, 6 * x, 6, 0, 0, 0, 0, 0}[k]
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, x := range []float64{-1.5, 0, 0.5} {
				got := evaluate(t, func(x node) []node { return autodiff.Derivatives(c.f, n)(x) }, x)
				for k := range n + 1 {
					want := c.want(k, x)
					// 2ᵏ terms of the product rule at most, each of a few roundings and no larger than |want| or 1.
					require.InDelta(t, want, got[k][0], float64(int(1)<<k)*8*eps*math.Max(1, math.Abs(want)), "order %d at %v", k, x)
				}
			}
		})
	}
}

// In f64 the three ways to a third derivative agree to the last digits.
func TestThirdDerivativesOfSin(t *testing.T) {
	got := evaluate(t, func(x node) (a, b, c, d node) {
		one := x.Graph().Scalar(graph.Float64, 1)
		forward := func(f func(node) node) func(node) node {
			return func(x node) node { return along(f)(x, one) }
		}
		return autodiff.Derivatives(ops.Sin, 3)(x)[3], autodiff.Grad(autodiff.Hessian(ops.Sin))(x),
			forward(forward(forward(ops.Sin)))(x), autodiff.Jacobian(autodiff.Jacobian(autodiff.Jacobian(ops.Sin)))(x)
	}, 0.7)
	for i := range got {
		require.InDelta(t, -math.Cos(0.7), got[i][0], 4*eps, "way %d", i)
	}
}

// Equal expressions are one node, so that derivatives of higher order are no trees of products: RATIONALE.md, "No Taylor
// mode", says how many nodes these are.
func TestHigherDerivativesShareNodes(t *testing.T) {
	for n := 2; n <= 12; n++ {
		x := graph.New().Input("x", graph.Float64)
		all := autodiff.Derivatives(func(x node) node { return ops.Sin(ops.Exp(x)) }, n)(x)
		require.LessOrEqual(t, len(graph.Topo(all...)), 2*n*n-3*n+10, "order %d", n)
	}
}

// Newton's iteration for √a, x ← (x + a/x)/2, differentiated step by step: 1/(2√a) and −1/(4a√a). Steps square the error,
// so that a last one below 10⁻¹³ leaves the derivatives right to rounding too.
func TestNewtonsIterationForSquareRoots(t *testing.T) {
	type state struct{ X, Last node }
	by := func(opts ...autodiff.LoopOption) func(node) node {
		return func(a node) node {
			better := func(x node) node { return ops.Mul(0.5, ops.Add(x, ops.Div(a, x))) }
			moves := func(s state) node { return ops.Gt(ops.Abs(ops.Sub(s.X, s.Last)), ops.Mul(1e-13, s.X)) }
			return autodiff.While(moves, func(s state) state { return state{better(s.X), s.X} },
				state{better(a), a}, opts...).X
		}
	}
	forward := func(f func(node) node) func(node) node {
		return func(a node) node { return along(f)(a, a.Graph().Scalar(graph.Float64, 1)) }
	}
	reverse := autodiff.Grad[node]
	free, bounded, recorded := by(), by(autodiff.MaxSteps(20)), by(autodiff.RecordAllSteps())
	spared := by(autodiff.MaxSteps(20), autodiff.CheckpointEvery(3))
	for _, a := range []float64{0.3, 2, 500} {
		got := evaluate(t, func(a node) (root, first, second []node) {
			return []node{free(a)},
				[]node{forward(free)(a), reverse(bounded)(a), reverse(recorded)(a), reverse(spared)(a)},
				[]node{forward(forward(free))(a), forward(reverse(bounded))(a), reverse(forward(recorded))(a), reverse(reverse(spared))(a)}
		}, a)
		root := math.Sqrt(a)
		require.InEpsilon(t, root, got[0][0], 4*eps)
		for way := range 4 {
			require.InEpsilon(t, 0.5/root, got[1+way][0], 16*eps, "first derivative at %v, way %d", a, way)
			require.InEpsilon(t, -0.25/(a*root), got[5+way][0], 64*eps, "second derivative at %v, way %d", a, way)
		}
	}
}
