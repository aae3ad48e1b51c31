package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/compile"
)

// Verified checks the graph's invariants after every pass of the compiler.
func Verified() ProgramOption { return programOption{func(s *settings) { s.verify = true }} }

// Cached counts the programs that fn keeps.
func (fn *Function) Cached() int {
	fn.mu.Lock()
	defer fn.mu.Unlock()
	return len(fn.cache)
}

// RecordBytes is how much a step's record takes of the gradient of a loop that x is a part of.
func RecordBytes(x *graph.Node) int {
	a := x.In()[0].Attrs().(gradAttrs)
	return newRecord(a.split(compile.Options{}.Compiler()).record).size
}
