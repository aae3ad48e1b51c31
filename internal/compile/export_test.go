package compile

import (
	"slices"

	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

// Own lists the passes of this package.
func Own() []rewrite.Pass {
	return slices.DeleteFunc(slices.Clone(Pipeline), func(p rewrite.Pass) bool { return p.OfFuncs })
}

// PlanOf runs the pipeline and returns the unit that is left with its plan.
func PlanOf(u rewrite.Unit, opts Options) (rewrite.Unit, exec.Plan) {
	for _, p := range Pipeline {
		if !opts.Off[p.Name] {
			u = p.Run(u, opts.Passes())
		}
	}
	p, err := plan(u, opts)
	if err != nil {
		panic(err)
	}
	return u, p
}

// Arena is the allocator under test.
type Arena struct{ arena }

// Alloc, Release and Size are the arena's.
func (a *Arena) Alloc(size int) int       { return a.alloc(size) }
func (a *Arena) Release(offset, size int) { a.release(offset, size) }
func (a *Arena) Size() int                { return a.size }

// Blocks counts the free blocks, by the tree and by the two maps.
func (a *Arena) Blocks() (tree, starts, ends int) {
	return count(a.free.root), len(a.starts), len(a.ends)
}

func count(n *branch) int {
	if n == nil {
		return 0
	}
	return count(n.left) + 1 + count(n.right)
}

// Depth is the number of blocks on the longest way down the tree.
func (a *Arena) Depth() int { return depth(a.free.root) }

func depth(n *branch) int {
	if n == nil {
		return 0
	}
	return 1 + max(depth(n.left), depth(n.right))
}

// CheckOrder says which passes are out of order.
func CheckOrder(passes []rewrite.Pass) error { return checkOrder(passes) }

// Order lists the pairs of passes of which the first has to come before the second.
func Order() (pairs [][2]string) {
	for _, o := range order {
		pairs = append(pairs, [2]string{o.first, o.second})
	}
	return pairs
}
