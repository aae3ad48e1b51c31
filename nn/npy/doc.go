// Package npy reads and writes NumPy's files of arrays.
//
// Vocabulary: an npy file is one array, a header and its elements (NumPy Enhancement Proposal 1); an npz file is a ZIP of npy
// files, each a member with a name.
//
// Numbers keep their types; float16 is read into float32. Arrays of objects, records and texts are refused, and so is what
// is cut short, or longer than its header says. No header makes a reader set memory aside that the file has no elements for.
//
//	npy     Read and Write: one array
//	header  the header of an array, a Python dictionary
//	npz     ReadArchive and WriteArchive: named arrays
package npy
