// Package par splits a kernel's work over a persistent pool of goroutines, without allocating.
//
// Vocabulary. A Task is the work; a part is one piece of it, numbered from 0; Do runs all parts and returns when the
// last is done. The goroutine that calls Do takes parts itself; helpers are the pool's goroutines that join it. A
// helper is idle when its mailbox is empty: the caller offers it a job there, and withdraws the offer if all parts
// have been claimed before the helper looked. A caller therefore never waits for a helper that has not begun, which
// is why calls may nest, and why any number of goroutines may call Do at once: those that find no idle helper do all
// the work themselves.
//
// Parts are claimed in order by an atomic counter, so which goroutine runs which part is not determined. Kernels that
// promise the same bits for any number of workers choose their parts by the size of the problem alone.
package par
