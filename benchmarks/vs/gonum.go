package main

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"chainrule/benchmarks/wire"
	"chainrule/benchmarks/workload"
)

// The peer gonum is Go without a library for derivatives: products by gonum's BLAS, gradients written by hand in
// plain loops, and for the scalar chain a tape of the simplest kind.

func prepareGonum(c workload.Case) (*wire.Program, error) {
	if c.DType == "f64" {
		return gonumProgram[float64](c)
	}
	return gonumProgram[float32](c)
}

func gonumProgram[T workload.Float](c workload.Case) (*wire.Program, error) {
	switch {
	case c.Compile:
		return nil, fmt.Errorf("%w: nothing is compiled", wire.ErrUnsupported)
	case c.Kind == workload.Gemm:
		a, b := workload.Fill[T](workload.AStream, c.M*c.K, 1), workload.Fill[T](workload.BStream, c.K*c.N, 1)
		out := make([]T, c.M*c.N)
		step := func() { product(c.Form[0] == 't', c.Form[1] == 't', c.M, c.N, c.K, a, b, 0, out) }
		return &wire.Program{Step: step, Answer: func() ([]workload.Sum, error) {
			step()
			return []workload.Sum{workload.Check(out)}, nil
		}}, nil
	case c.Kind == workload.Chain:
		return chainByHand[T](c), nil
	case c.Kind == workload.Scalar:
		return scalarByTape(c), nil
	}
	n := newNet[T](c)
	return &wire.Program{Step: func() { n.step() }, Answer: n.answer}, nil
}

// product is c = op(a)·op(b) + beta·c, for row-major matrices without gaps.
func product[T workload.Float](transA, transB bool, m, n, k int, a, b []T, beta T, c []T) {
	tA, tB, lda, ldb := blas.NoTrans, blas.NoTrans, k, n
	if transA {
		tA, lda = blas.Trans, m
	}
	if transB {
		tB, ldb = blas.Trans, k
	}
	var impl gonum.Implementation
	switch a := any(a).(type) {
	case []float32:
		impl.Sgemm(tA, tB, m, n, k, 1, a, lda, any(b).([]float32), ldb, float32(beta), any(c).([]float32), n)
	case []float64:
		impl.Dgemm(tA, tB, m, n, k, 1, a, lda, any(b).([]float64), ldb, float64(beta), any(c).([]float64), n)
	}
}

func chainByHand[T workload.Float](c workload.Case) *wire.Program {
	x, w := workload.Fill[T](workload.AStream, c.N, workload.ChainScale), workload.Fill[T](workload.BStream, c.N, 1)
	b, grad := workload.Fill[T](workload.CStream, c.N, 1), make([]T, c.N)
	var y float64
	step := func() {
		y = 0
		for i := range x {
			t := math.Tanh(float64(x[i]*w[i] + b[i]))
			s := 1 / (1 + math.Exp(-float64(x[i])))
			y += t * s
			grad[i] = T((1-t*t)*float64(w[i])*s + t*s*(1-s))
		}
	}
	return &wire.Program{Step: step, Answer: func() ([]workload.Sum, error) {
		step()
		return []workload.Sum{workload.Number(y), workload.Check(grad)}, nil
	}}
}

// value is a number on a tape: its operands, and the partial derivatives by them.
type value struct {
	v, grad float64
	a, b    *value
	da, db  float64
}

// scalarByTape records every operation on a tape and walks it backwards.
func scalarByTape(c workload.Case) *wire.Program {
	var v, dv float64
	step := func() {
		var tape []*value
		record := func(n value) *value {
			tape = append(tape, &n)
			return &n
		}
		x, k := record(value{v: workload.ScalarX}), record(value{v: workload.ScalarK})
		y := x
		for range c.N / 4 {
			y = record(value{v: y.v * k.v, a: y, da: k.v, b: k, db: y.v})
			y = record(value{v: y.v + x.v, a: y, da: 1, b: x, db: 1})
			t := math.Tanh(y.v)
			y = record(value{v: t, a: y, da: 1 - t*t})
			y = record(value{v: y.v - x.v, a: y, da: 1, b: x, db: -1})
		}
		y.grad = 1
		for i := len(tape) - 1; i >= 0; i-- {
			n := tape[i]
			if n.a != nil {
				n.a.grad += n.da * n.grad
			}
			if n.b != nil {
				n.b.grad += n.db * n.grad
			}
		}
		v, dv = y.v, x.grad
	}
	return &wire.Program{Step: step, Answer: func() ([]workload.Sum, error) {
		step()
		return []workload.Sum{workload.Number(v), workload.Number(dv)}, nil
	}}
}
