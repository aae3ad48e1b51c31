package save

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// Option changes how tensors and the places in a value come together.
type Option func(*options)

type options struct {
	rules             []rule
	transposed        []*regexp.Regexp
	partial, converts bool
	err               error
}

type rule struct {
	pattern *regexp.Regexp
	by      string
}

// Rename replaces what a regular expression matches in the names that tensors come with: those of the file on loading, those of the value
// on saving. Rules apply one after another. By may have $1 for what the first brackets matched. A tensor whose name becomes
// empty is left out.
func Rename(pattern, by string) Option {
	return func(o *options) {
		p, err := regexp.Compile(pattern)
		if err != nil {
			o.err = fmt.Errorf("save: %w", err)
			return
		}
		o.rules = append(o.rules, rule{p, by})
	}
}

// Transpose turns the matrices of the value whose names a regular expression matches: PyTorch keeps the weights of a fully connected layer
// as [out, in], and nn.Linear as [in, out].
func Transpose(pattern string) Option {
	return func(o *options) {
		p, err := regexp.Compile(pattern)
		if err != nil {
			o.err = fmt.Errorf("save: %w", err)
			return
		}
		o.transposed = append(o.transposed, p)
	}
}

// Partial accepts tensors that the value has no place for, and leaves places as they are for which there is no tensor. Types
// and shapes must fit all the same.
func Partial() Option { return func(o *options) { o.partial = true } }

// Convert accepts float64 in the place of float32, rounded, and float32 in that of float64.
func Convert() Option { return func(o *options) { o.converts = true } }

func optionsOf(opts []Option) (*options, error) {
	o := &options{}
	for _, set := range opts {
		set(o)
	}
	return o, o.err
}

// renamed are the tensors by their new names.
func (o *options) renamed(tensors map[string]*tensor.Dense) (map[string]*tensor.Dense, error) {
	out, from := make(map[string]*tensor.Dense, len(tensors)), map[string]string{}
	for _, old := range slices.Sorted(maps.Keys(tensors)) {
		name := old
		for _, r := range o.rules {
			name = r.pattern.ReplaceAllString(name, r.by)
		}
		if name == "" && old != "" {
			continue
		}
		if first, twice := from[name]; twice {
			return nil, fmt.Errorf("save: %s and %s are both renamed to %s", first, old, name)
		}
		out[name], from[name] = tensors[old], old
	}
	return out, nil
}

// turns reports whether a matrix of this name is transposed.
func (o *options) turns(name string, rank int) bool {
	return rank == 2 && slices.ContainsFunc(o.transposed, func(p *regexp.Regexp) bool { return p.MatchString(name) })
}

// Save writes the tensors of a value, as Tensors lists them, to a file that takes its place when it is whole.
func Save(path string, value any, metadata map[string]string, opts ...Option) error {
	o, err := optionsOf(opts)
	if err != nil {
		return err
	}
	all, err := Tensors(value)
	if err != nil {
		return err
	}
	for name, d := range all {
		if !o.turns(name, len(d.Shape())) {
			continue
		}
		if all[name], err = turned(d); err != nil {
			return fmt.Errorf("save: %s: %w", name, err)
		}
	}
	if all, err = o.renamed(all); err != nil {
		return err
	}
	return WriteFile(path, all, metadata)
}

// Load reads a file that ReadFile reads into the tensors of a value, such as a pointer to a model, as Assign does.
func Load(path string, value any, opts ...Option) error {
	if isArchive(path) {
		tensors, _, err := ReadFile(path)
		if err != nil {
			return err
		}
		return Assign(value, tensors, opts...)
	}
	file, err := Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	tensors, err := file.Tensors()
	if err != nil {
		return err
	}
	return Assign(value, tensors, opts...)
}

// isArchive reports whether a file begins as an npz file does. What cannot be read is told by who opens it next.
func isArchive(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	first := make([]byte, 2)
	n, _ := file.Read(first)
	return string(first[:n]) == "PK" && !strings.HasSuffix(path, ".json")
}

