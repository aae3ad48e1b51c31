package autodiff_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/autodiff/gonum"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/rewrite"
	"chainrule/nn"
	"chainrule/nn/optim"
	"chainrule/nn/train"
	"chainrule/ops"
)

// taker is a function that takes options of one type.
type taker struct {
	name   string
	option reflect.Type
	// use gives it f, or the sum of what f gives, with options, and runs what comes of it.
	use func(f func(x node) node, opts []any) error
	// fixed says that what it makes is one program, for one type of arguments.
	fixed bool
}

func newTaker[O any](name string, fixed bool, use func(f, sum func(x node) node, opts []O) error) taker {
	return taker{name, reflect.TypeFor[O](), func(f func(x node) node, opts []any) error {
		var own []O
		for _, o := range opts {
			own = append(own, o.(O))
		}
		return use(f, func(x node) node { return ops.Sum(f(x)) }, own)
	}, fixed}
}

// built is a taker that only builds nodes.
func built[O any](name string, build func(f, sum func(x node) node, x node, opts []O)) taker {
	return newTaker(name, false, func(f, sum func(x node) node, opts []O) error {
		return graph.Try(func() { build(f, sum, graph.New().Input("x", graph.Float64, 2), opts) })
	})
}

// fed are the tensors that a taker has been run on.
type fed []*tensor.Dense

func (f *fed) vector(n int) *tensor.Dense {
	*f = append(*f, tensor.New(tensor.WithBacking(slices.Repeat([]float64{0.5}, n))))
	return (*f)[len(*f)-1]
}

// runs calls run with vectors of three lengths, the last of which is the first again.
func (f *fed) runs(run func(x *tensor.Dense) error) error {
	for _, n := range []int{2, 3, 2} {
		if err := run(f.vector(n)); err != nil {
			return err
		}
	}
	return nil
}

type scaled struct{ W *nn.Param }

// stepsOf makes steps of a trainer. What it finds out about a NaN without being asked is left out of its error.
func stepsOf(f *fed, trainer *train.Trainer, err error) error {
	if err != nil {
		return err
	}
	return f.runs(func(x *tensor.Dense) error {
		_, err := trainer.Step(context.Background(), x)
		if err != nil && !strings.HasPrefix(err.Error(), "train: step ") {
			return errors.New(err.Error())
		}
		return err
	})
}

// takers are all functions that take options of the five types.
func takers(f *fed) []taker {
	ctx := context.Background()
	model := func() scaled {
		w := scaled{nn.NewParam(graph.Float64)}
		w.W.Value.Float64s()[0] = 1
		return w
	}
	return append(derivativeTakers(),
		newTaker("autodiff.Compile", false, func(g, _ func(x node) node, opts []autodiff.CompileOption) error {
			fn := autodiff.Compile(g, opts...)
			return f.runs(func(x *tensor.Dense) error { _, err := fn.Run(ctx, x); return err })
		}),
		newTaker("autodiff.CompileGraph", true, func(g, _ func(x node) node, opts []autodiff.CompileOption) error {
			x := graph.New().Input("x", graph.Float64, 2)
			fn, err := autodiff.CompileGraph([]node{x}, []node{g(x)}, opts...)
			if err == nil {
				_, err = fn.Run(ctx, f.vector(2))
			}
			return err
		}),
		newTaker("train.New", false, func(_, sum func(x node) node, opts []autodiff.ProgramOption) error {
			m := model()
			loss := func(m scaled, x node) node { return sum(ops.Mul(m.W.Node(), x)) }
			trainer, err := train.New(m, loss, optim.SGD{Rate: optim.Constant(1e-3)}, opts...)
			return stepsOf(f, trainer, err)
		}),
		newTaker("train.NewWithMetrics", false, func(_, sum func(x node) node, opts []autodiff.ProgramOption) error {
			m := model()
			loss := func(m scaled, x node) (node, train.Metrics) { return sum(ops.Mul(m.W.Node(), x)), nil }
			trainer, err := train.NewWithMetrics(m, loss, optim.SGD{Rate: optim.Constant(1e-3)}, opts...)
			return stepsOf(f, trainer, err)
		}),
		newTaker("train.NewEvaluator", false, func(_, sum func(x node) node, opts []autodiff.ProgramOption) error {
			e, err := train.NewEvaluator(model(), func(m scaled, x node) (node, train.Metrics) {
				return sum(ops.Mul(m.W.Node(), x)), nil
			}, opts...)
			if err != nil {
				return err
			}
			return f.runs(func(x *tensor.Dense) error {
				_, err := e.Run(ctx, train.Batches{{Feed: x, Count: 1}})
				return err
			})
		}),
		newTaker("autodiff.SparseJacobian", false, func(g, _ func(x node) node, opts []autodiff.MatrixOption) error {
			fn := autodiff.SparseJacobian(g, opts...)
			return f.runs(func(x *tensor.Dense) error { _, err := fn.Eval(ctx, x); return err })
		}),
		newTaker("autodiff.SparseHessian", false, func(_, sum func(x node) node, opts []autodiff.MatrixOption) error {
			fn := autodiff.SparseHessian(sum, opts...)
			return f.runs(func(x *tensor.Dense) error { _, err := fn.Eval(ctx, x); return err })
		}),
		newTaker("gonum.NewResiduals", true, func(g, _ func(x node) node, opts []autodiff.MatrixOption) error {
			r, err := gonum.NewResiduals(g, 2, opts...)
			if err != nil {
				return err
			}
			m, _ := r.Dims()
			return r.Eval(make([]float64, m), &mat.Dense{}, []float64{0.5, 0.5})
		}),
		newTaker("gonum.NewObjective", true, func(_, sum func(x node) node, opts []autodiff.MatrixOption) error {
			o, err := gonum.NewObjective(sum, 2, opts...)
			if err != nil {
				return err
			}
			o.Func([]float64{0.5, 0.5})
			o.Grad(make([]float64, 2), []float64{0.5, 0.5})
			o.Hess(mat.NewSymDense(2, nil), []float64{0.5, 0.5})
			return o.Err()
		}),
		newTaker("gonum.NewTreeObjective", true, func(_, sum func(x node) node, opts []autodiff.MatrixOption) error {
			o, err := gonum.NewTreeObjective(sum, []float64{0.5, 0.5}, opts...)
			if err != nil {
				return err
			}
			o.ValueAndGrad(make([]float64, 2), o.Start)
			o.Hess(mat.NewSymDense(2, nil), o.Start)
			return o.Err()
		}),
		newTaker("gonum.Problem", true, func(_, sum func(x node) node, opts []autodiff.MatrixOption) error {
			p, err := gonum.Problem(sum, 2, opts...)
			if err != nil {
				return err
			}
			p.Func([]float64{0.5, 0.5})
			p.Hess(mat.NewSymDense(2, nil), []float64{0.5, 0.5})
			_, err = p.Status()
			return err
		}),
	)
}

