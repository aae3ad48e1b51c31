package graph

import (
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// module is the prefix of this module's package paths.
const module = "chainrule/"

// source is a resolved program counter.
type source struct {
	file string
	line int
}

func (s source) short() string {
	if s.file == "" {
		return ""
	}
	return filepath.Base(s.file) + ":" + strconv.Itoa(s.line)
}

func sourceOf(pc uintptr) source {
	if pc == 0 {
		return source{}
	}
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return source{f.File, f.Line}
}

// callers are the packages of the standard library that run functions given to them. One of their frames between
// this module's and the user's is not the user's line.
var callers = map[string]bool{
	"runtime": true, "reflect": true, "sync": true, "slices": true, "maps": true, "iter": true, "sort": true,
}

// root is the directory of this module as the compiler writes it into programs, with a slash at the end.
var root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return strings.TrimSuffix(file, "graph/source.go")
}()

// floors are the directories under root whose files are this module's code.
var floors = map[string]bool{"graph": true, "ops": true, "autodiff": true, "nn": true, "internal": true}

// isOurs reports whether a file is this module's code. Its functions need not be called so: the closure in a generic
// function such as autodiff.Grad is copied into the package that calls Grad, as main.main.Grad[…].func1.
func isOurs(file string) bool {
	rest, inside := strings.CutPrefix(file, root)
	floor, _, _ := strings.Cut(rest, "/")
	return inside && floors[floor] && !strings.HasSuffix(file, "_test.go")
}

// isUser tells a line of the user's from one of this module's. Examples, benchmarks and tests are users.
func isUser(f runtime.Frame) bool {
	if isOurs(f.File) {
		return false
	}
	rest, ours := strings.CutPrefix(f.Function, module)
	if !ours {
		pkg, _, ok := strings.Cut(f.Function, ".")
		return ok && !callers[pkg]
	}
	return strings.HasPrefix(rest, "examples/") || strings.HasPrefix(rest, "benchmarks") ||
		strings.HasSuffix(f.File, "_test.go")
}

// owner is whose a function is.
type owner uint8

const (
	others owner = iota + 1 // the standard library's
	ours                    // this module's
	users
)

func ownerOf(pc uintptr) owner {
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	switch {
	case isUser(f):
		return users
	case isOurs(f.File), strings.HasPrefix(f.Function, module):
		return ours
	}
	return others
}

// owners are whose functions are at program counters.
var owners codeCache[owner]

// ownerAt says whose function is at a program counter.
func ownerAt(pc uintptr) owner {
	o, known := owners.at(pc)
	if !known {
		o = ownerOf(pc)
		owners.add(pc, o)
	}
	return o
}

func isUserAt(pc uintptr) bool { return ownerAt(pc) == users }

// callerPC returns the program counter of the user's call that builds a node. Unwinding the stack by tables is the
// larger part of what a node costs, so where frames are linked it follows the links as far as it knows the way.
func (g *Graph) callerPC() uintptr {
	if g.origin != 0 {
		return g.origin
	}
	first := currentFrame()
	for f := first; f != nil; f = f.caller {
		switch w, known := ways.at(f.returnsTo); {
		case !known:
			return learn(first)
		case w.user != 0:
			return w.user
		case w.ends:
			return findCaller(1, isUserAt)
		}
	}
	return findCaller(1, isUserAt)
}

// findCaller returns the innermost program counter, from its caller's skipped frames on, that isUser accepts, or 0.
func findCaller(skip int, isUser func(uintptr) bool) uintptr {
	var space [32]uintptr
	for pcs := space[:6]; ; pcs = space[:] { // most often the user is near
		n := runtime.Callers(skip+1, pcs)
		for _, pc := range pcs[:n] {
			if isUser(pc) {
				return pc
			}
		}
		if n < len(pcs) {
			return 0
		}
		skip += n
	}
}

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

// codeCache holds what is known of places in the program's code, by program counter. Code does not change, so all
// graphs share it. Where too many places meet, the last ones stay.
type codeCache[V any] struct {
	slots [1 << 12]atomic.Pointer[known[V]]
}

type known[V any] struct {
	pc    uintptr
	value V
}

// near is how many neighbouring slots a place may be in.
const near = 4

func (c *codeCache[V]) slot(pc uintptr, i int) *atomic.Pointer[known[V]] {
	const golden = 0x9E3779B9 // Knuth's multiplicative hash
	return &c.slots[(uint32(pc)*golden>>20+uint32(i))%uint32(len(c.slots))]
}

func (c *codeCache[V]) at(pc uintptr) (v V, ok bool) {
	for i := range near {
		if k := c.slot(pc, i).Load(); k != nil && k.pc == pc {
			return k.value, true
		}
	}
	return v, false
}

func (c *codeCache[V]) add(pc uintptr, v V) {
	place := c.slot(pc, 0)
	for i := range near {
		if s := c.slot(pc, i); s.Load() == nil {
			place = s
			break
		}
	}
	place.Store(&known[V]{pc, v})
}
