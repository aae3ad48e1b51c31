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

// isUser tells a line of the user's from one of this module's. Examples, benchmarks and tests are users.
func isUser(f runtime.Frame) bool {
	rest, ours := strings.CutPrefix(f.Function, module)
	if !ours {
		return !strings.HasPrefix(f.Function, "runtime.") && !strings.HasPrefix(f.Function, "reflect.")
	}
	return strings.HasPrefix(rest, "examples/") || strings.HasPrefix(rest, "benchmarks/") ||
		strings.HasSuffix(f.File, "_test.go")
}

// callerPC returns the program counter of the user's call that builds a node.
func (g *Graph) callerPC() uintptr {
	if g.origin != 0 {
		return g.origin
	}
	return findCaller(func(pc uintptr) bool {
		user, seen := g.frames[pc]
		if !seen {
			user = sourceOf(pc).user
			g.frames[pc] = user
		}
		return user
	})
}

// findCaller returns the innermost program counter on the stack that isUser accepts, or 0. It looks a few
// frames up first, where the user's call nearly always is.
func findCaller(isUser func(uintptr) bool) uintptr {
	var near [6]uintptr
	n := runtime.Callers(3, near[:])
	for _, pc := range near[:n] {
		if isUser(pc) {
			return pc
		}
	}
	if n < len(near) {
		return 0
	}
	far := make([]uintptr, 64)
	for _, pc := range far[:runtime.Callers(3+n, far)] {
		if isUser(pc) {
			return pc
		}
	}
	return 0
}
