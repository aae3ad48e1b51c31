package autodiff_test

import (
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestJacobiansOfLoops compares Jacobians and Hessians, by either mode, and of one in a loop.
func TestJacobiansOfLoops(t *testing.T) {
	for _, c := range builders() {
		for name, f := range nests {
			vector := func(c constructs) func(p []*graph.Node) *graph.Node {
				return func(p []*graph.Node) *graph.Node { return f(c, p) }
			}
			for mode, opts := range map[string][]autodiff.JacobianOption{"f": {autodiff.ForwardMode()}, "r": {autodiff.ReverseMode()}} {
				agree(t, runTwin(t, autodiff.Jacobian(vector(plainly), opts...), tensors(waves(1, 2), waves(2, 2))),
					runTwin(t, autodiff.Jacobian(vector(c), opts...), tensors(waves(1, 2), waves(2, 2))), rounding,
					"%s, %s: Jacobian %s", c.name, name, mode)
				hessian := func(c constructs) func(p []*graph.Node) *graph.Node {
					return func(p []*graph.Node) *graph.Node {
						return autodiff.Hessian(func(x *graph.Node) *graph.Node { return end(f(c, []*graph.Node{x, p[1]})) }, opts...)(p[0])
					}
				}
				agree(t, runTwin(t, hessian(plainly), tensors(waves(1, 2), waves(2, 2))),
					runTwin(t, hessian(c), tensors(waves(1, 2), waves(2, 2))), rounding, "%s, %s: Hessian %s", c.name, name, mode)
			}
		}
	}
}

// TestJacobianInLoop has Newton's method for two equations, which solves with the Jacobian in every step.
func TestJacobianInLoop(t *testing.T) {
	newton := func(c constructs) scalarFunc {
		return func(p []*graph.Node) *graph.Node {
			f := func(x *graph.Node) *graph.Node {
				return ops.Sub(ops.Add(ops.Mul(2, x), ops.Mul(p[1], ops.Sin(x))), p[0])
			}
			return end(c.repeat(4, func(x *graph.Node) *graph.Node {
				return ops.Sub(x, ops.Reshape(ops.Solve(autodiff.Jacobian(f)(x), ops.Reshape(f(x), 2, 1)), 2))
			}, p[0]))
		}
	}
	for _, c := range builders() {
		twin{args: tensors(waves(1, 2), waves(2, 2)), built: newton(c), plain: newton(plainly)}.check(t)
	}
}
