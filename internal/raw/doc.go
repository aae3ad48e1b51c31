// Package raw moves elements between files and tensors.
//
// Vocabulary: a kind is an element type of a file, which may be one that no tensor has; a native kind lies in a file as it
// lies in memory, but perhaps for the order of its bytes.
//
//	kind    the kinds, their sizes and the Go types that hold them
//	read    bytes to slices, with no more memory than there are bytes
//	half    floats of 16 and 8 bits, widened to float32
//	write   slices to bytes, lowest first
//	dense   tensors from slices, and slices in row-major order from tensors
package raw
