// Onnx shows what an ONNX file holds, how fast it runs here, and answers questions over HTTP with it.
//
//	go run ./examples/onnx                      a network for handwritten digits that is part of the program
//	go run ./examples/onnx -batch 32 NET.onnx   any file
//	go run ./examples/onnx -serve :8080         POST {"x0": [[…64 numbers…]]} to it
package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"chainrule/nn/onnx"
)

// digits is a perceptron for the digits of nn/data, written by -train.
//
//go:embed digits.onnx
var digits []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "onnx:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("onnx", flag.ContinueOnError)
	serve := flags.String("serve", "", "answer over HTTP at this address, such as :8080")
	batch := flags.Int("batch", 1, "the length of dimensions that the file leaves open")
	page := flags.String("profile", "", "write the compiled program with the time of every step to this page")
	train := flags.String("train", "", "train the embedded network anew and write it to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *train != "" {
		return trainDigits(ctx, *train, out)
	}
	m, err := load(flags.Arg(0))
	if err != nil {
		return err
	}
	r, err := newRunner(m, *batch)
	if err != nil {
		return err
	}
	if err := describe(ctx, m, r, out); err != nil {
		return err
	}
	if *page != "" {
		if err := r.profile(ctx, *page); err != nil {
			return err
		}
	}
	if *serve != "" {
		return listen(ctx, *serve, r, out)
	}
	return nil
}

func load(path string) (*onnx.Model, error) {
	if path == "" {
		return onnx.Read(bytes.NewReader(digits))
	}
	return onnx.Load(path)
}

// describe prints what is in the file and how long a run takes.
func describe(ctx context.Context, m *onnx.Model, r *runner, out io.Writer) error {
	for _, in := range m.Inputs() {
		fmt.Fprintln(out, "input     ", in)
	}
	for _, y := range m.Outputs() {
		fmt.Fprintln(out, "output    ", y)
	}
	var ops []string
	for op, n := range m.Operators() {
		ops = append(ops, fmt.Sprintf("%s ×%d", op, n))
	}
	slices.Sort(ops)
	fmt.Fprintln(out, "operators ", strings.Join(ops, ", "))
	numbers := 0
	for _, p := range m.Parameters {
		numbers += p.Value.Shape().TotalSize()
	}
	fmt.Fprintf(out, "parameters %d tensors, %d numbers\n", len(m.Parameters), numbers)
	fmt.Fprintf(out, "arithmetic %d operations a run\n", r.operations)

	start := time.Now()
	if _, err := r.run(ctx, r.zeros()); err != nil {
		return err
	}
	first := time.Since(start)
	least := time.Duration(1 << 62)
	for begin := time.Now(); time.Since(begin) < 300*time.Millisecond; {
		start := time.Now()
		if _, err := r.run(ctx, r.zeros()); err != nil {
			return err
		}
		least = min(least, time.Since(start))
	}
	fmt.Fprintf(out, "time       %v at least, %v the first time, which compiles\n", least, first.Round(time.Microsecond))
	return nil
}
