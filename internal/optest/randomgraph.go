package optest

import (
	"math/rand/v2"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// source turns bytes into choices, 0 when they are used up, so that a fuzzer's bytes describe a graph.
type source struct{ data []byte }

func (s *source) Intn(n int) int {
	if n < 2 || len(s.data) == 0 {
		return 0
	}
	c := int(s.data[0])
	s.data = s.data[1:]
	if n > 256 && len(s.data) > 0 {
		c = c<<8 | int(s.data[0])
		s.data = s.data[1:]
	}
	return c % n
}

// RandomGraph builds a graph of every kind of op, as bytes say, with derivatives among its nodes.
type RandomGraph struct {
	source
	rng    *rand.Rand // for values
	g      *graph.Graph
	pool   []*graph.Node
	Inputs []*graph.Node
	Feeds  []exec.Value
	// dense graphs are Maps of one shape and its broadcasts for the most part, so that large groups fuse.
	dense bool
	// small graphs have few nodes and elements.
	small bool
}

func NewRandomGraph(data []byte, small bool) *RandomGraph {
	r := &RandomGraph{source: source{data}, rng: rand.New(rand.NewPCG(uint64(len(data)), 0)), g: graph.New(), small: small}
	r.dense = r.Intn(3) == 0
	if r.dense {
		r.denseInputs()
	} else {
		r.mixedInputs()
	}
	nodes, derivatives, more := 4+r.Intn(36), r.Intn(4), r.Intn(6)
	if small {
		nodes, derivatives, more = 1+min(nodes/3, len(data)/8), derivatives/2, more/2
	}
	for range nodes {
		r.grow()
	}
	for range derivatives {
		r.differentiate()
	}
	for range more {
		r.grow()
	}
	return r
}

// LargeRandomGraph is a graph of a seed.
func LargeRandomGraph(seed uint64) *RandomGraph {
	return NewRandomGraph(RandomBytes(seed, 500+int(seed*131%2000)), false)
}

func (r *RandomGraph) mixedInputs() {
	r.input(graph.Arg{Shape: []int{3, 5}, DType: graph.Float64})
	r.input(graph.Arg{Shape: []int{5}, DType: graph.Float32})
	r.input(graph.Arg{Shape: []int{3, 3}, DType: graph.Float64})
	r.pool = append(r.pool, r.g.Scalar(graph.Float64, 0.5), graph.Const(r.g, []float64{1, -2, 3}, 3))
}

// denseInputs has up to 16 tiles of a fused loop, and more than one worker's share.
func (r *RandomGraph) denseInputs() {
	d := []graph.DType{graph.Float64, graph.Float32}[r.Intn(2)]
	rows, cols := 1+r.Intn(4), []int{7, 513, 1300, 4100}[r.Intn(4)]
	if r.small {
		rows, cols = min(rows, 2), min(cols, 513)
	}
	for _, shape := range [][]int{nil, {rows, 1}, {cols}, {rows, cols}, {rows, cols}} {
		r.input(graph.Arg{Shape: shape, DType: d})
	}
}

// input adds an input and a value for it from the domain of a.
func (r *RandomGraph) input(a graph.Arg) *graph.Node {
	n := r.g.Input("", a.DType, a.Shape...)
	v := exec.NewValue(n.Type())
	lo, hi := a.Lo, a.Hi
	if lo == 0 && hi == 0 {
		lo, hi = -2, 2
	}
	for i := range v.Buf.Len {
		x := lo + (hi-lo)*r.rng.Float64()
		if a.Data != nil {
			x = a.Data[i]
		}
		if a.DType == graph.Bool {
			x = max(x, 0)
		}
		v.Set(i, x)
	}
	if a.DType.IsFloat() && a.Data == nil && r.Intn(4) == 3 {
		r.spoil(v)
	}
	if a.DType == graph.Int64 && v.Buf.Len > 0 && r.Intn(40) == 39 {
		graph.Elements[int64](v.Buf)[0] = 1 << 40 // out of range, if it is an index
	}
	r.Inputs, r.Feeds, r.pool = append(r.Inputs, n), append(r.Feeds, v), append(r.pool, n)
	return n
}

// spoil puts special values among the others.
func (r *RandomGraph) spoil(v exec.Value) {
	for i := range v.Buf.Len {
		x := specials[r.rng.IntN(len(specials))]
		if r.rng.IntN(4) == 0 {
			v.Set(i, x)
		}
	}
}

// pick returns a node, rather a late one.
func (r *RandomGraph) pick() *graph.Node {
	n := len(r.pool)
	return r.pool[n-1-min(r.Intn(n), r.Intn(n), r.Intn(n))]
}

// try adds what build gives, if its operands fit.
func (r *RandomGraph) try(build func() *graph.Node) {
	_ = graph.Try(func() {
		if n := build(); n.Type().Size() <= 20_000 {
			r.pool = append(r.pool, n)
		}
	})
}

var allOps = graph.Ops()

func (r *RandomGraph) grow() {
	if r.dense {
		switch r.Intn(12) {
		case 0:
			r.try(r.rearranged)
		case 1:
			r.try(func() *graph.Node { return ops.Sum(r.pick()) })
		default:
			r.try(r.mapped)
		}
		return
	}
	switch r.Intn(3) {
	case 0:
		r.fromCase()
	case 1:
		r.try(r.mapped)
	default:
		r.try(r.rearranged)
	}
}

// fromCase applies an op as one of its cases does, to nodes that have the case's types or to new inputs.
func (r *RandomGraph) fromCase() {
	op := allOps[r.Intn(len(allOps))]
	if len(op.Cases) == 0 {
		return
	}
	c := op.Cases[r.Intn(len(op.Cases))]
	float := []graph.DType{graph.Float32, graph.Float64}[r.Intn(2)]
	in := make([]*graph.Node, len(c.In))
	for i, a := range c.In {
		if a.DType == (graph.DType{}) {
			a.DType = float
		}
		if a.DType != graph.Int64 && r.Intn(2) == 0 { // integers may be indices, whose domain matters
			in[i] = r.ofType(graph.T(a.DType, a.Shape...))
		}
		if in[i] == nil {
			in[i] = r.input(a)
		}
	}
	r.try(func() *graph.Node { return c.Apply(op, in...) })
}

func (r *RandomGraph) ofType(t graph.Type) *graph.Node {
	for i := range r.pool {
		if n := r.pool[len(r.pool)-1-i]; n.Type().Equal(t) && r.Intn(2) == 0 {
			return n
		}
	}
	return nil
}

// mapped applies a Map without attributes to any nodes that broadcast.
func (r *RandomGraph) mapped() *graph.Node {
	for range 8 {
		op := allOps[r.Intn(len(allOps))]
		if op.Class != graph.Map || op.Attrs != nil {
			continue
		}
		in := make([]*graph.Node, op.Arity)
		for i := range in {
			in[i] = r.pick()
		}
		var n *graph.Node
		if graph.Try(func() { n = r.g.Apply(op, nil, in...) }) == nil {
			return n
		}
	}
	return ops.Neg(r.pick())
}

// rearranged makes views, reductions, products and joins of any nodes.
func (r *RandomGraph) rearranged() *graph.Node {
	x := r.pick()
	switch r.Intn(10) {
	case 0:
		return ops.Transpose(x)
	case 1:
		return ops.Reshape(x, -1)
	case 2:
		return ops.Slice(x, ops.Range{Start: r.Intn(3), Stop: ops.End, Step: 1 + r.Intn(2)})
	case 3:
		return ops.Slice(x, ops.All, ops.Range{Start: r.Intn(2), Stop: 4})
	case 4:
		return ops.Sum(x, r.Intn(x.Rank()))
	case 5:
		return ops.Concat([]*graph.Node{x, r.pick(), x}, r.Intn(x.Rank()))
	case 6:
		return ops.MatMul(x, ops.Transpose(r.pick()))
	case 7:
		return ops.BroadcastTo(x, append([]int{1 + r.Intn(3)}, x.Shape()...)...)
	case 8:
		return ops.Softmax(x)
	}
	return r.g.Alias(x)
}

// differentiate adds derivatives of the sum of a node by several inputs.
func (r *RandomGraph) differentiate() {
	y := r.pick()
	for range 3 {
		x := r.Inputs[r.Intn(len(r.Inputs))]
		r.try(func() *graph.Node { return autodiff.Gradients(ops.Sum(y), x)[0] })
	}
}

// outputs picks nodes: late ones, some twice, inputs, constants, and views of inputs.
func (r *RandomGraph) Outputs() []*graph.Node {
	chosen := []*graph.Node{r.pool[len(r.pool)-1]}
	for count := r.Intn(10); count > 0; count-- {
		switch r.Intn(8) {
		case 0:
			chosen = append(chosen, chosen[r.Intn(len(chosen))])
		case 1:
			chosen = append(chosen, r.Inputs[r.Intn(len(r.Inputs))])
		case 2:
			x := r.Inputs[r.Intn(len(r.Inputs))]
			chosen = append(chosen, ops.Reshape(x, x.Type().Size()))
		case 3:
			chosen = append(chosen, r.g.Scalar(graph.Float64, float64(r.Intn(3))))
		default:
			chosen = append(chosen, r.pick())
		}
	}
	return chosen
}

// donate pairs outputs with inputs of their type, at random.
func (r *RandomGraph) Donate(outputs []*graph.Node) []int {
	donated := make([]int, len(outputs))
	used := make([]bool, len(r.Inputs))
	for i, y := range outputs {
		donated[i] = -1
		for k, x := range r.Inputs {
			if !used[k] && x.Type().Equal(y.Type()) && r.Intn(3) > 0 {
				donated[i], used[k] = k, true
				break
			}
		}
	}
	return donated
}

// RandomBytes are n bytes of a seed.
func RandomBytes(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 0))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}