// Assign copies tensors into those of a value, found and named as by Tensors. A place that is empty, or whose elements do not lie in
// row-major order, gets a copy. Unless all names, types and shapes fit, the error is a *MismatchError that lists all that do
// not, and the value is as it was.
func Assign(value any, tensors map[string]*tensor.Dense, opts ...Option) error {
	o, err := optionsOf(opts)
	if err != nil {
		return err
	}
	slots, err := slotsOf(value)
	if err != nil {
		return err
	}
	if tensors, err = o.renamed(tensors); err != nil {
		return err
	}
	wrong, left := &MismatchError{}, maps.Clone(tensors)
	var moves []func()
	for _, s := range slots {
		d := tensors[s.name]
		delete(left, s.name)
		if d == nil {
			wrong.Missing = append(wrong.Missing, s.name)
			continue
		}
		move, have, err := o.move(s, d)
		if err != nil {
			return fmt.Errorf("save: %s: %w", s.name, err)
		}
		if move == nil {
			wrong.Types = append(wrong.Types, TypeMismatch{s.name, have, typeOf(s.value)})
		}
		moves = append(moves, move)
	}
	wrong.Unexpected = slices.Sorted(maps.Keys(left))
	slices.Sort(wrong.Missing)
	slices.SortFunc(wrong.Types, func(a, b TypeMismatch) int { return strings.Compare(a.Name, b.Name) })
	if o.partial {
		wrong.Missing, wrong.Unexpected = nil, nil
	}
	if len(wrong.Missing)+len(wrong.Unexpected)+len(wrong.Types) > 0 {
		return wrong
	}
	for _, move := range moves {
		move()
	}
	return nil
}

// move is what copies a tensor into a slot, nil if it does not fit, and the tensor's type.
func (o *options) move(s slot, d *tensor.Dense) (move func(), have string, err error) {
	if o.turns(s.name, len(d.Shape())) {
		if d, err = turned(d); err != nil {
			return nil, "", err
		}
	}
	elements, err := raw.RowMajor(d)
	if err != nil {
		return nil, "", err
	}
	have = typeOf(d)
	if o.converts && s.value != nil {
		elements, d = converted(elements, s.value.Dtype(), d)
	}
	if s.value != nil && typeOf(d) != typeOf(s.value) {
		return nil, have, nil
	}
	if s.value != nil && raw.CanCopy(s.value) {
		return func() { raw.Copy(s.value, elements) }, have, nil
	}
	if s.place == nil {
		return nil, "", fmt.Errorf("a view in a map, which cannot be replaced")
	}
	shape := slices.Clone([]int(d.Shape()))
	return func() { *s.place = raw.Dense(raw.Clone(elements), shape) }, have, nil
}

// turned is a matrix with its axes exchanged, in memory of its own.
func turned(d *tensor.Dense) (*tensor.Dense, error) {
	elements, err := raw.RowMajor(d)
	if err != nil {
		return nil, err
	}
	shape := d.Shape()
	return raw.ColumnMajor(elements, []int{shape[1], shape[0]})
}

// converted is a tensor of floats as one of another float, and others as they are.
func converted(elements any, to tensor.Dtype, d *tensor.Dense) (any, *tensor.Dense) {
	shape := slices.Clone([]int(d.Shape()))
	switch x := elements.(type) {
	case []float64:
		if to == tensor.Float32 {
			narrow := make([]float32, len(x))
			for i, v := range x {
				narrow[i] = float32(v)
			}
			return narrow, raw.Dense(narrow, shape)
		}
	case []float32:
		if to == tensor.Float64 {
			wide := make([]float64, len(x))
			for i, v := range x {
				wide[i] = float64(v)
			}
			return wide, raw.Dense(wide, shape)
		}
	}
	return elements, d
}

// typeOf is a tensor's type for messages and comparisons. An int is an int64, as files have them.
func typeOf(d *tensor.Dense) string {
	if d == nil {
		return "nothing"
	}
	name := d.Dtype().String()
	if d.Dtype() == tensor.Int {
		name = "int64"
	}
	return name + fmt.Sprint([]int(d.Shape()))
}
