package main

import (
	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// hello is the smallest module: x² and its derivative.
var hello = module{
	"square": planned(func(in helloInput) (plan, error) { return in.plan(square) }),
	"double": planned(func(in helloInput) (plan, error) { return in.plan(autodiff.Grad(square)) }),
}

type helloInput float64

func (helloInput) wanted() runs { return runs{MinRuns: 1} }

func square(x *graph.Node) *graph.Node { return ops.Square(x) }

func (in helloInput) plan(f any) (plan, error) { return plan{f, []any{float64(in)}, number}, nil }
