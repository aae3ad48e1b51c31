package loss

import (
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// CTCOptions say more of CTC.
type CTCOptions struct {
	Blank        int  // the class that stands for no label
	ZeroInfinity bool // a target that is impossible counts 0, not +Inf
	Reduction    Reduction
}

// CTC is connectionist temporal classification: −log of the probability that a sequence of classes, one for each time, is
// the target when repetitions and then blanks are taken out (Graves et al. 2006). logProbs are [time, batch, classes],
// targets i64[batch, length], padded with any class; inputLengths and targetLengths, i64[batch], are what counts of both.
// Terms are [batch]; their mean is of terms divided by the length of their target, or by 1 if that is 0.
//
// α, the log-probability of every prefix of the target with blanks between, goes from time to time in a loop (equations 6
// and 7, in logarithms): time·batch·length work.
func CTC(logProbs, targets, inputLengths, targetLengths *graph.Node, opts ...CTCOptions) *graph.Node {
	const name = "ctc"
	present(name, logProbs, targets, inputLengths, targetLengths)
	o := only(name, opts)
	checkCTC(name, logProbs, targets, inputLengths, targetLengths, o)
	batch, length := targets.Shape()[0], targets.Shape()[1]
	g, d, states := logProbs.Graph(), logProbs.DType(), 2*length+1

	// The target with blanks between: labels[b, 2·i+1] = targets[b, i]. Padding is read as blank.
	inTarget := ops.Lt(ops.Reshape(ops.Arange(g, length), 1, -1), ops.ExpandDims(targetLengths, 1))
	own := ops.Where(inTarget, targets, o.Blank)
	blanks := ops.Full(g, graph.Int64, o.Blank, batch, length)
	labels := ops.Concat([]*graph.Node{
		ops.Full(g, graph.Int64, o.Blank, batch, 1),
		ops.Reshape(ops.Stack([]*graph.Node{own, blanks}, 2), batch, 2*length),
	}, 1)
	// A label may follow another without a blank between if it differs.
	skips := ops.And(ops.Ne(labels, o.Blank), ops.Ne(labels, shifted(labels, 2, o.Blank)))

	impossible := math.Inf(-1)
	first := ops.Where(ops.Eq(ops.Reshape(ops.Arange(g, states), 1, -1), 0), ops.Full(g, d, 0, batch, states), impossible)
	type carry struct{ Alpha, Time *graph.Node }
	step := func(c carry, logs *graph.Node) (carry, struct{}) {
		stay := ops.LogAddExp(c.Alpha, shifted(c.Alpha, 1, impossible))
		from := ops.LogAddExp(stay, ops.Where(skips, shifted(c.Alpha, 2, impossible), impossible))
		// Before the first time only the blank before the target is there, and the first label may be entered.
		next := ops.Add(from, ops.TakeAlong(logs, labels, 1))
		live := ops.ExpandDims(ops.Lt(c.Time, inputLengths), 1)
		return carry{ops.Where(live, next, c.Alpha), ops.Add(c.Time, 1)}, struct{}{}
	}
	last, _ := autodiff.Scan(step, carry{first, ops.Full(g, graph.Int64, 0)}, logProbs)

	end := ops.ExpandDims(ops.Mul(2, targetLengths), 1)
	onBlank := ops.TakeAlong(last.Alpha, end, 1)
	onLabel := ops.TakeAlong(last.Alpha, ops.Maximum(ops.Sub(end, 1), 0), 1)
	onLabel = ops.Where(ops.Gt(end, 0), onLabel, impossible)
	terms := ops.Neg(ops.Squeeze(ops.LogAddExp(onBlank, onLabel), 1))
	if o.ZeroInfinity {
		terms = ops.Where(ops.Eq(terms, math.Inf(1)), 0, terms)
	}
	if o.Reduction == Mean {
		terms = ops.Div(terms, ops.Cast(ops.Maximum(targetLengths, 1), d))
	}
	return o.Reduction.reduce(name, terms)
}

// shifted moves columns to the right by n, and fills with v.
func shifted[V ops.Number](x *graph.Node, n int, v V) *graph.Node {
	rows, columns := x.Shape()[0], x.Shape()[1]
	n = min(n, columns)
	kept := ops.Slice(x, ops.All, ops.Range{Start: 0, Stop: columns - n})
	return ops.Concat([]*graph.Node{ops.Full(x.Graph(), x.DType(), v, rows, n), kept}, 1)
}

func checkCTC(name string, logProbs, targets, inputLengths, targetLengths *graph.Node, o CTCOptions) {
	in := []*graph.Node{logProbs, targets, inputLengths, targetLengths}
	if logProbs.Rank() != 3 || !logProbs.DType().IsFloat() || targets.Rank() != 2 || targets.DType() != graph.Int64 {
		graph.Fail(name, in, "want log-probabilities [time, batch, classes] and targets i64[batch, length]")
	}
	batch := logProbs.Shape()[1]
	lengths := graph.T(graph.Int64, batch)
	if targets.Shape()[0] != batch || !inputLengths.Type().Equal(lengths) || !targetLengths.Type().Equal(lengths) {
		graph.Fail(name, in, "want targets and lengths for a batch of %d", batch)
	}
	if o.Blank < 0 || o.Blank >= logProbs.Shape()[2] {
		graph.Fail(name, in, "the blank is class %d of %d", o.Blank, logProbs.Shape()[2])
	}
}
