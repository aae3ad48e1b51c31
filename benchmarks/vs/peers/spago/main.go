// Command spago is spaGO as a peer of the benchmarks: define by run, on matrices. A batch is one matrix with a
// column for each sample, which is faster than the library's usual way, a vector for each.
package main

import (
	"fmt"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/losses"
	"github.com/nlpodyssey/spago/mat"
	"github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/nn/linear"

	"chainrule/benchmarks/wire"
	"chainrule/benchmarks/workload"
)

func main() {
	wire.ServeStd("spaGO v1.1.0", func(name string) (*wire.Program, error) {
		c, err := workload.Parse(name)
		if err != nil {
			return nil, err
		}
		if c.DType == "f64" {
			return prepare[float64](c)
		}
		return prepare[float32](c)
	})
}

func prepare[T workload.Float](c workload.Case) (*wire.Program, error) {
	switch {
	case c.Compile:
		return nil, fmt.Errorf("%w: define by run: nothing is compiled", wire.ErrUnsupported)
	case c.Kind == workload.Gemm:
		return gemm[T](c), nil
	case c.Kind == workload.Chain:
		return chain[T](c), nil
	case c.Kind == workload.Scalar:
		return scalar(c), nil
	}
	return training[T](c), nil
}

func dense[T workload.Float](v []T, shape ...int) *mat.Dense[T] {
	return mat.NewDense[T](mat.WithBacking(v), mat.WithShape(shape...))
}

// elements are those of a matrix, row by row.
func elements[T workload.Float](m mat.Tensor) []T { return mat.Data[T](m.(mat.Matrix)) }

func transposed[T workload.Float](v []T, rows, cols int) []T {
	t := make([]T, len(v))
	for i := range rows {
		for j := range cols {
			t[j*rows+i] = v[i*cols+j]
		}
	}
	return t
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// gemm transposes first where the library itself does in its gradients: it has no product of the form wanted.
func gemm[T workload.Float](c workload.Case) *wire.Program {
	aShape, bShape := []int{c.M, c.K}, []int{c.K, c.N}
	if c.Form[0] == 't' {
		aShape = []int{c.K, c.M}
	}
	if c.Form[1] == 't' {
		bShape = []int{c.N, c.K}
	}
	a := dense(workload.Fill[T](workload.AStream, c.M*c.K, 1), aShape...)
	b := dense(workload.Fill[T](workload.BStream, c.K*c.N, 1), bShape...)
	var out mat.Matrix
	step := func() {
		var x, y mat.Matrix = a, b
		if c.Form[0] == 't' {
			x = a.T()
		}
		if c.Form[1] == 't' {
			y = b.T()
		}
		out = x.Mul(y)
	}
	return &wire.Program{Step: step, Answer: func() ([]workload.Sum, error) {
		step()
		return []workload.Sum{workload.Check(elements[T](out))}, nil
	}}
}

func chain[T workload.Float](c workload.Case) *wire.Program {
	x := dense(workload.Fill[T](workload.AStream, c.N, workload.ChainScale), c.N)
	w, b := dense(workload.Fill[T](workload.BStream, c.N, 1), c.N), dense(workload.Fill[T](workload.CStream, c.N, 1), c.N)
	x.SetRequiresGrad(true)
	forward := func() mat.Tensor {
		y := ag.ReduceSum(ag.Prod(ag.Tanh(ag.Add(ag.Prod(x, w), b)), ag.Sigmoid(x)))
		must(ag.Backward(y))
		return y
	}
	return &wire.Program{
		Step: func() {
			forward()
			x.ZeroGrad()
		},
		Answer: func() ([]workload.Sum, error) {
			y := elements[T](forward().Value())[0]
			grad := workload.Check(elements[T](x.Grad()))
			x.ZeroGrad()
			return []workload.Sum{workload.Number(y), grad}, nil
		},
	}
}

func scalar(c workload.Case) *wire.Program {
	x, k := mat.Scalar(workload.ScalarX, mat.WithGrad(true)), mat.Scalar(workload.ScalarK)
	var v mat.Tensor
	forward := func() {
		v = x
		for range c.N / 4 {
			v = ag.Sub(ag.Tanh(ag.Add(ag.Mul(v, k), x)), x)
		}
		must(ag.Backward(v))
	}
	return &wire.Program{
		Step: func() {
			forward()
			x.ZeroGrad()
		},
		Answer: func() ([]workload.Sum, error) {
			forward()
			sums := []workload.Sum{
				workload.Number(elements[float64](v.Value())[0]), workload.Number(elements[float64](x.Grad())[0]),
			}
			x.ZeroGrad()
			return sums, nil
		},
	}
}

func training[T workload.Float](c workload.Case) *wire.Program {
	widths, batch := c.Widths(), c.Batch
	var layers []*linear.Model
	for l := range len(widths) - 1 {
		in, out := widths[l], widths[l+1]
		m := linear.New[T](in, out)
		m.W.ReplaceValue(dense(transposed(workload.Weights[T](l, in, out), in, out), out, in))
		m.W.SetRequiresGrad(true)
		layers = append(layers, m)
	}
	x := dense(transposed(workload.Batch[T](batch), batch, widths[0]), widths[0], batch)
	ones := mat.NewDense[T](mat.WithShape(1, batch))
	ones.AddScalarInPlace(1)
	y := dense(transposed(workload.OneHot[T](batch), batch, 10), 10, batch).Reshape(10*batch, 1)
	labels := make([]int, batch)
	for i := range labels {
		labels[i] = workload.Label(i)
	}
	step := func() T {
		var a mat.Tensor = x
		for l, m := range layers {
			a = ag.Add(ag.Mul(m.W, a), ag.Mul(m.B, ones))
			switch {
			case c.Kind == workload.Nielsen:
				a = ag.Sigmoid(a)
			case l < len(layers)-1:
				a = ag.ReLU(a)
			}
		}
		var cost mat.Tensor
		if c.Kind == workload.Nielsen { // the mean of a matrix has a vector as its gradient: a vector it must be
			cost = ag.ReduceMean(ag.Square(ag.Sub(ag.Reshape(a, 10*batch, 1), y)))
		} else {
			cost = losses.CrossEntropySeq(ag.ColViews(a), labels, true)
		}
		must(ag.Backward(cost))
		for _, m := range layers {
			for _, p := range []*nn.Param{m.W, m.B} {
				p.Matrix.SubInPlace(p.Grad().(mat.Matrix).ProdScalarInPlace(c.Rate()))
				p.ZeroGrad()
			}
		}
		return elements[T](cost.Value())[0]
	}
	return &wire.Program{Step: func() { step() }, Answer: func() ([]workload.Sum, error) {
		var sums []workload.Sum
		for range workload.AnswerSteps {
			sums = append(sums, workload.Number(step()))
		}
		for l, m := range layers {
			in, out := widths[l], widths[l+1]
			w := transposed(elements[T](m.W.Value()), out, in)
			sums = append(sums, workload.Moved(w, workload.Weights[T](l, in, out)),
				workload.Check(elements[T](m.B.Value())))
		}
		return sums, nil
	}}
}
