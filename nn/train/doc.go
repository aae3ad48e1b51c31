// Package train runs gradient descent.
//
// Vocabulary: a batch is the samples that one update sees, and the batch size their number; an iteration is one
// update, a step; an epoch is one pass over all samples, ⌈N/m⌉ iterations for N samples in batches of m. Batch gradient
// descent has m = N, stochastic gradient descent m = 1, and mini-batch gradient descent is in between. A source gives the
// batches of an epoch.
//
// A [Trainer] has a step: loss, gradients and update by a rule of nn/optim are one compiled program, which allocates
// nothing. [Trainer.Fit] is a loop around it, with progress, validation, early stopping, curves and checkpoints; a loop of
// one's own calls [Trainer.Step], and two networks that train against each other have a Trainer each.
//
//	trainer, err := train.New(net, func(net nn.Sequential, b train.XY) *graph.Node {
//		return loss.CrossEntropy(net.Apply(b.X), b.Y)
//	}, optim.AdamW{Rate: optim.Constant(1e-3)})
//	progress, err := trainer.Fit(ctx, batches, train.Plan{Epochs: 10, Output: os.Stderr})
//
// # Where things are
//
//	trainer, step     the compiled step; a step that fails
//	source, set       batches; those of a data set
//	fit, plan         the loop
//	evaluate          means of a loss and of metrics without training
//	stopping          early stopping
//	progress          what a terminal or a log shows
//	checkpoint        training that goes on where it stopped
//	curves, tensorboard  files of curves
package train
