package ops_test

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// slopeBounds are the relative errors that derivatives of the first and second order may have, in units of eps, where they
// are not 8 each. A kernel of a few ulp is used twice or three times.
var slopeBounds = map[string][2]float64{
	"tan": {64, 64}, "sin": {16, 16}, "cos": {16, 16}, // portable kernels lose digits next to zeros
	"erf": {60, 60}, "erfc": {60, 60}, // exp(−x²) has the error of x², 25 at most
}

// rounded are functions whose slopes are made of their values, with the error of those: relative to 1.
var rounded = map[string]bool{"sigmoid": true, "tanh": true}

// TestSlopes compares first and second derivatives of elementary functions, in both types, with testdata/slopes.tsv, at
// arguments tiny and huge and next to the ends of domains. Beyond the range of the type they are 0 or infinite.
func TestSlopes(t *testing.T) {
	functions := map[string]func(x *graph.Node) *graph.Node{
		"exp": ops.Exp, "expm1": ops.Expm1, "exp2": ops.Exp2, "log": ops.Log, "log1p": ops.Log1p, "log2": ops.Log2,
		"log10": ops.Log10, "sqrt": ops.Sqrt, "cbrt": ops.Cbrt, "reciprocal": ops.Reciprocal, "sin": ops.Sin, "cos": ops.Cos,
		"tan": ops.Tan, "asin": ops.Asin, "acos": ops.Acos, "atan": ops.Atan, "sinh": ops.Sinh, "cosh": ops.Cosh,
		"asinh": ops.Asinh, "acosh": ops.Acosh, "atanh": ops.Atanh, "tanh": ops.Tanh, "sigmoid": ops.Sigmoid,
		"softplus": ops.Softplus, "erf": ops.Erf, "erfc": ops.Erfc,
	}
	file, err := os.Open("testdata/slopes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	at, want := map[string][]float64{}, map[string][2][]float64{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		x, errX := strconv.ParseFloat(f[1], 64)
		first, err1 := strconv.ParseFloat(f[2], 64)
		second, err2 := strconv.ParseFloat(f[3], 64)
		if errX != nil || err1 != nil && !math.IsInf(first, 0) || err2 != nil && !math.IsInf(second, 0) {
			t.Fatalf("bad line %q", lines.Text())
		}
		key := f[0] + f[4]
		at[key], want[key] = append(at[key], x), [2][]float64{append(want[key][0], first), append(want[key][1], second)}
	}
	for name, f := range functions {
		for _, d := range floats {
			keys := []string{name}
			if d == graph.Float64 {
				keys = append(keys, name+"f64")
			}
			for _, key := range keys {
				if len(at[key]) > 0 {
					t.Run(key+"/"+d.String(), func(t *testing.T) { slopesAt(t, name, f, d, at[key], want[key]) })
				}
			}
		}
	}
}

func slopesAt(t *testing.T, name string, f func(x *graph.Node) *graph.Node, d graph.DType, at []float64, want [2][]float64) {
	eps, least, most := 0x1p-52, 0x1p-1022, math.MaxFloat64
	if d == graph.Float32 {
		eps, least, most = 0x1p-23, 0x1p-126, math.MaxFloat32
	}
	slope := func(f func(x *graph.Node) *graph.Node) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			return grad(func(x []*graph.Node) *graph.Node { return f(x[0]) }, x)[0]
		}
	}
	x := constant(graph.New(), d, at, len(at))
	got := eval(t, slope(f)(x), slope(slope(f))(x))
	for order, values := range got {
		bound, ok := slopeBounds[name]
		if !ok {
			bound = [2]float64{8, 8}
		}
		for i, g := range values {
			w := want[order][i]
			slack := bound[order] * eps * math.Abs(w)
			if rounded[name] || name == "softplus" && order == 1 {
				slack = 8 * eps
			}
			switch size := math.Abs(w); {
			case size > most:
				ok = math.Abs(g) > most/2 && math.Signbit(g) == math.Signbit(w)
			case size < least:
				ok = math.Abs(g) <= 2*least
			default:
				ok = math.Abs(g-w) <= slack
			}
			if !ok {
				t.Errorf("derivative of order %d at %v is %v, want %v", order+1, at[i], g, w)
			}
		}
	}
}
