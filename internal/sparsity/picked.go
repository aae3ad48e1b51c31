package sparsity

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/sweep"
)

// picked lists the values that are picked from the sources, see local; nil if these are the sources.
func (d *Dependence) picked(outputs, sources []*graph.Node) []*graph.Node {
	order := graph.Topo(slices.Concat(outputs, sources)...)
	source := sweep.NewSet(order)
	for _, x := range sources {
		source.Add(x)
	}
	early := d.early(order, source)
	last := sweep.NewSet(order)
	for _, y := range outputs {
		if early.Has(y) {
			last.Add(y)
		}
	}
	for _, y := range order {
		for i, x := range y.In() {
			if early.Has(x) && !early.Has(y) && d.active(y, i) {
				last.Add(x)
			}
		}
	}
	var cut []*graph.Node
	moved := false
	for _, n := range order {
		if last.Has(n) {
			cut = append(cut, n)
			moved = moved || !source.Has(n)
		}
	}
	if !moved {
		return nil
	}
	return cut
}

// early is the set of nodes whose elements, and those of all that they are made of, depend on one source element at
// most, up to where elements are moved for the last time: x² is not early where x is, unless it is taken from.
func (d *Dependence) early(order []*graph.Node, source sweep.Set) sweep.Set {
	single := sweep.NewSet(order)
	users := map[*graph.Node][]*graph.Node{}
	for _, y := range order {
		if source.Has(y) {
			single.Add(y)
			continue
		}
		if d.at(y) == nil || !y.DType().IsFloat() || !d.areSingle(d.at(y)) {
			continue
		}
		ok := true
		for i, x := range y.In() {
			ok = ok && (!d.active(y, i) || single.Has(x))
		}
		if !ok {
			continue
		}
		single.Add(y)
		for i, x := range y.In() {
			if d.active(y, i) {
				users[x] = append(users[x], y)
			}
		}
	}
	early := sweep.NewSet(order)
	for k := len(order) - 1; k >= 0; k-- {
		y := order[k]
		moves := source.Has(y) || y.Op().Class != graph.Map
		for _, user := range users[y] {
			moves = moves || early.Has(user)
		}
		if single.Has(y) && moves {
			early.Add(y)
		}
	}
	return early
}

// active reports whether y depends on the sources through its input i.
func (d *Dependence) active(y *graph.Node, i int) bool {
	return d.at(y.In()[i]) != nil && sweep.Passes(y, i)
}

func (d *Dependence) areSingle(sets []int32) bool {
	for _, s := range sets {
		if !d.sets.IsSingle(s) {
			return false
		}
	}
	return true
}
