package ops

import "chainrule/graph"

// define fills the handle of an op and registers it. Handles are declared empty and filled in init functions,
// since rules name each other: with initialised variables that would be an initialisation cycle.
func define(handle *graph.Op, record graph.Op) {
	*handle = record
	graph.Register(handle)
}
