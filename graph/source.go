package graph

import (
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
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
