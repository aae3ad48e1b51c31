package backprop_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/num/dual"

	"chainrule/nn/backprop"
)

// dualCost is the cost as the definitions state it, on dual numbers: its dual part is the exact
// derivative along the one parameter that carries a unit dual part.
func dualCost(n *backprop.Net, w [][][]dual.Number, b [][]dual.Number, x, y *mat.Dense) dual.Number {
	batch, in := x.Dims()
	var total dual.Number
	for s := range batch {
		a := make([]dual.Number, in)
		for k := range a {
			a[k].Real = x.At(s, k)
		}
		for l, layer := range n.Layers {
			z := make([]dual.Number, len(b[l]))
			for j := range z {
				z[j] = b[l][j]
				for k := range a {
					z[j] = dual.Add(z[j], dual.Mul(w[l][j][k], a[k]))
				}
			}
			a = dualActivate(layer.Act, z)
		}
		for j := range a {
			total = dual.Add(total, dualTerm(n, a[j], y.At(s, j)))
		}
	}
	return dual.Scale(1/float64(batch), total)
}

func dualActivate(act backprop.Activation, z []dual.Number) []dual.Number {
	one := dual.Number{Real: 1}
	a := make([]dual.Number, len(z))
	var sum dual.Number
	for j, v := range z {
		switch act {
		case backprop.Sigmoid:
			a[j] = dual.Inv(dual.Add(one, dual.Exp(dual.Scale(-1, v))))
		case backprop.Tanh:
			a[j] = dual.Tanh(v)
		case backprop.ReLU:
			if v.Real > 0 {
				a[j] = v
			}
		case backprop.LeakyReLU(0.1):
			a[j] = v
			if v.Real <= 0 {
				a[j] = dual.Scale(0.1, v)
			}
		case backprop.Softmax:
			a[j] = dual.Exp(v)
			sum = dual.Add(sum, a[j])
		default:
			a[j] = v
		}
	}
	if act == backprop.Softmax {
		for j := range a {
			a[j] = dual.Mul(a[j], dual.Inv(sum))
		}
	}
	return a
}

func dualTerm(n *backprop.Net, a dual.Number, y float64) dual.Number {
	if n.Cost == backprop.Quadratic {
		d := dual.Sub(dual.Number{Real: y}, a)
		return dual.Scale(0.5, dual.Mul(d, d))
	}
	term := dual.Scale(-y, dual.Log(a))
	if n.Layers[len(n.Layers)-1].Act == backprop.Sigmoid {
		term = dual.Sub(term, dual.Scale(1-y, dual.Log(dual.Sub(dual.Number{Real: 1}, a))))
	}
	return term
}

func TestGradientsAgainstDualNumbers(t *testing.T) {
	forEachNet(t, func(t *testing.T, n *backprop.Net, x, y *mat.Dense) {
		got, gotCost := gradients(t, n, x, y)

		var duals []*dual.Number // in the order of parameters
		w, b := make([][][]dual.Number, len(n.Layers)), make([][]dual.Number, len(n.Layers))
		for l, layer := range n.Layers {
			out, in := layer.W.Dims()
			w[l], b[l] = make([][]dual.Number, out), make([]dual.Number, out)
			for j := range out {
				w[l][j] = make([]dual.Number, in)
				for k := range in {
					w[l][j][k].Real = layer.W.At(j, k)
					duals = append(duals, &w[l][j][k])
				}
			}
			for j := range out {
				b[l][j].Real = layer.B[j]
				duals = append(duals, &b[l][j])
			}
		}

		want, scale := make([]float64, len(duals)), 0.0
		for i, p := range duals {
			p.Emag = 1
			c := dualCost(n, w, b, x, y)
			p.Emag = 0
			want[i] = c.Emag
			scale = math.Max(scale, math.Abs(want[i]))
			if !(math.Abs(gotCost-c.Real) <= 1e-13*math.Max(1, c.Real)) {
				t.Fatalf("cost %v, dual numbers %v", gotCost, c.Real)
			}
		}
		// Each derivative is a few hundred roundings of eps = 2e-16, relative to the largest one.
		tol := 1e-13 * math.Max(scale, 1e-3)
		for i := range want {
			if !(math.Abs(got[i]-want[i]) <= tol) {
				t.Errorf("parameter %d: gradient %.17g, dual numbers %.17g", i, got[i], want[i])
			}
		}
	})
}
