package optest

import (
	"math"
	"strings"
	"testing"
	"unsafe"

	"chainrule/graph"
	"chainrule/ops"
)

// TestFaultsAreFound runs each check on a record with a fault that it is there to find.
func TestFaultsAreFound(t *testing.T) {
	calls := 0
	faults := []struct {
		name, op, want string
		check          func(Instance) error
		change         func(*graph.Op)
	}{
		{"writes behind the output", "exp", "writes outside", checkKernel, kernel(func(out, in []float64) {
			beside(out, len(out))[0] = 1
		})},
		{"writes before the output", "exp", "writes outside", checkKernel, kernel(func(out, in []float64) {
			beside(out, -1)[0] = 1
		})},
		{"leaves the last element", "exp", "leaves a part unwritten", checkKernel, kernel(func(out, in []float64) {
			copy(out[:max(0, len(out)-1)], in)
		})},
		{"reads behind the operand", "exp", "reads outside", checkKernel, kernel(func(out, in []float64) {
			for i := range out {
				out[i] = beside(in, i+1)[0]
			}
		})},
		{"writes on the operand", "softmax", "writes on its operand 0", checkKernel, kernel(func(out, in []float64) {
			copy(out, in)
			clear(in)
		})},
		{"depends on the place in a run", "exp", "run of", checkKernel, kernel(func(out, in []float64) {
			for i := range out {
				out[i] = in[i] + float64(i%8)
			}
		})},
		{"reads what it wrote", "exp", "written over operand 0", checkKernel, kernel(func(out, in []float64) {
			for i := range out {
				out[i] = in[0] + in[i]
			}
		})},
		{"reads what it wrote, InPlace", "softmax", "over operand 0", checkKernel, kernel(func(out, in []float64) {
			for i := range out {
				out[i] = in[0] + in[i]
			}
		})},
		{"layout over the end", "slice", "the layout reaches", checkKernel, func(op *graph.Op) {
			layout := op.Layout
			op.Layout = func(n *graph.Node) graph.Layout {
				l := layout(n)
				l.Offset += n.In()[0].Type().Size()
				return l
			}
		}},
		{"gives something else each time", "exp", "compiled is not the reference", checkCompiled,
			kernel(func(out, in []float64) {
				calls++
				for i := range out {
					out[i] = in[min(i, len(in)-1)] * float64(calls)
				}
			})},
		{"allocates", "exp", "allocates", checkAllocations, kernel(func(out, in []float64) {
			sink = make([]float64, 100)
			copy(out, in)
		})},
		{"is not precise", "exp", "f32 and f64", checkPrecision, func(op *graph.Op) {
			exact := op.Kernel
			op.Kernel = func(n *graph.Node) graph.Kernel {
				return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
					err := exact(n)(w, out, in)
					if n.DType() == graph.Float32 {
						y := graph.Elements[float32](out)
						for i := range y {
							y[i] *= 1 + 1e-4
						}
					}
					return err
				}
			}
		}},
		{"is off by a millionth in its derivative", "exp", "exp: derivative by input 0", checkDifferences,
			rule(func(x, y *graph.Node) *graph.Node { return ops.Mul(y, 1+4e-6) })},
		{"is off in its second derivative", "exp", "exp: derivatives by all inputs", checkSecondDifferences,
			rule(func(x, y *graph.Node) *graph.Node { return ops.StopGradient(y) })},
		{"leaves the slopes at a kink", "relu", "outside of the slopes", checkSides,
			rule(func(x, y *graph.Node) *graph.Node { return ops.Add(ops.Step(x), 0.25) })},
		{"gives each of the largest the whole derivative", "max", "outside of the slopes", checkSides, func(op *graph.Op) {
			op.Derivative = ops.Explicit{Reverse: func(n, ct *graph.Node) *graph.Node {
				x, wide := n.In()[0], func(v *graph.Node) *graph.Node { return ops.KeepDims(v, n.In()[0], ops.FoldedAxes(n)...) }
				return ops.Mul(ops.Cast(ops.Eq(x, wide(n)), x.DType()), wide(ct))
			}}
		}},
		{"has a Hessian that is not symmetric", "prod", "in the other order", checkBends, func(op *graph.Op) {
			exact := op.Derivative.(ops.Explicit).Reverse
			op.Derivative = ops.Explicit{Reverse: func(n, ct *graph.Node) *graph.Node {
				one := ops.Exp(ops.Sub(ops.Sum(n.In()[0]), ops.StopGradient(ops.Sum(n.In()[0]))))
				return ops.Mul(exact(n, ct), one)
			}}
		}},
		{"hides a NaN", "maximum", "the derivative by input 0 is not", checkNaN, rules(
			func(a, b, y *graph.Node) *graph.Node { return ops.Cast(ops.Gt(a, b), y.DType()) },
			func(a, b, y *graph.Node) *graph.Node { return ops.Cast(ops.Lt(a, b), y.DType()) })},
		{"loses a mixed derivative", "xlogy", "in the other order", checkBends, rules(
			func(a, b, y *graph.Node) *graph.Node { return ops.Log(b) },
			func(a, b, y *graph.Node) *graph.Node { return ops.Div(a, ops.Where(ops.Eq(a, 0), 1, b)) })},
		{"loses it in both orders", "xmuly", "the slope changes at the rate", checkBends, rules(
			func(a, b, y *graph.Node) *graph.Node { return ops.Where(ops.Eq(a, 0), ops.StopGradient(b), b) },
			func(a, b, y *graph.Node) *graph.Node { return ops.Where(ops.Eq(a, 0), 0, a) })},
		{"does not come back from text", "exp", "unknown op", checkText, func(op *graph.Op) { op.Name = "exq" }},
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			found := 0
			for _, in := range Instances(graph.Lookup(f.op)) {
				if err := f.check(in); err != nil && in.Case.Excuses == nil {
					t.Fatalf("%v fails without a fault: %v", in, err)
				}
				if in.DType == graph.Float32 && f.name != "is not precise" || in.args[0].Size() < 3 && !in.excused("differences") {
					continue
				}
				if err := f.check(in.with(f.change)); err != nil {
					found++
					if !strings.Contains(err.Error(), f.want) {
						t.Errorf("%v: %v, want %q in it", in, err, f.want)
					}
				}
			}
			if found == 0 {
				t.Errorf("no instance of %s finds it", f.op)
			}
		})
	}
}

