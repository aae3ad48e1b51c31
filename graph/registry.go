package graph

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

var registry = struct {
	ops    map[string]*Op
	frozen atomic.Bool
}{ops: map[string]*Op{}}

// Register adds a record to the registry and returns it. It is called from init functions only: a record must
// be complete, its name new, and no graph made yet.
func Register(op *Op) *Op {
	switch {
	case registry.frozen.Load():
		panic("graph: Register " + op.Name + " after the first graph was made")
	case op.Name == "" || op.Infer == nil:
		panic(fmt.Sprintf("graph: incomplete record %q", op.Name))
	case registry.ops[op.Name] != nil:
		panic("graph: two ops are called " + op.Name)
	}
	op.serial = int32(len(registry.ops))
	registry.ops[op.Name] = op
	return op
}

func freezeRegistry() {
	if !registry.frozen.Load() {
		registry.frozen.Store(true)
	}
}

// Lookup returns the op with the given name, or nil.
func Lookup(name string) *Op { return registry.ops[name] }

// Ops returns every registered op, sorted by name.
func Ops() []*Op {
	all := make([]*Op, 0, len(registry.ops))
	for _, op := range registry.ops {
		all = append(all, op)
	}
	slices.SortFunc(all, func(a, b *Op) int { return strings.Compare(a.Name, b.Name) })
	return all
}
