// Package threaded runs programs of operations on single numbers.
//
// # Vocabulary
//
//   - register: eight bytes of the memory that a program computes in, named by their offset in bytes. It holds a float,
//     an int64 or a bool.
//   - instruction: an operation, the registers of its operands and that of its result.
//   - handler: the code of an operation, which ends with a jump to that of the next instruction. Each instruction has
//     the address of its handler, so there is no loop around them and no table: that is threaded code (Bell, "Threaded
//     Code", 1973).
//   - base: memory outside of the registers that a program reads and writes in steps, like a tape; its address is in a
//     list.
//   - halt: an instruction that returns to the caller, who may do something and go on behind it.
//
// The portable loop is a switch, and the specification. Its twin is in assembly and agrees bit for bit, but for which NaN
// comes of two. The twin keeps the last float in a processor's register, so that the next instruction need not read
// from memory what has just been written.
//
// # Trust
//
// Nothing is checked: a program that names other registers than there are, or has no halt, reads and writes anywhere.
// Programs are made by package exec, not by users.
package threaded
