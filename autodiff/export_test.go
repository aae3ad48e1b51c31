package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/compile"
)

// Verified checks the graph's invariants after every pass of the compiler.
func Verified() ProgramOption { return programOption{func(s *settings) { s.verify = true }} }

// Cached counts the programs that fn keeps.
func (fn *Function) Cached() int {
	fn.cache.mu.Lock()
	defer fn.cache.mu.Unlock()
	return len(fn.cache.list)
}

// RecordBytes is how much a step's record takes of the gradient of a loop that x is a part of.
func RecordBytes(x *graph.Node) int {
	a := x.In()[0].Attrs().(gradAttrs)
	return newRecord(a.split(compile.Options{}.Compiler()).record).size
}
