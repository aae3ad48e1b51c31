package save

import (
	"fmt"
	"strings"
)

// MismatchError is all that does not fit between a file, or a map of tensors, and a value: names are sorted.
type MismatchError struct {
	Missing    []string // of the value, and not there
	Unexpected []string // there, and not of the value
	Types      []TypeMismatch
}

// TypeMismatch is a tensor of another type or shape than wanted, such as "float32[2 3]".
type TypeMismatch struct{ Name, Have, Want string }

// Error lists everything, one thing a line.
func (e *MismatchError) Error() string {
	var s strings.Builder
	n := len(e.Missing) + len(e.Unexpected) + len(e.Types)
	fmt.Fprintf(&s, "save: the tensors do not fit, in %d places", n)
	for _, name := range e.Missing {
		fmt.Fprintf(&s, "\n\tmissing: %s", name)
	}
	for _, name := range e.Unexpected {
		fmt.Fprintf(&s, "\n\tunexpected: %s", name)
	}
	for _, t := range e.Types {
		fmt.Fprintf(&s, "\n\t%s is %s, want %s", t.Name, t.Have, t.Want)
	}
	return s.String()
}
