package programs

import (
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

type (
	numeric  = func([]array) []array
	symbolic = func([]*graph.Node) []*graph.Node
)

// modes are what is computed of a program f: values, derivatives of the weighted sum L of its results, and these for
// many examples. Want does so in numbers and built by the library.
var modes = []struct {
	name     string
	examples bool
	want     func(t Trial, c *evaluation, f numeric, x []array) []array
	built    func(t Trial, f symbolic) symbolic
}{
	{"value", false,
		func(_ Trial, _ *evaluation, f numeric, x []array) []array { return f(x) },
		func(_ Trial, f symbolic) symbolic { return f }},
	{"gradient", false,
		func(_ Trial, c *evaluation, f numeric, x []array) []array { return c.gradientOf(f)(x) },
		func(_ Trial, f symbolic) symbolic { return gradientBy(f) }},
	{"value and gradient", false,
		func(_ Trial, c *evaluation, f numeric, x []array) []array {
			return slices.Concat(f(x), c.gradientOf(f)(x))
		},
		func(_ Trial, f symbolic) symbolic {
			return func(x []*graph.Node) []*graph.Node { return slices.Concat(f(x), gradientBy(f)(x)) }
		}},
	{"tangent", false,
		func(_ Trial, c *evaluation, f numeric, x []array) []array { return c.tangentOf(f)(x) },
		func(_ Trial, f symbolic) symbolic { return tangentBy(f) }},
	{"tangent of gradient", false,
		func(_ Trial, c *evaluation, f numeric, x []array) []array { return c.tangentOf(c.gradientOf(f))(x) },
		func(_ Trial, f symbolic) symbolic { return tangentBy(gradientBy(f)) }},
	{"gradient of gradient", false,
		func(_ Trial, c *evaluation, f numeric, x []array) []array { return c.gradientOf(c.gradientOf(f))(x) },
		func(_ Trial, f symbolic) symbolic { return gradientBy(gradientBy(f)) }},
	{"gradient of tangent", false,
		func(_ Trial, c *evaluation, f numeric, x []array) []array { return c.gradientOf(c.tangentOf(f))(x) },
		func(_ Trial, f symbolic) symbolic { return gradientBy(tangentBy(f)) }},
	{"tangent of tangent", false,
		func(_ Trial, c *evaluation, f numeric, x []array) []array { return c.tangentOf(c.tangentOf(f))(x) },
		func(_ Trial, f symbolic) symbolic { return tangentBy(tangentBy(f)) }},
	{"value of examples", true,
		func(t Trial, _ *evaluation, f numeric, x []array) []array { return each(f, t.mapped, x) },
		func(t Trial, f symbolic) symbolic { return autodiff.Vmap(f, unmapped(t.mapped)...) }},
	{"gradient of each example", true,
		func(t Trial, c *evaluation, f numeric, x []array) []array { return each(c.gradientOf(f), t.mapped, x) },
		func(t Trial, f symbolic) symbolic { return autodiff.Vmap(gradientBy(f), unmapped(t.mapped)...) }},
	{"gradient of examples", true,
		func(t Trial, c *evaluation, f numeric, x []array) []array {
			return c.gradientOf(func(x []array) []array { return each(f, t.mapped, x) })(x)
		},
		func(t Trial, f symbolic) symbolic { return gradientBy(autodiff.Vmap(f, unmapped(t.mapped)...)) }},
	{"tangent of examples", true,
		func(t Trial, c *evaluation, f numeric, x []array) []array {
			return c.tangentOf(func(x []array) []array { return each(f, t.mapped, x) })(x)
		},
		func(t Trial, f symbolic) symbolic { return tangentBy(autodiff.Vmap(f, unmapped(t.mapped)...)) }},
	{"tangent of each example's gradient", true,
		func(t Trial, c *evaluation, f numeric, x []array) []array {
			return each(c.tangentOf(c.gradientOf(f)), t.mapped, x)
		},
		func(t Trial, f symbolic) symbolic {
			return autodiff.Vmap(tangentBy(gradientBy(f)), unmapped(t.mapped)...)
		}},
}

// weight is that of element k of result or argument i, in sums and directions: between ½ and 1½, of both signs, and
// exact in every precision.
func weight(i, k int) float64 {
	w := 0.5 + float64((5*i+3*k)%8)/8
	if (i+k)%3 == 1 {
		return -w
	}
	return w
}

func weights(like []array) []array {
	out := make([]array, len(like))
	for i, a := range like {
		out[i] = newArray(a.shape, func(k int) number { return exactly(weight(i, k)) })
	}
	return out
}

func (c *evaluation) gradientOf(f numeric) numeric {
	return func(x []array) []array {
		return c.pulled(func(x []array) []array {
			out := f(x)
			return []array{scalar(weighted(out, weights(out)))}
		}, x, one)
	}
}

func (c *evaluation) tangentOf(f numeric) numeric {
	return func(x []array) []array { return c.pushed(f, x, weights(x)) }
}

func weightNodes(like []*graph.Node) []*graph.Node {
	out := make([]*graph.Node, len(like))
	for i, n := range like {
		values := make([]float64, n.Type().Size())
		for k := range values {
			values[k] = weight(i, k)
		}
		out[i] = (&builder{dtype: n.DType(), graph: n.Graph()}).constant(values, n.Shape())
	}
	return out
}

func gradientBy(f symbolic) symbolic {
	return autodiff.Grad(func(x []*graph.Node) *graph.Node {
		out := f(x)
		total := ops.Sum(ops.Mul(out[0], weightNodes(out)[0]))
		for i := 1; i < len(out); i++ {
			total = ops.Add(total, ops.Sum(ops.Mul(out[i], weightNodes(out)[i])))
		}
		return total
	}, autodiff.AllowUnreachable())
}

func tangentBy(f symbolic) symbolic {
	return func(x []*graph.Node) []*graph.Node {
		_, d := autodiff.JVP(f, x, weightNodes(x))
		return d
	}
}
