package autodiff_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// scalarFunc is a function of f64 tensors to a scalar.
type scalarFunc = func(p []*graph.Node) *graph.Node

// twin is one function written twice: with control flow, and with Go's own, so that it is unrolled.
type twin struct {
	name         string
	args         []*tensor.Dense
	built, plain scalarFunc
	forwardOnly  bool // a While without a bound
	order        int  // the highest derivative to compare, 2 if it is 0
}

// waves is a tensor of numbers between −1 and 1 that follow no pattern.
func waves(seed int, shape ...int) *tensor.Dense {
	data := make([]float64, graph.Size(shape))
	for i := range data {
		data[i] = ripple(seed, i)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

func ripple(seed, i int) float64 { return math.Sin(float64(1 + seed*seed*7 + i*(3+seed))) }

func scalar64(x float64) *tensor.Dense { return tensor.New(tensor.FromScalar(x)) }

// direction is a constant of n's type, the same for the same k and i.
func direction(k, i int, n *graph.Node) *graph.Node {
	data := make([]float64, n.Type().Size())
	for j := range data {
		data[j] = 1.5 + ripple(k+1, 5*i+j)
	}
	return ops.Cast(graph.Const(n.Graph(), data, n.Shape()...), n.DType())
}

// directional is the k-th derivative of f in a chain, along directions that depend on k alone, by reverse or forward
// mode: r or f.
func directional(f scalarFunc, mode byte, k int) scalarFunc {
	return func(p []*graph.Node) *graph.Node {
		t := make([]*graph.Node, len(p))
		for i, x := range p {
			t[i] = direction(k, i, x)
		}
		if mode == 'f' {
			_, d := autodiff.JVP(f, p, t)
			return d
		}
		var sum *graph.Node
		for i, d := range autodiff.Grad(f, autodiff.AllowUnreachable())(p) {
			term := ops.Sum(ops.Mul(d, t[i]))
			if sum == nil {
				sum = term
			} else {
				sum = ops.Add(sum, term)
			}
		}
		return sum
	}
}

// derivativeOf applies modes, such as rf for forward over reverse. What the last one gives is not summed if it is r.
func derivativeOf(f scalarFunc, modes string) func(p []*graph.Node) []*graph.Node {
	for k := range len(modes) - 1 {
		f = directional(f, modes[k], k)
	}
	last := len(modes) - 1
	switch {
	case last < 0:
		return func(p []*graph.Node) []*graph.Node { return []*graph.Node{f(p)} }
	case modes[last] == 'r':
		return autodiff.Grad(f, autodiff.AllowUnreachable())
	}
	f = directional(f, 'f', last)
	return func(p []*graph.Node) []*graph.Node { return []*graph.Node{f(p)} }
}

// modesOf lists the ways to derivatives of up to an order.
func modesOf(order int, forwardOnly bool) []string {
	all, last := []string{""}, []string{""}
	for range order {
		var next []string
		for _, m := range last {
			next = append(next, m+"f")
			if !forwardOnly {
				next = append(next, m+"r")
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

func runTwin(t *testing.T, f any, args []*tensor.Dense) []*tensor.Dense {
	t.Helper()
	feeds := make([]any, len(args))
	for i, a := range args {
		feeds[i] = a
	}
	out, err := autodiff.Compile(f, autodiff.Verified()).Run(context.Background(), feeds)
	require.NoError(t, err)
	return out
}

// flat lists the elements of all tensors.
func flat(list []*tensor.Dense) []float64 {
	var all []float64
	for _, d := range list {
		switch v := d.Data().(type) {
		case float64:
			all = append(all, v)
		case []float64:
			all = append(all, v...)
		case float32:
			all = append(all, float64(v))
		case []float32:
			for _, x := range v {
				all = append(all, float64(x))
			}
		default:
			panic(fmt.Sprintf("a %T", v))
		}
	}
	return all
}

// rounding is the difference that is left to two ways of computing the same, relative to the largest number: the sums
// here have at most some hundred terms, and third derivatives some hundred rounded factors: 2¹⁵ eps.
const rounding = 0x1p15 * 0x1p-52

func agree(t *testing.T, want, got []*tensor.Dense, eps float64, format string, args ...any) {
	t.Helper()
	w, g := flat(want), flat(got)
	size := 0.0
	for _, x := range w {
		size = max(size, math.Abs(x))
	}
	require.Falsef(t, math.IsNaN(size) || math.IsInf(size, 0), "the wanted numbers are not finite: "+format, args...)
	require.InDeltaSlice(t, w, g, eps*size, fmt.Sprintf(format, args...))
}

// check compares the two functions, their derivatives in every mode, and those under Vmap: second derivatives for all
// arguments mapped alone.
func (w twin) check(t *testing.T) {
	t.Helper()
	if w.order == 0 {
		w.order = 2
	}
	for _, modes := range modesOf(w.order, w.forwardOnly) {
		want, got := runTwin(t, derivativeOf(w.plain, modes), w.args), runTwin(t, derivativeOf(w.built, modes), w.args)
		agree(t, want, got, rounding, "derivative %q", modes)
	}
	for _, modes := range modesOf(min(w.order, 2), w.forwardOnly) {
		w.checkVmap(t, modes)
	}
	if !w.forwardOnly {
		w.checkBatchGradient(t)
	}
}

// examples are the arguments for size examples, that all are a little different, where they are mapped.
func (w twin) examples(size int, mapped []bool) ([]*tensor.Dense, []autodiff.Axis) {
	args := slices.Clone(w.args)
	var axes []autodiff.Axis
	for i, a := range w.args {
		if !mapped[i] {
			axes = append(axes, autodiff.Unmapped(fmt.Sprintf("[%d]", i)))
			continue
		}
		one := flat([]*tensor.Dense{a})
		var all []float64
		for k := range size {
			for j, x := range one {
				all = append(all, x*(1+0.1*ripple(k, j+i)))
			}
		}
		args[i] = tensor.New(tensor.WithShape(append([]int{size}, a.Shape()...)...), tensor.WithBacking(all))
	}
	return args, axes
}

func subsets(n int) [][]bool {
	var all [][]bool
	for set := 1; set < 1<<n; set++ {
		mapped := make([]bool, n)
		for i := range mapped {
			mapped[i] = set&(1<<i) != 0
		}
		all = append(all, mapped)
	}
	return all
}

// checkVmap compares Vmap of the derivative with that of the unrolled function, whose ops have rules of their own, for
// every choice of arguments that differ between examples.
func (w twin) checkVmap(t *testing.T, modes string) {
	t.Helper()
	all := subsets(len(w.args))
	if len(modes) > 1 {
		all = all[len(all)-1:]
	}
	for _, mapped := range all {
		args, axes := w.examples(3, mapped)
		agree(t, runTwin(t, autodiff.Vmap(derivativeOf(w.plain, modes), axes...), args),
			runTwin(t, autodiff.Vmap(derivativeOf(w.built, modes), axes...), args), rounding,
			"vmap of derivative %q of %v", modes, mapped)
	}
}

// checkBatchGradient compares the gradient of a sum over examples.
func (w twin) checkBatchGradient(t *testing.T) {
	t.Helper()
	for _, mapped := range subsets(len(w.args)) {
		args, axes := w.examples(3, mapped)
		sum := func(f scalarFunc) scalarFunc {
			return func(p []*graph.Node) *graph.Node { return ops.Sum(autodiff.Vmap(f, axes...)(p)) }
		}
		modes := "r"
		if mapped[0] {
			modes = "rr"
		}
		agree(t, runTwin(t, derivativeOf(sum(w.plain), modes), args),
			runTwin(t, derivativeOf(sum(w.built), modes), args), rounding,
			"derivative %q of the sum over examples, %v", modes, mapped)
	}
}

func checkTwins(t *testing.T, twins []twin) {
	slices.SortStableFunc(twins, func(a, b twin) int { return strings.Compare(a.name, b.name) })
	for _, w := range twins {
		t.Run(w.name, w.check)
	}
}

// sliceAt is slice i of x along its first axis.
func sliceAt(x *graph.Node, i int) *graph.Node { return ops.Squeeze(ops.Slice(x, ops.At(i)), 0) }

func tensors(list ...*tensor.Dense) []*tensor.Dense { return list }
