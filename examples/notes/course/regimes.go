package course

import (
	"math/rand/v2"
	"time"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/data"
	"chainrule/ops"
)

// Count is the arithmetic of batches.
type Count struct {
	Samples, Batch, Epochs int
	PerEpoch               int // iterations in an epoch, ⌈samples/batch⌉
	Iterations             int // in all
}

// CountOf counts iterations.
func CountOf(samples, batch, epochs int) Count {
	per := data.Iterations(samples, batch)
	return Count{samples, batch, epochs, per, per * epochs}
}

// line are the parameters of one linear neuron, a = wx + b.
type line[T any] struct{ W, B T }

// lineCost is the average over a batch of Cₓ = ½(y − (wx + b))².
func lineCost(p line[*graph.Node], x, y *graph.Node) *graph.Node {
	a := ops.Add(ops.Mul(p.W, x), p.B)
	return ops.Mul(0.5, ops.Mean(ops.Square(ops.Sub(y, a))))
}

// regimeStep is one update, w ← w − η∂C/∂w and b ← b − η∂C/∂b.
var regimeStep = autodiff.Compile(func(p line[*graph.Node], x, y, rate *graph.Node) (w, b *graph.Node) {
	g := autodiff.Grad(func(p line[*graph.Node]) *graph.Node { return lineCost(p, x, y) })(p)
	return ops.Sub(p.W, ops.Mul(rate, g.W)), ops.Sub(p.B, ops.Mul(rate, g.B))
})

var regimeCost = autodiff.Compile(lineCost)

// Race is a data set and a start from which the regimes descend.
type Race struct {
	X, Y   []float64
	Least  [2]float64 // w and b of the least cost, by the normal equations
	Bottom float64    // the cost there
}

// NewRace draws n samples of y = 1.5x − 0.5 + noise.
func NewRace(n int, seed uint64) (*Race, error) {
	rng := rand.New(rand.NewPCG(seed, 9))
	r := &Race{}
	var sx, sy, sxx, sxy float64
	for range n {
		x := 2*rng.Float64() - 1
		y := 1.5*x - 0.5 + 0.4*rng.NormFloat64()
		r.X, r.Y = append(r.X, x), append(r.Y, y)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	m := float64(n)
	w := (m*sxy - sx*sy) / (m*sxx - sx*sx)
	r.Least = [2]float64{w, (sy - w*sx) / m}
	var err error
	r.Bottom, err = r.cost(line[float64]{r.Least[0], r.Least[1]})
	return r, err
}

func (r *Race) cost(p line[float64]) (float64, error) {
	out, err := run(regimeCost, p, r.X, r.Y)
	if err != nil {
		return 0, err
	}
	return out[0][0], nil
}

// Run is one regime's descent. Costs[k] is the cost over all samples after Iterations[k] updates.
type Run struct {
	Batch      int
	Rate       float64
	Costs      []float64
	Epochs     []float64
	Iterations []int
	Seconds    []float64
	W, B       float64
}

// Descend trains for some epochs with batches of a size, in an order that the seed decides. It notes the cost about
// twenty times an epoch, and its own time without that. Between updates it calls pause, which may end it.
func (r *Race) Descend(batch int, rate float64, epochs int, seed uint64, pause func() error) (*Run, error) {
	batches, err := data.NewBatches(len(r.X), batch, seed)
	if err != nil {
		return nil, err
	}
	p := line[float64]{-1, 1.2}
	d := &Run{Batch: batch, Rate: rate}
	var spent time.Duration
	note := func(iteration int) error {
		c, err := r.cost(p)
		d.Costs = append(d.Costs, c)
		d.Iterations = append(d.Iterations, iteration)
		d.Epochs = append(d.Epochs, float64(iteration)/float64(batches.Iterations()))
		d.Seconds = append(d.Seconds, spent.Seconds())
		return err
	}
	if err := note(0); err != nil {
		return nil, err
	}
	for _, n := range []int{batch, (len(r.X)-1)%batch + 1} { // compiled before the clock runs: whole batches, and the last
		if _, err := run(regimeStep, p, r.X[:n], r.Y[:n], rate); err != nil {
			return nil, err
		}
	}
	every := max(1, batches.Iterations()/20)
	iteration := 0
	x, y := make([]float64, batch), make([]float64, batch)
	for epoch := range epochs {
		for rows := range batches.Epoch(epoch) {
			begun := time.Now()
			for k, i := range rows {
				x[k], y[k] = r.X[i], r.Y[i]
			}
			out, err := run(regimeStep, p, x[:len(rows)], y[:len(rows)], rate)
			if err != nil {
				return nil, err
			}
			p = line[float64]{out[0][0], out[1][0]}
			spent += time.Since(begun)
			if err := pause(); err != nil {
				return nil, err
			}
			if iteration++; iteration%every == 0 {
				if err := note(iteration); err != nil {
					return nil, err
				}
			}
		}
	}
	d.W, d.B = p.W, p.B
	return d, nil
}

// Shifted is σ(wx + b) at each x: w sets how steep the curve is, b where it lies.
func Shifted(w, b float64, xs []float64) ([]float64, error) {
	out, err := run(shifted, w, b, xs)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

var shifted = autodiff.Compile(func(w, b, x *graph.Node) *graph.Node { return ops.Sigmoid(ops.Add(ops.Mul(w, x), b)) })
