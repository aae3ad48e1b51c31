// Package golden reads what PyTorch computed for layers, losses, optimisers and schedules.
//
// Vocabulary: a case is a call with its arguments and results; its tensors are rows of numbers with a shape. Arguments of
// constructors and of calls are [Args], as PyTorch names them.
package golden

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// Tensor is an array in row-major order. Type is "" for float64, "i64" or "bool"; of a bool the values are 0 and 1.
type Tensor struct {
	Shape  []int     `json:"s"`
	Values []float64 `json:"v"`
	Type   string    `json:"t"`
}

// File is the whole of it.
type File struct {
	Torch      json.RawMessage
	Seed       int64
	Problems   map[string]map[string]Tensor
	Optimisers []Optimiser
	Schedules  []Schedule
	Layers     []Layer
	Sequences  []Sequence
	Losses     []Loss
	Functions  []Function
	Gains      []Gain
	Fans       []Fan
}

// Layer is a module that was called once, in train or eval mode.
type Layer struct {
	Name, Module string
	Args         Args
	Lengths      []int64 // of the sequences of a batch
	Run
}

// Run is one call of a module. Inputs and gradients that there are not are nil.
type Run struct {
	Inputs       []*Tensor
	Call         Args
	Mode         string
	Params       map[string]Tensor
	Buffers      map[string]Tensor
	Outputs      []Tensor
	GradOutputs  []*Tensor         `json:"grad_outputs"`
	GradInputs   []*Tensor         `json:"grad_inputs"`
	GradCall     map[string]Tensor `json:"grad_call"`
	GradParams   map[string]Tensor `json:"grad_params"`
	BuffersAfter map[string]Tensor `json:"buffers_after"`
}

// Sequence is a module that was called again and again, its buffers going from call to call.
type Sequence struct {
	Name, Module string
	Args         Args
	Runs         []Run
}

// Loss is a loss of inputs and targets.
type Loss struct {
	Name, Module    string
	Args            Args
	Inputs, Targets []Tensor
	Output          Tensor
	GradOutput      Tensor    `json:"grad_output"`
	GradInputs      []*Tensor `json:"grad_inputs"`
}

// Function is a function of tensors.
type Function struct {
	Name, Fn    string
	Args        Args
	Inputs      []Tensor
	Outputs     []Tensor
	GradOutputs []*Tensor `json:"grad_outputs"`
	GradInputs  []*Tensor `json:"grad_inputs"`
}

// Gain is what weights are scaled by before a nonlinearity.
type Gain struct {
	Nonlinearity string
	Param        *float64
	Gain         float64
}

// Fan is the number of inputs and outputs of a weight's units.
type Fan struct {
	Shape  []int
	FanIn  int `json:"fan_in"`
	FanOut int `json:"fan_out"`
}

// Optimiser is a curve of 20 steps on a problem. The type of a clipping norm is 2, 1 or "inf".
type Optimiser struct {
	Problem, Optimiser string
	Args               Args
	Clip               *struct {
		Norm, Value *float64
		Type        any
	}
	Schedule *struct {
		Name string
		Args Args
	}
	Closure      bool
	Losses       []float64
	LRs          []float64 `json:"lrs"`
	Momenta      []float64
	Norms        []float64
	First, Final []Tensor
	// Spread is how far these move at most when the start is multiplied by 1 + 1e-14.
	Spread struct{ Losses, Final float64 }
}

// Schedule has the rates before each step.
type Schedule struct {
	Name    string
	Args    Args
	Base    float64
	Metrics []float64
	LRs     []float64 `json:"lrs"`
}

// Args are arguments by their names: numbers, strings, lists, and a *Tensor for what is one.
type Args map[string]any

// UnmarshalJSON implements json.Unmarshaler.
func (a *Args) UnmarshalJSON(text []byte) error {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	*a = Args{}
	for name, part := range parts {
		var x struct {
			Shape *[]int     `json:"s"`
			V     *[]float64 `json:"v"`
		}
		var v any
		if part[0] == '{' && json.Unmarshal(part, &x) == nil && x.Shape != nil && x.V != nil {
			v = new(Tensor)
		} else {
			v = new(any)
		}
		if err := json.Unmarshal(part, v); err != nil {
			return fmt.Errorf("argument %s: %w", name, err)
		}
		if p, ok := v.(*any); ok {
			v = *p
		}
		(*a)[name] = v
	}
	return nil
}

// Float is a number, or otherwise where there is none.
func (a Args) Float(name string, otherwise float64) float64 {
	if v, ok := a[name].(float64); ok {
		return v
	}
	return otherwise
}

// Int is a whole number.
func (a Args) Int(name string, otherwise int) int { return int(a.Float(name, float64(otherwise))) }

// Bool is a truth value.
func (a Args) Bool(name string, otherwise bool) bool {
	if v, ok := a[name].(bool); ok {
		return v
	}
	return otherwise
}

// Text is a string.
func (a Args) Text(name, otherwise string) string {
	if v, ok := a[name].(string); ok {
		return v
	}
	return otherwise
}

// Tensor is a tensor, nil where there is none.
func (a Args) Tensor(name string) *Tensor {
	t, _ := a[name].(*Tensor)
	return t
}

// Ints is a list of whole numbers: one number stands for n of them. Without the argument it is nil.
func (a Args) Ints(name string, n int) []int {
	switch v := a[name].(type) {
	case float64:
		return slices.Repeat([]int{int(v)}, n)
	case []any:
		list := make([]int, len(v))
		for i, e := range v {
			list[i] = int(e.(float64))
		}
		return list
	}
	return nil
}

// Read reads a file, compressed by gzip.
func Read(name string) (*File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := new(File)
	if err := json.NewDecoder(text).Decode(out); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, err := io.Copy(io.Discard, text); err != nil { // its checksum
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

// Open reads the file that the environment variable CHAINRULE_NN_GOLDEN names, or otherwise.
func Open(otherwise string) (*File, error) {
	if name := os.Getenv("CHAINRULE_NN_GOLDEN"); name != "" {
		return Read(name)
	}
	return Read(otherwise)
}

// Near compares numbers relative to the largest of those wanted.
func Near(got, want []float64, tol float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d numbers, want %d", len(got), len(want))
	}
	scale := 0.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tol*scale) {
			return fmt.Errorf("number %d is %.15g, want %.15g", i, got[i], want[i])
		}
	}
	return nil
}
