package autodiff

import (
	"chainrule/internal/exec"
)

// FeedError says which input of a run does not fit, and why.
type FeedError = exec.FeedError

// Errors of values that cannot be fed, wrapped in a FeedError.
var (
	ErrMasked = exec.ErrMasked
	ErrSparse = exec.ErrSparse
	ErrDType  = exec.ErrDType
)
