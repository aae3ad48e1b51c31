package sparsity

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/colour"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// OfJacobian is the pattern of ∂outputs/∂sources. op names the transformation in messages.
func OfJacobian(op string, outputs, sources []*graph.Node) *colour.Pattern {
	return patternOf(op, follow(outputs, sources), outputs)
}

func patternOf(op string, d *Dependence, outputs []*graph.Node) *colour.Pattern {
	var rows []int32
	for _, y := range outputs {
		rows = append(rows, stretched(d.at(y), y.Type().Size())...)
	}
	p, err := colour.NewPattern(d.sets, rows)
	if err != nil {
		graph.Fail(op, outputs, "%v", err)
	}
	return p
}

// OfHessian is that of a gradient, made symmetric.
func OfHessian(op string, gradient, sources []*graph.Node) *colour.Pattern {
	return OfJacobian(op, gradient, sources).Symmetrized()
}

// Dependence holds, for every node that has a derivative by the sources, the set of source elements that each of its
// elements depends on: a set for each element, or one for all of them.
type Dependence struct {
	sets  *colour.Sets
	low   int
	of    [][]int32
	fixed []bool // nodes that are the same whatever is fed
	known map[*graph.Node]graph.Buffer
	parts map[*graph.Node][][]int32 // the sets of the results of ops with several
}

func (d *Dependence) at(n *graph.Node) []int32 { return d.of[n.ID()-d.low] }

// stretched gives each of n elements a set of its own.
func stretched(sets []int32, n int) []int32 {
	if len(sets) == n {
		return sets
	}
	all := make([]int32, n)
	if len(sets) == 1 {
		for e := range all {
			all[e] = sets[0]
		}
	}
	return all
}

// follow sends sets forward from the sources, whose elements are numbered one source after the other.
func follow(outputs, sources []*graph.Node) *Dependence {
	single := make([][]int32, len(sources))
	at := begins(sources)
	for i, x := range sources {
		single[i] = make([]int32, x.Type().Size())
		for e := range single[i] {
			single[i][e] = colour.Single(at[i] + e)
		}
	}
	return followFrom(colour.NewSets(at[len(sources)]), outputs, sources, single)
}

// followFrom sends the given sets forward from the sources. Sources without sets count as other inputs.
func followFrom(sets *colour.Sets, outputs, sources []*graph.Node, given [][]int32) *Dependence {
	order := graph.Topo(slices.Concat(outputs, sources)...)
	low, top := order[0].ID(), order[len(order)-1].ID()
	d := &Dependence{sets, low, make([][]int32, top-low+1), make([]bool, top-low+1),
		map[*graph.Node]graph.Buffer{}, map[*graph.Node][][]int32{}}
	for i, x := range sources {
		d.of[x.ID()-low] = given[i]
	}
	for _, y := range order {
		if d.at(y) != nil {
			continue
		}
		_, fixed := y.Constant()
		depends := false
		for i, x := range y.In() {
			fixed = (fixed || i == 0) && d.fixed[x.ID()-low]
			depends = depends || d.at(x) != nil && sweep.Passes(y, i)
		}
		d.fixed[y.ID()-low] = fixed && !y.IsAlias() // an alias may stand for what is fed
		if depends && y.Type().Size() > 0 {
			d.of[y.ID()-low] = d.through(y)
		}
	}
	return d
}

// through sends the sets of y's inputs through its op.
func (d *Dependence) through(y *graph.Node) []int32 {
	if i, isPart := y.PartIndex(); isPart && d.parts[y.In()[0]] != nil {
		return d.parts[y.In()[0]][i]
	}
	if parts := d.throughFuncs(y); parts != nil {
		d.parts[y] = parts
		return []int32{d.sets.UnionAll(slices.Concat(parts...))}
	}
	var all, some []int32 // some has what inputs give to some elements alone
	for i, x := range y.In() {
		switch {
		case d.at(x) == nil || !sweep.Passes(y, i):
		case d.sets.Len() > manyElements:
			all = d.both(all, []int32{d.sets.UnionAll(d.at(x))})
		default:
			sets, first := d.input(y, i, d.at(x))
			if first < 0 {
				all = d.both(all, sets)
				continue
			}
			if some == nil {
				some = make([]int32, y.Type().Size())
			}
			for e, s := range sets {
				some[first+e] = d.sets.Union(some[first+e], s)
			}
		}
	}
	if some != nil {
		all = d.both(all, some)
	}
	return all
}

