package check

import (
	"chainrule/graph"
	"chainrule/internal/exec"
)

// Checker is autodiff.Checker, all of whose fields are given.
type Checker struct {
	Order     int
	Tol, Step float64
	Seed      uint64
}

// Wrong is autodiff.CheckError: a derivative that differs.
type Wrong struct {
	Order          int
	Against        string
	Input          string
	Element        []int
	Output         string
	Got, Want, Tol float64
	Unsettled      bool
	Op, Source     string
}

func (e *Wrong) Error() string { return "a derivative differs" }

// Widen converts f32 to f64 and copies, so that elements can be perturbed.
func Widen(v exec.Value) exec.Value {
	t := v.Type
	if t.DType != graph.Float32 {
		w := exec.NewValue(t)
		copy(w.Bytes(), v.Bytes())
		return w
	}
	w := exec.NewValue(graph.T(graph.Float64, t.Shape...))
	for i, x := range graph.Elements[float32](v.Buf) {
		graph.Elements[float64](w.Buf)[i] = float64(x)
	}
	return w
}
