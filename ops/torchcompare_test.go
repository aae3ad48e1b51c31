package ops_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"

	"gorgonia.org/tensor"
)

// TestTorchGolden compares values, VJPs, VJPs of these, and JVPs with PyTorch's, for what stands for each operator.
// CHAINRULE_GOLDEN names another file of cases in the format of testdata/README.md.
func TestTorchGolden(t *testing.T) {
	name, own := os.Getenv("CHAINRULE_GOLDEN"), false
	if name == "" {
		name, own = "testdata/torch_ops.jsonl.gz", true
	}
	cases := readGolden(t, name)
	rtol := 1e-9
	if own {
		rtol = 1e-12
	}
	var passed, failed, unsupported int
	whole, used := map[string]bool{}, map[string]bool{}
	for i, c := range cases {
		if _, seen := whole[c.Op]; !seen {
			whole[c.Op] = true
		}
		where := fmt.Sprintf("%s/%s/%d", c.Op, c.Variant, i)
		faults, lacks := c.attempt(rtol)
		if lacks != "" {
			unsupported++
			k := c.exception(fault{what: "support"})
			used[k] = true
			whole[c.Op] = whole[c.Op] && k != ""
			t.Logf("unsupported: %s: %s", where, lacks)
			continue
		}
		if len(faults) == 0 {
			passed++
			continue
		}
		failed++
		for _, f := range faults {
			if k := c.exception(f); k != "" {
				used[k] = true
				t.Logf("listed: %s: %v: %s", where, f, exceptions[k].reason)
				continue
			}
			whole[c.Op] = false
			t.Errorf("%s: %v", where, f)
		}
	}
	for k := range exceptions {
		if own && !used[k] {
			t.Errorf("no case needs the exception %q: drop it", k)
		}
	}
	if own && unsupported > len(cases)/20 {
		t.Errorf("%d cases are unsupported", unsupported)
	}
	all := 0
	for _, ok := range whole {
		if ok {
			all++
		}
	}
	t.Logf("torch golden: %d passed, %d failed, %d unsupported of %d cases; %d of %d ops",
		passed, failed, unsupported, len(cases), all, len(whole))
}

// fault is a result that differs: what is value, gradient, second derivative or tangent.
type fault struct {
	what string
	err  error
}

func (f fault) String() string { return fmt.Sprintf("%s: %v", f.what, f.err) }

// attempt compares a case: lacks says why what stands for the operator does not cover it.
func (c *golden) attempt(rtol float64) (faults []fault, lacks string) {
	op := torch[c.Op]
	if op == nil {
		return nil, "nothing stands for it"
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case missing:
			lacks = string(r)
		case *graph.Error:
			faults = []fault{{"build", r}}
		default:
			faults = []fault{{"build", fmt.Errorf("%v\n%s", r, debug.Stack())}}
		}
	}()
	if roughThere[c.Op] != "" {
		rtol = 1e-9
	}
	return c.compare(op, rtol), ""
}