// derivativeTakers are those that build nodes.
func derivativeTakers() []taker {
	type grad = autodiff.GradOption
	type jacobian = autodiff.JacobianOption
	return []taker{
		built("autodiff.Grad", func(_, sum func(x node) node, x node, opts []grad) { autodiff.Grad(sum, opts...)(x) }),
		built("autodiff.ValueAndGrad", func(_, sum func(x node) node, x node, opts []grad) { autodiff.ValueAndGrad(sum, opts...)(x) }),
		built("autodiff.ValueAndGradAux", func(_, sum func(x node) node, x node, opts []grad) {
			autodiff.ValueAndGradAux(func(x node) (node, node) { return sum(x), x }, opts...)(x)
		}),
		built("autodiff.VJP", func(_, sum func(x node) node, x node, opts []grad) {
			y, pull := autodiff.VJP(sum, x, opts...)
			pull(y)
		}),
		built("autodiff.HVP", func(_, sum func(x node) node, x node, opts []grad) { autodiff.HVP(sum, opts...)(x, x) }),
		built("autodiff.Laplacian", func(_, sum func(x node) node, x node, opts []grad) { autodiff.Laplacian(sum, opts...)(x) }),
		built("autodiff.Jacobian", func(f, _ func(x node) node, x node, opts []jacobian) { autodiff.Jacobian(f, opts...)(x) }),
		built("autodiff.JacobianBlocks", func(f, _ func(x node) node, x node, opts []jacobian) {
			autodiff.JacobianBlocks(f, opts...)(x)
		}),
		built("autodiff.Hessian", func(_, sum func(x node) node, x node, opts []jacobian) { autodiff.Hessian(sum, opts...)(x) }),
		built("autodiff.HessianBlocks", func(_, sum func(x node) node, x node, opts []jacobian) {
			autodiff.HessianBlocks(sum, opts...)(x)
		}),
		built("autodiff.CompressedJacobian", func(f, _ func(x node) node, x node, opts []jacobian) {
			autodiff.CompressedJacobian(f, opts...)(x)
		}),
		built("autodiff.CompressedHessian", func(_, sum func(x node) node, x node, opts []jacobian) {
			autodiff.CompressedHessian(sum, opts...)(x)
		}),
	}
}

// overflow is more than a float can be, and noNumber a NaN, both in the body of a loop.
func overflow(x node) node {
	return autodiff.For(1, func(_, c node) node { return ops.Exp(ops.Mul(1000, ops.Add(1, ops.Square(c)))) }, x)
}

func noNumber(x node) node {
	return autodiff.For(1, func(_, c node) node { return ops.Square(ops.Log(ops.Sub(-1, ops.Square(c)))) }, x)
}

