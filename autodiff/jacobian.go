package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// ForwardMode makes a Jacobian column by column: one JVP for each element of the argument. A Hessian is then forward over
// reverse, as it is by default.
func ForwardMode() JacobianOption { return modeOption(sweep.ForwardMode) }

// ReverseMode makes a Jacobian row by row: one VJP for each element of the result. A Hessian is then reverse over
// reverse.
func ReverseMode() JacobianOption { return modeOption(sweep.ReverseMode) }

func modeOption(m sweep.Mode) JacobianOption { return jacobianOption(func(s *settings) { s.mode = m }) }

// Jacobian returns the derivative of every element of f's result by every element of its argument: a function that
// gives, for every leaf x of the argument, ∂f/∂x of shape [f…, x…]. For f from [n] to [m] that is the usual [m, n].
// A result that is a tree has JacobianBlocks.
//
// It takes the columns at once by forward mode, or the rows at once by reverse mode, whichever are fewer, unless
// ForwardMode or ReverseMode is given. It panics with a *graph.Error if the result or a leaf is no float, or if f does not
// depend on a leaf and AllowUnreachable is not given.
func Jacobian[P any](f func(P) *graph.Node, opts ...JacobianOption) func(P) P {
	s := apply(opts)
	return func(p P) P {
		blocks := jacobian("jacobian", f, p, s)
		return tree.Map(p, func(j int, _ *graph.Node) *graph.Node { return blocks.Of[0][j] })
	}
}

// JacobianBlocks is Jacobian for results that are trees: a block ∂y/∂x for each leaf y of the result and each leaf x
// of the argument. A block is zero where y does not depend on x, but it is an error, as it is for Jacobian, if no y
// does.
func JacobianBlocks[P, Q any](f func(P) Q, opts ...JacobianOption) func(P) Blocks {
	s := apply(opts)
	return func(p P) Blocks { return jacobian("jacobian", f, p, s) }
}

// Blocks is a matrix of derivatives in blocks: Of[i][j], of shape [y…, x…], is the derivative of leaf number i of one
// tree, y, by leaf number j of another, x. It is a tree itself.
type Blocks struct {
	Of         [][]*graph.Node
	rows, cols []tree.Leaf
}

// At returns the block of the leaves with the given paths, such as "Layers[0].W"; a tree that is a node alone has
// the path "". It panics if there is none.
func (b Blocks) At(row, col string) *graph.Node {
	i := slices.IndexFunc(b.rows, func(l tree.Leaf) bool { return l.Path == row })
	j := slices.IndexFunc(b.cols, func(l tree.Leaf) bool { return l.Path == col })
	if i < 0 || j < 0 {
		graph.Fail("blocks", nil, "there is no block (%q, %q), but rows %q and columns %q", row, col, b.Rows(), b.Cols())
	}
	return b.Of[i][j]
}

// Rows lists the paths of the leaves that are differentiated.
func (b Blocks) Rows() []string { return tree.Paths(b.rows) }

// Cols lists the paths of the leaves that they are differentiated by.
func (b Blocks) Cols() []string { return tree.Paths(b.cols) }

func newBlocks(rows, cols []tree.Leaf) Blocks {
	b := Blocks{Of: make([][]*graph.Node, len(rows)), rows: rows, cols: cols}
	for i := range b.Of {
		b.Of[i] = make([]*graph.Node, len(cols))
	}
	return b
}

// fill puts zeros where there is no block.
func (b Blocks) fill() {
	for i, row := range b.Of {
		for j, block := range row {
			if block == nil {
				y, x := b.rows[i].Node, b.cols[j].Node
				b.Of[i][j] = ops.Zeros(y.Graph(), y.DType(), slices.Concat(y.Shape(), x.Shape())...)
			}
		}
	}
}

// jacobian computes the blocks by rows or by columns. op names the transformation in messages.
func jacobian[P, Q any](op string, f func(P) Q, p P, s settings) Blocks {
	e := traceAt(op, f, p)
	e.needFloats(op)
	b := newBlocks(e.results, e.args)
	if s.mode == sweep.ReverseMode || s.mode == sweep.ByShape && tree.Size(e.results) < tree.Size(e.args) {
		for i, y := range e.outputs {
			copy(b.Of[i], sweep.PullBasis(y, e.wrt))
		}
	} else {
		for j, x := range e.wrt {
			for i, column := range sweep.PushBasis(e.outputs, x) {
				b.Of[i][j] = column
			}
		}
	}
	e.needReached(op, s, func(j int) bool {
		return slices.ContainsFunc(b.Of, func(row []*graph.Node) bool { return row[j] != nil })
	})
	b.fill()
	return b
}