var sink []float64

// beside is the element i places on from the start of x, wherever that is.
func beside(x []float64, i int) []float64 {
	return unsafe.Slice((*float64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(x)), 8*i)), 1)
}

// kernel gives an op an f64 kernel of one operand.
func kernel(f func(out, in []float64)) func(*graph.Op) {
	return func(op *graph.Op) {
		op.Kernel = func(*graph.Node) graph.Kernel {
			return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
				f(graph.Elements[float64](out), graph.Elements[float64](in[0]))
				return nil
			}
		}
	}
}

// rule gives an op of one variable another derivative.
func rule(dydx func(x, y *graph.Node) *graph.Node) func(*graph.Op) {
	return func(op *graph.Op) {
		op.Derivative = ops.Scalar{func(x []*graph.Node, y *graph.Node) *graph.Node { return dydx(x[0], y) }}
	}
}

// rules gives an op of two variables other derivatives.
func rules(da, db func(a, b, y *graph.Node) *graph.Node) func(*graph.Op) {
	return func(op *graph.Op) {
		op.Derivative = ops.Scalar{
			func(x []*graph.Node, y *graph.Node) *graph.Node { return da(x[0], x[1], y) },
			func(x []*graph.Node, y *graph.Node) *graph.Node { return db(x[0], x[1], y) },
		}
	}
}

