package metrics

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Accuracy is the share of samples whose largest score is at the label, for scores [batch, classes] and labels i64[batch].
// A sample with a score that is NaN does not count as right.
func Accuracy(scores, labels *graph.Node) *graph.Node {
	checkScores("accuracy", scores, labels)
	right := ops.And(ops.Eq(ops.ArgMax(scores, -1), labels), ops.Not(ops.Any(ops.IsNaN(scores), -1)))
	return ops.Mean(ops.Cast(right, scores.DType()))
}

// TopK is the share of samples whose label is among the k largest scores, shapes as for Accuracy. Scores that are equal to
// that of the label count before it, so that a model that says the same of all classes gets nothing for k < classes.
func TopK(scores, labels *graph.Node, k int) *graph.Node {
	checkScores("top_k", scores, labels)
	if k < 1 || k > scores.Shape()[1] {
		graph.Fail("top_k", []*graph.Node{scores}, "k is %d, want 1 … %d", k, scores.Shape()[1])
	}
	own := ops.TakeAlong(scores, ops.ExpandDims(labels, 1), 1)
	above := ops.Sum(ops.Cast(ops.Ge(scores, own), scores.DType()), 1) // with the label's own
	right := ops.And(ops.Le(above, float64(k)), ops.Not(ops.Any(ops.IsNaN(scores), -1)))
	return ops.Mean(ops.Cast(right, scores.DType()))
}

// Perplexity is e to the mean cross-entropy, in nats. Over batches take it of the mean of losses, not the mean of
// perplexities.
func Perplexity(crossEntropy *graph.Node) *graph.Node { return ops.Exp(crossEntropy) }

func checkScores(name string, scores, labels *graph.Node) {
	if scores == nil || labels == nil {
		graph.Fail(name, nil, "an input is nil")
	}
	if scores.Rank() != 2 || !scores.DType().IsFloat() || !labels.Type().Equal(graph.T(graph.Int64, scores.Shape()[0])) {
		graph.Fail(name, []*graph.Node{scores, labels}, "want scores [batch, classes] and labels i64[batch]")
	}
}
