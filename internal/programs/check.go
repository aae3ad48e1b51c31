package programs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/rewrite"
)

// Trial is one way to look at a program.
type Trial struct {
	mode   int
	dtype  graph.DType
	option int
	mapped []int // by argument: whether examples differ in it, for modes with examples
}

func (t Trial) String() string {
	return fmt.Sprintf("%s in %v, %s, examples in %v", modes[t.mode].name, t.dtype, options()[t.option].name, t.mapped)
}

// option is a way to compile.
type option struct {
	name string
	opts []autodiff.CompileOption
}

// donated is the option that results overwrite the arguments, where their types are these: gradients do.
const donated = "arguments donated"

// passes are those that can be left out.
func passes() []string {
	list := []string{"fast", "schedule"}
	for _, p := range compile.Pipeline {
		list = append(list, p.Name)
	}
	for _, r := range rewrite.Rules {
		list = append(list, r.Name)
	}
	return list
}

// options are the defaults, more than once so that they are chosen more often, and what differs from them by one thing.
var options = onceOnly(func() []option {
	list := make([]option, 12)
	for i := range list {
		list[i].name = "defaults"
	}
	list[0].name = donated
	for i, o := range []autodiff.CompileOption{autodiff.Workers(1), autodiff.Workers(2), autodiff.DebugNaN()} {
		list = append(list, option{[]string{"one worker", "two workers", "DebugNaN"}[i], []autodiff.CompileOption{o}})
	}
	for _, name := range passes() {
		list = append(list, option{"without " + name, []autodiff.CompileOption{autodiff.WithoutPass(name)}})
	}
	return list
})

func onceOnly[T any](f func() T) func() T {
	var value T
	done := false
	return func() T {
		if !done {
			value, done = f(), true
		}
		return value
	}
}

// newTrial chooses a trial of p.
func newTrial(c *choices, p *Program) Trial {
	t := Trial{mode: c.upTo(len(modes)), dtype: oneOf(c, []graph.DType{graph.Float64, graph.Float32}),
		option: c.upTo(len(options())), mapped: make([]int, len(p.params))}
	for i := range t.mapped {
		t.mapped[i] = b2i(i == 0 || c.chance(2))
	}
	return t
}

func b2i(b bool) int { return int(b2f(b)) }

// examples is how many there are under Vmap.
const examples = 3

// arguments are the values of the arguments, of examples if the trial has some.
func (t Trial) arguments(p *Program) []array {
	args := make([]array, len(p.params))
	for i, v := range p.params {
		one := newArray(v.Shape, func(k int) number { return exactly(p.values[i][k]) })
		if args[i] = one; !modes[t.mode].examples || t.mapped[i] == 0 {
			continue
		}
		args[i] = newArray(append([]int{examples}, v.Shape...), func(k int) number {
			k, m := k%size(v.Shape), k/size(v.Shape)
			x := p.values[i][k] * (1 + 0.2*float64(m)*math.Cos(float64(k+m)))
			return exactly(float64(float32(x)))
		})
	}
	return args
}

// Fault is a program that the library gets wrong.
type Fault struct {
	Program *Program
	Trial   Trial
	Err     error
}

func (f *Fault) Error() string {
	return fmt.Sprintf("%v\n%v\n%v\n", f.Trial, f.Err, f.Program)
}

// try compares the library with the interpreter. It says whether the interpreter can tell, and what is wrong.
func (t Trial) try(p *Program) (told bool, err error) {
	args := t.arguments(p)
	var want []array
	c := p.evaluation()
	if !clear(func() { want = modes[t.mode].want(t, c, c.function(p.Block), args) }) {
		return false, nil
	}
	eps := 0x1p-53
	if t.dtype == graph.Float32 {
		eps = 0x1p-24
	}
	for _, a := range want {
		for _, x := range a.at {
			if !(allowance*eps*x[0].e <= 0.01*(1+math.Abs(x[0].v))) { // NaN is neither
				return false, nil
			}
		}
	}
	donate := options()[t.option].name == donated && slices.EqualFunc(want, args, func(a, b array) bool {
		return slices.Equal(a.shape, b.shape)
	})
	return true, t.run(p, args, donate, func(got []*tensor.Dense) error { return differ(got, want, eps) })
}

// differ holds results against what they should be.
func differ(got []*tensor.Dense, want []array, eps float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d results, want %d", len(got), len(want))
	}
	for i, a := range want {
		if !slices.Equal(got[i].Shape(), a.shape) {
			return fmt.Errorf("result %d has shape %v, want %v", i, got[i].Shape(), a.shape)
		}
		for k, x := range floatsOf(got[i]) {
			w := a.at[k][0]
			if d := math.Abs(x - w.v); !(d <= allowance*eps*w.e+math.SmallestNonzeroFloat32) {
				return fmt.Errorf("element %d of result %d is %v, want %v ± %.2g", k, i, x, w.v, allowance*eps*w.e)
			}
		}
	}
	return nil
}

// allowance is how many roundings the library may make where the interpreter counts one: its functions have errors of
// a few, its derivatives expressions of their own.
const allowance = 16

// run compiles the program, runs it twice and looks at the results of both runs.
func (t Trial) run(p *Program, args []array, donate bool, look func([]*tensor.Dense) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
			var fault *graph.Error
			if e, ok := r.(error); !ok || !errors.As(e, &fault) {
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}
	}()
	opts := options()[t.option].opts
	if donate {
		opts = []autodiff.CompileOption{autodiff.Donate(0, 0)}
	}
	fn := autodiff.Compile(modes[t.mode].built(t, p.built), opts...)
	for k := range 2 {
		feeds := make([]*tensor.Dense, len(args))
		for i, a := range args {
			feeds[i] = dense(a, t.dtype)
		}
		out, err := fn.Run(context.Background(), feeds)
		if err == nil {
			err = look(out)
		}
		if err != nil {
			return fmt.Errorf("run %d: %w", k, err)
		}
	}
	return nil
}

func dense(a array, d graph.DType) *tensor.Dense {
	wide, narrow := make([]float64, len(a.at)), make([]float32, len(a.at))
	for i, x := range a.at {
		wide[i], narrow[i] = x.value(), float32(x.value())
	}
	opts := []tensor.ConsOpt{tensor.WithShape(a.shape...), tensor.WithBacking(wide)}
	if d == graph.Float32 {
		opts[1] = tensor.WithBacking(narrow)
	}
	return tensor.New(opts...)
}

func floatsOf(d *tensor.Dense) []float64 {
	if d.Shape().TotalSize() == 0 && !d.Shape().IsScalar() { // such a tensor has no data to ask for
		return nil
	}
	if d.Dtype() == tensor.Float64 {
		return d.Float64s()
	}
	out := make([]float64, 0, d.DataSize())
	for _, x := range d.Float32s() {
		out = append(out, float64(x))
	}
	return out
}
