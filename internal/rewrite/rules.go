package rewrite

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// foldLimit is the number of elements up to which a constant is computed at compile time.
const foldLimit = 4096

var constantRules = []Rule{{
	Name: "fold", Identity: "f(constants) = a constant", Exact: true,
	Ops: foldable(),
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		if n.Type().Size() > foldLimit {
			return nil
		}
		for _, x := range n.In() {
			if x.Op().Class != graph.Leaf || x.IsInput() || x.Type().Size() > foldLimit {
				return nil
			}
		}
		if n.Op().Name == "broadcast_to" { // smaller before than after
			return nil
		}
		value, err := exec.Fold(n, s.bodies)
		if err != nil {
			return nil // running it says why
		}
		return value.Const(n.Graph())
	},
}}

// foldable names every op that computes.
func foldable() []string {
	var names []string
	for _, op := range graph.Ops() {
		if op.Class != graph.Leaf {
			names = append(names, op.Name)
		}
	}
	return names
}

var arithmeticRules = []Rule{
	{
		Name: "mul-one", Identity: "x·1 = x", Exact: true, Ops: []string{"mul"},
		Apply: commuted(func(n, x, c *graph.Node) *graph.Node {
			if isScalar(c, 1) {
				return keeps(n, x)
			}
			return nil
		}),
	}, {
		Name: "mul-minus-one", Identity: "x·(−1) = −x", Exact: true, Ops: []string{"mul"},
		Apply: commuted(func(n, x, c *graph.Node) *graph.Node {
			if isScalar(c, -1) && x.Type().Equal(n.Type()) {
				return ops.Neg(x)
			}
			return nil
		}),
	}, {
		Name: "square", Identity: "x·x = x²", Exact: true, Ops: []string{"mul"},
		Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
			if n.In()[0] == n.In()[1] {
				return ops.Square(n.In()[0])
			}
			return nil
		},
	}, {
		Name: "add-zero", Identity: "x + 0 = x, but −0 + 0 = 0", Ops: []string{"add"},
		Apply: commuted(func(n, x, c *graph.Node) *graph.Node {
			if isScalar(c, 0) {
				return keeps(n, x)
			}
			return nil
		}),
	}, {
		Name: "sub-zero", Identity: "x − 0 = x, but −0 − −0 = 0", Exact: true, Ops: []string{"sub"},
		Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
			if c, ok := n.In()[1].ScalarValue(); ok && c == 0 && !math.Signbit(c) {
				return keeps(n, n.In()[0])
			}
			return nil
		},
	}, {
		Name: "div-one", Identity: "x/1 = x", Exact: true, Ops: []string{"div"},
		Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
			if isScalar(n.In()[1], 1) {
				return keeps(n, n.In()[0])
			}
			return nil
		},
	}, {
		Name: "div-power-of-two", Identity: "x/2ᵏ = x·2⁻ᵏ", Exact: true, Ops: []string{"div"},
		Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
			c, ok := n.In()[1].ScalarValue()
			if !ok || !n.DType().IsFloat() || !powerOfTwo(c) {
				return nil
			}
			return ops.Mul(n.In()[0], 1/c)
		},
	}, {
		Name: "neg-neg", Identity: "−(−x) = x", Exact: true, Ops: []string{"neg"},
		Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
			if x := n.In()[0]; is(x, "neg") {
				return x.In()[0]
			}
			return nil
		},
	}, {
		Name: "neg-sub", Identity: "−(a − b) = b − a, but −(a − a) = −0", Ops: []string{"neg"},
		Apply: func(s *simplifier, n *graph.Node) *graph.Node {
			if x := n.In()[0]; is(x, "sub") && s.usedOnce(x) {
				return ops.Sub(x.In()[1], x.In()[0])
			}
			return nil
		},
	}, {
		Name: "neg-scale", Identity: "−(c·x) = (−c)·x", Exact: true, Ops: []string{"neg"},
		Apply: func(s *simplifier, n *graph.Node) *graph.Node {
			x := n.In()[0]
			if !is(x, "mul") || !s.usedOnce(x) {
				return nil
			}
			return commuted(func(_, y, c *graph.Node) *graph.Node {
				if v, ok := c.ScalarValue(); ok && (c.DType().IsFloat() || isFactor(c.DType(), v)) {
					return ops.Mul(-v, y)
				}
				return nil
			})(s, x)
		},
	}, {
		Name: "mul-neg", Identity: "(−a)·b = −(a·b)", Exact: true, Ops: []string{"mul"},
		Apply: commutedWith(func(s *simplifier, _, x, y *graph.Node) *graph.Node {
			if is(x, "neg") && s.usedOnce(x) {
				return ops.Neg(s.settle(ops.Mul(x.In()[0], y)))
			}
			return nil
		}),
	}, {
		Name: "add-neg", Identity: "a + (−b) = a − b", Exact: true, Ops: []string{"add"},
		Apply: commuted(func(_, x, y *graph.Node) *graph.Node {
			if is(y, "neg") {
				return ops.Sub(x, y.In()[0])
			}
			return nil
		}),
	}, {
		Name: "sub-neg", Identity: "a − (−b) = a + b", Exact: true, Ops: []string{"sub"},
		Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
			if y := n.In()[1]; is(y, "neg") {
				return ops.Add(n.In()[0], y.In()[0])
			}
			return nil
		},
	}, {
		Name: "scale-scale", Identity: "c·(d·x) = (c·d)·x", Ops: []string{"mul"},
		Apply: commutedWith(func(s *simplifier, n, inner, c *graph.Node) *graph.Node {
			outer, ok := c.ScalarValue()
			if !ok || !is(inner, "mul") || !s.usedOnce(inner) || !isFactor(c.DType(), outer) {
				return nil
			}
			return commuted(func(_, x, d *graph.Node) *graph.Node {
				if v, ok := d.ScalarValue(); ok && isFactor(d.DType(), v) && isFactor(d.DType(), outer*v) {
					return keeps(n, ops.Mul(outer*v, x))
				}
				return nil
			})(s, inner)
		}),
	}, {
		Name: "scale-shapes", Identity: "a·(b·x) = (a·b)·x, a and b of one element", Ops: []string{"mul"},
		Apply: commutedWith(func(s *simplifier, n, inner, a *graph.Node) *graph.Node {
			if a.Type().Size() != 1 || n.Type().Size() == 1 || !is(inner, "mul") || !s.usedOnce(inner) {
				return nil
			}
			return commuted(func(_, x, b *graph.Node) *graph.Node {
				if isFloatConstant(a) && isFloatConstant(b) {
					return nil // scale-scale knows which ones may be multiplied
				}
				if b.Type().Size() == 1 && x.Type().Size() != 1 {
					return keeps(n, ops.Mul(s.settle(ops.Mul(a, b)), x))
				}
				return nil
			})(s, inner)
		}),
	}, {
		Name: "log-softmax", Identity: "log softmax x = log_softmax x", Ops: []string{"log"},
		Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
			if x := n.In()[0]; is(x, "softmax") {
				return n.Graph().Apply(graph.Lookup("log_softmax"), x.Attrs(), x.In()[0])
			}
			return nil
		},
	},
}

// commuted tries both orders of a commutative op's operands.
func commuted(f func(n, x, y *graph.Node) *graph.Node) func(*simplifier, *graph.Node) *graph.Node {
	return commutedWith(func(_ *simplifier, n, x, y *graph.Node) *graph.Node { return f(n, x, y) })
}

func commutedWith(f func(s *simplifier, n, x, y *graph.Node) *graph.Node) func(*simplifier, *graph.Node) *graph.Node {
	return func(s *simplifier, n *graph.Node) *graph.Node {
		if m := f(s, n, n.In()[1], n.In()[0]); m != nil {
			return m
		}
		return f(s, n, n.In()[0], n.In()[1])
	}
}

// powerOfTwo reports whether c is ±2ᵏ with a normal float32 reciprocal.
func powerOfTwo(c float64) bool {
	m, e := math.Frexp(math.Abs(c))
	return m == 0.5 && e > -120 && e < 120
}
