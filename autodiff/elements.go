package autodiff

import (
	"fmt"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// Floats returns a copy of a tensor's elements in row-major order, as float64; a bool is 0 or 1. Unlike the tensor's own
// Data, it does so for tensors with no element and for scalars too, and for views. It is an error if there is no tensor,
// or one that Run would not take.
func Floats(t *tensor.Dense) ([]float64, error) {
	if t == nil {
		return nil, fmt.Errorf("autodiff: the tensor is nil")
	}
	v, err := exec.Ingest(t)
	if err != nil {
		return nil, fmt.Errorf("autodiff: %w", err)
	}
	all := make([]float64, graph.Size(v.Type.Shape))
	for i := range all {
		all[i] = v.At(i)
	}
	return all, nil
}
