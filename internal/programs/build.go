package programs

import (
	"chainrule/graph"
)

// builder makes nodes of blocks.
type builder struct {
	dtype graph.DType
	graph *graph.Graph  // that of the block that is being built: rules of the user's may be built on one of their own
	nodes []*graph.Node // by number of the variable
}

func (b *builder) block(blk *Block, args []*graph.Node) []*graph.Node {
	if len(args) > 0 {
		defer func(g *graph.Graph) { b.graph = g }(b.graph)
		b.graph = args[0].Graph()
	}
	for i, p := range blk.params {
		b.nodes[p.number] = args[i]
	}
	for _, s := range blk.statements {
		for i, n := range s.kind.build(b, s, b.all(s.in)) {
			b.nodes[s.out[i].number] = n
		}
	}
	return b.all(blk.results)
}

func (b *builder) all(list []*Variable) []*graph.Node {
	out := make([]*graph.Node, len(list))
	for i, v := range list {
		out[i] = b.nodes[v.number]
	}
	return out
}

func (b *builder) function(blk *Block) func([]*graph.Node) []*graph.Node {
	return func(args []*graph.Node) []*graph.Node { return b.block(blk, args) }
}

func (b *builder) scalar(blk *Block) func([]*graph.Node) *graph.Node {
	return func(args []*graph.Node) *graph.Node { return b.block(blk, args)[0] }
}

func (b *builder) constant(values []float64, shape []int) *graph.Node {
	if b.dtype == graph.Float64 {
		return graph.Const(b.graph, values, shape...)
	}
	small := make([]float32, len(values))
	for i, v := range values {
		small[i] = float32(v)
	}
	return graph.Const(b.graph, small, shape...)
}

// built is the program as a function on nodes.
func (p *Program) built(args []*graph.Node) []*graph.Node {
	b := &builder{args[0].DType(), args[0].Graph(), make([]*graph.Node, p.variables)}
	return b.block(p.Block, args)
}
