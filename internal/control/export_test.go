package control

import "chainrule/graph"

// RecordBytes is how much a step's record takes of the gradient of a loop that x is a part of.
func RecordBytes(x *graph.Node, c graph.Compiler) int {
	return newRecord(x.In()[0].Attrs().(gradAttrs).split(c).record).size
}
