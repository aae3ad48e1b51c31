package optest

import (
	"context"
	"fmt"
	"testing"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

// benchmarkScale brings the first cases of Maps, of 7 or 15 elements, to some ten thousands.
const benchmarkScale = 4096

// Benchmark times every op compiled alone, on its cases, whose few elements show what a step costs, and Maps on large
// operands. Answers are compared with the reference executor first.
func Benchmark(b *testing.B) {
	for _, op := range graph.Ops() {
		for i, in := range Instances(op) {
			benchmark(b, in)
			if large, ok := in.enlarged(benchmarkScale); ok && op.Class == graph.Map && i < 2 {
				benchmark(b, large)
			}
		}
	}
}

// benchmark times the op compiled alone.
func benchmark(b *testing.B, in Instance) {
	b.Run(fmt.Sprintf("op=%s/case=%s/dtype=%v", in.Op.Name, in.Case.Name, in.DType), func(b *testing.B) {
		c := in.alone()
		p, err := compile.Compile(rewrite.Unit{Inputs: c.inputs, Outputs: c.outputs}, compile.Options{})
		if err != nil {
			b.Fatal(err)
		}
		feeds := c.feeds(in.Seed())
		want, err := c.reference(feeds)
		if err != nil {
			b.Fatal(err)
		}
		if err := agree(p, feeds, want, in.slack(false)); err != nil {
			b.Fatal(err)
		}
		bytes := c.outputs[0].Type().Bytes()
		for _, t := range in.args {
			bytes += t.Bytes()
		}
		b.SetBytes(int64(bytes))
		b.ReportAllocs()
		dst := []exec.Value{exec.NewValue(c.outputs[0].Type())}
		for b.Loop() {
			if err := p.Run(context.Background(), dst, feeds); err != nil {
				b.Fatal(err)
			}
		}
	})
}
