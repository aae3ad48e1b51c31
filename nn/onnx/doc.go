// Package onnx reads networks from ONNX files, and writes functions as such: https://onnx.ai. It reads operator sets 7 to 21,
// of 19 to 21 what differs from 18 in names alone, and before 7 what is not broadcast; it writes set 17.
//
// Vocabulary: a file holds a graph of nodes, each an operator on named values; initialisers are values that the file
// gives. Those of floats become the model's parameters, and the rest are constants. A value is static if it is known when
// the model is traced, as shapes must be: it comes from constants and from the shapes of other values.
//
//	m, err := onnx.Load("network.onnx")
//	predict := autodiff.Compile(func(m *onnx.Model, x *graph.Node) []*graph.Node { return m.Apply(x) })
//	y, err := predict.Run(ctx, m, x)
//
// A [Model] is a tree like any other: functions of it are differentiated, compiled, and trained. Its inputs may have any
// lengths that the file allows; these are bound when it is traced.
//
// Numbers are f32, f64, i64 or bool here. Smaller floats are computed as f32, smaller integers as i64 with their own
// wrapping; strings, complex numbers and sparse tensors are refused. Everything that a file asks for and that cannot be
// had is refused when it is read, all of it at once.
//
// # Where things are
//
//	model, load, check              what a user sees; a file taken apart; what breaks the rules or cannot be had
//	tensor                          tensors of files, in them and beside them
//	run, call                       one tracing, and values in it; a node's inputs and attributes
//	control, sequence               If, Loop, Scan, functions; lists of values
//	arith, reduce                   numbers and truth values; sums and orders
//	shape, pad, index, window       shapes, parts, and what is around; picking by indices; convolution and pooling
//	activation, norm, recurrent     functions and losses of networks; means and variances; RNN, GRU, LSTM
//	image, sample                   resizing; pixels at places, regions and boxes
//	signal, random, quantize        windows and transforms; random numbers; integers for floats
//	optimizer                       steps of training as operators
//	export                          functions as files; internal/emit has an operator or a formula for each op
package onnx
