package autodiff_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

type weights[T any] struct{ W, B T }

// descend is a step of gradient descent on the mean square of tanh(x·w + b).
func descend(p weights[*graph.Node], x *graph.Node) (*graph.Node, weights[*graph.Node]) {
	cost, grad := autodiff.ValueAndGrad(func(p weights[*graph.Node]) *graph.Node {
		return ops.Mean(ops.Square(ops.Tanh(ops.Add(ops.MatMul(x, p.W), p.B))))
	})(p)
	return cost, weights[*graph.Node]{ops.Sub(p.W, ops.Mul(0.5, grad.W)), ops.Sub(p.B, ops.Mul(0.5, grad.B))}
}

func dense(shape ...int) *tensor.Dense {
	values := make([]float64, graph.Size(shape))
	for i := range values {
		values[i] = float64(i%7) - 3
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(values))
}

func wellFormed(t *testing.T, page []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// has looks for words in a page without printing it.
func has(t *testing.T, page, words string, want bool) {
	t.Helper()
	assert.Equal(t, want, strings.Contains(page, words), words)
}

func TestDump(t *testing.T) {
	ctx := context.Background()
	fn := autodiff.Compile(descend, autodiff.Donate(0, 1), autodiff.Workers(1))
	p, x := weights[*tensor.Dense]{dense(4, 3), dense(3)}, dense(5, 4)
	var b bytes.Buffer
	require.NoError(t, fn.Dump(ctx, &b, p, x))
	wellFormed(t, b.Bytes())
	page := b.String()
	for _, want := range []string{
		"autodiff_test.descend", "dump_test.go:26", "dump_test.go:28", "argument 0.W", "hottest steps",
		"rules that fired", "from here on donated inputs are overwritten", "over %0", "into input", "GFLOP/s", "in one loop",
	} {
		has(t, page, want, true)
	}
	has(t, page, "http", false)
	assert.Equal(t, dense(4, 3).Data(), p.W.Data(), "donated tensors are not touched")
	assert.Equal(t, dense(3).Data(), p.B.Data())

	// The function runs as ever.
	out, err := fn.Run(ctx, p, x)
	require.NoError(t, err)
	require.Same(t, p.W, out[1])
	assert.NotEqual(t, dense(4, 3).Data(), p.W.Data())
}

func TestDumpOfGraph(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 3)
	fn, err := autodiff.CompileGraph([]*graph.Node{x}, []*graph.Node{ops.Sum(ops.Exp(x))})
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, fn.Dump(context.Background(), &b, []float64{1, 2, 3}))
	wellFormed(t, b.Bytes())
	has(t, b.String(), "&#34;x&#34;", true)
}

func TestDumpWithoutPass(t *testing.T) {
	fn := autodiff.Compile(descend, autodiff.WithoutPass("fuse", "simplify"))
	var b bytes.Buffer
	require.NoError(t, fn.Dump(context.Background(), &b, weights[*tensor.Dense]{dense(4, 3), dense(3)}, dense(5, 4)))
	has(t, b.String(), "left out: fuse, simplify", true)
	has(t, b.String(), ">unalias <small>", true)
	has(t, b.String(), ">fuse <small>", false)
	has(t, b.String(), "rules that fired", false)
}

// Nothing is written if there is nothing to show.
func TestDumpRefuses(t *testing.T) {
	fn := autodiff.Compile(descend, autodiff.Donate(0, 1))
	p, x := weights[*tensor.Dense]{dense(4, 3), dense(3)}, dense(5, 4)
	done, cancel := context.WithCancel(context.Background())
	cancel()
	for name, dump := range map[string]func(w io.Writer) error{
		"cancelled":      func(w io.Writer) error { return fn.Dump(done, w, p, x) },
		"too few feeds":  func(w io.Writer) error { return fn.Dump(context.Background(), w, p) },
		"no tensor":      func(w io.Writer) error { return fn.Dump(context.Background(), w, p, "x") },
		"shapes differ":  func(w io.Writer) error { return fn.Dump(context.Background(), w, p, dense(5, 3)) },
		"types of graph": func(w io.Writer) error { return wrongGraph(t).Dump(context.Background(), w, dense(4)) },
	} {
		var b bytes.Buffer
		require.Error(t, dump(&b), name)
		require.Zero(t, b.Len(), name)
	}
}

// wrongGraph is a function of vectors of 3.
func wrongGraph(t *testing.T) *autodiff.Function {
	g := graph.New()
	x := g.Input("x", graph.Float64, 3)
	fn, err := autodiff.CompileGraph([]*graph.Node{x}, []*graph.Node{ops.Exp(x)})
	require.NoError(t, err)
	return fn
}