func loopOfSines(x node) node { return autodiff.For(3, func(_, c node) node { return ops.Sin(c) }, x) }

// countingRules is the sum of x³ of an op that counts how often its rules are used.
func countingRules(pulls, pushes *int) func(x node) node {
	var f func(x, y node) node
	byY := func(x, _ node) node { return f(x, ops.FullLike(x, 1)) } // so that the second derivative has a rule of it too
	f = cube(rule{
		func(n node, i int, ct node) node { *pulls++; return vjp(rightX, byY)(n, i, ct) },
		func(n node, t []node) node {
			*pushes++
			x, y := n.In()[0], n.In()[1]
			return ops.Add(ops.Mul(rightX(x, y), orZero(t[0], x)), ops.Mul(byY(x, y), orZero(t[1], y)))
		},
	})
	return func(x node) node { return ops.Sum(f(x, x)) }
}

// seenWorkers lists the workers of every program and every body that use compiles.
func seenWorkers(t *testing.T, use func() error) (programs, bodies []int) {
	t.Helper()
	all := compile.Pipeline
	defer func() { compile.Pipeline = all }()
	at := slices.IndexFunc(all, func(p rewrite.Pass) bool { return p.Name == "pair" })
	compile.Pipeline = slices.Insert(slices.Clone(all), at, rewrite.Pass{Name: "watch",
		Run: func(u rewrite.Unit, o rewrite.Options) rewrite.Unit {
			holds := func(n node) bool { return n.Op().Program != nil }
			if slices.ContainsFunc(graph.Topo(u.Outputs...), holds) {
				programs = append(programs, o.Workers)
			} else {
				bodies = append(bodies, o.Workers)
			}
			return u
		}})
	require.NoError(t, use())
	return programs, bodies
}

// scenarios are all options of the five types: what makes one, and how it shows that it reaches what takes it.
var scenarios = map[string]struct {
	constructor any
	shows       func(t *testing.T, taker taker, f *fed)
}{
	"AllowUnreachable": {autodiff.AllowUnreachable, func(t *testing.T, k taker, _ *fed) {
		constant := func(x node) node { return ops.Ones(x.Graph(), graph.Float64, x.Shape()...) }
		require.ErrorContains(t, k.use(constant, nil), "does not depend on")
		require.NoError(t, k.use(constant, []any{autodiff.AllowUnreachable()}))
	}},
	"ForwardMode": {autodiff.ForwardMode, func(t *testing.T, k taker, _ *fed) {
		var pulls, pushes int
		require.NoError(t, k.use(countingRules(&pulls, &pushes), []any{autodiff.ForwardMode()}))
		require.Positive(t, pushes)
	}},
	"ReverseMode": {autodiff.ReverseMode, func(t *testing.T, k taker, _ *fed) {
		var pulls, pushes int
		require.NoError(t, k.use(countingRules(&pulls, &pushes), []any{autodiff.ReverseMode()}))
		require.Positive(t, pulls)
		require.Zero(t, pushes)
	}},
	"CacheSize": {autodiff.CacheSize, func(t *testing.T, k taker, _ *fed) {
		calls := 0
		f := func(x node) node { calls++; return loopOfSines(x) }
		require.NoError(t, k.use(f, nil))
		kept := calls
		err := k.use(f, []any{autodiff.CacheSize(1)})
		if k.fixed {
			require.ErrorContains(t, err, "compile: CacheSize(1) for what has one program alone at optionstable_test.go:")
			return
		}
		require.NoError(t, err)
		require.Greater(t, calls-kept, kept, "types are traced again")
	}},
	"WithoutPass": {autodiff.WithoutPass, func(t *testing.T, k taker, _ *fed) {
		programs, bodies := seenWorkers(t, func() error { return k.use(loopOfSines, nil) })
		require.NotEmpty(t, programs)
		require.NotEmpty(t, bodies)
		programs, bodies = seenWorkers(t, func() error { return k.use(loopOfSines, []any{autodiff.WithoutPass("watch")}) })
		require.Empty(t, programs)
		require.Empty(t, bodies)
	}},
	"Workers": {autodiff.Workers, func(t *testing.T, k taker, _ *fed) {
		programs, bodies := seenWorkers(t, func() error { return k.use(loopOfSines, []any{autodiff.Workers(5)}) })
		for _, n := range append(programs, bodies...) {
			require.Equal(t, 5, n)
		}
		require.NotEmpty(t, bodies)
	}},
	"DebugNaN": {autodiff.DebugNaN, func(t *testing.T, k taker, _ *fed) {
		var born *autodiff.NaNError
		require.False(t, errors.As(k.use(noNumber, nil), &born))
		require.ErrorAs(t, k.use(noNumber, []any{autodiff.DebugNaN()}), &born)
		require.Equal(t, "log", born.Op)
	}},
	"DebugInf": {autodiff.DebugInf, func(t *testing.T, k taker, _ *fed) {
		var born *autodiff.NaNError
		require.False(t, errors.As(k.use(overflow, nil), &born))
		require.ErrorAs(t, k.use(overflow, []any{autodiff.DebugInf(), autodiff.DebugNaN()}), &born, "the one takes nothing from the other")
		require.Equal(t, "exp", born.Op)
	}},
	"Donate": {autodiff.Donate, func(t *testing.T, k taker, f *fed) {
		require.NoError(t, k.use(loopOfSines, nil))
		require.Equal(t, []float64{0.5, 0.5}, (*f)[0].Data())
		*f = nil
		require.NoError(t, k.use(loopOfSines, []any{autodiff.Donate(0, 0)}))
		require.NotEqual(t, []float64{0.5, 0.5}, (*f)[0].Data())
	}},
	"RequireFinite": {autodiff.RequireFinite, func(t *testing.T, k taker, _ *fed) {
		require.NoError(t, k.use(overflow, nil))
		var infinite *autodiff.NotFiniteError
		require.ErrorAs(t, k.use(overflow, []any{autodiff.RequireFinite(0)}), &infinite)
	}},
}

