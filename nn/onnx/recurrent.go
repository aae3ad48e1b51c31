package onnx

import (
	"strings"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"RNN":  {build: func(c *call) []value { return c.recurrent(1, rnnStep) }},
		"GRU":  {build: func(c *call) []value { return c.recurrent(3, gruStep) }},
		"LSTM": {build: func(c *call) []value { return c.recurrent(4, lstmStep) }},
	})
}

// cell is one direction of a recurrent operator: w [gates·h, i], r [gates·h, h], and biases of both.
type cell struct {
	w, r, bw, br, peephole node
	f                      []func(node) node
	hidden                 int
	clip                   float64
	resetAfter, coupled    bool
}

// carry is what goes from step to step: the output, and the cell state of an LSTM.
type carry struct{ H, C node }

// step is one step of a cell on x, [batch, i].
type step func(k *cell, s carry, x node) carry

func (c *call) recurrent(gates int, next step) []value {
	x := c.x(0)
	rowsFirst := c.flag("layout")
	if rowsFirst {
		x = ops.Permute(x, 1, 0, 2)
	}
	hidden := c.x(2).Shape()[2]
	directions := c.x(1).Shape()[0]
	n, batch := x.Shape()[0], x.Shape()[1]
	var ys, hs, cs []node
	for d := range directions {
		k := c.cell(d, gates, hidden)
		zero := ops.Zeros(c.run.g, x.DType(), batch, hidden)
		state := func(i int) node {
			if !c.has(i) {
				return zero
			}
			if rowsFirst {
				return ops.Index(ops.Permute(c.x(i), 1, 0, 2), d)
			}
			return ops.Index(c.x(i), d)
		}
		s := carry{H: state(5), C: state(6)}
		backward := c.string("direction", "forward") == "reverse" || d == 1
		s, y := c.along(k, next, s, x, n, backward)
		ys, hs, cs = append(ys, y), append(hs, s.H), append(cs, s.C)
	}
	y := ops.Stack(ys, 1) // [steps, directions, batch, hidden]
	h, cell := ops.Stack(hs, 0), ops.Stack(cs, 0)
	if rowsFirst {
		y, h, cell = ops.Permute(y, 2, 0, 1, 3), ops.Permute(h, 1, 0, 2), ops.Permute(cell, 1, 0, 2)
	}
	return c.many(y, h, cell)
}

// along runs a cell over the steps. An example that is shorter keeps its state, and gives zeros, after its last step.
func (c *call) along(k *cell, next step, s carry, x node, n int, backward bool) (carry, node) {
	type in struct{ X, Live node }
	live := ops.Ones(c.run.g, graph.Float32, n, x.Shape()[1], 1)
	if c.has(4) {
		live = ops.Cast(ops.Lt(ops.Reshape(ops.Arange(c.run.g, n), n, 1, 1), ops.Reshape(c.x(4), 1, -1, 1)), graph.Float32)
	}
	if backward {
		x, live = ops.Flip(x, 0), ops.Flip(live, 0)
	}
	s, y := autodiff.Scan(func(s carry, i in) (carry, node) {
		t := next(k, s, i.X)
		if !c.has(4) {
			return t, t.H
		}
		on := ops.Gt(i.Live, 0.5)
		return carry{ops.Where(on, t.H, s.H), ops.Where(on, t.C, s.C)}, ops.Where(on, t.H, 0.0)
	}, s, in{x, live})
	if backward {
		y = ops.Flip(y, 0)
	}
	return s, y
}

// cell takes the weights of direction d.
func (c *call) cell(d, gates, hidden int) *cell {
	zeros := ops.Zeros(c.run.g, c.x(0).DType(), gates*hidden)
	k := &cell{w: ops.Transpose(ops.Index(c.x(1), d)), r: ops.Transpose(ops.Index(c.x(2), d)), bw: zeros, br: zeros,
		hidden: hidden, clip: c.float("clip", 0), resetAfter: c.flag("linear_before_reset"), coupled: c.flag("input_forget")}
	if c.has(3) {
		b := ops.Split(ops.Index(c.x(3), d), []int{gates * hidden, gates * hidden}, 0)
		k.bw, k.br = b[0], b[1]
	}
	if c.has(7) {
		k.peephole = ops.Index(c.x(7), d)
	}
	names := map[int][]string{1: {"Tanh"}, 3: {"Sigmoid", "Tanh"}, 4: {"Sigmoid", "Tanh", "Tanh"}}[gates]
	per := len(names)
	if a := c.attr("activations"); a != nil {
		if len(a.GetStrings()) < per*(d+1) {
			c.fail("%d activations", len(a.GetStrings()))
		}
		names = nil
		for _, s := range a.GetStrings()[per*d : per*(d+1)] {
			names = append(names, string(s))
		}
	}
	alphas, betas := c.attr("activation_alpha").GetFloats(), c.attr("activation_beta").GetFloats()
	for _, name := range names {
		k.f = append(k.f, c.activation(name, &alphas, &betas))
	}
	return k
}

