package ops

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// linearSystem is the rule of x = op(A)⁻¹·b, solved by solve, of which the part of A that keep keeps is used.
//
//	VJP: b̄ = op(A)⁻ᵀ·x̄, Ā = −b̄·xᵀ, or its transpose −x·b̄ᵀ        JVP: ẋ = op(A)⁻¹·(ḃ − op(Ȧ)·x)
//
// Giles (2008), section 2.3.1; Seeger et al. (2017) for triangles.
type linearSystem struct {
	solve func(n, a, b *graph.Node, trans bool) *graph.Node // as n does
	trans func(n *graph.Node) bool
	keep  func(n, a *graph.Node) *graph.Node
}

// Wrt implements graph.Derivative.
func (linearSystem) Wrt(int) bool { return true }

// VJP implements graph.Derivative.
func (s linearSystem) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	trans := s.trans(n)
	b := s.solve(n, n.In()[0], ct, !trans)
	switch {
	case i == 1:
		return b
	case trans:
		return s.keep(n, Product(n, Neg(b), false, true))
	}
	return s.keep(n, Product(Neg(b), n, false, true))
}

// JVP implements graph.Derivative.
func (s linearSystem) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	right := t[1]
	if t[0] != nil {
		right = Neg(Product(s.keep(n, t[0]), n, s.trans(n), false))
		if t[1] != nil {
			right = Add(right, t[1])
		}
	}
	return s.solve(n, n.In()[0], right, s.trans(n))
}

// system applies an op that solves a·x = b to matrices b, or to a vector b as a column.
func system(op *graph.Op, attrs any, a, b *graph.Node) *graph.Node {
	mustExist(op.Name, a, b)
	if b.Rank() == 1 {
		return Squeeze(system(op, attrs, a, ExpandDims(b, 1)), -1)
	}
	return apply(op, attrs, a, b)
}

// inferSystem is the shape rule: a [.., n, n] and b [.., n, k] with batches that broadcast.
func inferSystem(in []*graph.Node, _ any) (graph.Type, error) {
	a, b := in[0], in[1]
	if err := isSquare(a); err != nil {
		return graph.Type{}, err
	}
	if a.DType() != b.DType() {
		return graph.Type{}, fmt.Errorf("element types %v and %v differ: convert one with Cast", a.DType(), b.DType())
	}
	if b.Rank() < 2 {
		return graph.Type{}, kindError("right sides as the columns of a matrix")
	}
	n, rows, cols := a.Shape()[a.Rank()-1], b.Shape()[b.Rank()-2], b.Shape()[b.Rank()-1]
	if n != rows {
		return graph.Type{}, fmt.Errorf("%d equations for right sides of %d rows", n, rows)
	}
	batch, err := graph.BroadcastShapes(a.Shape()[:a.Rank()-2], b.Shape()[:b.Rank()-2])
	return graph.T(a.DType(), slices.Concat(batch, []int{rows, cols})...), err
}

// columns is the number of right sides.
func columns(n *graph.Node) int { return n.Shape()[n.Rank()-1] }

// systemCases are well-conditioned systems of all shapes, for an op with the given attributes.
func systemCases(attrs any) []graph.Case {
	square := func(n int) graph.Arg { a := wellConditioned(1, n); a.Shape = a.Shape[1:]; return a }
	wide := wellConditioned(2, 3)
	wide.Shape = []int{2, 1, 3, 3}
	of := func(name string, a, b graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{a, b}, Attrs: attrs}
	}
	return []graph.Case{
		of("columns", square(4), arg(4, 3)), of("column", square(3), arg(3, 1)),
		of("batch", wellConditioned(2, 3), arg(2, 3, 2)), of("one matrix", square(3), arg(2, 3, 2)),
		of("one right side", wellConditioned(3, 3), arg(3, 1)), of("broadcast", wide, arg(4, 3, 2)),
		of("number", square(1), arg(1, 1)), of("no columns", square(3), arg(3, 0)), of("no equations", arg(0, 0), arg(0, 2)),
		of("no systems", arg(0, 2, 2), arg(2, 2)),
	}
}

