package main

import (
	"fmt"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// ba is bundle adjustment: where n cameras see m points, in p observations, and the sparse Jacobian of the errors.
var ba = module{
	"objective": planned(func(in baInput) (plan, error) { return in.plan(bundleErrors, baErrors) }),
	"jacobian":  planned(func(in baInput) (plan, error) { return in.plan(bundleJacobian, in.sparse) }),
}

// baInput has one camera, point, weight and feature, to be repeated.
type baInput struct {
	runs
	N    int       `json:"n"`
	M    int       `json:"m"`
	P    int       `json:"p"`
	Cam  []float64 `json:"cam"`
	X    []float64 `json:"x"`
	W    float64   `json:"w"`
	Feat []float64 `json:"feat"`
}

// vec3 is a vector in space.
type vec3 [3]*graph.Node

// unknowns are what an observation depends on: the camera's rotation (an axis times an angle), centre, focal length,
// principal point and radial distortion, the point, and the weight.
type unknowns struct {
	Rotation, Centre vec3
	Focal            *graph.Node
	Principal        [2]*graph.Node
	Radial           [2]*graph.Node
	Point            vec3
	Weight           *graph.Node
}

// observation is one point as one camera sees it, with the place where it was seen.
type observation struct {
	Unknowns unknowns
	Feature  [2]*graph.Node
}

// reprojection is the weighted difference of where the point would be seen and where it was.
func (o observation) reprojection() [2]*graph.Node {
	q := o.Unknowns
	x := rotate(q.Rotation, q.Point.minus(q.Centre))
	u, v := ops.Div(x[0], x[2]), ops.Div(x[1], x[2])
	r := ops.Add(ops.Square(u), ops.Square(v))
	distortion := ops.Add(1, ops.Mul(r, ops.Add(q.Radial[0], ops.Mul(q.Radial[1], r))))
	var e [2]*graph.Node
	for i, w := range []*graph.Node{u, v} {
		seen := ops.Add(ops.Mul(ops.Mul(w, distortion), q.Focal), q.Principal[i])
		e[i] = ops.Mul(q.Weight, ops.Sub(seen, o.Feature[i]))
	}
	return e
}

// rotate turns x around the axis r by the angle ‖r‖ (Rodrigues' formula), which for r = 0 is x + r×x to first order.
func rotate(r, x vec3) vec3 {
	square := r.dot(r)
	angle := ops.Sqrt(square)
	axis := r.times(ops.Reciprocal(angle))
	c, s := ops.Cos(angle), ops.Sin(angle)
	turned := x.times(c).plus(axis.cross(x).times(s)).plus(axis.times(ops.Mul(axis.dot(x), ops.Sub(1, c))))
	slightly := x.plus(r.cross(x))
	for i := range turned {
		turned[i] = ops.Where(ops.Gt(square, 0), turned[i], slightly[i])
	}
	return turned
}

func (a vec3) plus(b vec3) vec3 {
	return vec3{ops.Add(a[0], b[0]), ops.Add(a[1], b[1]), ops.Add(a[2], b[2])}
}

func (a vec3) minus(b vec3) vec3 {
	return vec3{ops.Sub(a[0], b[0]), ops.Sub(a[1], b[1]), ops.Sub(a[2], b[2])}
}

func (a vec3) times(c *graph.Node) vec3 {
	return vec3{ops.Mul(c, a[0]), ops.Mul(c, a[1]), ops.Mul(c, a[2])}
}

func (a vec3) dot(b vec3) *graph.Node {
	return ops.Add(ops.Add(ops.Mul(a[0], b[0]), ops.Mul(a[1], b[1])), ops.Mul(a[2], b[2]))
}

func (a vec3) cross(b vec3) vec3 {
	minor := func(i, j int) *graph.Node { return ops.Sub(ops.Mul(a[i], b[j]), ops.Mul(a[j], b[i])) }
	return vec3{minor(1, 2), minor(2, 0), minor(0, 1)}
}

// weightError keeps a weight from leaving 1.
func weightError(w *graph.Node) *graph.Node { return ops.Sub(1, ops.Square(w)) }

// bundle is the whole problem: Cams [n, 11], Points [m, 3], Weights [p], Features [p, 2], and for each observation the
// indices of its camera and point, [p].
type bundle[T any] struct{ Cams, Points, Weights, Features, Camera, Point T }

// observations gives every node of an observation an axis along the observations.
func observations(b bundle[*graph.Node]) (o observation) {
	cams := ops.Take(ops.Transpose(b.Cams), b.Camera, 1)
	points := ops.Take(ops.Transpose(b.Points), b.Point, 1)
	features := ops.Transpose(b.Features)
	q := &o.Unknowns
	for i := range 3 {
		q.Rotation[i], q.Centre[i], q.Point[i] = ops.Index(cams, i), ops.Index(cams, 3+i), ops.Index(points, i)
	}
	q.Focal, q.Weight = ops.Index(cams, 6), b.Weights
	for i := range 2 {
		q.Principal[i], q.Radial[i], o.Feature[i] = ops.Index(cams, 7+i), ops.Index(cams, 9+i), ops.Index(features, i)
	}
	return o
}

// ofObservations are what f gives for each observation, in two parts: see inBlocks.
func ofObservations(b bundle[*graph.Node], f func(observation) []*graph.Node) []*graph.Node {
	const rows = 1024
	whole, rest := inBlocks(rows, func(block []*graph.Node) *graph.Node {
		some := b
		some.Weights, some.Features, some.Camera, some.Point = block[0], block[1], block[2], block[3]
		return ops.Stack(f(observations(some)), 1)
	}, b.Weights, b.Features, b.Camera, b.Point)
	if rest == nil {
		return []*graph.Node{whole}
	}
	return []*graph.Node{whole, rest}
}

// bundleErrors are the errors of all observations, [p, 2] in one or two parts, and of all weights [p].
func bundleErrors(b bundle[*graph.Node]) (reprojections []*graph.Node, weights *graph.Node) {
	return ofObservations(b, func(o observation) []*graph.Node {
		e := autodiff.Vmap(observation.reprojection)(o)
		return e[:]
	}), autodiff.Vmap(weightError)(b.Weights)
}

// bundleJacobian is the entries of the sparse Jacobian that are not zero: of every observation's two errors by its
// unknowns, [p, 2·15] in one or two parts, and of every weight's error by the weight [p].
func bundleJacobian(b bundle[*graph.Node]) (blocks []*graph.Node, weights *graph.Node) {
	one := func(o observation) autodiff.Blocks {
		return autodiff.JacobianBlocks(func(q unknowns) [2]*graph.Node {
			return observation{q, o.Feature}.reprojection()
		})(o.Unknowns)
	}
	return ofObservations(b, func(o observation) (entries []*graph.Node) {
		for _, row := range autodiff.Vmap(one)(o).Of {
			entries = append(entries, row...)
		}
		return entries
	}), autodiff.Vmap(autodiff.Grad(weightError))(b.Weights)
}

const (
	cameraSize = 11
	blockSize  = cameraSize + 3 + 1
)

func (in baInput) plan(f any, output func([]result) any) (plan, error) {
	if len(in.Cam) != cameraSize || len(in.X) != 3 || len(in.Feat) != 2 || in.N < 1 || in.M < 1 || in.P < 1 {
		return plan{}, fmt.Errorf("a camera of %d, a point of %d, a feature of %d parameters; n = %d, m = %d, p = %d",
			len(in.Cam), len(in.X), len(in.Feat), in.N, in.M, in.P)
	}
	if err := fits(max(in.P, in.N, in.M), 2*blockSize); err != nil {
		return plan{}, err
	}
	camera, point := make([]int64, in.P), make([]int64, in.P)
	for i := range in.P {
		camera[i], point[i] = int64(i%in.N), int64(i%in.M)
	}
	repeated := func(x []float64, n int) any { return dense(slices.Repeat(x, n), n, len(x)) }
	return plan{f, []any{bundle[any]{
		Cams: repeated(in.Cam, in.N), Points: repeated(in.X, in.M),
		Weights: slices.Repeat([]float64{in.W}, in.P), Features: repeated(in.Feat, in.P),
		Camera: camera, Point: point,
	}}, output}, nil
}

// baErrors is the output that the eval wants of the objective: one observation's errors, and how often it was repeated.
func baErrors(r []result) any {
	type repeated map[string]any
	e, w := r[0].floats(), r[len(r)-1].floats()
	return map[string]repeated{
		"reproj_error": {"elements": e[:2], "repeated": len(w)},
		"w_err":        {"element": w[0], "repeated": len(w)},
	}
}
