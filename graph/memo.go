package graph

import "sync"

// memo remembers, by key, what was computed once.
type memo struct {
	mu sync.Mutex
	of map[any]any
}

// known returns what there is for key, nil if there is nothing.
func (m *memo) known(key any) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of[key]
}

// get returns what compute makes for key, which is called once but by goroutines that ask at the same time.
func (m *memo) get(key any, compute func() any) any {
	m.mu.Lock()
	v, ok := m.of[key]
	m.mu.Unlock()
	if ok {
		return v
	}
	v = compute() // may use the memo itself
	m.mu.Lock()
	defer m.mu.Unlock()
	if first, ok := m.of[key]; ok {
		return first
	}
	if m.of == nil {
		m.of = map[any]any{}
	}
	m.of[key] = v
	return v
}

type nodeKey struct {
	id   int32
	name string
}

// Memo returns what compute has found out about n under a name, for which it is called once: rules that are asked about
// each of a node's many inputs or results in turn would otherwise go through all of them each time.
func (n *Node) Memo(name string, compute func() any) any {
	return n.graph.memo.get(nodeKey{n.id, name}, compute)
}
