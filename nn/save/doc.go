// Package save keeps models and other tensors in files.
//
// Vocabulary: the state of a model is its tensors by their names, such as "layers.0.weight"; a safetensors file is a header,
// which says where each tensor lies, and their elements; an index names the files, shards, that a large model is divided
// into; a checkpoint is what training needs to go on.
//
// Save and Load keep and restore the tensors of a model in a safetensors file, which PyTorch and others read. Tensors gives
// those of any value as a map, Assign puts such a map back; WriteFile, ReadFile, Write and Read keep maps.
//
// A file is written beside its place and renamed when it is whole and on the disk, so that a crash leaves the old one or the
// new one. What is wrong with a file is an error that matches ErrFormat, never a panic, nor memory on the word of a header;
// what does not fit a model is a *MismatchError, which lists everything, and the model stays as it was.
//
//	safetensors  Write and Read
//	header       the header of a safetensors file: what is sound, what is not
//	file         WriteFile, ReadFile, files that take their place at once
//	map*         Open: files in memory without being read; where the system cannot, they are read
//	index        models in several files
//	tensors      the tensors in a value, with their names
//	assign       tensors into a value; renaming, conversion, transposition
//	mismatch     what does not fit
package save
