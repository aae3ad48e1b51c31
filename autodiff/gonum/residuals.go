package gonum

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
)

// Residuals is a function from an f64 vector x of length n to m numbers r(x), with its Jacobian, compiled for methods
// of least squares. It is safe for concurrent use.
type Residuals struct {
	m, n        int
	value, both *program
}

// NewResiduals compiles f, whose result may have any shape; its elements are counted in row-major order. Data that f
// uses beside x are constants of x's graph. Options such as ForwardMode choose how the Jacobian is computed.
func NewResiduals(f func(x *graph.Node) *graph.Node, n int, opts ...autodiff.MatrixOption) (*Residuals, error) {
	if f == nil {
		return nil, errNoFunction
	}
	value, err := compile(func(x *graph.Node) []*graph.Node { return []*graph.Node{f(x)} }, n, opts)
	if err != nil {
		return nil, err
	}
	jacobian := autodiff.Jacobian(f, only[autodiff.JacobianOption](opts)...)
	both, err := compile(func(x *graph.Node) []*graph.Node { return []*graph.Node{f(x), jacobian(x)} }, n, opts)
	if err != nil {
		return nil, err
	}
	return &Residuals{m: both.out[0].Size(), n: n, value: value, both: both}, nil
}

// Dims returns the numbers of residuals and of variables.
func (r *Residuals) Dims() (m, n int) { return r.m, r.n }

// Eval computes the residuals at x into dst, of length m, and the Jacobian into jac, of m rows and n columns, in one
// run that allocates nothing. Without a jac, which is nil then, it computes the residuals alone. An empty jac gets its
// size.
func (r *Residuals) Eval(dst []float64, jac *mat.Dense, x []float64) error {
	if jac == nil {
		return r.value.run(x, vector(dst))
	}
	if jac.IsEmpty() && r.m > 0 {
		jac.ReuseAs(r.m, r.n)
	}
	raw := jac.RawMatrix()
	if raw.Rows != r.m || raw.Cols != r.n {
		return fmt.Errorf("gonum: a Jacobian of %d×%d for %d residuals of %d variables", raw.Rows, raw.Cols, r.m, r.n)
	}
	return r.both.run(x, vector(dst), matrix{raw.Data, raw.Rows, raw.Cols, raw.Stride})
}

// AsMatrix returns a tensor of rank 2, such as a result of Run, as a gonum matrix. It shares the tensor's memory if that
// holds f64 in row-major order, and is a copy if not. The tensor must hold floats.
func AsMatrix(d *tensor.Dense) (*mat.Dense, error) {
	data, shape, err := float64sOf(d, 2)
	if err != nil || len(data) == 0 {
		return &mat.Dense{}, err
	}
	return mat.NewDense(shape[0], shape[1], data), nil
}

// AsVector is AsMatrix for a tensor of rank 1.
func AsVector(d *tensor.Dense) (*mat.VecDense, error) {
	data, _, err := float64sOf(d, 1)
	if err != nil || len(data) == 0 {
		return &mat.VecDense{}, err
	}
	return mat.NewVecDense(len(data), data), nil
}

// float64sOf is the elements of a tensor of floats in row-major order, and its shape.
func float64sOf(d *tensor.Dense, rank int) ([]float64, []int, error) {
	v, err := exec.Ingest(d)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("gonum: %w", err)
	case v.Type.Rank() != rank || !v.Type.DType.IsFloat():
		return nil, nil, fmt.Errorf("gonum: want a tensor of floats of rank %d, not %v", rank, v.Type)
	case v.Type.DType == graph.Float32:
		data, err := autodiff.Floats(d)
		return data, v.Type.Shape, err
	}
	return graph.Elements[float64](v.Buf), v.Type.Shape, nil
}
