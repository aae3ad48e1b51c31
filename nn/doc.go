// Package nn builds neural networks on the graph: the McCulloch–Pitts neuron, layers, costs and initialisers.
//
// Vocabulary: z is a layer's weighted input, z = a·W + b, with a batch of samples as rows; a = σ(z) is its
// activation; b, the bias, is a shift of the threshold at which a neuron fires. A [Param] is a tensor that training
// changes. A model is a struct whose fields are parameters, layers, or slices and maps of them; [Params] finds the
// parameters by reflection and names them by their path. A layer's Apply builds nodes; nothing is computed until
// the function that calls it is compiled: [Compile] makes a model ready to predict, and nn/train trains it.
//
// Below it: nn/data reads data sets and divides epochs into batches, nn/optim has the update rules, nn/train runs
// them, and nn/backprop is the closed-form recursion that the graph's gradients are checked against.
package nn
