// Mlp trains a multi-layer perceptron, written by hand on the graph, on handwritten digits, and checks its gradient
// against the closed-form recursion of backpropagation before and after.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/data"
	"chainrule/nn/train"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// result is the JSON line.
type result struct {
	TestAccuracy      float64 `json:"test_accuracy"`
	BackpropMaxRelErr float64 `json:"backprop_max_rel_err"`
	Epochs            int     `json:"epochs"`
	Iterations        int     `json:"iterations"`
	Seconds           float64 `json:"seconds"`
	Interrupted       bool    `json:"interrupted,omitempty"`
}

// run returns the exit status: 0 also when it was interrupted and printed the results so far.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	stderr = clipped{stderr}
	c, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "mlp:", err)
		return 2
	}
	log := &sticky{to: stdout}
	if c.json {
		log.to = stderr
	}
	r, err := c.train(ctx, log, stderr)
	if err = errors.Join(err, log.err); err != nil {
		fmt.Fprintln(stderr, "mlp:", err)
		return 1
	}
	if c.json {
		if err := json.NewEncoder(stdout).Encode(r); err != nil {
			fmt.Fprintln(stderr, "mlp:", err)
			return 1
		}
	}
	return 0
}

// clipped shortens what is written at once, such as a message with a huge argument in it.
type clipped struct{ to io.Writer }

func (c clipped) Write(p []byte) (int, error) {
	const most = 400
	if len(p) <= most {
		return c.to.Write(p)
	}
	_, err := fmt.Fprintf(c.to, "%s… of %d bytes\n", bytes.ToValidUTF8(p[:most], nil), len(p))
	return len(p), err
}

// sticky passes on what is written and keeps the first error.
type sticky struct {
	to  io.Writer
	err error
}

func (s *sticky) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.to.Write(p)
	s.err = err
	return n, err
}

// train is the whole of it: load, check, learn, check again.
func (c config) train(ctx context.Context, log, bar io.Writer) (r result, err error) {
	set, test, err := c.load()
	if err != nil {
		return r, err
	}
	batches, err := data.NewBatches(set.Len(), c.batch, c.seed)
	if err != nil {
		return r, err
	}
	if err := c.describe(log, set, batches); err != nil {
		return r, err
	}
	layers := c.parameters(c.seed)
	check := rows(min(32, set.Len()))
	before, err := c.difference(layers, set, check)
	if err != nil {
		return r, err
	}
	fmt.Fprintf(log, "gradient: differs from the δ-recursion by %.1e before training\n", before)

	start := time.Now()
	l := loop{config: c, layers: layers, set: set, test: test, batches: batches, log: log}
	l.step = autodiff.Compile(c.step, autodiff.Donate(0, 1), autodiff.RequireFinite(0))
	l.predict = autodiff.Compile(c.network.predict)
	if err := l.writeDump(ctx); err != nil {
		return r, err
	}
	if err := l.run(ctx, bar); err != nil {
		return r, err
	}
	r.Epochs, r.Iterations, r.Interrupted = l.epochs, l.iterations, ctx.Err() != nil
	r.Seconds = time.Since(start).Seconds()
	if r.TestAccuracy, err = l.accuracy(); err != nil {
		return r, err
	}
	after, err := c.difference(layers, set, check)
	if err != nil {
		return r, err
	}
	r.BackpropMaxRelErr = maxNaN(before, after)
	fmt.Fprintf(log, "gradient: differs from the δ-recursion by %.1e after training\n", after)
	fmt.Fprintf(log, "test accuracy %.4f after %d epochs, %d iterations, %.1f s\n",
		r.TestAccuracy, r.Epochs, r.Iterations, r.Seconds)
	return r, nil
}

// describe prints the sizes of the data, the regime and the graph, and writes the picture.
func (c config) describe(log io.Writer, set *data.Set, batches *data.Batches) error {
	fmt.Fprintf(log, "data: %d training samples of %d features, %d classes\n", set.Len(), set.Dim, set.Classes)
	fmt.Fprintf(log, "regime: %v gradient descent, batch size %d, %d iterations an epoch, rate %g\n",
		batches.Regime(), batches.Size(), batches.Iterations(), c.rate)
	cost, grad, forward := c.trace(c.batch)
	fmt.Fprintf(log, "graph: %d nodes for the cost, %d with its gradient\n", forward, cost.Graph().Len())
	if c.dot == "" {
		return nil
	}
	f, err := os.Create(c.dot)
	if err != nil {
		return err
	}
	outputs := []*graph.Node{cost}
	for _, l := range grad {
		outputs = append(outputs, l.W, l.B)
	}
	return errors.Join(graph.WriteDOT(f, outputs...), f.Close())
}

// difference compares the gradient of a batch with the recursion's.
func (c config) difference(layers []layer[*tensor.Dense], set *data.Set, batch []int) (float64, error) {
	x, y, err := train.Tensors(set, batch, c.dtype)
	if err != nil {
		return 0, err
	}
	return c.compare(layers, x, y)
}

// rows is 0 … n−1.
func rows(n int) []int {
	r := make([]int, n)
	for i := range r {
		r[i] = i
	}
	return r
}
