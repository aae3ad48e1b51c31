// Package backprop is the backpropagation of the lecture notes: the closed-form recursion for a
// multilayer perceptron, written in plain Go on gonum/mat in float64, with no graph and no automatic
// differentiation. It is slow and short on purpose, so that it can be read beside the notes and
// serve as the oracle for gradients found in any other way.
//
// # Vocabulary
//
// Layers are numbered 1 … L; a⁰ = x is the input of the network.
//
//	Wˡ  weights of layer l, [out, in]; Wˡⱼₖ leads from neuron k of layer l−1 to neuron j of layer l
//	bˡ  biases of layer l, [out]
//	zˡ  weighted input, zˡ = Wˡ aˡ⁻¹ + bˡ
//	aˡ  activation, aˡ = σ(zˡ)
//	C   cost of one sample, a function of aᴸ and the target y
//	δˡ  error of layer l, δˡⱼ = ∂C/∂zˡⱼ
//
// # The four equations
//
// With ⊙ the elementwise product (numbering of M. Nielsen, Neural Networks and Deep Learning, chapter 2):
//
//	δᴸ = ∇ₐC ⊙ σ′(zᴸ)                 (BP1)
//	δˡ = ((Wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ)      (BP2)
//	∂C/∂bˡⱼ = δˡⱼ                      (BP3)
//	∂C/∂Wˡⱼₖ = aˡ⁻¹ₖ δˡⱼ               (BP4)
//
// # Saturation
//
// σ′ is the textbook one, from the activation: a(1 − a) for sigmoid, 1 − a² for tanh. It is exact to
// some roundings of 1.1e-16, the same in a unit that is saturated, where σ′ itself is smaller: no
// correct digit is left where |z| passes 37 (sigmoid) or 19 (tanh), and σ′ becomes 0. What is lost is
// relative accuracy, and with it that of the gradients of weights that are reached through saturated
// units alone. The factor a ⊙ (g − ⟨g, a⟩) of softmax with the quadratic cost loses it likewise.
// Backward compares the equations with another program's even there.
//
// # Batches
//
// A batch enters as rows, X [batch, in] and Y [batch, out]. Inside, samples are columns, as the
// equations want them: Z, A and Delta are [width, batch], and column s belongs to sample s alone.
// The cost of a batch is the mean of the costs of its samples, and so are its gradients.
//
// # Ties
//
// At the kink z = 0 the derivative is the one from the left: relu′(0) = 0, leaky relu′(0) = alpha.
package backprop
