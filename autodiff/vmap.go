package autodiff

import (
	"slices"
	"strings"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// Axis tells Vmap where examples lie in the leaves of an argument or result.
type Axis struct {
	axis     int
	unmapped bool
	out      bool
	paths    []string
}

// InAxis says along which axis of the argument's leaves the examples lie; negative axes count from the end. Paths,
// such as "Layers[0].W", name leaves or whole subtrees; without any, all leaves are meant. Of several Axis that name
// a leaf the last one counts, and leaves that none names have their examples along axis 0.
func InAxis(axis int, paths ...string) Axis { return Axis{axis: axis, paths: paths} }

// Unmapped says that every example uses the whole of these leaves of the argument, such as the weights of a model.
func Unmapped(paths ...string) Axis { return Axis{unmapped: true, paths: paths} }

// OutAxis says which axis of the result's leaves the examples get, 0 if nothing is said.
func OutAxis(axis int, paths ...string) Axis { return Axis{axis: axis, out: true, paths: paths} }

// names reports whether the leaf of that path is meant.
func (a Axis) names(path string) bool {
	for _, p := range a.paths {
		if rest, ok := strings.CutPrefix(path, p); ok && (rest == "" || p == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return len(a.paths) == 0
}

// axisOf is the Axis that counts for a leaf.
func axisOf(axes []Axis, path string, out bool) Axis {
	found := Axis{out: out}
	for _, a := range axes {
		if a.out == out && a.names(path) {
			found = a
		}
	}
	return found
}

// Vmap returns f for many examples at once, where f is written for one. The leaves of the argument have one axis more
// than f expects, along which the examples lie (the first, unless an InAxis says otherwise), or none if they are
// Unmapped, and so have the leaves of the result. Nodes that f closes over are the same for every example. A leaf of
// the result that does not depend on the example is repeated.
//
// Nothing is computed one example after the other if the ops that f uses have a rule for many, as all of package ops
// do: f's products of vectors and matrices become products of larger matrices, its sums become sums of rows. Vmap nests
// and combines with Grad, VJP, JVP in any order: Vmap(Grad(f)) gives gradients per example.
//
// It panics with a *graph.Error if leaves do not agree on the number of examples, if no leaf has examples, or if an
// axis does not exist.
func Vmap[P, Q any](f func(P) Q, axes ...Axis) func(P) Q {
	return func(p P) Q {
		needFunc("vmap", f == nil)
		args := tree.Leaves(p)
		checkPaths(axes, args, false, "argument")
		size := examples(args, axes)
		lifted, one := liftedOf(args, axes)
		var result Q
		args[0].Node.Graph().Stand(one, func(params []*graph.Node) {
			var sources []*graph.Node
			value := f(tree.Map(p, func(i int, x *graph.Node) *graph.Node {
				if axisOf(axes, args[i].Path, false).unmapped {
					return x
				}
				sources = append(sources, standIn(x, params[len(sources)]))
				return sources[len(sources)-1]
			}))
			result = spreadOver(value, axes, sources, lifted, size)
		})
		return result
	}
}

// liftedOf returns the leaves that are mapped with their examples along the first axis, and the types of one example.
func liftedOf(args []tree.Leaf, axes []Axis) (lifted []*graph.Node, one []graph.Type) {
	for _, l := range args {
		if a := axisOf(axes, l.Path, false); !a.unmapped {
			all := ops.MoveAxis(l.Node, normal(l, a.axis, l.Node.Rank()), 0)
			lifted, one = append(lifted, all), append(one, graph.T(all.DType(), all.Shape()[1:]...))
		}
	}
	return lifted, one
}

// spreadOver returns the value of one example, a function of the sources, for all examples.
func spreadOver[Q any](value Q, axes []Axis, sources, lifted []*graph.Node, size int) Q {
	results := tree.Leaves(value)
	checkPaths(axes, results, true, "result")
	outputs := make([]*graph.Node, len(results))
	for i, l := range results {
		checkGraph("vmap", l, sources[0])
		outputs[i] = l.Node
	}
	if len(outputs) == 0 {
		return value
	}
	all := sweep.Batch(outputs, sources, lifted, size)
	return tree.Map(value, func(i int, y *graph.Node) *graph.Node {
		z := all[i]
		if z == nil {
			z = sweep.Repeated(y, size)
		}
		return ops.MoveAxis(z, 0, normal(results[i], axisOf(axes, results[i].Path, true).axis, z.Rank()))
	})
}

// standIn returns an alias of n that is called as x is.
func standIn(x, n *graph.Node) *graph.Node {
	alias := x.Graph().Alias(n)
	if name := x.Name(); name != "" {
		graph.Named(name, alias)
	}
	return alias
}

// examples returns the number of examples, in which all leaves that are mapped must agree.
func examples(args []tree.Leaf, axes []Axis) int {
	size, first := -1, tree.Leaf{}
	firstAxis := 0
	for _, l := range args {
		a := axisOf(axes, l.Path, false)
		if a.unmapped {
			continue
		}
		axis := normal(l, a.axis, l.Node.Rank())
		n := l.Node.Shape()[axis]
		if size >= 0 && n != size {
			graph.Fail("vmap", nil, "%d examples along axis %d of %s, but %d along axis %d of %s",
				size, firstAxis, first, n, axis, l)
		}
		if size < 0 {
			size, first, firstAxis = n, l, axis
		}
	}
	if size < 0 {
		graph.Fail("vmap", nil, "no leaf of the argument has an axis of examples")
	}
	return size
}

// normal maps a negative axis of a leaf to one from the start.
func normal(l tree.Leaf, axis, rank int) int {
	if rank == 0 {
		graph.Fail("vmap", nil, "%s has no axis along which examples could lie: make it Unmapped", l)
	}
	if axis < -rank || axis >= rank {
		graph.Fail("vmap", nil, "axis %d is out of range for %s", axis, l)
	}
	if axis < 0 {
		axis += rank
	}
	return axis
}

// checkPaths refuses an Axis that names no leaf.
func checkPaths(axes []Axis, leaves []tree.Leaf, out bool, what string) {
	for _, a := range axes {
		if a.out != out {
			continue
		}
		for _, p := range a.paths {
			named := Axis{paths: []string{p}}
			if !slices.ContainsFunc(leaves, func(l tree.Leaf) bool { return named.names(l.Path) }) {
				graph.Fail("vmap", nil, "no leaf of the %s is called %q", what, p)
			}
		}
	}
}
