package nn

import (
	"math"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// CellKind says how a cell goes from step to step.
type CellKind uint8

// The kinds of cells. Gates lie in the rows of weights in the order given, which is PyTorch's.
const (
	TanhCell CellKind = iota // h = tanh(a)
	ReLUCell                 // h = max(a, 0)
	GRUCell                  // reset, update, new: n = tanh(W·x + r⊙(U·h + b)), h = (1 − z)⊙n + z⊙h
	LSTMCell                 // input, forget, cell, output: c = f⊙c + i⊙g, h = o⊙tanh c
)

// gates is how many parts the rows of weights have.
func (k CellKind) gates() int { return [...]int{1, 1, 3, 4}[k] }

// Cell is one layer of a recurrent network in one direction.
type Cell struct {
	Kind       CellKind
	Input      *Param // [gates·hidden, in]
	Hidden     *Param // [gates·hidden, out]
	InputBias  *Param // [gates·hidden]; nil for none
	HiddenBias *Param // likewise
	Projection *Param // [out, hidden] of an LSTM whose h is a product with it; nil for none
}

// Cell returns a cell with weights uniform within ±1/√hidden.
func (s *Source) Cell(kind CellKind, in, hidden int) *Cell {
	n, bound := kind.gates()*hidden, 1/math.Sqrt(float64(max(hidden, 1)))
	return &Cell{
		Kind:  kind,
		Input: s.uniform(bound, n, in), Hidden: s.uniform(bound, n, hidden),
		InputBias: s.uniform(bound, n), HiddenBias: s.uniform(bound, n),
	}
}

// hidden is the width of the cell's gates, and out that of h.
func (c *Cell) sizes() (hidden, out int) {
	shape := c.Hidden.Node().Shape()
	return shape[0] / c.Kind.gates(), shape[1]
}

// states is how many tensors the cell carries.
func (c *Cell) states() int {
	if c.Kind == LSTMCell {
		return 2
	}
	return 1
}

// Step returns the state after one step: h, and c of an LSTM behind it. X is [batch, in], the state [batch, out] and, c,
// [batch, hidden].
func (c *Cell) Step(x *graph.Node, state ...*graph.Node) []*graph.Node {
	if len(state) != c.states() {
		graph.Fail("cell", state, "%d tensors are carried, %d wanted", len(state), c.states())
	}
	return c.step(c.project(x), state)
}

// project is the part of the gates that the input makes: for all steps at once where that is asked.
func (c *Cell) project(x *graph.Node) *graph.Node {
	return affineT(x, c.Input, c.InputBias)
}

// affineT is x·wᵀ + b.
func affineT(x *graph.Node, w, b *Param) *graph.Node {
	y := ops.MatMul(x, ops.Transpose(w.Node()))
	if b != nil {
		y = ops.Add(y, b.Node())
	}
	return y
}

// step is Step for an input that was projected.
func (c *Cell) step(x *graph.Node, state []*graph.Node) []*graph.Node {
	h := state[0]
	y := affineT(h, c.Hidden, c.HiddenBias)
	n, _ := c.sizes()
	part := func(a *graph.Node, i int) *graph.Node {
		return ops.Slice(a, ops.All, ops.Range{Start: i * n, Stop: (i + 1) * n})
	}
	switch c.Kind {
	case GRUCell:
		r, z := ops.Sigmoid(ops.Add(part(x, 0), part(y, 0))), ops.Sigmoid(ops.Add(part(x, 1), part(y, 1)))
		next := ops.Tanh(ops.MulAdd(r, part(y, 2), part(x, 2)))
		return []*graph.Node{ops.Add(next, ops.Mul(z, ops.Sub(h, next)))}
	case LSTMCell:
		a := ops.Add(x, y)
		i, f, o := ops.Sigmoid(part(a, 0)), ops.Sigmoid(part(a, 1)), ops.Sigmoid(part(a, 3))
		cell := ops.MulAdd(f, state[1], ops.Mul(i, ops.Tanh(part(a, 2))))
		out := ops.Mul(o, ops.Tanh(cell))
		if c.Projection != nil {
			out = affineT(out, c.Projection, nil)
		}
		return []*graph.Node{out, cell}
	case ReLUCell:
		return []*graph.Node{ops.ReLU(ops.Add(x, y))}
	}
	return []*graph.Node{ops.Tanh(ops.Add(x, y))}
}

// Recurrent is a network of cells, layer upon layer.
type Recurrent struct {
	// Layers has the cells of each layer: one forward, or one forward and one backward.
	Layers [][]*Cell
	// Dropout drops outputs of all layers but the last in training.
	Dropout Dropout
}

// RecurrentOptions are those of Source.RNN, LSTM and GRU.
type RecurrentOptions struct {
	Layers        int // 1 if 0
	Bidirectional bool
	Dropout       float64
	ReLU          bool // of an RNN, in the place of tanh
}

// RNN returns a recurrent network of cells h = tanh(W·x + U·h + b).
func (s *Source) RNN(in, hidden int, o RecurrentOptions) *Recurrent {
	if o.ReLU {
		return s.recurrent(ReLUCell, in, hidden, o)
	}
	return s.recurrent(TanhCell, in, hidden, o)
}

// LSTM returns a network with long short-term memory (Hochreiter, Schmidhuber 1997, with forget gates).
func (s *Source) LSTM(in, hidden int, o RecurrentOptions) *Recurrent {
	return s.recurrent(LSTMCell, in, hidden, o)
}

// GRU returns a network of gated recurrent units (Cho et al. 2014; the reset gate is applied after the product, as cuDNN and
// PyTorch do).
func (s *Source) GRU(in, hidden int, o RecurrentOptions) *Recurrent {
	return s.recurrent(GRUCell, in, hidden, o)
}

func (s *Source) recurrent(kind CellKind, in, hidden int, o RecurrentOptions) *Recurrent {
	r := &Recurrent{Dropout: Dropout{P: o.Dropout}}
	for range max(o.Layers, 1) {
		cells := []*Cell{s.Cell(kind, in, hidden)}
		if o.Bidirectional {
			cells = append(cells, s.Cell(kind, in, hidden))
		}
		r.Layers = append(r.Layers, cells)
		in = hidden * len(cells)
	}
	return r
}

// Apply returns the outputs for x of shape [batch, time, in]: [batch, time, directions·out], from states of zeros.
func (r *Recurrent) Apply(x *graph.Node) *graph.Node {
	y, _ := r.Run(x, nil, nil)
	return y
}

// Run returns the outputs as Apply does, and the states after the last step. The first states are nil for zeros, or one
// tensor h, for an LSTM two, h and c, of shape [layers·directions, batch, size]; the last ones are like them, with the
// directions of a layer next to each other. Lengths, i64 of shape [batch], say how many steps each example has, nil for all:
// outputs behind them are 0, states are those after the last step of the example, and the backward direction begins there.
func (r *Recurrent) Run(x *graph.Node, first []*graph.Node, lengths *graph.Node) (y *graph.Node, last []*graph.Node) {
	if x == nil || x.Rank() != 3 || len(r.Layers) == 0 || len(r.Layers[0]) == 0 {
		graph.Fail("recurrent", present(x), "wants an input [batch, time, in] and layers")
	}
	if n := r.Layers[0][0].states(); first != nil && len(first) != n {
		graph.Fail("recurrent", first, "%d states are given, %d wanted", len(first), n)
	}
	steps := ops.Permute(x, 1, 0, 2) // [time, batch, in]
	kept := make([][]*graph.Node, r.Layers[0][0].states())
	at := 0
	for i, cells := range r.Layers {
		if i > 0 && r.Dropout.P > 0 {
			steps = r.Dropout.Apply(steps)
		}
		var outs []*graph.Node
		for d, cell := range cells {
			out, state := cell.sequence(steps, cell.start(first, at, x), lengths, d == 1)
			outs = append(outs, out)
			for k, s := range state {
				kept[k] = append(kept[k], s)
			}
			at++
		}
		if steps = outs[0]; len(outs) > 1 {
			steps = ops.Concat(outs, -1)
		}
	}
	for _, list := range kept {
		last = append(last, ops.Stack(list, 0))
	}
	return ops.Permute(steps, 1, 0, 2), last
}

func present(n *graph.Node) []*graph.Node {
	if n == nil {
		return nil
	}
	return []*graph.Node{n}
}

// start is the cell's first state.
func (c *Cell) start(first []*graph.Node, at int, x *graph.Node) (state []*graph.Node) {
	hidden, out := c.sizes()
	for k := range c.states() {
		if first == nil {
			state = append(state, ops.Zeros(x.Graph(), x.DType(), x.Shape()[0], []int{out, hidden}[k]))
			continue
		}
		state = append(state, ops.Index(first[k], at))
	}
	return state
}

// sequence runs the cell over [time, batch, in].
func (c *Cell) sequence(x *graph.Node, start []*graph.Node, lengths *graph.Node, back bool) (*graph.Node, []*graph.Node) {
	type step struct{ X, Alive *graph.Node }
	xs := step{X: c.project(x)}
	if lengths != nil {
		time := ops.Arange(x.Graph(), x.Shape()[0])
		xs.Alive = ops.ExpandDims(ops.Lt(ops.ExpandDims(time, 1), ops.ExpandDims(lengths, 0)), -1) // [time, batch, 1]
	}
	var opts []autodiff.LoopOption
	if back {
		opts = append(opts, autodiff.Reversed())
	}
	last, out := autodiff.Scan(func(state []*graph.Node, s step) ([]*graph.Node, *graph.Node) {
		next := c.step(s.X, state)
		if s.Alive == nil {
			return next, next[0]
		}
		out := ops.Where(s.Alive, next[0], 0)
		next = slices.Clone(next)
		for i := range next {
			next[i] = ops.Where(s.Alive, next[i], state[i])
		}
		return next, out
	}, start, xs, opts...)
	return out, last
}
