package autodiff_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// A formula is a random expression of vectors of 2 with control flow in it, to be built with control flow or unrolled.
type formula struct {
	kind string
	args []*formula
	n    int // which variable, how many steps
}

// String is the formula in prefix form.
func (f *formula) String() string {
	parts := []string{fmt.Sprint(f.kind, f.n)}
	for _, a := range f.args {
		parts = append(parts, a.String())
	}
	return "(" + strings.Join(parts, " ") + ")"
}

// kinds are what a byte may stand for, with the number of arguments. A loop's last argument sees one variable more.
var kinds = []struct {
	name string
	args int
}{
	{"variable", 0}, {"sin", 1}, {"mul", 2}, {"sub", 2}, {"where", 3}, {"mean", 2}, {"repeat", 2}, {"choose", 3},
	{"again", 1}, {"square", 1}, {"tangent", 2}, {"repeat", 2}, {"gradient", 1}, {"stop", 1},
}

// parser reads a formula from bytes. There is one for any bytes.
type formulaReader struct {
	data   []byte
	budget int // nodes left
}

func (r *formulaReader) next() int {
	if len(r.data) == 0 {
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return int(b)
}

func (r *formulaReader) read(variables, depth int) *formula {
	k := kinds[r.next()%len(kinds)]
	r.budget--
	if depth == 0 || r.budget <= 0 {
		k = kinds[0]
	}
	f := &formula{kind: k.name, n: r.next()}
	if k.name == "variable" {
		f.n %= variables
	} else {
		f.n %= 4
	}
	for i := range k.args {
		inner := variables
		if k.name == "repeat" && i == 1 || k.name == "tangent" && i == 1 || k.name == "gradient" {
			inner++
		}
		f.args = append(f.args, r.read(inner, depth-1))
	}
	return f
}

// build evaluates the formula with variables v.
func (f *formula) build(c constructs, v []*graph.Node) *graph.Node {
	arg := func(i int) *graph.Node { return f.args[i].build(c, v) }
	with := func(i int) func(x *graph.Node) *graph.Node { // the argument as a function of one more variable, that is bounded
		return func(x *graph.Node) *graph.Node {
			return ops.Sin(f.args[i].build(c, slices.Concat(v, []*graph.Node{x})))
		}
	}
	switch f.kind {
	case "sin":
		return ops.Sin(ops.Add(arg(0), 0.25*float64(f.n)))
	case "mul":
		return ops.Mul(arg(0), arg(1))
	case "sub":
		return ops.Sub(arg(0), arg(1))
	case "where":
		return ops.Where(ops.Gt(arg(0), 0.1), arg(1), arg(2))
	case "mean":
		return ops.Mul(ops.Mean(arg(0)), arg(1))
	case "repeat":
		return c.repeat(f.n, with(1), arg(0))
	case "choose":
		return c.choose(ops.Lt(ops.Sum(arg(0)), 0.3), func() *graph.Node { return arg(1) }, func() *graph.Node { return arg(2) })
	case "again":
		return c.again(func(v []*graph.Node) *graph.Node { return f.args[0].build(c, v) })(v)
	case "square":
		return c.square(ops.Sin(arg(0)))
	case "stop":
		return ops.Add(v[0], ops.StopGradient(arg(0)))
	case "tangent":
		x := arg(0)
		_, d := autodiff.JVP(with(1), x, v[0])
		return ops.Sin(d)
	case "gradient":
		loss := func(x *graph.Node) *graph.Node { return ops.Sum(with(0)(x)) }
		return ops.Sin(autodiff.Grad(loss, autodiff.AllowUnreachable())(v[f.n%len(v)]))
	}
	return v[f.n]
}

// checkFormula compares all ways to build the formula with the unrolled one, in value and derivatives, with and without
// Vmap. The modes that are compared follow from the bytes.
func checkFormula(t *testing.T, data []byte) {
	f := (&formulaReader{data: data, budget: 24}).read(2, 5)
	t.Log(f)
	list := builders()
	c := list[len(data)%len(list)]
	built := func(p []*graph.Node) *graph.Node { return end(f.build(c, p)) }
	plain := func(p []*graph.Node) *graph.Node { return end(f.build(plainly, p)) }
	args := tensors(waves(1, 2), waves(2, 2))
	second := modesOf(2, false)[3+len(data)%4]
	for _, modes := range []string{"", "r", "f", second} {
		agree(t, runTwin(t, derivativeOf(plain, modes), args), runTwin(t, derivativeOf(built, modes), args), rounding,
			"%s, derivative %q of %v", c.name, modes, f)
	}
	w := twin{args: args}
	for k, mapped := range [][]bool{{true, true}, {true, false}, {false, true}} {
		if k != len(data)%3 {
			continue
		}
		many, axes := w.examples(3, mapped)
		agree(t, runTwin(t, autodiff.Vmap(derivativeOf(plain, "r"), axes...), many),
			runTwin(t, autodiff.Vmap(derivativeOf(built, "r"), axes...), many), rounding, "%s, gradients per example of %v", c.name, f)
	}
}

// FuzzNests builds random formulas of nested control flow.
func FuzzNests(f *testing.F) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 60 {
		data := make([]byte, 10+rng.IntN(50))
		for i := range data {
			data[i] = byte(rng.IntN(256))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) <= 64 {
			checkFormula(t, data)
		}
	})
}
