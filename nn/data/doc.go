// Package data reads data, for classification and for anything else, and hands it out in batches.
//
// # Vocabulary
//
//	sample     one row of numbers (the features) and its label
//	label      the class of a sample, 0 … classes−1
//	one-hot    a label as a row of zeros with a single one
//	batch      the samples of one iteration: the gradient is averaged over them
//	iteration  one update of the parameters, by one batch
//	epoch      one pass over all N samples: ⌈N/m⌉ iterations with batches of m
//
// The batch size m decides the regime: Batch (m = N), Stochastic (m = 1) or MiniBatch (between).
//
// # Sources
//
// Digits is embedded and needs no file. OpenMNIST reads a folder of IDX files (MNIST, Fashion-MNIST), ReadImages and ReadIDX any
// other of bytes, ReadIDXTensor those of all types, ReadCSV a table with the label last; these give a Set, or what one is made of.
// ReadTable reads tables with names, numbers to be predicted, classes by name and missing values, TableRows row by row;
// OpenFolder images by their folders. Package npy reads NumPy's arrays. Every reader takes gzip or plain data, told apart
// by the first bytes (images and NumPy's files aside), and trusts nothing it reads: what is wrong with a file is a *FormatError that says where.
//
// # Batches of anything
//
// A tree of tensors, such as a struct or a map of them, whose first axis is that of the samples, is a Source by Memory; a
// Loader hands it out in batches of the same type, shuffled by seed, read ahead by goroutines, changed at random by Augment and
// Crop. Subset with Divide, Folds or StratifiedFolds takes parts; FitNormal normalises by the training part. Stream and
// Prefetch do without knowing how many samples there are.
package data
