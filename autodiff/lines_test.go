package autodiff_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// What cannot be differentiated is a *graph.Error that says so, at the line of the call that asked for it.
func TestCalculusErrorsNameTheLine(t *testing.T) {
	g := graph.New()
	x, labels, s := g.Input("x", graph.Float64, 3), g.Input("labels", graph.Int64, 3), g.Input("s", graph.Float64)
	f32 := g.Input("narrow", graph.Float32, 3)
	p := params{x, labels}
	argmax := func(x node) node { return ops.ArgMax(x, 0) }
	square := func(x node) node { return ops.Sum(ops.Square(x)) }
	first := func(p params) node { return square(p.W) }
	none := func(node) node { return nil }
	scalar := "the result must be a float scalar"
	floats := "only f32 and f64 have derivatives, not "

	var line int
	for _, c := range []struct {
		name, want string
		do         func()
	}{
		{"grad of a vector", scalar, func() { autodiff.Grad(ops.Sin)(at(&line, x)) }},
		{"grad of an integer", scalar, func() { autodiff.Grad(argmax)(at(&line, x)) }},
		{"grad by an integer", floats + "labels i64[3]", func() { autodiff.Grad(square)(at(&line, labels)) }},
		{"grad by a leaf that is an integer", floats + "B (labels i64[3])", func() { autodiff.Grad(first)(at(&line, p)) }},
		{"value and grad of nothing", scalar, func() { autodiff.ValueAndGrad(none)(at(&line, x)) }},
		{"aux: grad of a vector", scalar, func() {
			autodiff.ValueAndGradAux(func(x node) (node, node) { return x, x })(at(&line, x))
		}},
		{"jacobian of an integer", floats + "the result argmax", func() { autodiff.Jacobian(argmax)(at(&line, x)) }},
		{"jacobian of a tree with an integer", floats + "the result B (argmax", func() {
			autodiff.JacobianBlocks(func(x node) params { return params{x, argmax(x)} })(at(&line, x))
		}},
		{"jacobian by an integer", floats + "labels i64[3]", func() { autodiff.Jacobian(ops.Neg)(at(&line, labels)) }},
		{"jacobian of nothing", "the result has no node", func() { autodiff.Jacobian(none)(at(&line, x)) }},
		{"jacobian by nothing", "the argument has no node", func() { autodiff.Jacobian(first)(at(&line, params{})) }},
		{"jacobian by what is not used", "the result does not depend on B (s f64); give AllowUnreachable", func() {
			autodiff.Jacobian(func(p params) node { return ops.Sin(p.W) })(at(&line, params{x, s}))
		}},
		{"jacobian that is stopped", "stop_gradient at lines_test.go", func() { autodiff.Jacobian(ops.StopGradient)(at(&line, x)) }},
		{"no such block", `there is no block ("", "C"), but rows [""] and columns ["W" "B"]`, func() {
			b := autodiff.JacobianBlocks(func(p params) node { return ops.Add(p.W, p.B) })(params{x, x})
			b.At("", at(&line, "C"))
		}},
		{"hessian of a vector", scalar, func() { autodiff.Hessian(ops.Sin)(at(&line, x)) }},
		{"hessian of an integer", scalar, func() { autodiff.Hessian(argmax)(at(&line, x)) }},
		{"hessian by an integer", floats + "labels i64[3]", func() { autodiff.Hessian(square)(at(&line, labels)) }},
		{"hessian by what is not used", "does not depend on B", func() { autodiff.HessianBlocks(first)(at(&line, params{x, s})) }},
		{"hvp of a vector", scalar, func() { autodiff.HVP(ops.Sin)(x, at(&line, x)) }},
		{"hvp along another type", "the vector narrow f32[3] is not of the type of x f64[3]", func() {
			autodiff.HVP(square)(x, at(&line, f32))
		}},
		{"hvp along a part", "no vector is given for B (x f64[3])", func() {
			autodiff.HVP(func(p params) node { return square(ops.Mul(p.W, p.B)) })(params{x, x}, at(&line, params{W: x}))
		}},
		{"laplacian of a vector", scalar, func() { autodiff.Laplacian(ops.Sin)(at(&line, x)) }},
		{"laplacian by an integer", floats + "labels i64[3]", func() { autodiff.Laplacian(square)(at(&line, labels)) }},
		{"laplacian by what is not used", "does not depend on B", func() { autodiff.Laplacian(first)(at(&line, params{x, s})) }},
		{"tangent of another shape", "the tangent s f64 is not of the type of x f64[3]", func() {
			autodiff.JVP(ops.Sin, x, at(&line, s))
		}},
		{"tangent of another element type", "the tangent narrow f32[3] is not of the type of x", func() {
			autodiff.JVP(ops.Sin, x, at(&line, f32))
		}},
		{"tangent that is missing", "no tangent is given for B", func() {
			autodiff.JVP(func(p params) node { return ops.Add(p.W, p.B) }, params{x, x}, at(&line, params{W: x}))
		}},
		{"cotangent of another type", "the cotangent s f64 is not of the type of sin", func() {
			_, pull := autodiff.VJP(ops.Sin, x)
			pull(at(&line, s))
		}},
		{"derivatives by a vector", "the argument must be a float scalar: x f64[3]", func() {
			autodiff.Derivatives(ops.Sin, 2)(at(&line, x))
		}},
		{"a negative number of derivatives", "-1 derivatives", func() { autodiff.Derivatives(ops.Sin, -1)(at(&line, s)) }},
		{"derivatives of an integer", floats + "the result cast", func() {
			autodiff.Derivatives(func(x node) node { return ops.Cast(x, graph.Int64) }, 2)(at(&line, s))
		}},
		{"of another graph", "lies on another graph", func() {
			autodiff.Hessian(func(node) node { return graph.New().Input("y", graph.Float64) })(at(&line, x))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			line = 0
			err := graph.Try(c.do)
			var wrong *graph.Error
			require.ErrorAs(t, err, &wrong)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, "lines_test.go", filepath.Base(wrong.File))
			require.Equal(t, line, wrong.Line, wrong.Error())
		})
	}
}

// at notes the line of its caller, and returns x.
func at[T any](line *int, x T) T {
	_, _, *line, _ = runtime.Caller(1)
	return x
}
