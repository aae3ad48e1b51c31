package tree

import (
	"strconv"
	"strings"
)

// step is one on the way from the root to a leaf.
type step struct {
	name  string // of the root, a field or a key
	index int
	kind  stepKind
}

type stepKind uint8

const (
	rootStep stepKind = iota
	fieldStep
	keyStep
	indexStep
)

// way is where a tree lies: as Go writes it, such as "Layers[0].W", and what a parameter there is called, "layers.0.w".
type way struct{ path, name string }

// to is the way with one more step.
func (w way) to(s step) way {
	behind := func(before, s string) string {
		if before == "" {
			return s
		}
		return before + "." + s
	}
	switch s.kind {
	case rootStep:
		return way{s.name, ""}
	case fieldStep:
		return way{behind(w.path, s.name), behind(w.name, strings.ToLower(s.name))}
	case keyStep:
		return way{behind(w.path, s.name), behind(w.name, s.name)}
	}
	i := strconv.Itoa(s.index)
	return way{w.path + "[" + i + "]", behind(w.name, i)}
}
