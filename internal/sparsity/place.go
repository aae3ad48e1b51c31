package sparsity

import (
	"slices"

	"chainrule/graph"
)

// placed gives each element of a view the set of the element that it shows, of which there are n.
func placed(sets []int32, shape []int, l graph.Layout, n int) []int32 {
	if len(sets) == 1 || n == graph.Size(shape) && l.Offset == 0 && l.Contiguous(shape) {
		return sets
	}
	all := make([]int32, 0, graph.Size(shape))
	if len(shape) == 0 {
		return append(all, sets[l.Offset])
	}
	last := len(shape) - 1
	index := make([]int, last)
	at := l.Offset
	for len(all) < cap(all) {
		for k := range shape[last] {
			all = append(all, sets[at+k*l.Strides[last]])
		}
		for a := last - 1; a >= 0; a-- { // the next row
			index[a]++
			at += l.Strides[a]
			if index[a] < shape[a] {
				break
			}
			at -= index[a] * l.Strides[a]
			index[a] = 0
		}
	}
	return all
}

// broadcast stretches the sets of a tensor to a shape.
func broadcast(sets []int32, from, to []int) []int32 {
	if len(sets) == 1 || slices.Equal(from, to) {
		return sets
	}
	l := graph.Layout{Strides: make([]int, len(to))}
	lead := len(to) - len(from)
	for a, step := range graph.Strides(from) {
		if from[a] != 1 {
			l.Strides[lead+a] = step
		}
	}
	return placed(sets, to, l, len(sets))
}