// TestEveryOptionOfEveryTaker tries each option where it compiles. It does not compile elsewhere: to be given is to be
// assigned, and whether that compiles is what AssignableTo says.
func TestEveryOptionOfEveryTaker(t *testing.T) {
	taken := map[string][]string{}
	for name, s := range scenarios {
		for _, k := range takers(new(fed)) {
			if !reflect.TypeOf(s.constructor).Out(0).AssignableTo(k.option) {
				continue
			}
			taken[k.name] = append(taken[k.name], name)
			t.Run(name+" of "+k.name, func(t *testing.T) {
				f := new(fed)
				same := func(o taker) bool { return o.name == k.name }
				all := takers(f)
				s.shows(t, all[slices.IndexFunc(all, same)], f)
			})
		}
	}
	grad := []string{"AllowUnreachable"}
	jacobian := append([]string{"ForwardMode", "ReverseMode"}, grad...)
	program := []string{"CacheSize", "DebugInf", "DebugNaN", "WithoutPass", "Workers"}
	compiled := append([]string{"Donate", "RequireFinite"}, program...)
	matrix := append(program, jacobian...)
	for name, want := range map[string][]string{
		"Grad": grad, "ValueAndGrad": grad, "ValueAndGradAux": grad, "VJP": grad, "HVP": grad, "Laplacian": grad,
		"Jacobian": jacobian, "JacobianBlocks": jacobian, "Hessian": jacobian, "HessianBlocks": jacobian,
		"CompressedJacobian": jacobian, "CompressedHessian": jacobian, "SparseJacobian": matrix, "SparseHessian": matrix,
		"NewResiduals": matrix, "NewObjective": matrix, "NewTreeObjective": matrix, "Problem": matrix, "Compile": compiled, "CompileGraph": compiled,
	} {
		where := "autodiff."
		if strings.HasPrefix(name, "New") || name == "Problem" {
			where = "gonum."
		}
		require.ElementsMatch(t, want, taken[where+name], name)
		delete(taken, where+name)
	}
	for _, name := range []string{"train.New", "train.NewWithMetrics", "train.NewEvaluator"} {
		require.ElementsMatch(t, program, taken[name], name)
		delete(taken, name)
	}
	require.Empty(t, taken)
}

// TestTheTableOfOptionsIsWhole reads the packages for functions that take or give options, so that none is missing above.
func TestTheTableOfOptionsIsWhole(t *testing.T) {
	typed := []string{"CompileOption", "MatrixOption", "ProgramOption", "JacobianOption", "GradOption"}
	isOption := func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.Ident:
			return slices.Contains(typed, e.Name)
		case *ast.SelectorExpr:
			return slices.Contains(typed, e.Sel.Name)
		}
		return false
	}
	var names []string
	for _, k := range takers(new(fed)) {
		names = append(names, k.name)
	}
	var found []string
	for name, dir := range map[string]string{"autodiff": ".", "gonum": "gonum", "nn": "../nn", "train": "../nn/train"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			require.NoError(t, err)
			for _, d := range parsed.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || !f.Name.IsExported() {
					continue
				}
				if n := len(f.Type.Params.List); n > 0 {
					if last, variadic := f.Type.Params.List[n-1].Type.(*ast.Ellipsis); variadic && isOption(last.Elt) {
						found = append(found, name+"."+f.Name.Name)
					}
				}
				if f.Type.Results != nil && isOption(f.Type.Results.List[0].Type) {
					require.Contains(t, scenarios, f.Name.Name)
				}
			}
		}
	}
	require.ElementsMatch(t, found, names)
}
