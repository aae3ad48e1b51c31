package main

import (
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// ht is hand tracking: how far the surface of a hand's model, bent by the parameters theta, lies from measured points.
var ht = module{
	"objective": planned(func(in htInput) (plan, error) { return in.plan(in.errors, flat) }),
	"jacobian":  planned(func(in htInput) (plan, error) { return in.plan(in.jacobian, table) }),
}

// hand is a model with v vertices and b bones: each bone's place relative to its parent, Relatives [b, 4, 4], and the
// inverse of its place in the world, Inverses [b, 4, 4], both as the model was made; the vertices in homogeneous
// coordinates, Base [4, v]; and by how much each bone moves each of them, Weights [b, v].
type hand[T any] struct{ Relatives, Inverses, Base, Weights T }

// track is what is measured: n points, Points [n, 3], and for each the index of the vertex that it belongs to; or, if
// there is a Surface, of the triangle.
type track[T any] struct {
	Hand                    hand[T]
	Points, Correspondences T
	Surface                 []surface[T] // one or none
}

// surface is the vertices of the triangles, [t, 3], and where in its triangle each point lies, Us [n, 2].
type surface[T any] struct{ Triangles, Us T }

// errors is the difference of every point and the place that it belongs to, [n, 3].
func (in htInput) errors(theta *graph.Node, t track[*graph.Node]) *graph.Node {
	vertices := in.vertices(theta, t.Hand)
	if len(t.Surface) == 0 {
		return ops.Sub(t.Points, ops.Transpose(ops.Take(vertices, t.Correspondences, 1)))
	}
	const rows = 1024
	return joined(inBlocks(rows, func(block []*graph.Node) *graph.Node {
		return ops.Sub(block[0], onTriangles(vertices, block[1], surface[*graph.Node]{t.Surface[0].Triangles, block[2]}))
	}, t.Points, t.Correspondences, t.Surface[0].Us))
}

// onTriangles is, for every point, u₀ times the first corner of its triangle, u₁ times the second and the rest of 1
// times the third, [n, 3].
func onTriangles(vertices, triangle *graph.Node, s surface[*graph.Node]) *graph.Node {
	u, v := column(s.Us, 0), column(s.Us, 1)
	rest := ops.Sub(ops.Sub(1, u), v)
	corner := func(i int) *graph.Node { // [3, n]
		return ops.Take(vertices, ops.Take(column(s.Triangles, i), triangle, 0), 1)
	}
	place := ops.Add(ops.Add(ops.Mul(u, corner(0)), ops.Mul(v, corner(1))), ops.Mul(rest, corner(2)))
	return ops.Transpose(place)
}

// jacobian is the derivatives of every error, by its own point's us, if there is a surface, then by theta: [3n, 26] or
// [3n, 2 + 26]. Of the us, one direction for each column is enough: no error depends on another point's.
func (in htInput) jacobian(theta *graph.Node, t track[*graph.Node]) *graph.Node {
	byTheta := autodiff.Jacobian(func(theta *graph.Node) *graph.Node { return in.errors(theta, t) })(theta)
	var columns []*graph.Node
	for _, s := range t.Surface {
		for i := range s.Us.Shape()[1] {
			_, byU := autodiff.JVP(func(us *graph.Node) *graph.Node {
				moved := t
				moved.Surface = []surface[*graph.Node]{{s.Triangles, us}}
				return in.errors(theta, moved)
			}, s.Us, direction(s.Us, i))
			columns = append(columns, ops.ExpandDims(byU, 2))
		}
	}
	all := ops.Concat(append(columns, byTheta), 2)
	return ops.Reshape(all, all.Shape()[0]*all.Shape()[1], all.Shape()[2])
}

// direction is 1 in column i of a matrix like x, and 0 in the others.
func direction(x *graph.Node, i int) *graph.Node {
	unit := make([]float64, x.Shape()[1])
	unit[i] = 1
	return ops.BroadcastTo(graph.Const(x.Graph(), unit, len(unit)), x.Shape()...)
}

// column is column i of a matrix.
func column(x *graph.Node, i int) *graph.Node {
	return ops.Squeeze(ops.Slice(x, ops.All, ops.At(i)), 1)
}

// vertices are the model's vertices in the world, [3, v]: each is moved by every bone's transform, by weight, and all
// are turned and shifted together. All this is linear in the vertex, so that it is one product of what becomes of every
// bone's share of a vertex with these shares.
func (in htInput) vertices(theta *graph.Node, h hand[*graph.Node]) *graph.Node {
	bones, v := h.Weights.Shape()[0], h.Weights.Shape()[1]
	transforms := ops.Slice(ops.MatMul(in.places(theta, h), h.Inverses), ops.All, ops.Range{Stop: 3}) // [b, 3, 4]
	turn := turning(ops.Slice(theta, ops.Range{Stop: 3}))
	if in.Data.Model.IsMirrored {
		turn = ops.Mul(turn, graph.Const(theta.Graph(), []float64{-1, 1, 1}, 3))
	}
	moves := ops.Reshape(ops.Permute(ops.MatMul(turn, transforms), 1, 0, 2), 3, 4*bones)
	shares := ops.Reshape(ops.Mul(ops.ExpandDims(h.Weights, 1), h.Base), 4*bones, v)
	shift := ops.ExpandDims(ops.Slice(theta, ops.Range{Start: 3, Stop: 6}), 1)
	return ops.Add(ops.MatMul(moves, shares), shift)
}

// places are the bones' in the world, [b, 4, 4]: each is its parent's times its own relative to that, bent.
func (in htInput) places(theta *graph.Node, h hand[*graph.Node]) *graph.Node {
	relatives := ops.MatMul(h.Relatives, bending(in.angles(theta)))
	places := make([]*graph.Node, len(in.Data.Model.Parents))
	for i, parent := range in.Data.Model.Parents {
		places[i] = ops.Index(relatives, i)
		if parent >= 0 {
			places[i] = ops.MatMul(places[parent], places[i])
		}
	}
	return ops.Stack(places, 0)
}

// angles are those by which each bone is bent around the axes x, z and y, [b, 3]. After the global rotation and
// translation, theta has four for each finger: the first of its three movable bones bends around x and z, the others
// around x.
func (in htInput) angles(theta *graph.Node) *graph.Node {
	bones, next := len(in.Data.Model.Parents), int64(6)
	index := slices.Repeat([]int64{thetaSize}, 3*bones) // a zero after theta
	for finger := range fingers {
		for joint := range 3 {
			bone := 2 + 4*finger + joint
			index[3*bone] = next
			next++
			if joint == 0 {
				index[3*bone+1] = next
				next++
			}
		}
	}
	padded := ops.Pad(theta, []int{0}, []int{1}, []int{0})
	return ops.Take(padded, graph.Const(theta.Graph(), index, bones, 3), 0)
}

// bending is the rotations Rz·Ry·Rx by angles around x, z and y [b, 3], as [b, 4, 4].
func bending(angles *graph.Node) *graph.Node {
	c, s := ops.Cos(angles), ops.Sin(angles)
	minus, o := ops.Neg(s), ops.BroadcastTo(like(angles, 0), angles.Shape()[0])
	l := ops.Add(o, 1)
	cx, sx, mx := column(c, 0), column(s, 0), column(minus, 0)
	cz, sz, mz := column(c, 1), column(s, 1), column(minus, 1)
	cy, sy, my := column(c, 2), column(s, 2), column(minus, 2)
	rx := matrixOf(4, l, o, o, o, o, cx, mx, o, o, sx, cx, o, o, o, o, l)
	ry := matrixOf(4, cy, o, sy, o, o, l, o, o, my, o, cy, o, o, o, o, l)
	rz := matrixOf(4, cz, mz, o, o, sz, cz, o, o, o, o, l, o, o, o, o, l)
	return ops.MatMul(ops.MatMul(rz, ry), rx)
}

// turning is the rotation around the axis r [3] by the angle ‖r‖, [3, 3]. Below a ten-thousandth it is none.
func turning(r *graph.Node) *graph.Node {
	angle := ops.Sqrt(ops.Sum(ops.Square(r)))
	axis := ops.Div(r, angle)
	entry := func(i int) *graph.Node { return ops.Index(axis, i) }
	x, y, z := entry(0), entry(1), entry(2)
	o := like(r, 0)
	crossing := matrixOf(3, o, ops.Neg(z), y, z, o, ops.Neg(x), ops.Neg(y), x, o)
	identity := graph.Const(r.Graph(), []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}, 3, 3)
	outer := ops.Mul(ops.ExpandDims(axis, 1), axis)
	c, s := ops.Cos(angle), ops.Sin(angle)
	turn := ops.Add(ops.Add(ops.Mul(c, identity), ops.Mul(s, crossing)), ops.Mul(ops.Sub(1, c), outer))
	return ops.Where(ops.Lt(angle, 1e-4), identity, turn)
}

// matrixOf makes matrices with n columns of their entries, in row-major order.
func matrixOf(n int, entries ...*graph.Node) *graph.Node {
	shape := append(slices.Clone(entries[0].Shape()), len(entries)/n, n)
	return ops.Reshape(ops.Stack(entries, -1), shape...)
}

// like is a number beside x.
func like(x *graph.Node, v float64) *graph.Node { return x.Graph().Scalar(x.DType(), v) }
