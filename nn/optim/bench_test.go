package optim_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/optim"
)

// One update of a million parameters from given gradients: 16 B each in and 12 B out with float32.
func BenchmarkUpdate(b *testing.B) {
	for name, rule := range map[string]optim.Rule{
		"sgd": optim.SGD{Rate: optim.Constant(1e-3), Momentum: .9}, "adam": optim.Adam{}, "adamw": optim.AdamW{},
		"clipped": optim.Chain(optim.AdamW{}, optim.ClipGlobalNorm(1)),
	} {
		b.Run(fmt.Sprintf("rule=%s/n=1000000/dtype=f32", name), func(b *testing.B) {
			step := newUpdate(b, rule, 1_000_000)
			b.ReportAllocs()
			for b.Loop() {
				if err := step(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// newUpdate is an update in place of n parameters.
func newUpdate(t testing.TB, rule optim.Rule, n int) func() error {
	rng := rand.New(rand.NewPCG(1, 1))
	p, g := nn.NewParam(graph.Float32, n).Fill(rng.NormFloat64), nn.NewParam(graph.Float32, n).Fill(rng.NormFloat64)
	state, err := optim.NewState[*nn.Param](rule, p)
	if err != nil {
		t.Fatal(err)
	}
	fn := autodiff.Compile(func(p *nn.Param, state []*graph.Node, g *nn.Param) (*nn.Param, []*graph.Node) {
		next, kept, _ := optim.Update(rule, p, g, state, optim.Input{})
		return next, kept
	}, autodiff.Donate(0, 0), autodiff.Donate(1, 1), autodiff.Workers(1))
	out := struct {
		P *nn.Param
		S []*tensor.Dense
	}{p, state.Values}
	var fed any = state.Values
	ctx := context.Background()
	step := func() error { return fn.RunTo(ctx, &out, p, fed, g) }
	if err := step(); err != nil {
		t.Fatal(err)
	}
	return step
}
