// Package benchmarks measures this library by its public packages. README.md says how, and what came out.
//
// Vocabulary. A case is a computation of package workload; a subject is a case as package ours writes it; the peak
// and the bandwidth are the machine's limits, measured by package machine in the same process. The command in vs, a
// module of its own, measures the same cases beside other programs.
package benchmarks