func badSystems(attrs any) []graph.BadCase {
	return []graph.BadCase{
		bad(attrs, "wants square matrices", f64(2, 3), f64(3, 1)),
		bad(attrs, "3 equations for right sides of 2 rows", f64(3, 3), f64(2, 1)),
		bad(attrs, "right sides as the columns of a matrix", f64(3, 3), f64(3)),
		bad(attrs, "do not broadcast", f64(2, 3, 3), f64(4, 3, 1)),
		bad(attrs, "convert one with Cast", f64(3, 3), f32(3, 1)),
	}
}

// triangularAttrs: with Rows, a is the upper triangle of a QR factorization of matrices with so many rows, whose columns
// must be independent.
type triangularAttrs struct {
	Lower, Trans bool
	Rows         int
}

// TriangularSolve returns x with op(a)·x = b for triangular matrices a, [.., n, n], and right sides b, [.., n, k] or
// a vector [n]; leading axes broadcast. Only the lower triangle of a is read if lower is set, else only the upper
// one, and op(a) is aᵀ if trans is set. Running it is an error, ErrSingular, if there is a zero on a diagonal.
func TriangularSolve(a, b *graph.Node, lower, trans bool) *graph.Node {
	return system(&triangularSolveOp, triangularAttrs{Lower: lower, Trans: trans}, a, b)
}

var triangularSolveOp graph.Op

func init() {
	attrs := func(n *graph.Node) triangularAttrs { return n.Attrs().(triangularAttrs) }
	cases := systemCases(triangularAttrs{Lower: true})
	for _, f := range []triangularAttrs{{}, {Trans: true}, {Lower: true, Trans: true}, {Rows: 4}} {
		for _, c := range systemCases(f)[1:3] {
			c.Name += fmt.Sprintf(", lower %v, trans %v, rows %d", f.Lower, f.Trans, f.Rows)
			cases = append(cases, c)
		}
	}
	define(&triangularSolveOp, graph.Op{
		Name: "triangular_solve", Doc: "x with op(a)·x = b for a triangle a", Class: graph.Opaque, Arity: 2, Fails: true,
		Attrs: triangularAttrs{}, Infer: inferSystem,
		Kernel: byFloat(triangularKernel[float32], triangularKernel[float64]),
		Workspace: func(n *graph.Node) int {
			_, size := matrices(n.In()[0])
			return bytesFor(n, 0, linalg.SolveScratch(size, columns(n)))
		},
		Flops: func(n *graph.Node) float64 {
			_, size := matrices(n.In()[0])
			return float64(n.Type().Size()) * float64(size)
		},
		Derivative: linearSystem{
			solve: func(n, a, b *graph.Node, trans bool) *graph.Node {
				return apply(&triangularSolveOp, triangularAttrs{attrs(n).Lower, trans, attrs(n).Rows}, a, b)
			},
			trans: func(n *graph.Node) bool { return attrs(n).Trans },
			keep: func(n, a *graph.Node) *graph.Node {
				if attrs(n).Lower {
					return Tril(a, 0)
				}
				return Triu(a, 0)
			},
		},
		Batch: batchMap, Cases: cases, BadCases: badSystems(triangularAttrs{}),
	})
}

