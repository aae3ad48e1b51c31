package sweep

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// Passes reports whether y has a derivative with respect to its input i.
func Passes(y *graph.Node, i int) bool {
	rule := y.Op().Derivative
	return rule != nil && IsSmooth(y) && IsSmooth(y.In()[i]) && rule.Wrt(i)
}

// IsSmooth reports whether n is of a type that can have a derivative.
func IsSmooth(n *graph.Node) bool { return n.DType().IsFloat() || n.DType() == graph.Packed }

// ReachedFrom returns the nodes that have a derivative with respect to one of the sources, themselves included.
func ReachedFrom(sources, order []*graph.Node) Set {
	set := NewSet(order)
	for _, x := range sources {
		set.Add(x)
	}
	for _, y := range order {
		for i, x := range y.In() {
			if set.Has(x) && Passes(y, i) {
				set.Add(y)
				break
			}
		}
	}
	return set
}

// leadingTo returns the nodes by which one of the outputs has a derivative, themselves included.
func leadingTo(outputs, order []*graph.Node) Set {
	set := NewSet(order)
	for _, y := range outputs {
		set.Add(y)
	}
	for k := len(order) - 1; k >= 0; k-- {
		y := order[k]
		if !set.Has(y) {
			continue
		}
		for i, x := range y.In() {
			if Passes(y, i) {
				set.Add(x)
			}
		}
	}
	return set
}

// StoppedAt lists the ops that depend on one of xs, are used by the outputs, and pass no derivative on.
func StoppedAt(outputs []*graph.Node, xs ...*graph.Node) []string {
	order := graph.Topo(slices.Concat(outputs, xs)...)
	reached := ReachedFrom(xs, order)
	var stops []string
	for _, y := range order {
		for i, in := range y.In() {
			if reached.Has(in) && !reached.Has(y) && !Passes(y, i) {
				reason := "its operand there only selects"
				if r, ok := y.Op().Derivative.(ops.NonDiff); ok {
					reason = string(r)
				} else if !y.DType().IsFloat() {
					reason = "its result is no float"
				}
				stops = append(stops, fmt.Sprintf("%s at %s stops it: %s", y.Op().Name, y.Source(), reason))
			}
		}
	}
	return stops
}
