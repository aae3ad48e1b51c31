package autodiff

import (
	"runtime"

	"chainrule/graph"
	"chainrule/internal/sweep"
)

// Options have types, one for each kind of function that takes them, so that an option does not compile where it would mean
// nothing: Grad(f, Donate(0, 1)) is none. An option that several kinds of functions take has a type that is all of
// theirs. Of two options that say different things the last one holds.

// CompileOption is an option of Compile and CompileGraph.
type CompileOption interface {
	set(*settings)
	ofCompile()
}

// MatrixOption is an option of what compiles derivatives for numerical methods: SparseJacobian, SparseHessian, and what package
// gonum makes. JacobianOptions and ProgramOptions are.
type MatrixOption interface {
	set(*settings)
	ofMatrix()
}

// ProgramOption is an option of whatever is compiled: of Compile, of SparseJacobian and its like, and of package nn. It
// holds in the bodies of loops, in branches and in functions with derivatives of their own too.
type ProgramOption interface {
	CompileOption
	MatrixOption
}

// JacobianOption is an option of Jacobian, Hessian, CompressedJacobian and CompressedHessian, of those in blocks too, and
// of what compiles them.
type JacobianOption interface {
	MatrixOption
	ofJacobian()
}

// GradOption is an option of every derivative: Grad, ValueAndGrad, ValueAndGradAux, VJP, HVP, Laplacian, and wherever a
// JacobianOption is one.
type GradOption interface {
	JacobianOption
	ofGrad()
}

type (
	compileOption  func(*settings)
	programOption  struct{ compileOption }
	jacobianOption func(*settings)
	gradOption     struct{ jacobianOption }
)

func (o compileOption) set(s *settings)  { o(s) }
func (o jacobianOption) set(s *settings) { o(s) }
func (compileOption) ofCompile()         {}
func (programOption) ofMatrix()          {}
func (jacobianOption) ofMatrix()         {}
func (jacobianOption) ofJacobian()       {}
func (gradOption) ofGrad()               {}

// settings are what options set.
type settings struct {
	allowUnreachable bool
	mode             sweep.Mode

	donations []donation
	cacheSize int // 0 if it is not given
	passesOff map[string]bool
	workers   int
	verify    bool
	bad       func(float64) bool // see DebugNaN
	finite    []int              // results, see RequireFinite
}

func apply[O interface{ set(*settings) }](opts []O) settings {
	s := settings{workers: runtime.GOMAXPROCS(0), passesOff: map[string]bool{}}
	for _, o := range opts {
		needOption(any(o) == nil)
		o.set(&s)
	}
	return s
}

// needOption refuses an option that is nil.
func needOption(isNil bool) {
	if isNil {
		graph.Fail("options", nil, "an option is nil")
	}
}

// checkNumbers refuses numbers of arguments and results that a function does not have, or not twice.
func (s settings) checkNumbers(op string, args, results int) {
	toResult, toArg := map[int]int{}, map[int]int{}
	for _, d := range s.donations {
		if d.arg >= args || d.result >= results {
			graph.Fail(op, nil, "Donate(%d, %d) of a function with %d arguments and %d results", d.arg, d.result, args, results)
		}
		if result, twice := toResult[d.arg]; twice {
			graph.Fail(op, nil, "argument %d is donated twice, to results %d and %d", d.arg, result, d.result)
		}
		if arg, twice := toArg[d.result]; twice {
			graph.Fail(op, nil, "two arguments, %d and %d, are donated to result %d", arg, d.arg, d.result)
		}
		toResult[d.arg], toArg[d.result] = d.result, d.arg
	}
	for _, r := range s.finite {
		if r >= results {
			graph.Fail(op, nil, "RequireFinite(%d) of a function with %d results", r, results)
		}
	}
}
