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
// # Training and evaluation
//
// Layers that train otherwise than they predict, such as [BatchNorm], are told by the model that they are part of:
// [Train] and [Eval] return a copy of it that knows. A [State], such as a running mean, is a leaf beside the parameters, which
// derivatives leave alone: its gradient is nil, and so is that of a parameter that [Freeze] has frozen. What rules update is
// what has a gradient; they find it by its path. New values of states are results like any other:
//
//	loss := func(model Net, b Batch) (*graph.Node, nn.Stats) {
//		m := nn.Train(model, b.Key)                           // the key is for dropout, and nil without
//		return cost(m.Apply(b.X), b.Y), nn.Statistics(m)
//	}
//	value, stats, grads := autodiff.ValueAndGradAux(loss)(…)  // a tree with nil where there is no gradient
//	next := nn.WithStatistics(updated, stats)
//
// A step is then a function of the model, what a rule remembers, and a batch, whose auxiliary result has the statistics; who
// runs steps looks for a value of type [Stats] in it. Nothing of this is global: in loops, in Vmap and in Checkpoint the
// model is an argument or carried like any other tree. A body that trains calls Train itself and gives its statistics back.
//
// Below it: nn/data reads data sets and divides epochs into batches, nn/optim has the update rules, nn/train runs them,
// nn/save keeps models in files, and nn/backprop is the closed-form recursion that the graph's gradients are checked against.
package nn
