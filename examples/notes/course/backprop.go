package course

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/backprop"
	"chainrule/ops"
)

// Layer is what one layer computes for one sample: forward z and a, and back the error δ and the gradients.
type Layer struct {
	W           [][]float64 // [out, in]
	B           []float64
	Z, A, Delta []float64
	DW          [][]float64 // ∂C/∂W = δ(aˡ⁻¹)ᵀ, [out, in]
	DB          []float64   // ∂C/∂b = δ
	FromGraph   Errors
}

// Errors are the same numbers, read off the graph's gradient.
type Errors struct {
	Z, A, Delta, DB []float64
	DW              [][]float64
}

// Pass is one pass forward and one back through a network of sigmoids with the quadratic cost.
type Pass struct {
	Widths     Widths
	X, Y       []float64
	Cost       float64
	Layers     []Layer
	Difference float64 // the largest between the recursion and the graph, as a share of the largest entry beside it
}

// Backprop runs a network of the given widths, whose parameters are drawn by the seed, on one sample: by the closed-form
// recursion of package backprop, and on the graph.
func Backprop(widths Widths, seed uint64, x, y []float64) (*Pass, error) {
	acts := make([]backprop.Activation, len(widths)-1)
	for i := range acts {
		acts[i] = backprop.Sigmoid
	}
	net, err := backprop.New(widths, acts, backprop.Quadratic, seed)
	if err != nil {
		return nil, err
	}
	grads, cost, err := net.Gradients(mat.NewDense(1, len(x), x), mat.NewDense(1, len(y), y))
	if err != nil {
		return nil, err
	}
	p := &Pass{Widths: widths, X: x, Y: y, Cost: cost}
	for l, g := range grads.Layers {
		p.Layers = append(p.Layers, Layer{
			W: rowsOf(net.Layers[l].W), B: net.Layers[l].B,
			Z: column(g.Z), A: column(g.A), Delta: column(g.Delta), DW: rowsOf(g.DW), DB: g.DB,
		})
	}
	if err := p.onGraph(); err != nil {
		return nil, err
	}
	p.compare()
	return p, nil
}

// passOnGraph is the network written by hand on a graph: every z and a, and the gradients of the cost by every z, b and W.
var passOnGraph = autodiff.Compile(func(layers []Params[*graph.Node], x, y *graph.Node) []*graph.Node {
	var zs, as, ws, bs []*graph.Node
	a := x
	for _, l := range layers {
		z := ops.Add(ops.MatMul(l.W, a), l.B)
		a = ops.Sigmoid(z)
		zs, as, ws, bs = append(zs, z), append(as, a), append(ws, l.W), append(bs, l.B)
	}
	cost := ops.Mul(0.5, ops.Sum(ops.Square(ops.Sub(y, a))))
	return slices.Concat(zs, as, autodiff.Gradients(cost, slices.Concat(zs, bs, ws)...))
})

func (p *Pass) onGraph() error {
	n := len(p.Layers)
	layers := make([]Params[any], n)
	for l, layer := range p.Layers {
		layers[l] = Params[any]{W: matrix(layer.W), B: layer.B}
	}
	out, err := run(passOnGraph, layers, p.X, p.Y)
	if err != nil {
		return err
	}
	for l := range p.Layers {
		p.Layers[l].FromGraph = Errors{
			Z: out[l], A: out[n+l], Delta: out[2*n+l], DB: out[3*n+l], DW: split(out[4*n+l], len(p.Layers[l].W)),
		}
	}
	return nil
}

func (p *Pass) compare() {
	for _, l := range p.Layers {
		g := l.FromGraph
		for _, pair := range [][2][]float64{{l.Z, g.Z}, {l.A, g.A}, {l.Delta, g.Delta}, {l.DB, g.DB}} {
			p.Difference = math.Max(p.Difference, apart(pair[0], pair[1]))
		}
		for i := range l.DW {
			p.Difference = math.Max(p.Difference, apart(l.DW[i], g.DW[i]))
		}
	}
}

// apart is the largest difference, as a share of the largest entry.
func apart(a, b []float64) float64 {
	worst, largest := 0.0, math.SmallestNonzeroFloat64
	for i := range a {
		worst, largest = math.Max(worst, math.Abs(a[i]-b[i])), math.Max(largest, math.Abs(a[i]))
	}
	return worst / largest
}

func column(m *mat.Dense) []float64 { return mat.Col(nil, 0, m) }

func rowsOf(m *mat.Dense) [][]float64 {
	r, _ := m.Dims()
	rows := make([][]float64, r)
	for i := range rows {
		rows[i] = mat.Row(nil, i, m)
	}
	return rows
}

func split(flat []float64, rows int) [][]float64 {
	n := len(flat) / rows
	m := make([][]float64, rows)
	for i := range m {
		m[i] = flat[i*n : (i+1)*n]
	}
	return m
}
