package course

import (
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Surface is a cost of two parameters.
type Surface struct {
	Name    string
	Formula string
	Lo, Hi  float64 // the square that is drawn
	Least   [2]float64
	// cost computes costs, and slope a cost with its gradient.
	cost, slope *autodiff.Function
}

type theta[T any] struct{ A, B T }

func surface(name, formula string, cost func(a, b *graph.Node) *graph.Node, lo, hi float64, least [2]float64) Surface {
	at := func(t theta[*graph.Node]) *graph.Node { return cost(t.A, t.B) }
	return Surface{name, formula, lo, hi, least, autodiff.Compile(cost), autodiff.Compile(autodiff.ValueAndGrad(at))}
}

// samples of the neuron's cost: the average of Cₓ = ½(y − σ(θ₁x + θ₂))² over them.
var (
	neuronX = []float64{-2, -1, 0.5, 1, 2.5}
	neuronY = []float64{0.1, 0.25, 0.6, 0.7, 0.9}
)

// Surfaces are the costs that the reader descends.
var Surfaces = []Surface{
	surface("bowl", "C = ½(θ_1^2 + 4 θ_2^2)",
		func(a, b *graph.Node) *graph.Node {
			return ops.Mul(0.5, ops.Add(ops.Square(a), ops.Mul(4, ops.Square(b))))
		}, -3, 3, [2]float64{0, 0}),
	surface("neuron", "C = {1/n} Σ_x ½(y_x − σ(θ_1 x + θ_2))^2",
		func(a, b *graph.Node) *graph.Node {
			sum := ops.Mul(0, a)
			for i, x := range neuronX {
				y := ops.Sigmoid(ops.Add(ops.Mul(x, a), b))
				sum = ops.Add(sum, ops.Mul(0.5, ops.Square(ops.Sub(neuronY[i], y))))
			}
			return ops.Div(sum, float64(len(neuronX)))
		}, -4, 4, [2]float64{0.98251, -0.12345}),
	surface("two valleys", "C = {1/4}(θ_1^2 − 2)^2 + ½(θ_2 − {1/2}θ_1)^2 + {1/4}θ_1",
		func(a, b *graph.Node) *graph.Node {
			wells := ops.Mul(0.25, ops.Square(ops.Sub(ops.Square(a), 2)))
			valley := ops.Mul(0.5, ops.Square(ops.Sub(b, ops.Mul(0.5, a))))
			return ops.Add(ops.Add(wells, valley), ops.Mul(0.25, a))
		}, -2.5, 2.5, [2]float64{-1.47300, -0.73650}),
}

// SurfaceNamed returns the surface of a name.
func SurfaceNamed(name string) Surface {
	for _, s := range Surfaces {
		if s.Name == name {
			return s
		}
	}
	return Surfaces[0]
}

// Grid are the costs at n×n points of the square, row by row from θ₂ = Lo.
func (s Surface) Grid(n int) ([]float64, error) {
	var as, bs []float64
	for i := range n {
		for j := range n {
			as = append(as, s.Lo+(s.Hi-s.Lo)*float64(j)/float64(n-1))
			bs = append(bs, s.Lo+(s.Hi-s.Lo)*float64(i)/float64(n-1))
		}
	}
	out, err := run(s.cost, as, bs)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Step is one point of a descent.
type Step struct {
	Theta, Gradient [2]float64
	Cost            float64
}

// Descend follows θ ← θ − η∇C(θ) for a number of steps. It ends early where the descent has left for good.
func (s Surface) Descend(from [2]float64, rate float64, steps int) ([]Step, error) {
	path := make([]Step, 0, steps+1)
	at := from
	for range steps + 1 {
		out, err := run(s.slope, theta[float64]{at[0], at[1]})
		if err != nil {
			return nil, err
		}
		step := Step{Theta: at, Cost: out[0][0], Gradient: [2]float64{out[1][0], out[2][0]}}
		path = append(path, step)
		if far := 100 * (s.Hi - s.Lo); !(math.Abs(at[0]) < far && math.Abs(at[1]) < far) {
			break
		}
		at[0] -= rate * step.Gradient[0]
		at[1] -= rate * step.Gradient[1]
	}
	return path, nil
}

// Verdict names what a descent did.
type Verdict string

const (
	Crawls    Verdict = "crawls"   // it is still on its way
	Arrives   Verdict = "arrives"  // the gradient is small
	Zigzags   Verdict = "zigzags"  // it arrives, but crosses the valley at every step
	Diverges  Verdict = "diverges" // the cost has grown
	small             = 1e-2       // of a gradient's length, for Arrives
	crossings         = 0.5        // share of steps that turn back, for Zigzags
)

// Judge says what a descent did.
func Judge(path []Step) Verdict {
	first, last := path[0], path[len(path)-1]
	turns := 0
	for i := 1; i < len(path); i++ {
		p, q := path[i-1].Gradient, path[i].Gradient
		if p[0]*q[0]+p[1]*q[1] < 0 {
			turns++
		}
	}
	switch {
	case !(last.Cost <= first.Cost) || math.IsInf(last.Cost, 0):
		return Diverges
	case len(path) > 2 && float64(turns) >= crossings*float64(len(path)-1):
		return Zigzags
	case math.Hypot(last.Gradient[0], last.Gradient[1]) < small:
		return Arrives
	}
	return Crawls
}
