package sweep

import (
	"fmt"
	"slices"

	"chainrule/graph"
)

// Widen is m for a list that is longer.
func (m Selection) Widen(n int) Selection {
	return append(slices.Clone(m), make(Selection, n-len(m))...)
}

// Ints lists the numbers of those meant.
func (m Selection) Ints() graph.Ints {
	var list []int
	for i, is := range m {
		if is {
			list = append(list, i)
		}
	}
	return graph.MakeInts(list...)
}

// AddFirst adds what is meant by a shorter list, and reports whether anything was new.
func (m Selection) AddFirst(more Selection) bool {
	added := false
	for i, is := range more {
		if is && !m[i] {
			m[i], added = true, true
		}
	}
	return added
}

// Of lists what m says of those that are meant.
func (m Selection) Of(meant Selection) Selection {
	var list Selection
	for i, is := range meant {
		if is {
			list = append(list, m[i])
		}
	}
	return list
}

// Selection says which of a list are meant.
type Selection []bool

// key is m as the key of a map.
func (m Selection) key() string { return fmt.Sprint([]bool(m)) }

// Count is the number of those meant.
func (m Selection) Count() int {
	n := 0
	for _, b := range m {
		if b {
			n++
		}
	}
	return n
}

// Every means all of n.
func Every(n int) Selection {
	m := make(Selection, n)
	for i := range m {
		m[i] = true
	}
	return m
}

// everyIf means all of n if holds is set, and none otherwise.
func everyIf(holds bool, n int) Selection {
	if holds {
		return Every(n)
	}
	return nil
}

// NotNil lists the nodes that are not nil.
func NotNil(nodes []*graph.Node) []*graph.Node {
	var list []*graph.Node
	for _, n := range nodes {
		if n != nil {
			list = append(list, n)
		}
	}
	return list
}

// Which tells which nodes are not nil.
func Which(nodes []*graph.Node) Selection {
	m := make(Selection, len(nodes))
	for i, n := range nodes {
		m[i] = n != nil
	}
	return m
}

// Choose lists the nodes that are meant.
func Choose(nodes []*graph.Node, meant Selection) []*graph.Node {
	var list []*graph.Node
	for i, n := range nodes {
		if meant[i] {
			list = append(list, n)
		}
	}
	return list
}

// Scatter puts a list in the places that are meant, nil in the others.
func Scatter(list []*graph.Node, meant Selection) []*graph.Node {
	all := make([]*graph.Node, len(meant))
	for i, m := range meant {
		if m {
			all[i], list = list[0], list[1:]
		}
	}
	return all
}
