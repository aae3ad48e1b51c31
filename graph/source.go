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
	user bool
}

func (s source) short() string {
	if s.file == "" {
		return ""
	}
	return filepath.Base(s.file) + ":" + strconv.Itoa(s.line)
}

// sourceOf resolves pc to the first of its (inlined) frames that is the user's, or to the innermost.
func sourceOf(pc uintptr) source {
	if pc == 0 {
		return source{}
	}
	frames := runtime.CallersFrames([]uintptr{pc})
	var first source
	for {
		f, more := frames.Next()
		s := source{file: f.File, line: f.Line, user: isUser(f)}
		if s.user {
			return s
		}
		if first.file == "" {
			first = s
		}
		if !more {
			return first
		}
	}
}

// callers are the packages of the standard library that run functions given to them. One of their frames between
// this module's and the user's is not the user's line.
var callers = map[string]bool{
	"runtime": true, "reflect": true, "sync": true, "slices": true, "maps": true, "iter": true, "sort": true,
}

// isUser tells a line of the user's from one of this module's. Examples, benchmarks and tests are users.
func isUser(f runtime.Frame) bool {
	rest, ours := strings.CutPrefix(f.Function, module)
	if !ours {
		pkg, _, ok := strings.Cut(f.Function, ".")
		return ok && !callers[pkg]
	}
	return strings.HasPrefix(rest, "examples/") || strings.HasPrefix(rest, "benchmarks") ||
		strings.HasSuffix(f.File, "_test.go")
}

// frameCache remembers which program counters are the user's: those seen last in an array, all in a map.
type frameCache struct {
	recent [64]struct {
		pc   uintptr
		user bool
	}
	all map[uintptr]bool
}

func (c *frameCache) isUser(pc uintptr) bool {
	r := &c.recent[(pc^pc>>6)%uintptr(len(c.recent))]
	if r.pc == pc {
		return r.user
	}
	user, seen := c.all[pc]
	if !seen {
		user = sourceOf(pc).user
		if c.all == nil {
			c.all = map[uintptr]bool{}
		}
		c.all[pc] = user
	}
	r.pc, r.user = pc, user
	return user
}

// callerPC returns the program counter of the user's call that builds a node. Unwinding the stack is the larger
// part of what a node costs, so it looks at four frames first: beyond itself, add and Apply these are two of package
// ops, the constructor, and the user's line.
func (g *Graph) callerPC() uintptr {
	if g.origin != 0 {
		return g.origin
	}
	var near [4]uintptr
	n := runtime.Callers(4, near[:])
	for _, pc := range near[:n] {
		if g.frames.isUser(pc) {
			return pc
		}
	}
	return findCaller(4+n, g.frames.isUser)
}

// findCaller returns the innermost program counter, from its caller's skipped frames on, that isUser accepts, or 0.
func findCaller(skip int, isUser func(uintptr) bool) uintptr {
	var pcs [32]uintptr
	for {
		n := runtime.Callers(skip+1, pcs[:])
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
