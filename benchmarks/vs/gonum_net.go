package main

import (
	"math"

	"chainrule/benchmarks/workload"
)

// net is a feedforward net with its gradients written by hand. All its memory is allocated once.
type net[T workload.Float] struct {
	c        workload.Case
	w, b     [][]T // of each layer
	a, delta [][]T // a[0] is the batch; delta[l] is the derivative by the weighted input of a[l]
	grad, y  []T
	sigmoid  bool
}

func newNet[T workload.Float](c workload.Case) *net[T] {
	n := &net[T]{c: c, y: workload.OneHot[T](c.Batch), sigmoid: c.Kind == workload.Nielsen}
	n.a, n.delta = [][]T{workload.Batch[T](c.Batch)}, [][]T{nil}
	largest := 0
	for l, widths := 0, c.Widths(); l < len(widths)-1; l++ {
		in, out := widths[l], widths[l+1]
		n.w, n.b = append(n.w, workload.Weights[T](l, in, out)), append(n.b, make([]T, out))
		n.a, n.delta = append(n.a, make([]T, c.Batch*out)), append(n.delta, make([]T, c.Batch*out))
		largest = max(largest, in*out)
	}
	n.grad = make([]T, largest)
	return n
}

func (n *net[T]) step() (cost float64) {
	widths, m, layers := n.c.Widths(), n.c.Batch, len(n.w)
	for l := range layers {
		in, out, z := widths[l], widths[l+1], n.a[l+1]
		for i := range m {
			copy(z[i*out:][:out], n.b[l])
		}
		product(false, false, m, out, in, n.a[l], n.w[l], 1, z)
		switch {
		case n.sigmoid:
			for i, v := range z {
				z[i] = T(1 / (1 + math.Exp(-float64(v))))
			}
		case l < layers-1:
			for i, v := range z {
				z[i] = max(v, 0)
			}
		}
	}
	if n.sigmoid {
		cost = n.quadratic()
	} else {
		cost = n.crossEntropy()
	}
	rate := T(n.c.Rate())
	for l := layers - 1; l >= 0; l-- {
		in, out, d := widths[l], widths[l+1], n.delta[l+1]
		grad := n.grad[:in*out]
		product(true, false, in, out, m, n.a[l], d, 0, grad)
		if l > 0 {
			back, a := n.delta[l], n.a[l]
			product(false, true, m, in, out, d, n.w[l], 0, back)
			for i, v := range a {
				if n.sigmoid {
					back[i] *= v * (1 - v)
				} else if v <= 0 {
					back[i] = 0
				}
			}
		}
		w, b := n.w[l], n.b[l]
		for i, g := range grad {
			w[i] -= rate * g
		}
		for i := range m {
			for j, v := range d[i*out:][:out] {
				b[j] -= rate * v
			}
		}
	}
	return cost
}

// quadratic returns the mean squared error and puts its derivative in place.
func (n *net[T]) quadratic() (cost float64) {
	a, d := n.a[len(n.w)], n.delta[len(n.w)]
	for i, v := range a {
		e := v - n.y[i]
		cost += float64(e * e)
		d[i] = 2 * e / T(len(a)) * v * (1 - v)
	}
	return cost / float64(len(a))
}

// crossEntropy returns that of the softmax of the last layer and puts its derivative in place.
func (n *net[T]) crossEntropy() (cost float64) {
	for r := range n.c.Batch {
		z, d, y := n.a[len(n.w)][r*10:][:10], n.delta[len(n.w)][r*10:][:10], n.y[r*10:][:10]
		largest, sum := z[0], T(0)
		for _, v := range z {
			largest = max(largest, v)
		}
		for j, v := range z {
			d[j] = T(math.Exp(float64(v - largest)))
			sum += d[j]
		}
		for j, v := range z {
			if y[j] != 0 {
				cost += math.Log(float64(sum)) - float64(v-largest)
			}
			d[j] = (d[j]/sum - y[j]) / T(n.c.Batch)
		}
	}
	return cost / float64(n.c.Batch)
}

func (n *net[T]) answer() ([]workload.Sum, error) {
	var sums []workload.Sum
	for range workload.AnswerSteps {
		sums = append(sums, workload.Number(n.step()))
	}
	for l, widths := 0, n.c.Widths(); l < len(n.w); l++ {
		sums = append(sums, workload.Moved(n.w[l], workload.Weights[T](l, widths[l], widths[l+1])), workload.Check(n.b[l]))
	}
	return sums, nil
}
