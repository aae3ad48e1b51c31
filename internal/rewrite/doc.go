// Package rewrite turns graphs into equal ones.
//
// Vocabulary: a [Unit] is a graph with its inputs and outputs; a [Pass] takes a Unit to an equal one, purely: it makes a new
// graph if anything changes. [Unit.Rewrite] replaces nodes as it copies, inputs first; [Unit.Replace] puts whole parts of a
// graph in the place of others. A [Rule] is an identity that [Simplify] applies until none fires.
package rewrite