// compare builds the case, its derivatives and theirs in one graph, runs it compiled and compares.
func (c *golden) compare(op torchOp, rtol float64) []fault {
	g := graph.New()
	var inputs, wrt []*graph.Node
	var feeds []any
	feed := func(x goldenTensor) *graph.Node {
		inputs, feeds = append(inputs, x.input(g)), append(feeds, x.value())
		return inputs[len(inputs)-1]
	}
	for i, x := range c.tensors {
		if n := feed(x); c.Differentiable[i] {
			wrt = append(wrt, n)
		}
	}
	tensors := slices.Clone(inputs)
	list := func(xs []goldenTensor) (nodes []*graph.Node) {
		for _, x := range xs {
			nodes = append(nodes, feed(x))
		}
		return nodes
	}
	outputs := op(c.bind(g, tensors))
	moving := func(p []*graph.Node) (ys []*graph.Node) { // the outputs with a cotangent, of the tensors with a derivative
		for i, y := range op(c.bind(g, c.substitute(tensors, p))) {
			if c.Output[i].DType == "float64" && len(ys) < len(c.Cotangent) {
				ys = append(ys, y)
			}
		}
		return ys
	}
	if len(outputs) != len(c.Output) {
		return []fault{{"value", fmt.Errorf("%d results, want %d", len(outputs), len(c.Output))}}
	}
	var all []result
	add := func(what string, nodes []*graph.Node, want []*goldenTensor) {
		for i, n := range nodes {
			all = append(all, result{what, n, want[i]})
		}
	}
	add("value", outputs, pointers(c.Output))
	cts := list(c.Cotangent)
	first := func(p []*graph.Node) []*graph.Node {
		_, pull := autodiff.VJP(moving, p, autodiff.AllowUnreachable())
		return pull(cts)
	}
	add("gradient", first(wrt), c.Vjp)
	if s := c.Second; s != nil {
		_, pull := autodiff.VJP(func(p []*graph.Node) (chosen []*graph.Node) {
			for i, n := range first(p) {
				if s.Of[i] {
					chosen = append(chosen, n)
				}
			}
			return chosen
		}, wrt, autodiff.AllowUnreachable())
		add("second derivative", pull(list(s.Cotangent)), s.Vjp)
	}
	slopes, want := c.tangents(moving, wrt, list, cts)
	add("tangent", slopes, want)

	nodes := make([]*graph.Node, len(all))
	for i, r := range all {
		nodes[i] = r.node
	}
	fn, err := autodiff.CompileGraph(inputs, nodes)
	if err != nil {
		return []fault{{"compile", err}}
	}
	results, err := fn.Run(context.Background(), feeds...)
	if err != nil {
		return []fault{{"run", err}}
	}
	var faults []fault
	for i, r := range all {
		if err := r.check(rtol, results[i], c.size()); err != nil {
			faults = append(faults, fault{r.what, err})
		}
	}
	return faults
}

// tangents returns ⟨ct, J·t⟩ for fixed random tangents t, and ⟨vjp, t⟩ by PyTorch's VJP, in one tensor of two elements:
// the second one is the largest product, the size that 1e-9 is taken of.
func (c *golden) tangents(f func([]*graph.Node) []*graph.Node, wrt []*graph.Node, list func([]goldenTensor) []*graph.Node,
	cts []*graph.Node) ([]*graph.Node, []*goldenTensor) {
	random := rand.New(rand.NewPCG(1, 13))
	var ts []goldenTensor
	var sum, size float64
	for i, n := range wrt {
		t := goldenTensor{Shape: n.Shape(), DType: "float64", Data: make([]goldenNumber, n.Type().Size())}
		for k := range t.Data {
			t.Data[k] = goldenNumber(random.NormFloat64())
			if c.Vjp[i] != nil {
				p := float64(t.Data[k] * c.Vjp[i].Data[k])
				sum, size = sum+p, max(size, math.Abs(p))
			}
		}
		ts = append(ts, t)
	}
	_, moved := autodiff.JVP(f, wrt, list(ts))
	g := wrt[0].Graph()
	total := ops.Full(g, graph.Float64, 0)
	for i, m := range moved {
		total = ops.Add(total, ops.Sum(ops.Mul(cts[i], m)))
	}
	return []*graph.Node{ops.Stack([]*graph.Node{total, ops.Full(g, graph.Float64, size)}, 0)},
		[]*goldenTensor{{Shape: []int{2}, Data: []goldenNumber{goldenNumber(sum), goldenNumber(size)}}}
}

type result struct {
	what string
	node *graph.Node
	want *goldenTensor
}

// check compares one result. PyTorch says none where a derivative is zero.
func (r result) check(rtol float64, got *tensor.Dense, in float64) error {
	want := r.want
	if want == nil {
		want = &goldenTensor{Shape: r.node.Shape(), Data: make([]goldenNumber, r.node.Type().Size())}
	}
	if !slices.Equal(r.node.Shape(), want.Shape) {
		return fmt.Errorf("shape %v, want %v", r.node.Shape(), want.Shape)
	}
	return within(rtol, elements(got), want.floats(), in)
}

// substitute puts p in the places of the tensors that derivatives are taken by.
func (c *golden) substitute(tensors, p []*graph.Node) []*graph.Node {
	out := slices.Clone(tensors)
	for i, d := range c.Differentiable {
		if d {
			out[i], p = p[0], p[1:]
		}
	}
	return out
}

func pointers(list []goldenTensor) []*goldenTensor {
	out := make([]*goldenTensor, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}
