// Package loss has the losses of training: how far a model's outputs are from what they should be.
//
// Vocabulary: x is what the model gives, y the target that it is compared with; logits are the inputs of a softmax or a
// sigmoid, log-probabilities its logarithm. A loss has a term for each element or each sample, and its [Reduction] is what
// is made of the terms: their mean if nothing else is said.
//
//	l := loss.CrossEntropy(logits, labels)
//	l := loss.MSE(x, y, loss.Sum)
//	l := loss.CrossEntropy(logits, labels, loss.CrossEntropyOptions{LabelSmoothing: 0.1})
//
// Names, defaults and conventions are PyTorch's; where they differ the function says so. x and y have one shape where they
// are compared element by element: a silent broadcast of [n] against [n, 1] is a mistake, and panics with a *graph.Error, as
// do all wrong shapes and element types. A term whose factor is 0 is 0, though the other factor be infinite: classes
// that are masked by logits of −Inf do no harm.
//
// # Where things are
//
//	reduction       mean, sum, none; what all losses share
//	regression      quadratic, MSE, MAE, Huber, smooth L1, Poisson and Gaussian likelihoods
//	classification  cross-entropy, negative log-likelihood
//	binary          binary cross-entropy, with logits too, soft margins, Kullback–Leibler divergence
//	margin          hinge, ranking, multi-class and multi-label margins
//	embedding       cosine and triplet
//	ctc             connectionist temporal classification
package loss
