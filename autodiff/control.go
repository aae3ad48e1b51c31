package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/control"
	"chainrule/internal/tree"
)

// LoopOption changes how a loop is differentiated.
type LoopOption func(*control.Loop)

// MaxSteps bounds the steps of a While by n, which is at least 1. A run that goes on after them fails, and reverse mode
// has room for as many.
func MaxSteps(n int) LoopOption {
	atLeastOne("max_steps", n)
	return func(a *control.Loop) { a.Steps = n }
}

// RecordAllSteps lets reverse mode go through a While without a bound: the record of its steps grows as it runs.
func RecordAllSteps() LoopOption { return func(a *control.Loop) { a.Taped = true } }

// Reversed lets a Scan take its slices, and place its results, from the last to the first.
func Reversed() LoopOption { return func(a *control.Loop) { a.Back = true } }

// LoopName gives a loop the name that errors call it by: that of the function that is made of it, such as a solver.
func LoopName(name string) LoopOption { return func(a *control.Loop) { a.By = name } }

// ErrSteps is matched by the error of a run in which a While would make more steps than MaxSteps says, or ODE's adaptive
// method more than 100,000 between two times.
var ErrSteps = control.ErrSteps

// atLeastOne refuses an option that counts something.
func atLeastOne(op string, n int) {
	if n < 1 {
		graph.Fail(op, nil, "%d given, at least 1 wanted", n)
	}
}

// CheckpointEvery makes reverse mode keep what is carried into every n-th step alone and compute the others again: for
// n = √N the gradient of a loop of N steps takes memory for about 2√N, and one more run of the loop (Griewank 1992 has
// better schedules). A While needs MaxSteps beside it.
func CheckpointEvery(n int) LoopOption {
	atLeastOne("checkpoint_every", n)
	return func(a *control.Loop) { a.Every = n }
}

// While applies body to what it carries, from init on, as long as cond holds, and returns what it carries then. Cond
// gives a Bool scalar; body gives a tree like its argument, with leaves of the same types. Both may use nodes from
// outside.
//
// Forward mode goes through any While. Reverse mode needs to keep a record of the steps: without MaxSteps or RecordAllSteps it
// panics with a *graph.Error.
//
// Under Vmap examples that differ in cond make steps together until all have ended. One that has ended keeps what it
// carries, and body does not fail for its sake.
func While[C any](cond func(C) *graph.Node, body func(C) C, init C, opts ...LoopOption) C {
	needFunc("while", cond == nil || body == nil)
	b := newLoopBuilder("while", tree.Leaves(init), opts)
	carried := func(params []*graph.Node) C {
		return tree.With(init, params)
	}
	b.attrs.Cond, b.condIn = b.capture(func(params []*graph.Node) []*graph.Node {
		p := cond(carried(params))
		if p == nil || p.DType() != graph.Bool || p.Rank() != 0 {
			graph.Fail("while", present(p), "the condition must be a bool scalar")
		}
		return []*graph.Node{p}
	})
	b.body(func(params []*graph.Node) []*graph.Node { return b.matched(tree.Leaves(body(carried(params)))) })
	out := b.finish()
	return tree.With(init, out)
}

// For applies body n times to what it carries, with the number of the step, an Int64 scalar from 0, and returns what it
// carries then.
func For[C any](n int, body func(i *graph.Node, c C) C, init C, opts ...LoopOption) C {
	needFunc("for", body == nil)
	leaves := tree.Leaves(init)
	if len(leaves) == 0 {
		graph.Fail("for", nil, "nothing is carried")
	}
	g := leaves[0].Node.Graph()
	count := tree.Leaf{Path: "step", Node: g.Scalar(graph.Int64, 0)}
	b := newLoopBuilder("for", append([]tree.Leaf{count}, leaves...), opts)
	b.attrs.Steps, b.hidden = checkSteps("for", n), 1
	b.body(func(params []*graph.Node) []*graph.Node {
		c := tree.Map(init, func(i int, _ *graph.Node) *graph.Node { return params[1+i] })
		next := tree.Leaves(body(params[0], c))
		return b.matched(append([]tree.Leaf{{Path: "step", Node: addOne(params[0])}}, next...))
	})
	b.dropCount()
	out := b.finish()
	return tree.Map(init, func(i int, _ *graph.Node) *graph.Node { return out[b.hidden+i] })
}

// Scan applies body to what it carries and to the slices of xs along their first axis, one after the other, and returns
// what it carries at last and what body gave beside, stacked along a new first axis: with N slices
//
//	c₁, y₀ = body(c₀, xs[0]),  c₂, y₁ = body(c₁, xs[1]),  …  →  c_N, [y₀, …, y_{N−1}].
//
// Leaves of xs are [N, …]. Reverse mode keeps, for every step, the values that its derivative needs: see
// CheckpointEvery for less. Parts of the body that do not depend on c or x are computed once, before the loop, unless they
// may fail, as Take and Inverse may.
func Scan[C, X, Y any](body func(c C, x X) (C, Y), init C, xs X, opts ...LoopOption) (C, Y) {
	needFunc("scan", body == nil)
	carried, slices := tree.Leaves(init), tree.Leaves(xs)
	b := newLoopBuilder("scan", carried, opts)
	b.slices(slices)
	var ys Y
	b.body(func(params []*graph.Node) []*graph.Node {
		c := tree.With(init, params)
		x := tree.Map(xs, func(i int, _ *graph.Node) *graph.Node { return params[len(carried)+i] })
		next, y := body(c, x)
		ys = y
		out := b.matched(tree.Leaves(next))
		for _, l := range tree.Leaves(y) {
			out = append(out, l.Node)
		}
		return out
	})
	out := b.finish()
	return tree.With(init, out),
		tree.Map(ys, func(i int, _ *graph.Node) *graph.Node { return out[len(carried)+i] })
}

// Checkpoint returns a function that computes what f does. Reverse mode keeps its argument alone and computes f again
// when it comes to it, which saves the memory of all that lies between.
func Checkpoint[P, Q any](f func(P) Q) func(P) Q {
	return func(p P) Q {
		needFunc("checkpoint", f == nil)
		leaves := tree.Leaves(p)
		if len(leaves) == 0 {
			graph.Fail("checkpoint", nil, "the argument has no node")
		}
		b := newLoopBuilder("checkpoint", nil, nil)
		b.graph = leaves[0].Node.Graph()
		b.attrs.Steps, b.attrs.Every = 1, 1
		var value Q
		b.given = leaves
		b.body(func(params []*graph.Node) []*graph.Node {
			value = f(tree.With(p, params))
			var out []*graph.Node
			for _, l := range tree.Leaves(value) {
				out = append(out, l.Node)
			}
			if len(out) == 0 {
				graph.Fail("checkpoint", nil, "the function gives nothing")
			}
			return out
		})
		out := b.finish()
		return tree.Map(value, func(i int, y *graph.Node) *graph.Node { return firstOf(out[i]) })
	}
}