// TestLint runs the linter on records with something missing.
func TestLint(t *testing.T) {
	faults := map[string]func(*graph.Op){
		"is not in lower case":       func(op *graph.Op) { op.Name = "LogSoftmax" },
		"not one line":               func(op *graph.Op) { op.Doc = "" },
		"full stop":                  func(op *graph.Op) { op.Doc += "." },
		"no Infer":                   func(op *graph.Op) { op.Infer = nil },
		"without a Kernel":           func(op *graph.Op) { op.Kernel = nil },
		"without a Layout":           func(op *graph.Op) { op.Class = graph.View },
		"InPlace says nothing":       func(op *graph.Op) { op.Class = graph.Map },
		"arity 0":                    func(op *graph.Op) { op.Arity = 0 },
		"a derivative is wanted":     func(op *graph.Op) { op.Derivative = nil },
		"a batching rule is wanted":  func(op *graph.Op) { op.Batch = nil },
		"NonDiff without a reason":   func(op *graph.Op) { op.Derivative = ops.NonDiff(" ") },
		"no case":                    func(op *graph.Op) { op.Cases = nil },
		"no bad case":                func(op *graph.Op) { op.BadCases = nil },
		"not the zero value":         func(op *graph.Op) { op.Attrs = 3 },
		"has no text form":           func(op *graph.Op) { op.Attrs = struct{ X []int }{} },
		"two cases are called":       func(op *graph.Op) { op.Cases = append(op.Cases, op.Cases[0]) },
		"has attributes":             func(op *graph.Op) { op.Cases = []graph.Case{{Attrs: 1, In: op.Cases[0].In}} },
		"has 0 arguments":            func(op *graph.Op) { op.Cases = []graph.Case{{Name: "a", Attrs: op.Attrs}} },
		"1 elements for [2]":         func(op *graph.Op) { op.Cases = short(op.Attrs) },
		"does not say what is":       func(op *graph.Op) { op.BadCases = []graph.BadCase{{}} },
		"bad case 0 has attributes ": func(op *graph.Op) { op.BadCases = []graph.BadCase{{Attrs: 1, Want: "x"}} },
	}
	for want, change := range faults {
		op := *graph.Lookup("log_softmax")
		if found := lint(&op); len(found) > 0 {
			t.Fatalf("found %v without a fault", found)
		}
		change(&op)
		var all []string
		for _, err := range lint(&op) {
			all = append(all, err.Error())
		}
		if !strings.Contains(strings.Join(all, "\n"), want) {
			t.Errorf("found %q, want %q", all, want)
		}
	}
}

func short(attrs any) []graph.Case {
	return []graph.Case{{Name: "short", Attrs: attrs, In: []graph.Arg{{Shape: []int{2}, Data: []float64{1}}}}}
}

// TestBadCasesMustBeRefused turns the tables: types that fit, and another message than the one wanted.
func TestBadCasesMustBeRefused(t *testing.T) {
	exp := graph.Lookup("exp")
	fits := graph.BadCase{In: []graph.Type{graph.T(graph.Float64, 3)}, Want: "wants f32 or f64"}
	if err := checkBadCase(exp, fits); err == nil || !strings.Contains(err.Error(), "are not refused") {
		t.Errorf("types that fit: %v", err)
	}
	other := graph.BadCase{In: []graph.Type{graph.T(graph.Bool, 3)}, Want: "wants a miracle"}
	if err := checkBadCase(exp, other); err == nil || !strings.Contains(err.Error(), "wants a miracle") {
		t.Errorf("another message: %v", err)
	}
}

func TestConstructorsAreLinted(t *testing.T) {
	docs := map[string]string{"LeakyReLU": "LeakyReLU returns x.", "Exp": "returns eˣ."}
	for name, want := range map[string]string{
		"leaky_relu": "", "exp": "does not start with its name", "log": "no exported function is called log",
	} {
		err := lintConstructor(graph.Lookup(name), docs)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := exported(t.TempDir()); err == nil {
		t.Error("an empty folder has no constructors, and no error says so")
	}
}

// TestDrawnValuesLieApart checks the promise of draw: no two elements tie, in f32 either.
func TestDrawnValuesLieApart(t *testing.T) {
	a := graph.Arg{Shape: []int{40}, Lo: -1, Hi: 3}
	for seed := range uint64(20) {
		in := Instance{Op: graph.Lookup("exp"), Case: graph.Case{Name: string(rune('a' + seed)), In: []graph.Arg{a}},
			args: []graph.Type{graph.T(graph.Float32, 40)}}
		x := graph.Elements[float32](in.values()[0].Buf)
		for i := range x {
			if x[i] < -1 || x[i] >= 3 {
				t.Errorf("seed %d: %v is out of bounds", seed, x[i])
			}
			for j := range i {
				if math.Abs(float64(x[i]-x[j])) < 0.019 { // 0.2 of the width of a stratum, 4/40, less rounding
					t.Errorf("seed %d: %v and %v are close", seed, x[i], x[j])
				}
			}
		}
	}
}
