// Package nn builds neural networks on the graph: the McCulloch–Pitts neuron, layers, costs and initialisers.
//
// Vocabulary: z is a layer's weighted input, z = a·W + b, with a batch of samples as rows; a = σ(z) is its
// activation; b, the bias, is a shift of the threshold at which a neuron fires. A [Param] is a tensor that training
// changes. A model is a struct whose fields are parameters, layers, or slices and maps of them; [Params] finds the
// parameters by reflection and names them by their path. A model is a tree as package autodiff has it, with parameters as
// leaves: functions of models are differentiated and compiled like others, and run on models.
//
//	predict := autodiff.Compile(nn.Layer.Apply)
//	y, err := predict.Run(ctx, net, x)
//	grads := autodiff.Grad(func(net nn.Sequential) *graph.Node { return cost(net.Apply(x), y) })(net)
//
// A layer's Apply builds nodes; nothing is computed until the function that calls it is compiled. nn/train trains a model.
//
// Below it: nn/data reads data sets and divides epochs into batches, nn/optim has the update rules, nn/train runs
// them, and nn/backprop is the closed-form recursion that the graph's gradients are checked against.
package nn
