package nn_test

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/golden"
	"chainrule/nn"
)

// TestTorchNNGolden compares layers' outputs, gradients and states with PyTorch's, given its weights.
// CHAINRULE_NN_GOLDEN names another file of cases in the format that internal/golden reads.
func TestTorchNNGolden(t *testing.T) {
	f, err := golden.Open("testdata/torch_nn.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	var s score
	for _, c := range f.Layers {
		s.add(t, c.Name, attempt(c.Module, &call{module: c.Module, args: c.Args, lengths: c.Lengths, run: c.Run}))
	}
	for _, c := range f.Sequences {
		for i, r := range c.Runs {
			s.add(t, fmt.Sprintf("%s/%d", c.Name, i), attempt(c.Module, &call{module: c.Module, args: c.Args, run: r}))
		}
	}
	for _, c := range f.Functions {
		s.add(t, "function "+c.Name, attemptFunction(c))
	}
	for _, c := range f.Gains {
		s.add(t, "gain "+c.Nonlinearity, gainOf(c))
	}
	for _, c := range f.Fans {
		in, out := nn.Fans(c.Shape)
		s.add(t, fmt.Sprintf("fans %v", c.Shape), within([]float64{float64(in), float64(out)}, []float64{float64(c.FanIn), float64(c.FanOut)}, 0, 1e-9))
	}
	t.Logf("nn golden: %d passed, %d failed, %d unsupported of %d", s.passed, s.failed, s.unsupported, s.passed+s.failed+s.unsupported)
}

type score struct{ passed, failed, unsupported int }

// unsupported says why a case has nothing here that it could be compared with.
type unsupported string

func (u unsupported) Error() string { return string(u) }

func (s *score) add(t *testing.T, name string, err error) {
	switch err.(type) {
	case nil:
		s.passed++
	case unsupported:
		s.unsupported++
		t.Logf("unsupported: %s: %v", name, err)
	default:
		s.failed++
		t.Errorf("%s: %v", name, err)
	}
}

// call is a call of a module: what stands for it makes a model, links its parameters to PyTorch's, and applies it.
type call struct {
	module  string
	args    golden.Args
	lengths []int64
	run     golden.Run
	links   []link
	rtol    float64
}

// link says where a parameter or state has its values from: rows of one of PyTorch's tensors, transposed or reshaped.
type link struct {
	name       string
	to         autodiff.Parameter
	from, rows int // rows, all if 0
	transposed bool
	state      bool
}

// subject is what a module is a function of.
type subject struct {
	Model  any
	Inputs []*graph.Node
	Call   map[string]*graph.Node
}

// module stands for one of PyTorch's: it gives the model and how to apply it.
type module func(c *call) (model any, apply func(s subject) []*graph.Node)

// fed is a subject of tensors.
type fed struct {
	Model  any
	Inputs []*tensor.Dense
	Call   map[string]*tensor.Dense
}

func value(x golden.Tensor) *tensor.Dense {
	size := len(x.Values)
	shape := tensor.WithShape(x.Shape...)
	switch x.Type {
	case "i64":
		list := make([]int64, size)
		for i, v := range x.Values {
			list[i] = int64(v)
		}
		return tensor.New(shape, tensor.WithBacking(list))
	case "bool":
		list := make([]bool, size)
		for i, v := range x.Values {
			list[i] = v != 0
		}
		return tensor.New(shape, tensor.WithBacking(list))
	}
	return tensor.New(shape, tensor.WithBacking(append([]float64{}, x.Values...)))
}

// part is the linked part of a tensor, in the order of the parameter's elements.
func (l link) part(x golden.Tensor) []float64 {
	values := x.Values
	rows, columns := len(values), 1
	if len(x.Shape) > 0 && x.Shape[0] > 0 {
		rows, columns = x.Shape[0], len(values)/x.Shape[0]
	}
	if l.rows > 0 {
		rows = l.rows
		values = values[l.from*columns : (l.from+l.rows)*columns]
	}
	if !l.transposed {
		return values
	}
	out := make([]float64, 0, len(values))
	for j := range columns {
		for i := range rows {
			out = append(out, values[i*columns+j])
		}
	}
	return out
}

// param links a parameter, if PyTorch has one of that name; otherwise it is nil.
func (c *call) param(name string, l link) *nn.Param {
	x, ok := c.run.Params[name]
	if !ok {
		return nil
	}
	shape := append([]int{}, x.Shape...)
	if l.rows > 0 {
		shape[0] = l.rows
	}
	if l.transposed {
		shape[0], shape[1] = shape[1], shape[0]
	}
	p := nn.NewParam(graph.Float64, shape...)
	copy(p.Value.Float64s(), l.part(x))
	l.name, l.to = name, p
	c.links = append(c.links, l)
	return p
}

// whole links a parameter as it is.
func (c *call) whole(name string) *nn.Param { return c.param(name, link{}) }

// linear links a linear layer to weights [out, in], or rows of them.
func (c *call) linear(weight, bias string, from, rows int) *nn.Linear {
	return &nn.Linear{
		Weight: c.param(weight, link{from: from, rows: rows, transposed: true}),
		Bias:   c.param(bias, link{from: from, rows: rows}),
	}
}

// state links a state to a buffer.
func (c *call) state(name string) *nn.State {
	x, ok := c.run.Buffers[name]
	if !ok {
		return nil
	}
	s := nn.NewState(graph.Float64, x.Shape...)
	copy(s.Value.Float64s(), x.Values)
	c.links = append(c.links, link{name: name, to: s, state: true})
	return s
}

// attempt compares a case.
func attempt(name string, c *call) (err error) {
	m := modules[name]
	if m == nil {
		return unsupported("nothing stands for a " + name)
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case unsupported:
			err = r
		case *graph.Error:
			err = r
		default:
			err = fmt.Errorf("%v\n%s", r, debug.Stack())
		}
	}()
	model, apply := m(c)
	linked := map[string]bool{}
	for _, l := range c.links {
		linked[l.name] = true
	}
	for name := range c.run.Params {
		if !linked[name] {
			return fmt.Errorf("parameter %s has no counterpart", name)
		}
	}
	return c.compare(model, apply)
}

