// Package ops has every operator, one block each.
//
// Vocabulary: a constructor (Tanh) builds a node; a record ([graph.Op]) says everything that the rest of the
// library knows of the op; a family ([Scalar], [Linear], [LinearEach], [Bilinear], [Explicit], [NonDiff]) turns one
// line of mathematics into both forms of a derivative; a case is a set of inputs that the sweep tries.
//
// # Conventions
//
// Elementwise functions broadcast as NumPy does and take plain Go numbers beside nodes. Element types are never
// mixed silently: [Cast] converts. Axes may be negative, and no axes mean all. A reduction drops its axes;
// [KeepDims] puts them back. Wrong shapes or types panic with a [*graph.Error] that names the caller's line.
//
// # Random numbers
//
// A draw is a function of a key, which is an input like any other: the same key gives the same numbers, on every machine and
// for any number of workers. A program that draws twice takes two keys, made of one by [SplitKey] or [FoldIn]:
//
//	keys := ops.Unstack(ops.SplitKey(key, 2), 0)
//	w := ops.Normal(keys[0], graph.Float32, 784, 10)
//	keep := ops.Bernoulli(keys[1], p)
//
// A key used twice is legal: it is how a draw is repeated, as where a loss is evaluated again with the same noise. It is a
// mistake where the draws should be independent: the same op gives the same numbers, different ops (a Uniform and a Normal)
// numbers that depend on each other, and so do the draws by a key and by keys that were made of it. So a key is either
// drawn by or split, once. A function that is run many times takes its key as an argument, or folds in the number of the step; under Vmap
// a key that is not batched gives all examples the same numbers, and keys from SplitKey give each its own.
//
// The trap: numbers drawn in Go, by math/rand say, while a graph is built are constants of it. The function is traced once and
// run many times, each time with the numbers of the trace.
//
// # How to add an op
//
// Write one block in the file of its kind, and nothing else:
//
//	// Cube returns x³.
//	func Cube(x *graph.Node) *graph.Node { return unary(&cubeOp, x) }
//
//	var cubeOp graph.Op
//
//	func init() {
//		define(&cubeOp, graph.Op{
//			Name: "cube", Doc: "x³", Class: graph.Map, Arity: 1, Infer: floatMap,
//			Kernel:     floats1(cube[float32], cube[float64]),
//			Derivative: d1(func(x, y *graph.Node) *graph.Node { return Mul(3, Square(x)) }),
//			Batch:      batchMap,
//			Cases:      unaryCases(-2, 2), BadCases: badFloat1,
//		})
//	}
//
// (That is what the record says in full. A smooth function of floats needs one line of a table of derivatives, as in
// exp.go and trig.go: see smooth and smooth2 in define.go.)
//
// The handle is declared empty and filled in an init function because derivative rules name each other. The sweep
// (sweep_test.go) finds the op in the registry: it checks the shape rule against the kernel, the derivative
// against differences to second order, the forward form against the reverse one, the batching rule against a loop
// over examples, the compiled program against the reference executor, and refuses a record without a doc line, a case,
// a derivative or a batching rule (batch.go has those that ops share).
//
// # Where things are
//
//	arith, fused, minmax, round       arithmetic; several operations in one pass; bounds; whole numbers
//	pow, xlogy                        powers; products with a factor that may be 0
//	compare, logical, where, choice   comparisons, truth values, choices by them
//	exp, trig, hyperbolic, gamma      functions of one number, and some of two, as tables of derivatives
//	bessel, gammainc                  Bessel functions by order; incomplete gamma functions, zeta
//	slopeorder                        ops that have the derivatives of a function of all orders
//	activation*, softmax              functions of neural networks
//	reduce, fold, extreme, logsumexp  sums and products, least and greatest, log Σ exp over axes
//	statistics, cumulative            means and norms; running sums and recurrences
//	attention*                        weighted means of values by products of queries and keys
//	cumextreme, logcumsumexp          running extremes, running log Σ exp
//	normalize                         layers, groups and batches brought to mean 0 and variance 1
//	conv, convrule, convcases         convolutions: constructors, records, cases
//	padding                           how images are padded
//	pool, pooladaptive, poolindex     means and largest elements of windows; where these lie
//	padmode, unfold, interpolate      borders of several kinds; windows as columns; other sizes
//	create, shape, arrange, tri       constants; shapes and orders of axes; diagonals and triangles
//	slice, dynamic, concat            parts of tensors by ranges, and by windows
//	take, gather, scatter, put*       parts of tensors by indices, and what becomes of them there
//	onehot, segment, select, search   labels, segments, masks and places in an order
//	sort, quantile, nanfold           orders, what is in their middle, and folds without NaNs
//	matmul*, batchmatmul, rowpair     products of matrices
//	einsum*, convolve                 sums of products by a formula, and of vectors
//	matrix, solve, tridiagonal        linear algebra: what it shares; equations
//	det, cofactor, complement         determinants; bases of complements
//	cholesky, lu, qr, eigh*, svd*     factorisations
//	pinv, matrixexp, vectornorm       functions of matrices of any rank; exponentials and powers; norms of any order
//	random*                           numbers drawn by keys
//	define, operand, infer, kernels   records, operands and shape rules; typed loops as kernels
//	scalar, cases, batch              types of numbers; cases and batching rules that ops share
//	family, masked*, depends*         families of derivatives; zeros that stay zero; what depends on what
package ops

//go:generate go test . -run TestTable -update
