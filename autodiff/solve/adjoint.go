package solve

import (
	"slices"
	"strings"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// adjoint is what is carried backward from one time to the one before: y, the cotangent a of y, and the cotangent of the
// parameters so far.
type adjoint struct{ Y, A, P *graph.Node }

// adjointOf is the reverse derivative by the adjoint equation.
func adjointOf[Y, P any](f func(t *graph.Node, y Y, p P) Y, m odeMethod) func(odeArgs[Y, P], Y, Y) odeArgs[Y, P] {
	return func(args odeArgs[Y, P], value, ct Y) odeArgs[Y, P] {
		ps := tree.Floats(tree.Leaves(args.P))
		n, q := ravel("ode", args.Y0).Type().Size(), 0
		for _, l := range ps {
			q += l.Node.Type().Size()
		}
		g := args.Times.Graph()
		zero := ops.Zeros(g, args.Times.DType(), q)
		params := zero
		if q > 0 {
			params = ravelFloats(args.P)
		}
		m := m
		own := unknownsOf(tree.Leaves(args.Y0))
		m.unknowns = own + "," + cotangents(own) + "," + cotangents(unknownsOf(ps))
		slope := func(t, y *graph.Node) *graph.Node { return ravel("ode", f(t, treeFrom(y, args.Y0), args.P)) }
		back := flow(func(t, v *graph.Node) *graph.Node {
			c := splitAdjoint(v, n)
			dy, pull := autodiff.VJP(func(x odeArgs[*graph.Node, P]) *graph.Node {
				return ravel("ode", f(t, treeFrom(x.Y0, args.Y0), x.P))
			}, odeArgs[*graph.Node, P]{Y0: c.Y, P: args.P}, autodiff.AllowUnreachable())
			ct := pull(c.A)
			dp := zero
			if q > 0 {
				dp = ravelFloats(ct.P)
			}
			return joinAdjoint(adjoint{dy, ops.Neg(ct.Y0), ops.Neg(dp)})
		})
		ys, cts := rowMatrix(value), rowMatrix(ct)
		last := args.Times.Shape()[0] - 1
		times := ops.Flip(args.Times, 0)
		type moment struct{ T, Y, Ct *graph.Node }
		type state struct{ T, A, P *graph.Node }
		start := state{entryOf(args.Times, last), row(cts, last), zero}
		if last == 0 {
			return odeArgs[Y, P]{treeFrom(start.A, args.Y0), treeOfFloats(zero, args.P), ops.Mul(0, args.Times)}
		}
		end, tcts := autodiff.Scan(func(c state, x moment) (state, *graph.Node) {
			// y is taken from the solution at the later time: what the way back adds to its error does not add up.
			atol := m.absoluteAdjoint(x.Y, c.A, params)
			v := m.advance(back, instant{c.T, joinAdjoint(adjoint{x.Y, c.A, zero})}, x.T, atol)
			at := splitAdjoint(v, n)
			return state{x.T, ops.Add(at.A, x.Ct), ops.Add(c.P, at.P)}, at.A
		}, start, moment{
			T:  ops.Slice(times, ops.Range{Start: 1, Stop: last + 1}),
			Y:  ops.Slice(ops.Flip(ys, 0), ops.Range{Start: 0, Stop: last}),
			Ct: ops.Slice(ops.Flip(cts, 0), ops.Range{Start: 1, Stop: last + 1}),
		}, autodiff.LoopName("ode"))
		// Moving the time of an output moves its y by f; moving the first one moves all others by −f.
		tct := autodiff.Vmap(func(x moment) *graph.Node { return ops.Sum(ops.Mul(x.Ct, slope(x.T, x.Y))) })(moment{args.Times, ys, cts})
		arrived := row(tcts, last-1) // at the first time, without its own cotangent
		first := ops.Neg(ops.Sum(ops.Mul(arrived, slope(entryOf(args.Times, 0), row(ys, 0)))))
		tct = ops.Concat([]*graph.Node{ops.ExpandDims(first, 0), ops.Slice(tct, ops.Range{Start: 1, Stop: last + 1})}, 0)
		return odeArgs[Y, P]{treeFrom(end.A, args.Y0), treeOfFloats(end.P, args.P), tct}
	}
}

// absoluteAdjoint is the absolute tolerances for the way back from y with the cotangent a. The equation is linear in
// cotangents, and each has the unit of the cost over that of what it belongs to: what moving yᵢ by its own size would change
// the cost by is held to a thousandth of rtol, or to atol without one.
func (m odeMethod) absoluteAdjoint(y, a, params *graph.Node) *graph.Node {
	atol := ops.BroadcastTo(m.absolute(y), y.Type().Size())
	size, part := ops.Maximum(ops.Abs(y), 1), slices.Max(m.atol)
	if m.rtol > 0 {
		size, part = ops.Maximum(ops.Abs(y), ops.Div(atol, m.rtol)), max(m.rtol/1000, 16*epsOf(y))
		size = ops.Where(ops.Gt(size, 0), size, 1)
	}
	cost := ops.Mul(part, largest(ops.Mul(a, size)))
	of := func(size *graph.Node) *graph.Node { return ops.Div(cost, size) }
	return ops.StopGradient(joinAdjoint(adjoint{atol, of(size), of(ops.Where(ops.Ne(params, 0), ops.Abs(params), 1))}))
}

// cotangents names the cotangents of unknowns.
func cotangents(unknowns string) string {
	if unknowns == "" {
		return "=0"
	}
	return "cotangent of " + strings.ReplaceAll(unknowns, ",", ",cotangent of ")
}

func joinAdjoint(c adjoint) *graph.Node { return ops.Concat([]*graph.Node{c.Y, c.A, c.P}, 0) }

func splitAdjoint(v *graph.Node, n int) adjoint {
	cut := func(from, to int) *graph.Node { return ops.Slice(v, ops.Range{Start: from, Stop: to}) }
	return adjoint{cut(0, n), cut(n, 2*n), cut(2*n, v.Shape()[0])}
}

// row is one row of a matrix.
func row(m *graph.Node, i int) *graph.Node { return ops.Squeeze(ops.Slice(m, ops.At(i)), 0) }

// rowMatrix joins leaves [T, …] to a matrix [T, n].
func rowMatrix[Y any](t Y) *graph.Node {
	var cols []*graph.Node
	for _, l := range tree.Leaves(t) {
		cols = append(cols, ops.Reshape(l.Node, l.Node.Shape()[0], -1))
	}
	if len(cols) == 1 {
		return cols[0]
	}
	return ops.Concat(cols, 1)
}

// ravelFloats joins the floats of a t to one vector.
func ravelFloats[P any](t P) *graph.Node {
	var parts []*graph.Node
	for _, l := range tree.Floats(tree.Leaves(t)) {
		parts = append(parts, ops.Reshape(l.Node, -1))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return ops.Concat(parts, 0)
}

// treeOfFloats is a tree like the given one with the elements of a vector in its floats, and nil elsewhere.
func treeOfFloats[P any](v *graph.Node, like P) P {
	at := 0
	return tree.Map(like, func(_ int, n *graph.Node) *graph.Node {
		if !n.DType().IsFloat() {
			return nil
		}
		from := at
		at += n.Type().Size()
		return ops.Reshape(ops.Slice(v, ops.Range{Start: from, Stop: at}), n.Shape()...)
	})
}
