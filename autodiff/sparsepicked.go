package autodiff

import (
	"slices"

	"chainrule/graph"
)

// picked lists the values that are picked from the sources, see local; nil if these are the sources.
func (d *dependence) picked(outputs, sources []*graph.Node) []*graph.Node {
	order := graph.Topo(slices.Concat(outputs, sources)...)
	source := newNodeSet(order)
	for _, x := range sources {
		source.add(x)
	}
	early := d.early(order, source)
	last := newNodeSet(order)
	for _, y := range outputs {
		if early.has(y) {
			last.add(y)
		}
	}
	for _, y := range order {
		for i, x := range y.In() {
			if early.has(x) && !early.has(y) && d.active(y, i) {
				last.add(x)
			}
		}
	}
	var cut []*graph.Node
	moved := false
	for _, n := range order {
		if last.has(n) {
			cut = append(cut, n)
			moved = moved || !source.has(n)
		}
	}
	if !moved {
		return nil
	}
	return cut
}

// early is the set of nodes whose elements, and those of all that they are made of, depend on one source element at
// most, up to where elements are moved for the last time: x² is not early where x is, unless it is taken from.
func (d *dependence) early(order []*graph.Node, source nodeSet) nodeSet {
	single := newNodeSet(order)
	users := map[*graph.Node][]*graph.Node{}
	for _, y := range order {
		if source.has(y) {
			single.add(y)
			continue
		}
		if d.at(y) == nil || !y.DType().IsFloat() || !d.areSingle(d.at(y)) {
			continue
		}
		ok := true
		for i, x := range y.In() {
			ok = ok && (!d.active(y, i) || single.has(x))
		}
		if !ok {
			continue
		}
		single.add(y)
		for i, x := range y.In() {
			if d.active(y, i) {
				users[x] = append(users[x], y)
			}
		}
	}
	early := newNodeSet(order)
	for k := len(order) - 1; k >= 0; k-- {
		y := order[k]
		moves := source.has(y) || y.Op().Class != graph.Map
		for _, user := range users[y] {
			moves = moves || early.has(user)
		}
		if single.has(y) && moves {
			early.add(y)
		}
	}
	return early
}

// active reports whether y depends on the sources through its input i.
func (d *dependence) active(y *graph.Node, i int) bool { return d.at(y.In()[i]) != nil && passes(y, i) }

func (d *dependence) areSingle(sets []int32) bool {
	for _, s := range sets {
		if !d.sets.IsSingle(s) {
			return false
		}
	}
	return true
}
