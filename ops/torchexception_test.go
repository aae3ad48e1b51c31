package ops_test

import "slices"

const (
	digits  = "PyTorch's trigamma is right to some 1e-11"
	guarded = "PyTorch's second derivative has 1e-12 added to a divisor"
)

// roughThere has operators that PyTorch itself computes to fewer digits: 1e-9 is asked of them, 1e-12 of the others of this
// package's file, 1e-9 of all of another file.
var roughThere = map[string]string{"digamma": digits, "lgamma": digits, "mvlgamma": digits,
	"nn.functional.binary_cross_entropy": guarded}

// exceptions are faults that are not this package's, or a convention of its own.
var exceptions = map[string]struct {
	op, variant, what string // no variant or what: any
	when              func(c *golden) bool
	reason            string
}{
	"random numbers": {op: "nn.functional._scaled_dot_product_attention", what: "support",
		reason: "dropout takes PyTorch's random numbers"},
	"a sixth": {op: "nn.functional.hardsigmoid", reason: "PyTorch multiplies by a sixth in float32"},
	"norm at zero": {op: "linalg.norm", what: "second derivative",
		when:   func(c *golden) bool { return largest(c.tensors[0].floats()) == 0 },
		reason: "the second derivative of the 2-norm at 0 is NaN there, 0 here"},
	"one triangle": {op: "linalg.pinv", variant: "hermitian",
		reason: "PyTorch reads one triangle of an unsymmetric matrix, and its derivative is of neither"},
	"a single element": {op: "nn.functional.layer_norm", when: func(c *golden) bool { return c.lone(c.args.([]any)[0].([]any)) },
		reason: "what is normalised alone is constant: the derivative is 0 here, rounding there"},
	"a single direction": {op: "nn.functional.normalize", what: "second derivative", when: func(c *golden) bool {
		dim, given := c.named.(map[string]any)["dim"].(float64)
		return given && dim >= 0 && c.tensors[0].Shape[int(dim)] == 1
	}, reason: "what is normalised alone is constant: the derivative is 0 here, rounding there"},
}

// lone is whether a shape has one element.
func (c *golden) lone(shape []any) bool {
	return !slices.ContainsFunc(shape, func(n any) bool { return n != 1.0 })
}

func (c *golden) exception(f fault) string {
	for k, e := range exceptions {
		if e.op == c.Op && (e.variant == "" || e.variant == c.Variant) && (e.what == "" || e.what == f.what) &&
			(e.when == nil || e.when(c)) {
			return k
		}
	}
	return ""
}