// manyElements is the number of elements of all sets together beyond which ops are taken to mix everything, so that
// the memory does not run out.
const manyElements = 1 << 27

// input sends the sets of y's input i through its op. It returns a set for each element of y, or one for all, and −1; or
// those of some elements, and the number of their first.
func (d *Dependence) input(y *graph.Node, i int, sets []int32) (result []int32, first int) {
	switch op := y.Op(); {
	case op.Class == graph.View:
		return placed(sets, y.Shape(), op.Layout(y), y.In()[i].Type().Size()), -1
	case op.Class == graph.Map:
		return d.withoutZeros(y, i, broadcast(sets, y.In()[i].Shape(), y.Shape())), -1
	case op.Depends != nil:
		by := op.Depends(y, i, func(k int) (graph.Buffer, bool) { return d.valueOf(y.In()[k]) })
		if sets = d.grouped(sets, by); by.Group == nil || len(by.Group) == y.Type().Size() {
			return sets, -1
		}
		return sets, by.First
	}
	return []int32{d.sets.UnionAll(sets)}, -1
}

// both is the union of a and b, element by element.
func (d *Dependence) both(a, b []int32) []int32 {
	switch {
	case a == nil:
		return b
	case len(a) < len(b):
		a, b = b, a
	}
	all := make([]int32, len(a))
	step := min(len(b)-1, 1) // 0 if b is one set for all
	for e := range all {
		all[e] = d.sets.Union(a[e], b[e*step])
	}
	return all
}

// grouped gives every element the union of its group's sets.
func (d *Dependence) grouped(sets []int32, by graph.Dependence) []int32 {
	if by.Start != nil {
		groups := make([]int32, len(by.Start)-1)
		var members []int32
		for g := range groups {
			members = members[:0]
			for _, e := range by.Members[by.Start[g]:by.Start[g+1]] {
				members = append(members, sets[min(int(e), len(sets)-1)])
			}
			groups[g] = d.sets.UnionAll(members)
		}
		sets = groups
	}
	if by.Group == nil {
		return sets
	}
	all := make([]int32, len(by.Group))
	for e, g := range by.Group {
		if g >= 0 {
			all[e] = sets[min(int(g), len(sets)-1)]
		}
	}
	return all
}

// withoutZeros takes the sets away where y's derivative by its input i is known to be zero: x·c for a constant c, or an
// operand of where that is not selected.
func (d *Dependence) withoutZeros(y *graph.Node, i int, sets []int32) []int32 {
	mayVanish := false
	for k, x := range y.In() {
		v, isScalar := x.ScalarValue()
		mayVanish = mayVanish || k != i && d.fixed[x.ID()-d.low] && !(isScalar && v != 0)
	}
	if !mayVanish {
		return sets
	}
	one := ops.FullLike(y, 1)
	slope := y.Op().Derivative.VJP(y, i, one)
	if slope == one || !slope.Type().Equal(y.Type()) {
		return sets
	}
	buf, ok := d.valueOf(slope)
	if !ok {
		return sets
	}
	values := exec.Value{Type: slope.Type(), Buf: buf}
	sets = append([]int32(nil), stretched(sets, y.Type().Size())...)
	for e := range sets {
		if values.At(e) == 0 {
			sets[e] = 0
		}
	}
	return sets
}

// valueOf returns n's elements if they are the same whatever is fed.
func (d *Dependence) valueOf(n *graph.Node) (graph.Buffer, bool) {
	if buf, ok := n.Constant(); ok {
		return buf, true
	}
	if buf, ok := d.known[n]; ok {
		return buf, true
	}
	if at := n.ID() - d.low; at >= 0 && at < len(d.fixed) && !d.fixed[at] {
		return graph.Buffer{}, false
	}
	buf, ok := valueIfFixed(n)
	if ok {
		d.known[n] = buf
	}
	return buf, ok
}

// valueIfFixed computes n if it depends on constants alone. An alias may stand for something else than it shows.
func valueIfFixed(n *graph.Node) (graph.Buffer, bool) {
	for _, x := range graph.Topo(n) {
		if _, constant := x.Constant(); len(x.In()) == 0 && !constant || x.IsAlias() {
			return graph.Buffer{}, false
		}
	}
	values, err := exec.Evaluate([]*graph.Node{n}, nil, compile.Options{}.Compiler())
	if err != nil {
		return graph.Buffer{}, false // running it says why
	}
	return values[0].Buf, true
}
