package optest

import (
	"fmt"
	"runtime/debug"
	"testing"

	"chainrule/graph"
)

// Tests make much garbage and keep little: they take a third less time if it is collected less often.
func init() { debug.SetGCPercent(800) }

// check is what an instance has to pass. A case may be excused from those that are excusable, and from no other.
type check struct {
	name      string
	run       func(Instance) error
	excusable bool
}

// checks are what every instance of every op has to pass. At a kink central differences mean nothing, and a function
// written in Go allocates as it likes. Implicit derivatives of drawn numbers are none of the function that is computed, at any point.
var checks = []check{
	{name: "text", run: checkText},
	{name: "kernel", run: checkKernel},
	{name: "compiled", run: checkCompiled},
	{name: "allocations", run: checkAllocations, excusable: true},
	{name: "differences", run: checkDifferences, excusable: true},
	{name: "second differences", run: checkSecondDifferences, excusable: true},
	{name: "precision", run: checkPrecision},
	{name: "forward", run: checkForward},
	{name: "sides", run: checkSides, excusable: true},
	{name: "bends", run: checkBends, excusable: true},
	{name: "NaN", run: checkNaN},
	{name: "vmap", run: checkVmap},
	{name: "pattern", run: checkPattern},
	{name: "chosen", run: checkChosen},
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
			for _, fault := range append(lint(op), lintExcuses(op)...) {
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
		if in.excused(c.name) {
			continue // lintExcuses has seen that it fails
		}
		t.Run(c.name, func(t *testing.T) {
			if err := recovered(in, c.run); err != nil {
				t.Errorf("%v, seed %d: %v", in, in.Seed(), err)
			}
		})
	}
}

// Composed checks what is made of several ops as an op is checked, in the cases given, which build it.
func Composed(t *testing.T, name string, cases ...graph.Case) {
	op := &graph.Op{Name: name, Class: graph.Opaque, Cases: cases}
	for _, fault := range lintExcuses(op) {
		t.Errorf("%s: %v", name, fault)
	}
	for _, in := range Instances(op) {
		t.Run(fmt.Sprintf("%s/%s/%v", name, in.Case.Name, in.DType), func(t *testing.T) { sweep(t, in) })
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
