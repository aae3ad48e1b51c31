package compile

import "chainrule/graph"

// tree is a set of blocks ordered by size, then offset: a treap, whose nodes are also a heap by a hash of the
// offset, which keeps the tree balanced (Seidel and Aragon, Randomized search trees, 1996).
type tree struct {
	root  *branch
	spare *branch // removed nodes to use again, linked by left
}

type branch struct {
	block
	left, right *branch
}

func (b block) less(c block) bool {
	return b.size < c.size || b.size == c.size && b.offset < c.offset
}

// rank is a branch's place in the heap.
func (b block) rank() uint64 {
	h := uint64(b.offset/graph.Alignment+1) * 0x9e3779b97f4a7c15
	return (h ^ h>>29) * 0xbf58476d1ce4e5b9
}

// smallest returns the first block of at least the given size.
func (t *tree) smallest(size int) (best block, ok bool) {
	for n := t.root; n != nil; {
		if n.size >= size {
			best, ok = n.block, true
			n = n.left
		} else {
			n = n.right
		}
	}
	return best, ok
}

// insert adds b, which is not in the tree: above the first node of lower rank on the way down.
func (t *tree) insert(b block) {
	at := &t.root
	for *at != nil && (*at).rank() >= b.rank() {
		at = (*at).toward(b)
	}
	n := t.spare
	if n != nil {
		t.spare = n.left
	} else {
		n = &branch{}
	}
	n.block = b
	n.left, n.right = split(*at, b)
	*at = n
}

// remove takes b, which is in the tree, out.
func (t *tree) remove(b block) {
	at := &t.root
	for (*at).block != b {
		at = (*at).toward(b)
	}
	n := *at
	*at = join(n.left, n.right)
	n.left, n.right, t.spare = t.spare, nil, n
}

func (n *branch) toward(b block) **branch {
	if b.less(n.block) {
		return &n.left
	}
	return &n.right
}

// split divides a tree into the blocks before and after b.
func split(n *branch, b block) (before, after *branch) {
	if n == nil {
		return nil, nil
	}
	if b.less(n.block) {
		before, n.left = split(n.left, b)
		return before, n
	}
	n.right, after = split(n.right, b)
	return n, after
}

// join is the tree of the blocks of two, all of left's before all of right's.
func join(left, right *branch) *branch {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.rank() > right.rank():
		left.right = join(left.right, right)
		return left
	}
	right.left = join(left, right.left)
	return right
}
