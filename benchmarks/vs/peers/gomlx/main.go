// Command gomlx is GoMLX with its backend in pure Go as a peer of the benchmarks: every case is one compiled graph
// with gradients and update in it.
package main

import (
	"fmt"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
	. "github.com/gomlx/gomlx/pkg/core/graph" //lint:ignore ST1001 the library's own style
	"github.com/gomlx/gomlx/pkg/core/tensors"

	"chainrule/benchmarks/wire"
	"chainrule/benchmarks/workload"
)

var backend backends.Backend

func main() {
	var err error
	if backend, err = simplego.New(""); err != nil {
		panic(err)
	}
	wire.ServeStd("GoMLX v0.26.0, Go backend", func(name string) (*wire.Program, error) {
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
	const most = 100_000 // operations: above, compiling does not end in reasonable time
	switch {
	case c.Compile && c.N > most:
		return nil, fmt.Errorf("%w: more than %d operations", wire.ErrUnsupported, most)
	case c.Kind == workload.Gemm:
		return gemm[T](c), nil
	case c.Kind == workload.Chain:
		return chain[T](c), nil
	case c.Kind == workload.Scalar:
		return scalar(c), nil
	}
	return training[T](c), nil
}

func tensorOf[T workload.Float](v []T, shape ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(v, shape...)
}

func elements[T workload.Float](t *tensors.Tensor) []T { return tensors.MustCopyFlatData[T](t) }

// free gives the memory of results back, as a user in a loop would.
func free(ts []*tensors.Tensor) {
	for _, t := range ts {
		t.MustFinalizeAll()
	}
}

func gemm[T workload.Float](c workload.Case) *wire.Program {
	aShape, bShape, equation := []int{c.M, c.K}, []int{c.K, c.N}, "ik,kj->ij"
	switch c.Form {
	case "tn":
		aShape, equation = []int{c.K, c.M}, "ki,kj->ij"
	case "nt":
		bShape, equation = []int{c.N, c.K}, "ik,jk->ij"
	}
	a := tensorOf(workload.Fill[T](workload.AStream, c.M*c.K, 1), aShape...)
	b := tensorOf(workload.Fill[T](workload.BStream, c.K*c.N, 1), bShape...)
	e := MustNewExec(backend, func(a, b *Node) *Node { return Einsum(equation, a, b) })
	return &wire.Program{
		Step: func() { free(e.MustExec(a, b)) },
		Answer: func() ([]workload.Sum, error) {
			return []workload.Sum{workload.Check(elements[T](e.MustExec(a, b)[0]))}, nil
		},
	}
}

func chain[T workload.Float](c workload.Case) *wire.Program {
	x := tensorOf(workload.Fill[T](workload.AStream, c.N, workload.ChainScale), c.N)
	w, b := tensorOf(workload.Fill[T](workload.BStream, c.N, 1), c.N), tensorOf(workload.Fill[T](workload.CStream, c.N, 1), c.N)
	e := MustNewExec(backend, func(x, w, b *Node) []*Node {
		y := ReduceAllSum(Mul(Tanh(Add(Mul(x, w), b)), Sigmoid(x)))
		return append([]*Node{y}, Gradient(y, x)...)
	})
	return &wire.Program{
		Step: func() { free(e.MustExec(x, w, b)) },
		Answer: func() ([]workload.Sum, error) {
			out := e.MustExec(x, w, b)
			return []workload.Sum{workload.Number(elements[T](out[0])[0]), workload.Check(elements[T](out[1]))}, nil
		},
	}
}

func scalar(c workload.Case) *wire.Program {
	x, k := tensors.FromScalar(workload.ScalarX), tensors.FromScalar(workload.ScalarK)
	build := func() *Exec {
		return MustNewExec(backend, func(x, k *Node) []*Node {
			v := x
			for range c.N / 4 {
				v = Sub(Tanh(Add(Mul(v, k), x)), x)
			}
			return append([]*Node{v}, Gradient(v, x)...)
		})
	}
	e := build()
	p := &wire.Program{
		Step: func() { free(e.MustExec(x, k)) },
		Answer: func() ([]workload.Sum, error) {
			out := e.MustExec(x, k)
			return []workload.Sum{workload.Number(elements[float64](out[0])[0]), workload.Number(elements[float64](out[1])[0])}, nil
		},
	}
	if c.Compile {
		p.Step = func() {
			e := build()
			must(e.PreCompile(x, k))
			e.Finalize()
		}
	}
	return p
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