// activation is a function by its name; those with parameters take the next of the lists.
func (c *call) activation(name string, alphas, betas *[]float32) func(node) node {
	next := func(list *[]float32, otherwise float64) float64 {
		if len(*list) == 0 {
			return otherwise
		}
		v := (*list)[0]
		*list = (*list)[1:]
		return float64(v)
	}
	switch strings.ToLower(name) {
	case "tanh":
		return ops.Tanh
	case "sigmoid":
		return ops.Sigmoid
	case "relu":
		return ops.ReLU
	case "softsign":
		return ops.Softsign
	case "softplus":
		return ops.Softplus
	case "affine":
		a, b := next(alphas, 1), next(betas, 0)
		return func(x node) node { return ops.Add(ops.Mul(a, x), b) }
	case "leakyrelu":
		a := next(alphas, 0.01)
		return func(x node) node { return ops.LeakyReLU(x, a) }
	case "thresholdedrelu":
		a := next(alphas, 1)
		return func(x node) node { return ops.Threshold(x, a, 0) }
	case "scaledtanh":
		a, b := next(alphas, 1), next(betas, 1)
		return func(x node) node { return ops.Mul(a, ops.Tanh(ops.Mul(b, x))) }
	case "hardsigmoid":
		a, b := next(alphas, 0.2), next(betas, 0.5)
		return func(x node) node { return hardSigmoid(x, a, b) }
	case "elu":
		a := next(alphas, 1)
		return func(x node) node { return ops.ELU(x, a) }
	}
	c.fail("activation %q", name)
	return nil
}

// clipped bounds what goes into an activation.
func (k *cell) clipped(x node) node {
	if k.clip == 0 {
		return x
	}
	return ops.Clamp(x, -k.clip, k.clip)
}

// parts cuts [batch, gates·h] into its gates.
func (k *cell) parts(x node, gates int) []node {
	sizes := make([]int, gates)
	for i := range sizes {
		sizes[i] = k.hidden
	}
	return ops.Split(x, sizes, 1)
}

func (k *cell) input(x node) node  { return ops.Add(ops.MatMul(x, k.w), k.bw) }
func (k *cell) recall(h node) node { return ops.Add(ops.MatMul(h, k.r), k.br) }

func rnnStep(k *cell, s carry, x node) carry {
	h := k.f[0](k.clipped(ops.Add(k.input(x), k.recall(s.H))))
	return carry{h, h}
}

// gruStep has the gates z (update), r (reset), h (hidden): H = (1 − z)·h + z·H.
func gruStep(k *cell, s carry, x node) carry {
	in, back := k.parts(k.input(x), 3), k.parts(k.recall(s.H), 3)
	z := k.f[0](k.clipped(ops.Add(in[0], back[0])))
	r := k.f[0](k.clipped(ops.Add(in[1], back[1])))
	again := ops.Mul(r, back[2])
	if !k.resetAfter {
		last := ops.Slice(k.r, ops.All, ops.Range{Start: 2 * k.hidden, Stop: ops.End})
		again = ops.Add(ops.MatMul(ops.Mul(r, s.H), last), ops.Slice(k.br, ops.Range{Start: 2 * k.hidden, Stop: ops.End}))
	}
	h := k.f[1](k.clipped(ops.Add(in[2], again)))
	h = ops.Add(ops.Mul(ops.Sub(1.0, z), h), ops.Mul(z, s.H))
	return carry{h, h}
}

// lstmStep has the gates i (input), o (output), f (forget), c (cell), with peepholes from the cell to i, o, f.
func lstmStep(k *cell, s carry, x node) carry {
	g := k.parts(ops.Add(k.input(x), k.recall(s.H)), 4)
	peep := func(i int, gate, cell node) node {
		if k.peephole == nil {
			return gate
		}
		p := ops.Slice(k.peephole, ops.Range{Start: i * k.hidden, Stop: (i + 1) * k.hidden})
		return ops.Add(gate, ops.Mul(p, cell))
	}
	in := k.f[0](k.clipped(peep(0, g[0], s.C)))
	forget := k.f[0](k.clipped(peep(2, g[2], s.C)))
	if k.coupled {
		forget = ops.Sub(1.0, in)
	}
	cell := ops.Add(ops.Mul(forget, s.C), ops.Mul(in, k.f[1](k.clipped(g[3]))))
	out := k.f[0](k.clipped(peep(1, g[1], cell)))
	return carry{ops.Mul(out, k.f[2](cell)), cell}
}
