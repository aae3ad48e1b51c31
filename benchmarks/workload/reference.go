package workload

import (
	"fmt"
	"math"
)

// Reference is the answer of a case, computed with plain loops in float64:
//
//   - Gemm: Check of C.
//   - MLP, Nielsen: the cost before each of AnswerSteps steps; Moved of the first layer's weights, of its biases,
//     and so on for each layer.
//   - Chain: y, and Check of ∂y/∂x.
//   - Scalar: v and ∂v/∂x.
//   - Linalg: see linalg.
//   - Conv: Check of the result, or of the gradient by the image or the kernel.
//
// A case that times compilation has the answer of what is compiled.
func (c Case) Reference() []Expected {
	switch c.Kind {
	case Gemm:
		a, b := Fill[float64](AStream, c.M*c.K, 1), Fill[float64](BStream, c.K*c.N, 1)
		out := make([]float64, c.M*c.N)
		product(out, a, b, c.M, c.K, c.N, c.Form[0] == 't', c.Form[1] == 't')
		return []Expected{c.expect("the product", Check(out))}
	case MLP, Nielsen:
		return c.train()
	case Chain:
		x, w, b := Fill[float64](AStream, c.N, ChainScale), Fill[float64](BStream, c.N, 1), Fill[float64](CStream, c.N, 1)
		grad := make([]float64, c.N)
		var y, absolute float64
		for i := range x {
			t, s := math.Tanh(x[i]*w[i]+b[i]), 1/(1+math.Exp(-x[i]))
			y += t * s
			absolute += math.Abs(t * s)
			grad[i] = (1-t*t)*w[i]*s + t*s*(1-s)
		}
		// However y is summed, an error of that many roundings of all terms is beyond it.
		sum := Expected{Sum: Number(y), Within: roundings * c.epsilon() * absolute, AnyNorm: true, What: "y"}
		return []Expected{sum, c.expect("the gradient", Check(grad))}
	case Linalg:
		return c.linalg()
	case Conv:
		return c.convolved()
	default:
		v, dv := ScalarX, 1.0
		for range c.N / 4 {
			t := math.Tanh(v*ScalarK + ScalarX)
			v, dv = t-ScalarX, (1-t*t)*(dv*ScalarK+1)-1
		}
		return []Expected{c.expect("v", Number(v)), c.expect("the derivative", Number(dv))}
	}
}

// product is out = op(a)·op(b), of shape [m, n].
func product(out, a, b []float64, m, k, n int, transA, transB bool) {
	clear(out)
	if transB {
		t := make([]float64, len(b))
		for p := range k {
			for j := range n {
				t[p*n+j] = b[j*k+p]
			}
		}
		b = t
	}
	for i := range m {
		row := out[i*n:][:n]
		for p := range k {
			s := 0.0
			if transA {
				s = a[p*m+i]
			} else {
				s = a[i*k+p]
			}
			for j, v := range b[p*n:][:n] {
				row[j] += s * v
			}
		}
	}
}

// train computes the answer of MLP and Nielsen by the δ-recursion.
func (c Case) train() []Expected {
	widths, m := c.Widths(), c.Batch
	layers := len(widths) - 1
	w, first, b := make([][]float64, layers), make([][]float64, layers), make([][]float64, layers)
	for l := range layers {
		w[l], first[l] = Weights[float64](l, widths[l], widths[l+1]), Weights[float64](l, widths[l], widths[l+1])
		b[l] = make([]float64, widths[l+1])
	}
	y := OneHot[float64](m)
	var answer []Expected
	for step := range AnswerSteps {
		a := [][]float64{Batch[float64](m)}
		for l := range layers {
			in, out := widths[l], widths[l+1]
			z := make([]float64, m*out)
			product(z, a[l], w[l], m, in, out, false, false)
			for i := range z {
				z[i] += b[l][i%out]
				if c.Kind == Nielsen {
					z[i] = 1 / (1 + math.Exp(-z[i]))
				} else if l < layers-1 {
					z[i] = max(z[i], 0)
				}
			}
			a = append(a, z)
		}
		cost, delta := c.cost(a[layers], y)
		answer = append(answer, c.expect(fmt.Sprintf("the cost before step %d", step+1), Number(cost)))
		for l := layers - 1; l >= 0; l-- {
			in, out := widths[l], widths[l+1]
			grad, back := make([]float64, in*out), make([]float64, m*in)
			product(grad, a[l], delta, in, m, out, true, false)
			product(back, delta, w[l], m, out, in, false, true)
			for i, g := range grad {
				w[l][i] -= c.Rate() * g
			}
			for i, d := range delta {
				b[l][i%out] -= c.Rate() * d
			}
			for i, v := range a[l] {
				if c.Kind == Nielsen {
					back[i] *= v * (1 - v)
				} else if v <= 0 {
					back[i] = 0
				}
			}
			delta = back
		}
	}
	for l := range layers {
		answer = append(answer, c.expectMoved(fmt.Sprintf("weights of layer %d", l+1), w[l], first[l]),
			c.expectMoved(fmt.Sprintf("biases of layer %d", l+1), b[l], nil))
	}
	return answer
}

// cost returns the cost and its derivative by the weighted input of the last layer.
func (c Case) cost(a, y []float64) (cost float64, delta []float64) {
	delta = make([]float64, len(a))
	if c.Kind == Nielsen {
		for i, v := range a {
			cost += (v - y[i]) * (v - y[i]) / float64(len(a))
			delta[i] = 2 * (v - y[i]) / float64(len(a)) * v * (1 - v)
		}
		return cost, delta
	}
	for r := range c.Batch {
		z, largest, sum := a[r*10:][:10], math.Inf(-1), 0.0
		for _, v := range z {
			largest = max(largest, v)
		}
		for _, v := range z {
			sum += math.Exp(v - largest)
		}
		for j, v := range z {
			p := math.Exp(v-largest) / sum
			cost -= y[r*10+j] * (v - largest - math.Log(sum)) / float64(c.Batch)
			delta[r*10+j] = (p - y[r*10+j]) / float64(c.Batch)
		}
	}
	return cost, delta
}
