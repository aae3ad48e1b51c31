package autodiff

import (
	"runtime"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/internal/trace"
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
	trace.Options
	allowUnreachable bool
	mode             sweep.Mode
}

func apply[O interface{ set(*settings) }](opts []O) settings {
	s := settings{Options: trace.Options{Workers: runtime.GOMAXPROCS(0), PassesOff: map[string]bool{}}}
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

// needFunc refuses a function that is nil.
func needFunc(op string, isNil bool) {
	if isNil {
		graph.Fail(op, nil, "the function is nil")
	}
}
