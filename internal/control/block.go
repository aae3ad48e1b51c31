package control

import (
	"unsafe"

	"chainrule/graph"
)

// compiled is what is made, once for each key, of a function for a program, or the error of it.
type compiled[T any] struct {
	made T
	err  error
}

// once returns what compute makes for f and key in the program that c compiles.
func once[T any](c graph.Compiler, f *graph.Func, key any, compute func() (T, error)) (T, error) {
	r := c.Memo(f, key, func() any {
		made, err := compute()
		return compiled[T]{made, err}
	}).(compiled[T])
	return r.made, r.err
}

// inPlace says that the first n outputs overwrite the inputs from number first on.
func inPlace(n, first int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = first + i
	}
	return list
}

// block is a run of bytes cut into values that begin at multiples of 64, such as the parts of a packed value.
type block struct {
	offsets []int
	bytes   []int
}

func newBlock(types ...graph.Type) block {
	b := block{offsets: graph.Offsets(types)}
	for _, t := range types {
		b.bytes = append(b.bytes, t.Bytes())
	}
	return b
}

func (b block) size() int { return b.offsets[len(b.offsets)-1] }

// at returns where value i lies in a block at p.
func (b block) at(p unsafe.Pointer, i int) unsafe.Pointer { return unsafe.Add(p, b.offsets[i]) }

func typesOf(nodes []*graph.Node) []graph.Type {
	types := make([]graph.Type, len(nodes))
	for i, n := range nodes {
		types[i] = n.Type()
	}
	return types
}
