package backprop

import (
	"errors"
	"fmt"
)

// What can be wrong with a network or a batch; every one arrives inside an *Error.
var (
	ErrShape             = errors.New("shapes differ")
	ErrEmptyBatch        = errors.New("batch is empty")
	ErrNoLayers          = errors.New("network has no layers")
	ErrUnknownActivation = errors.New("unknown activation")
	ErrHiddenSoftmax     = errors.New("softmax is for the output layer only")
	ErrUnknownCost       = errors.New("unknown cost")
	ErrCostOutput        = errors.New("cross-entropy needs a softmax or sigmoid output layer")
)

// Error says what is wrong and where. It unwraps to one of the Err values of this package.
type Error struct {
	Layer  int    // 1 … L, or 0 if the fault lies with no single layer
	Detail string // the offending sizes or names
	Err    error
}

func (e *Error) Error() string {
	message := "backprop: "
	if e.Layer > 0 {
		message += fmt.Sprintf("layer %d: ", e.Layer)
	}
	message += e.Err.Error()
	if e.Detail != "" {
		message += ": " + e.Detail
	}
	return message
}

func (e *Error) Unwrap() error { return e.Err }

// fault builds an *Error for the given layer, 0 for none.
func fault(layer int, err error, format string, args ...any) error {
	return &Error{Layer: layer, Detail: fmt.Sprintf(format, args...), Err: err}
}
