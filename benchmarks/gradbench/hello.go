package main

import (
	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// hello is the smallest module: x² and its derivative.
var hello = module{
	"square": planned(func(x helloInput) (plan, error) { return plan{square, []any{float64(x)}, number}, nil }),
	"double": planned(func(x helloInput) (plan, error) { return plan{autodiff.Grad(square), []any{float64(x)}, number}, nil }),
}

type helloInput float64

func (helloInput) wanted() runs { return runs{MinRuns: 1} }

func square(x *graph.Node) *graph.Node { return ops.Square(x) }
