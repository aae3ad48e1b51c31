package graph

// Dependence says which elements of one input the elements of a result have a derivative by, by their numbers in
// row-major order: element e of the result depends on the input's elements Members[Start[g]:Start[g+1]] of its group
// g = Group[e−First], or on none if g is −1. It may say more than there is, never less.
type Dependence struct {
	// Group gives every element of the result a group; nil gives element e the group e.
	Group []int32
	// First is the element that Group begins with. Elements before it, and behind its end, depend on none.
	First int
	// Start and Members list the groups. A nil Start makes element g of the input, alone, group g.
	Start, Members []int32
}

// Known returns the elements of an input of a node, and whether they are the same for every run.
type Known func(input int) (Buffer, bool)
