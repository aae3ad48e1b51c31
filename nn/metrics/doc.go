// Package metrics says how good predictions are.
//
// Vocabulary: a label is a class, 0 … classes−1; a score is what a model gives a class or a sample, larger for more likely.
// Of one class, a true positive (tp) has it and is said to, a false positive (fp) has it not, a false negative (fn) has it
// and is not said to. Precision is tp/(tp + fp), recall tp/(tp + fn), F1 their harmonic mean 2·tp/(2·tp + fp + fn); where a
// denominator is 0 they are 0, as in scikit-learn.
//
// What adds up over batches is a value that batches are added to, so that nothing is a mean of means. Accuracy and TopK are nodes
// too, for a training's metrics: they are means over a batch, which training weights by its samples.
//
//	node       accuracy, top-k, perplexity as nodes
//	confusion  the confusion matrix and what follows from it
//	roc        the area under the ROC curve
//	r2         the coefficient of determination
package metrics
