package colour

import "slices"

func naturalOrder(n int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	return order
}

// largestFirst orders by falling degree, equal ones by number (Welsh and Powell 1967).
func largestFirst(degree []int) []int32 {
	order := naturalOrder(len(degree))
	slices.SortStableFunc(order, func(a, b int32) int { return degree[b] - degree[a] })
	return order
}

// smallestLast takes away, again and again, a vertex of smallest degree among those left, and returns the vertices in
// the opposite order. Neighbours gives those of a vertex, each as often as it counts in degree, itself perhaps too.
// Vertices wait in lists by degree.
func smallestLast(degree []int, neighbours func(v int32, visit func(w int32))) []int32 {
	n := len(degree)
	top := 0
	for _, d := range degree {
		top = max(top, d)
	}
	first := make([]int32, top+1) // 1 + the first vertex of each degree
	next, prev := make([]int32, n), make([]int32, n)
	insert := func(v int32) {
		head := &first[degree[v]]
		next[v], prev[v] = *head, 0
		if *head != 0 {
			prev[*head-1] = v + 1
		}
		*head = v + 1
	}
	remove := func(v int32) {
		if prev[v] != 0 {
			next[prev[v]-1] = next[v]
		} else {
			first[degree[v]] = next[v]
		}
		if next[v] != 0 {
			prev[next[v]-1] = prev[v]
		}
	}
	for v := n - 1; v >= 0; v-- {
		insert(int32(v))
	}
	gone := make([]bool, n)
	order := make([]int32, n)
	least := 0
	for k := n - 1; k >= 0; k-- {
		for first[least] == 0 {
			least++
		}
		v := first[least] - 1
		remove(v)
		gone[v] = true
		order[k] = v
		neighbours(v, func(w int32) {
			if gone[w] {
				return
			}
			remove(w)
			degree[w]--
			insert(w)
			least = min(least, degree[w])
		})
	}
	return order
}
