package ops_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
)

// golden is a case that PyTorch computed: see testdata/README.md.
type golden struct {
	Op, Variant string
	In          []goldenTensor
	Args        []any
	Kwargs      map[string]any
	Wrt         []bool
	Out, Ct     []goldenTensor
	Vjp         []*goldenTensor
	Second      *struct {
		Of        []bool
		Cotangent []goldenTensor
		Vjp       []*goldenTensor
	}
}

type goldenTensor struct {
	Shape []int
	DType string
	Data  []float64
}

// UnmarshalJSON takes numbers and truth values as elements.
func (x *goldenTensor) UnmarshalJSON(text []byte) error {
	var raw struct {
		Shape []int
		DType string
		Data  []any
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	x.Shape, x.DType, x.Data = raw.Shape, raw.DType, make([]float64, len(raw.Data))
	for i, e := range raw.Data {
		switch e := e.(type) {
		case float64:
			x.Data[i] = e
		case bool:
			if e {
				x.Data[i] = 1
			}
		default:
			return fmt.Errorf("element %v", e)
		}
	}
	return nil
}

func (x goldenTensor) value() exec.Value {
	d := map[string]graph.DType{"float64": graph.Float64, "int64": graph.Int64, "bool": graph.Bool}[x.DType]
	buf, _ := constant(graph.New(), d, x.Data, append([]int{1}, x.Shape...)...).Constant()
	return exec.Value{Type: graph.T(d, x.Shape...), Buf: buf}
}

func (x goldenTensor) input(g *graph.Graph) *graph.Node {
	return g.Input("", x.value().Type.DType, x.Shape...)
}

func readGolden(t *testing.T) []golden {
	return append(readGoldenFile(t, "testdata/torch.jsonl.gz"), readGoldenFile(t, "testdata/torch_more.jsonl.gz")...)
}

func readGoldenFile(t *testing.T, name string) []golden {
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c golden
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestGolden compares values and first and second order derivatives with PyTorch's.
func TestGolden(t *testing.T) {
	cases := readGolden(t)
	if len(cases) < 100 {
		t.Fatalf("%d cases, at least 100 wanted", len(cases))
	}
	used := map[string]bool{}
	for i, c := range cases {
		call := torch[c.Op]
		if call == nil {
			t.Errorf("case %d: nothing stands for %s", i, c.Op)
			continue
		}
		t.Run(fmt.Sprintf("%s/%s/%d", c.Op, c.Variant, i), func(t *testing.T) {
			for key, want := range conventions {
				if c.is(key) {
					used[key] = true
					refused := graph.Try(func() { c.build(graph.New(), call) })
					if refused == nil || !strings.Contains(refused.Error(), want.refused) {
						t.Errorf("%s: %v, want %q", want.reason, refused, want.refused)
					}
					return
				}
			}
			c.compare(t, call)
		})
	}
	for key := range conventions {
		if !used[key] {
			t.Errorf("no case is %q: drop the convention", key)
		}
	}
}

// conventions are the cases in which this package does otherwise, on purpose.
var conventions = map[string]struct{ refused, reason string }{
	"scalar along an axis": {"is out of range for rank 0",
		"PyTorch counts a scalar's axes as if it had one; here it has none, and no axes mean all"},
}

func (c golden) is(key string) bool {
	_, dim := c.Kwargs["dim"].(float64)
	named := dim || len(c.Args) > 0
	return key == "scalar along an axis" && len(c.In[0].Shape) == 0 && len(c.In) == 1 && named &&
		slices.Contains([]string{"sum", "mean", "amax", "amin", "max", "min", "logsumexp", "cumsum", "cumprod"}, c.Op)
}

// build makes the inputs and applies call.
func (c golden) build(g *graph.Graph, call torchCall) (inputs, outputs []*graph.Node) {
	for _, x := range c.In {
		inputs = append(inputs, x.input(g))
	}
	return inputs, call(arguments{c}, inputs)
}

// compare builds the case, its derivatives and theirs in one graph, runs it compiled and compares.
func (c golden) compare(t *testing.T, call torchCall) {
	g := graph.New()
	inputs, outputs := c.build(g, call)
	feeds := make([]exec.Value, len(inputs))
	for i, x := range c.In {
		feeds[i] = x.value()
	}
	weigh := func(list []goldenTensor) []*graph.Node {
		var cts []*graph.Node
		for _, x := range list {
			inputs, feeds = append(inputs, x.input(g)), append(feeds, x.value())
			cts = append(cts, inputs[len(inputs)-1])
		}
		return cts
	}
	var wrt []*graph.Node
	for i, w := range c.Wrt {
		if w {
			wrt = append(wrt, inputs[i])
		}
	}
	tensors := slices.Clone(inputs)
	cts := weigh(c.Ct)
	first := func(p []*graph.Node) []*graph.Node {
		_, pull := autodiff.VJP(func(p []*graph.Node) []*graph.Node {
			return call(arguments{c}, c.substitute(tensors, p))[:len(cts)]
		}, p, autodiff.AllowUnreachable())
		return pull(cts)
	}
	nodes, want, what := outputs, pointers(c.Out), slices.Repeat([]string{"value"}, len(outputs))
	grads := first(wrt)
	nodes, want = append(nodes, grads...), append(want, c.Vjp...)
	what = append(what, slices.Repeat([]string{"gradient"}, len(grads))...)
	if s := c.Second; s != nil {
		_, pull := autodiff.VJP(func(p []*graph.Node) []*graph.Node {
			var chosen []*graph.Node
			for i, n := range first(p) {
				if s.Of[i] {
					chosen = append(chosen, n)
				}
			}
			return chosen
		}, wrt, autodiff.AllowUnreachable())
		seconds := pull(weigh(s.Cotangent))
		nodes, want = append(nodes, seconds...), append(want, s.Vjp...)
		what = append(what, slices.Repeat([]string{"second derivative"}, len(seconds))...)
	}
	if len(nodes) != len(want) {
		t.Fatalf("%d nodes for %d results", len(nodes), len(want))
	}
	fn, err := autodiff.CompileGraph(inputs, nodes)
	if err != nil {
		t.Fatal(err)
	}
	fed := make([]any, len(feeds))
	for i, v := range feeds {
		fed[i] = v
	}
	results, err := fn.Run(context.Background(), fed...)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		w := want[i]
		if w == nil { // PyTorch says "none" where the derivative is zero
			w = &goldenTensor{Shape: nodes[i].Shape(), Data: make([]float64, nodes[i].Type().Size())}
		}
		if !slices.Equal(nodes[i].Shape(), w.Shape) {
			t.Errorf("%s %d has shape %v, want %v", what[i], i, nodes[i].Shape(), w.Shape)
		} else if err := near(elements(r), w.Data); err != nil {
			t.Errorf("%s %d: %v", what[i], i, err)
		}
	}
}

// substitute puts p in the places of the tensors that derivatives are taken by.
func (c golden) substitute(inputs, p []*graph.Node) []*graph.Node {
	out := slices.Clone(inputs[:len(c.In)])
	for i, w := range c.Wrt {
		if w {
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

// near allows 64 roundings of the largest element: both sides sum up to 20 products, of which some cancel, and take a
// few ULP in each function.
func near(got, want []float64) error {
	size := 0.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	for i, w := range want {
		if tol := 64 * 0x1p-52 * size; !(math.Abs(got[i]-w) <= tol) {
			return fmt.Errorf("element %d is %v, want %v: differs by %.3g, %.3g allowed", i, got[i], w, math.Abs(got[i]-w), tol)
		}
	}
	return nil
}
