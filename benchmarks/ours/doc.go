// Package ours is this library as a subject of the benchmarks: each case written as a user would, through the
// public packages alone, run into buffers that the caller owns.
//
// Vocabulary. A subject is a case of package workload, compiled and with its inputs in place; a step is one
// iteration of it. The parameters of a training step are donated: they are updated in place.
package ours