// compare runs the module with its derivatives and compares all there is.
func (c *call) compare(model any, apply func(subject) []*graph.Node) error {
	in := fed{Model: model, Call: map[string]*tensor.Dense{}}
	for _, x := range c.run.Inputs {
		if x == nil {
			return unsupported("an input is absent")
		}
		in.Inputs = append(in.Inputs, value(*x))
	}
	for name := range c.run.Call {
		if x := c.run.Call.Tensor(name); x != nil {
			in.Call[name] = value(*x)
		}
	}
	var cts []*tensor.Dense
	var smooth []int
	for i, x := range c.run.GradOutputs {
		if x != nil {
			cts, smooth = append(cts, value(*x)), append(smooth, i)
		}
	}
	var gradients, stats []string
	count := 0
	f := autodiff.Compile(func(s subject, cts []*graph.Node) (outs, slopes []*graph.Node, news nn.Stats) {
		if c.run.Mode == "train" {
			s.Model = nn.Train(s.Model, nil)
		} else {
			s.Model = nn.Eval(s.Model)
		}
		_, pull := autodiff.VJP(func(s subject) []*graph.Node {
			outs = apply(s)
			news = nn.Statistics(s)
			var floats []*graph.Node
			for _, i := range smooth {
				floats = append(floats, outs[i])
			}
			return floats
		}, s, autodiff.AllowUnreachable())
		grads := pull(cts)
		count, gradients, stats = len(outs), nil, nil
		for _, l := range autodiff.Leaves(grads) {
			gradients, slopes = append(gradients, l.Path), append(slopes, l.Node)
		}
		for _, l := range autodiff.Leaves(news) {
			stats = append(stats, l.Path)
		}
		return outs, slopes, news
	})
	got, err := f.Run(context.Background(), in, cts)
	if err != nil {
		return err
	}
	if count != len(c.run.Outputs) {
		return fmt.Errorf("%d outputs, want %d", count, len(c.run.Outputs))
	}
	for i, want := range c.run.Outputs {
		if err := c.equal(got[i], want); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	byPath := map[string]*tensor.Dense{}
	for i, p := range gradients {
		byPath[p] = got[count+i]
	}
	for i, p := range stats {
		byPath["stat "+p] = got[count+len(gradients)+i]
	}
	return c.compareGradients(in, byPath)
}

// roughGradients are modules whose derivatives PyTorch computes with constants that are rounded to f32.
var roughGradients = map[string]string{"CELU": "1/alpha", "Hardsigmoid": "1/6"}

func (c *call) compareGradients(in fed, got map[string]*tensor.Dense) error {
	if roughGradients[c.module] != "" {
		c.rtol = 0x1p-23
	}
	for i, want := range c.run.GradInputs {
		if want != nil {
			if err := c.equal(got[fmt.Sprintf("Inputs[%d]", i)], *want); err != nil {
				return fmt.Errorf("gradient of input %d: %w", i, err)
			}
		}
	}
	for name, want := range c.run.GradCall {
		if err := c.equal(got["Call."+name], want); err != nil {
			return fmt.Errorf("gradient of %s: %w", name, err)
		}
	}
	named := map[autodiff.Parameter]autodiff.NamedParameter{}
	for _, p := range autodiff.Parameters(in) {
		named[p.Parameter] = p
	}
	for _, l := range c.links {
		if l.state {
			if err := c.compareState(l, got["stat "+named[l.to].Name]); err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			continue
		}
		want, ok := c.run.GradParams[l.name]
		if !ok {
			continue
		}
		if err := c.values(got[named[l.to].Path], l.part(want)); err != nil {
			return fmt.Errorf("gradient of %s: %w", l.name, err)
		}
	}
	return nil
}

// compareState compares a state after the call: without a new value it is as it was.
func (c *call) compareState(l link, got *tensor.Dense) error {
	if got == nil {
		_, slot := l.to.Held()
		got = *slot
	}
	return c.values(got, c.run.BuffersAfter[l.name].Values)
}

func (c *call) equal(got *tensor.Dense, want golden.Tensor) error {
	if got != nil && !got.Shape().Eq(tensor.Shape(want.Shape)) {
		return fmt.Errorf("shape %v, want %v", got.Shape(), want.Shape)
	}
	return c.values(got, want.Values)
}

func (c *call) values(got *tensor.Dense, want []float64) error {
	if got == nil {
		return fmt.Errorf("there is none")
	}
	if got.Dtype() == tensor.Int64 {
		list := make([]float64, 0, len(want))
		for _, v := range got.Int64s() {
			list = append(list, float64(v))
		}
		return within(list, want, 0, 1e-9)
	}
	list, err := autodiff.Floats(got)
	if err != nil {
		return err
	}
	return within(list, want, c.largest(), max(c.rtol, 1e-9))
}

// largest is the size of the largest element that goes in.
func (c *call) largest() float64 {
	size := 0.0
	for _, list := range [][]*golden.Tensor{c.run.Inputs, c.run.GradOutputs} {
		for _, x := range list {
			if x != nil {
				size = max(size, largest(x.Values))
			}
		}
	}
	for _, x := range c.run.Params {
		size = max(size, largest(x.Values))
	}
	return size
}

func largest(list []float64) float64 {
	size := 0.0
	for _, v := range list {
		size = max(size, math.Abs(v))
	}
	return size
}

// within is an error unless got is want at rtol of the largest entry. What is rounding alone, within 64 roundings of the
// largest element that went in, is 0: where terms cancel altogether, PyTorch has another sum of roundings.
func within(got, want []float64, in, rtol float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d elements, want %d", len(got), len(want))
	}
	tol := max(rtol*largest(want), 64*0x1p-52*in)
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= tol) {
			return fmt.Errorf("element %d is %v, want %v", i, got[i], w)
		}
	}
	return nil
}
