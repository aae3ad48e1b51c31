package reference

import "math/cmplx"

// Network is what the loss of a network with long short-term memory depends on beside its parameters. State has the
// hidden values and the cells of one layer after the other.
type Network struct {
	State, Sequence [][]float64
}

// Loss takes the parameters in the order of the eval's output: for each layer the weights of its four gates, then their
// biases; then the weights of the input, and those and the biases of the output.
func (n Network) Loss(x []complex128) complex128 {
	b, layers := len(n.Sequence[0]), len(n.State)/2
	state := make([][]complex128, len(n.State))
	for i, row := range n.State {
		state[i] = Complex(row)
	}
	inWeight, outWeight, outBias := x[8*b*layers:][:b], x[8*b*layers+b:][:b], x[8*b*layers+2*b:]
	var total complex128
	y := make([]complex128, b)
	for t, character := range n.Sequence[:len(n.Sequence)-1] {
		for i, bit := range character {
			y[i] = complex(bit, 0) * inWeight[i]
		}
		for l := range layers {
			n.layer(x[8*b*l:], state[2*l], state[2*l+1], y)
			copy(y, state[2*l])
		}
		sum := complex(2, 0)
		for i := range y {
			y[i] = y[i]*outWeight[i] + outBias[i]
			sum += cmplx.Exp(y[i])
		}
		for i, bit := range n.Sequence[t+1] {
			total += complex(bit, 0) * (y[i] - cmplx.Log(sum))
		}
	}
	return -total / complex(float64(b*(len(n.Sequence)-1)), 0)
}

// layer takes a layer's state one character further. P begins with the layer's weights and biases.
func (n Network) layer(p, hidden, cell, input []complex128) {
	b := len(hidden)
	gate := func(number, i int, x complex128) complex128 { return x*p[number*b+i] + p[(4+number)*b+i] }
	for i := range hidden {
		forget := sigmoid(gate(0, i, input[i]))
		in := sigmoid(gate(1, i, hidden[i]))
		out := sigmoid(gate(2, i, input[i]))
		cell[i] = cell[i]*forget + in*cmplx.Tanh(gate(3, i, hidden[i]))
		hidden[i] = out * cmplx.Tanh(cell[i])
	}
}

func sigmoid(x complex128) complex128 { return 1 / (1 + cmplx.Exp(-x)) }

// RungeKutta is y(2), where y(0) = 0, y₀′ = x₀ and yᵢ′ = xᵢyᵢ₋₁, by steps of the classical method of order 4.
func RungeKutta(x []complex128, steps int) []complex128 {
	h := complex(2/float64(steps), 0)
	y := make([]complex128, len(x))
	for range steps {
		var k [4][]complex128
		for stage, factor := range []complex128{0, h / 2, h / 2, h} {
			k[stage] = make([]complex128, len(x))
			before := complex(1, 0)
			for i := range x {
				k[stage][i] = x[i] * before
				before = y[i]
				if stage > 0 {
					before += factor * k[stage-1][i]
				}
			}
		}
		for i := range y {
			y[i] += h / 6 * (k[0][i] + 2*k[1][i] + 2*k[2][i] + k[3][i])
		}
	}
	return y
}
