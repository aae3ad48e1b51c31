// Package data reads labelled data for classification and hands it out in batches.
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
// Digits is embedded and needs no file. OpenMNIST reads a folder of IDX files (MNIST, Fashion-MNIST),
// ReadImages and ReadIDX any other, ReadCSV a table with the label last. Every reader takes gzip or
// plain data, told apart by the first bytes, and trusts nothing it reads: what is wrong with a file
// is a *FormatError that says where.
package data
