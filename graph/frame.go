package graph

import (
	"runtime"
	"slices"
)

// frame is the link that a function with calls leaves on the stack: where its caller's link is, and where it
// returns to.
type frame struct {
	caller    *frame
	returnsTo uintptr
}

// way is what is known of a return address: the user's line there, or none if all functions there are this module's,
// so that the caller's frame is the next to ask. Several functions are there if some were inlined. A way that ends
// leads to functions that are neither this module's nor the user's, whose frames need not be linked.
type way struct {
	address, user uintptr
	ends          bool
}

// wayCache holds ways: those seen last in an array, all in a map.
type wayCache struct {
	recent [64]way
	all    map[uintptr]way
}

// at returns the way at an address, one that is zero if it is not known.
func (c *wayCache) at(address uintptr) way {
	r := &c.recent[(address^address>>6)%uintptr(len(c.recent))]
	if r.address != address {
		*r = c.all[address]
	}
	return *r
}

func (c *wayCache) add(w way) {
	if c.all == nil {
		c.all = map[uintptr]way{}
	}
	c.all[w.address] = w
}

// learn unwinds the stack by tables, and remembers the way from the first frame to the user's line.
func (g *Graph) learn(first *frame) uintptr {
	var space [64]uintptr
	for _, depth := range [...]int{10, len(space)} { // most often the user is near
		pcs := space[:runtime.Callers(1, space[:depth])]
		user := slices.IndexFunc(pcs, g.frames.isUser)
		if user >= 0 && (g.remember(first, pcs, user) || depth == len(space)) {
			return pcs[user]
		}
	}
	return findCaller(1, g.frames.isUser)
}

// remember adds the ways from the first frame to that of the user, whose program counter is pcs[user]. There is one for
// each function, and several functions at an address if some were inlined; the innermost one's is the address itself.
func (g *Graph) remember(first *frame, pcs []uintptr, user int) bool {
	for f := first; f.caller != nil; f = f.caller {
		from, to := slices.Index(pcs, f.returnsTo), slices.Index(pcs, f.caller.returnsTo)
		if from == to { // a function that calls itself: the last of its frames will tell
			continue
		}
		if from < 0 || from > user || to < from {
			return false
		}
		w := way{address: f.returnsTo}
		if user < to {
			w.user = pcs[user]
		} else {
			w.ends = slices.ContainsFunc(pcs[from:to], func(pc uintptr) bool { return g.frames.owner(pc) == others })
		}
		g.ways.add(w)
		if w.user != 0 || w.ends {
			return true
		}
	}
	return false
}
