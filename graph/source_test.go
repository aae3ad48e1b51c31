package graph

import (
	"runtime"
	"testing"
)

func TestIsUser(t *testing.T) {
	for _, c := range []struct {
		function, file string
		want           bool
	}{
		{"main.main", "/home/user/app/main.go", true},
		{"main.init.0", "/home/user/app/main.go", true},
		{"example.com/app/model.(*Net).Forward", "model.go", true},
		{"example.com/app/model.Loss[...]", "model.go", true},
		{"slicesapp/model.f", "model.go", true},
		{"slicesapp.f", "model.go", true},
		{"chainrulers.org/x.f", "x.go", true},
		{"chainrule/ops.Add[...]", "ops/arith.go", false},
		{"chainrule/ops.init.func3", "ops/arith.go", false},
		{"chainrule/internal/compile.(*pass).run", "internal/compile/pass.go", false},
		{"chainrule/nn.(*Linear).Forward", "nn/linear.go", false},
		{"chainrule/nn_test.TestLinear", "nn/linear_test.go", true},
		{"chainrule/examples/mlp.loss", "examples/mlp/loss.go", true},
		{"chainrule/benchmarks.step", "benchmarks/step.go", true},
		{"chainrule/benchmarks/mlp.step", "benchmarks/mlp/step.go", true},
		{"runtime.goexit", "asm_amd64.s", false},
		{"reflect.Value.call", "value.go", false},
		{"sync.(*Once).doSlow", "once.go", false},
		{"slices.SortFunc[...]", "sort.go", false},
		{"iter.Pull[...].func1", "iter.go", false},
		{"", "", false},
		{"main.main.Grad[...].func1", root + "autodiff/grad.go", false},
		{"main.main.Grad[...].func1", "/home/user/app/autodiff/grad.go", true},
		{"main.main.func2", root + "examples/gradient/main.go", true},
		{"main.main", root + "app/main.go", true},
	} {
		if got := isUser(runtime.Frame{Function: c.function, File: c.file}); got != c.want {
			t.Errorf("%s in %s is the user's: %v, want %v", c.function, c.file, got, c.want)
		}
	}
}

func TestFindCaller(t *testing.T) {
	var deep func(depth int) source
	deep = func(depth int) source {
		if depth > 0 {
			return deep(depth - 1)
		}
		return sourceOf(findCaller(1, func(pc uintptr) bool {
			f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
			return f.Function == "chainrule/graph.TestFindCaller"
		}))
	}
	_, _, here, _ := runtime.Caller(0)
	for _, depth := range []int{0, 3, 28, 29, 30, 31, 32, 33, 64, 1000} {
		if s := deep(depth); s.line != here+2 {
			t.Errorf("%d frames up is %s, want line %d", depth, s.short(), here+2)
		}
	}
	if pc := findCaller(1, func(uintptr) bool { return false }); pc != 0 {
		t.Errorf("a stack without the user ends at %v", sourceOf(pc))
	}
	if s := sourceOf(0); s.short() != "" {
		t.Errorf("no program counter is at %q", s.short())
	}
}
