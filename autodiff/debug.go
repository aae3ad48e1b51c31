package autodiff

import (
	"math"

	"chainrule/internal/exec"
	"chainrule/internal/trace"
)

type (
	// NaNError says where a NaN, or an infinity, was born: see DebugNaN.
	NaNError = exec.NaNError
	// NaNOperand is an operand of the op that made it.
	NaNOperand = exec.NaNOperand
)

// DebugNaN makes runs fail whose results have a NaN, with a *NaNError that says where the NaN was born: the op, the
// user's line, forward or in which derivative, and the numbers that it was made of.
//
// The results are looked at after every run. When they have a NaN, the graph is computed once more as it was traced,
// node by node, and the NaN is followed back from the result to the op whose operands had none. A NaN that does not reach a result, such as one that Where does not choose, is no error.
// Neither is an infinity: −Inf is a fine logarithm of zero, and masks are made of it; see DebugInf. If the NaN
// was fed, the error says so.
//
// As long as there is none, it costs that look, the rewrites that may round differently, which are left out of the
// program, and a copy: arguments that are donated are updated when all is well, so that a run that fails leaves them as
// they were. RunInto leaves its other results as computed.
func DebugNaN() ProgramOption { return debug(math.IsNaN) }

// DebugInf is DebugNaN for results that have a NaN or an infinity, and finds where the first that was either was born.
func DebugInf() ProgramOption {
	return debug(func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}

func debug(bad func(float64) bool) ProgramOption {
	return programOption{func(s *settings) {
		s.PassesOff["fast"] = true
		if also := s.Bad; also != nil {
			s.Bad = func(x float64) bool { return bad(x) || also(x) }
			return
		}
		s.Bad = bad
	}}
}

// NotFiniteError says that a result is not finite that was to be: its number, Result, and Value, the first element that is
// NaN or an infinity. See RequireFinite.
type NotFiniteError = trace.NotFiniteError

// RequireFinite makes a run fail with a *NotFiniteError if result number result, counted from 0, has a NaN or an
// infinity, before anything that is donated is overwritten: a step of training whose cost is no number leaves the
// parameters as they were. See DebugNaN, which finds out where it comes from at a cost.
func RequireFinite(result int) CompileOption {
	notNegative("require_finite", result)
	return compileOption(func(s *settings) { s.Finite = append(s.Finite, result) })
}
