package graph

import (
	"fmt"
	"slices"
	"strings"
)

// Error says why a node could not be built. Constructors panic with an *Error, since a wrong shape or element
// type is a mistake in the program; Try returns it.
type Error struct {
	// Op is the name of the op, as in "matmul".
	Op string
	// Reason says what does not fit.
	Reason string
	// Operands describes the inputs, as in "x f32[32,784]".
	Operands []string
	// Source is the caller's line, as in "model.go:41"; File and Line are its parts, File with its full path.
	Source string
	File   string
	Line   int
}

// Error formats the message on one line: op, reason, operands and the caller's line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op + ": " + e.Reason)
	if len(e.Operands) > 0 {
		b.WriteString(": " + strings.Join(e.Operands, " · "))
	}
	if e.Source != "" {
		b.WriteString(" at " + e.Source)
	}
	return b.String()
}

// Fail panics with an *Error for the named op and operands, at the line of the caller outside of this module.
func Fail(op string, in []*Node, format string, args ...any) {
	in = slices.Clone(in) // so that callers' lists need not lie on the heap
	e := &Error{Op: op, Reason: clip(fmt.Sprintf(format, args...), mostReason)}
	var pc uintptr
	for _, n := range in {
		if n == nil {
			e.Operands = append(e.Operands, "nil")
			continue
		}
		e.Operands = append(e.Operands, clip(n.String(), mostOperand))
		if pc == 0 {
			pc = n.graph.line(n.graph.origin)
		}
	}
	if pc == 0 {
		pc = findCaller(2, func(pc uintptr) bool { return ownerOf(pc) == users })
	}
	src := sourceOf(pc)
	e.Source, e.File, e.Line = src.short(), src.file, src.line
	panic(e)
}

// Try calls build and returns the *Error that it panicked with, if it did. Any other panic goes on.
func Try(build func()) (err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			err = e
		default:
			panic(e)
		}
	}()
	build()
	return nil
}

// mostReason and mostOperand are how many bytes of a reason, and of the name of an operand, a message shows.
const mostReason, mostOperand = 2000, 200

// clip is s, or its beginning if it is longer than most: messages quote what users wrote or read, which may be of any
// length.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s… of %d bytes", strings.ToValidUTF8(s[:most], ""), len(s))
}

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }
