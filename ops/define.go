package ops

import "chainrule/graph"

// define fills the handle of an op and registers it. Handles are declared empty and filled in init functions,
// since rules name each other: with initialised variables that would be an initialisation cycle.
func define(handle *graph.Op, record graph.Op) {
	*handle = record
	graph.Register(handle)
}

// The records of elementwise functions of floats, so that their definitions are tables of derivatives.

// smooth is the record of y = f(x) with the derivative dy/dx.
func smooth(name, doc string, kernel bind, dydx func(x, y *graph.Node) *graph.Node, cases []graph.Case) graph.Op {
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Arity: 1, Infer: floatMap, Kernel: kernel,
		Derivative: d1(dydx), Batch: batchMap, Cases: cases, BadCases: badFloat1,
	}
}

// cheap is a record of what takes no more time than reading its result.
func cheap(record graph.Op) graph.Op {
	record.Cheap = true
	return record
}

// smooth2 is the record of y = f(a, b) with the derivatives ∂y/∂a and ∂y/∂b.
func smooth2(
	name, doc string, kernel bind, da, db func(a, b, y *graph.Node) *graph.Node, cases []graph.Case,
) graph.Op {
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Arity: 2, Infer: floatMap, Kernel: kernel,
		Derivative: d2(da, db), Batch: batchMap, Cases: cases, BadCases: badFloat2,
	}
}

// flat is the record of a function of one variable that is constant between jumps.
func flat(name, doc string, kernel bind, cases []graph.Case) graph.Op {
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Cheap: true, Arity: 1, Infer: floatMap, Kernel: kernel,
		Derivative: isFlat, Batch: batchMap, Cases: cases, BadCases: badFloat1,
	}
}

const isFlat = NonDiff("it is flat wherever it has a derivative")
