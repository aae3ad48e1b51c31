package optest

import (
	"fmt"
	"runtime/debug"
	"testing"

	"chainrule/graph"
)

// checks are what every instance of every op has to pass.
var checks = []struct {
	name  string
	check func(Instance) error
}{
	{"text", checkText},
	{"kernel", checkKernel},
	{"compiled", checkCompiled},
	{"allocations", checkAllocations},
	{"derivative", checkDerivative},
	{"precision", checkPrecision},
	{"forward", checkForward},
	{"kinks", checkKinks},
	{"bends", checkBends},
	{"NaN", checkNaN},
	{"vmap", checkVmap},
	{"pattern", checkPattern},
}

// Sweep checks every op of the registry. Folders are those of the packages with the ops' constructors. A test is
// called op/case/dtype/check.
func Sweep(t *testing.T, folders ...string) {
	docs, err := exported(folders...)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range graph.Ops() {
		t.Run(op.Name, func(t *testing.T) {
			for _, fault := range lint(op) {
				t.Error(fault)
			}
			if err := lintConstructor(op, docs); err != nil {
				t.Error(err)
			}
			for i, c := range op.BadCases {
				t.Run(fmt.Sprintf("bad/%d", i), func(t *testing.T) {
					if err := checkBadCase(op, c); err != nil {
						t.Error(err)
					}
				})
			}
			for _, in := range Instances(op) {
				t.Run(fmt.Sprintf("%s/%v", in.Case.Name, in.DType), func(t *testing.T) { sweep(t, in) })
			}
		})
	}
}

func sweep(t *testing.T, in Instance) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := recovered(in, c.check); err != nil {
				t.Errorf("%v, seed %d: %v", in, in.Seed(), err)
			}
		})
	}
}

// recovered turns a panic of a check into an error, so that the sweep goes on.
func recovered(in Instance, check func(Instance) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return check(in)
}
