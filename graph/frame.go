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
	user uintptr
	ends bool
}

// ways are the ways from return addresses.
var ways codeCache[way]

// learn unwinds the stack by tables, and remembers the way from the first frame to the user's line.
func learn(first *frame) uintptr {
	var space [64]uintptr
	for _, depth := range [...]int{10, len(space)} { // most often the user is near
		pcs := space[:runtime.Callers(1, space[:depth])]
		user := slices.IndexFunc(pcs, isUserAt)
		if user >= 0 && (remember(first, pcs, user) || depth == len(space)) {
			return pcs[user]
		}
	}
	return findCaller(1, isUserAt)
}

// remember adds the ways from the first frame to that of the user, whose program counter is pcs[user]. There is one for
// each function, and several functions at an address if some were inlined; the innermost one's is the address itself.
func remember(first *frame, pcs []uintptr, user int) bool {
	for f := first; f.caller != nil; f = f.caller {
		from, to := slices.Index(pcs, f.returnsTo), slices.Index(pcs, f.caller.returnsTo)
		if from == to { // a function that calls itself: the last of its frames will tell
			continue
		}
		if from < 0 || from > user || to < from {
			return false
		}
		var w way
		if user < to {
			w.user = pcs[user]
		} else {
			w.ends = slices.ContainsFunc(pcs[from:to], func(pc uintptr) bool { return ownerAt(pc) == others })
		}
		ways.add(f.returnsTo, w)
		if w.user != 0 || w.ends {
			return true
		}
	}
	return false
}
