// Package cpu decides, once for all kernels, which family of assembly may run, and asks for memory ahead of its use.
//
// Vocabulary. A level is a family of instructions: Portable (plain Go), AVX2 (with FMA) or AVX512 (F, BW, DQ and VL).
// The machine's level is the highest that the processor and the operating system offer; the active level is the one
// that kernels must obey, never above the machine's. The build tag noasm, and any architecture but amd64, leave only
// Portable.
//
// The environment variable CHAINRULE_CPU (portable, avx2 or avx512), read when the program starts, lowers the active
// level of a whole run; Force lowers it within a test. Run tests with -count=1 when the variable is set: the go command
// does not notice that programs read it so early, and would show cached results.
package cpu
