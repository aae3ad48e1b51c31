package main

import (
	. "github.com/gomlx/gomlx/pkg/core/graph" //lint:ignore ST1001 the library's own style
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"

	"chainrule/benchmarks/wire"
	"chainrule/benchmarks/workload"
)

// network is a feedforward net with its parameters in variables, updated by the graph.
type network[T workload.Float] struct {
	c      workload.Case
	ctx    *context.Context
	params []*context.Variable // weights and biases, by turns
	x, y   *tensors.Tensor
}

func newNetwork[T workload.Float](c workload.Case) *network[T] {
	n := &network[T]{c: c, ctx: context.New()}
	for l, widths := 0, c.Widths(); l < len(widths)-1; l++ {
		in, out := widths[l], widths[l+1]
		layer := n.ctx.Inf("layer%d", l)
		n.params = append(n.params, layer.VariableWithValue("w", tensorOf(workload.Weights[T](l, in, out), in, out)),
			layer.VariableWithValue("b", tensorOf(make([]T, out), out)))
	}
	n.x = tensorOf(workload.Batch[T](c.Batch), c.Batch, c.Widths()[0])
	n.y = tensorOf(workload.OneHot[T](c.Batch), c.Batch, 10)
	return n
}

// step is the graph of one training step.
func (n *network[T]) step(_ *context.Context, x, y *Node) *Node {
	g := x.Graph()
	var params []*Node
	for _, v := range n.params {
		params = append(params, v.ValueGraph(g))
	}
	a := x
	for l := 0; l < len(params); l += 2 {
		// DotGeneral is a little faster here than Dot and Einsum.
		a = Add(DotGeneral(a, []int{1}, nil, params[l], []int{0}, nil), ExpandLeftToRank(params[l+1], 2))
		switch {
		case n.c.Kind == workload.Nielsen:
			a = Sigmoid(a)
		case l < len(params)-2:
			a = MaxScalar(a, T(0))
		}
	}
	var cost *Node
	if n.c.Kind == workload.Nielsen {
		cost = ReduceAllMean(Square(Sub(a, y)))
	} else {
		cost = Neg(ReduceAllMean(ReduceSum(Mul(LogSoftmax(a, -1), y), -1)))
	}
	for i, d := range Gradient(cost, params...) {
		n.params[i].SetValueGraph(Sub(params[i], MulScalar(d, n.c.Rate())))
	}
	return cost
}

func training[T workload.Float](c workload.Case) *wire.Program {
	n := newNetwork[T](c)
	e := context.MustNewExec(backend, n.ctx, n.step)
	p := &wire.Program{
		Step: func() { free(e.MustExec(n.x, n.y)) },
		Answer: func() ([]workload.Sum, error) {
			var sums []workload.Sum
			for range workload.AnswerSteps {
				out := e.MustExec(n.x, n.y)
				sums = append(sums, workload.Number(elements[T](out[0])[0]))
				free(out)
			}
			for l, widths := 0, c.Widths(); l < len(widths)-1; l++ {
				w, b := n.params[2*l].MustValue(), n.params[2*l+1].MustValue()
				sums = append(sums, workload.Moved(elements[T](w), workload.Weights[T](l, widths[l], widths[l+1])),
					workload.Check(elements[T](b)))
			}
			return sums, nil
		},
	}
	if c.Compile {
		p.Step = func() {
			n := newNetwork[T](c)
			e := context.MustNewExec(backend, n.ctx, n.step)
			must(e.PreCompile(n.x, n.y))
			e.Finalize()
		}
	}
	return p
}