func triangularKernel[T float](n *graph.Node) graph.Kernel {
	f, a, b := n.Attrs().(triangularAttrs), n.In()[0], n.In()[1]
	_, size := matrices(a)
	cols, batch := columns(n), n.Shape()[:n.Rank()-2]
	offsetsA, offsetsB := batchOffsets(a, batch), batchOffsets(b, batch)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		_, scratch := room[T](in[2], 0)
		av, bv, x := graph.Elements[T](in[0]), graph.Elements[T](in[1]), graph.Elements[T](out)
		for h, offset := range offsetsA {
			t := linalg.Dense(av[offset:], size, size)
			if i := linalg.Singular(t); i >= 0 {
				return fmt.Errorf("%w: 0 at place %d of the diagonal, %s", ErrSingular, i, whichOf(h))
			}
			if i := linalg.Dependent(t, f.Rows); i >= 0 {
				return fmt.Errorf("%w: column %d depends on those before it, %s", ErrSingular, i, whichOf(h))
			}
			part := x[h*size*cols:][:size*cols]
			copy(part, bv[offsetsB[h]:])
			linalg.SolveTriangular(t, linalg.Triangle{Lower: f.Lower, Trans: f.Trans}, linalg.Dense(part, size, cols).Until(w.Stop),
				scratch, w.Workers)
			if err := w.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}

type solveAttrs struct{ Trans bool }

// Solve returns x with a·x = b for square matrices a, [.., n, n], and right sides b, [.., n, k] or a vector [n];
// leading axes broadcast. Running it is an error, ErrSingular, if an elimination finds no pivot.
func Solve(a, b *graph.Node) *graph.Node { return system(&solveOp, solveAttrs{}, a, b) }

var solveOp graph.Op

func init() {
	cases := systemCases(solveAttrs{})
	for _, c := range systemCases(solveAttrs{true})[:3] {
		c.Name += ", trans"
		cases = append(cases, c)
	}
	swap := values([]float64{0, 2, 1, 0}, 2, 2)
	define(&solveOp, graph.Op{
		Name: "solve", Doc: "x with op(a)·x = b", Class: graph.Opaque, Arity: 2, Fails: true,
		Attrs: solveAttrs{}, Infer: inferSystem,
		Kernel: byFloat(solveKernel[float32], solveKernel[float64]),
		Workspace: func(n *graph.Node) int {
			_, size := matrices(n.In()[0])
			return bytesFor(n, size, size*size+max(linalg.LUScratch(size), linalg.SolveScratch(size, columns(n))))
		},
		Flops: func(n *graph.Node) float64 {
			count, size := matrices(n.In()[0])
			return float64(size) * (2*float64(n.Type().Size()) + float64(count*size*size)*2/3)
		},
		Derivative: linearSystem{
			solve: func(_, a, b *graph.Node, trans bool) *graph.Node { return apply(&solveOp, solveAttrs{trans}, a, b) },
			trans: func(n *graph.Node) bool { return n.Attrs().(solveAttrs).Trans },
			keep:  func(_, a *graph.Node) *graph.Node { return a },
		},
		Batch:    batchMap,
		Cases:    append(cases, graph.Case{Name: "pivots", In: []graph.Arg{swap, arg(2, 1)}, Attrs: solveAttrs{}}),
		BadCases: badSystems(solveAttrs{}),
	})
}

// solveKernel factors a matrix once for all the right sides that follow each other.
func solveKernel[T float](n *graph.Node) graph.Kernel {
	trans, a, b := n.Attrs().(solveAttrs).Trans, n.In()[0], n.In()[1]
	_, size := matrices(a)
	cols, batch := columns(n), n.Shape()[:n.Rank()-2]
	offsetsA, offsetsB := batchOffsets(a, batch), batchOffsets(b, batch)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		pivots, scratch := room[T](in[2], size)
		lu, scratch := linalg.Dense(scratch, size, size).Until(w.Stop), scratch[size*size:]
		av, bv, x := graph.Elements[T](in[0]), graph.Elements[T](in[1]), graph.Elements[T](out)
		for h, offset := range offsetsA {
			if h == 0 || offset != offsetsA[h-1] {
				copy(lu.Data, av[offset:])
				linalg.LU(lu, pivots, scratch, w.Workers)
				if err := w.Err(); err != nil {
					return err
				}
				if i := linalg.Singular(lu); i >= 0 {
					return noPivot(i, h)
				}
			}
			part := x[h*size*cols:][:size*cols]
			copy(part, bv[offsetsB[h]:])
			linalg.SolveLU(lu, pivots, trans, linalg.Dense(part, size, cols).Until(w.Stop), scratch, w.Workers)
		}
		return w.Err()
	}
}

func noPivot(step, h int) error {
	return fmt.Errorf("%w: no pivot for column %d of %s", ErrSingular, step, whichOf(h))
}
