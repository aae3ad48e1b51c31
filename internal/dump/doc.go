// Package dump writes what the compiler made of a function as a page: every stage of the graph, the plan, its memory and its
// times, in one HTML file that needs nothing else.
//
// Vocabulary: a sheet is what markup is written to; a [Page] is all that it shows; a column is a stage of the graph, or the
// plan, a row of it a node or a step; the stay of a value is its part of the arena, from the step that makes it to its last use.
package dump
