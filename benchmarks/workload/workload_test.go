package workload

import (
	"math"
	"slices"
	"testing"
)

// TestNames: every name is parsed, once, and says what it is.
func TestNames(t *testing.T) {
	names := Names()
	for i, name := range names {
		c, err := Parse(name)
		if err != nil || c.Name != name {
			t.Errorf("Parse(%q) = %+v, %v", name, c, err)
		}
		if slices.Index(names, name) != i {
			t.Errorf("%s is there twice", name)
		}
	}
	for name, want := range map[string]Case{
		"gemm_f64_tn_784x64x512":      {Kind: Gemm, DType: "f64", Form: "tn", M: 784, K: 64, N: 512},
		"mlp_f32_b7":                  {Kind: MLP, DType: "f32", Batch: 7},
		"nielsen_f64_b10":             {Kind: Nielsen, DType: "f64", Batch: 10},
		"chain_f32_n10000":            {Kind: Chain, DType: "f32", N: 10000},
		"scalar1000":                  {Kind: Scalar, DType: "f64", N: 1000},
		"linalg_f64_svdgrad_b1000_n4": {Kind: Linalg, DType: "f64", Form: "svd", N: 4, Batch: 1000, Gradient: true},
		"conv_f32_gradw_b64_1to32_g1_k5_s2_n28": {Kind: Conv, DType: "f32", Form: "gradw", Batch: 64,
			Window: Window{In: 1, Out: 32, Groups: 1, Kernel: 5, Stride: 2, Image: 28}},
		"linalg_f64_inv_b1_n64": {Kind: Linalg, DType: "f64", Form: "inv", N: 64, Batch: 1},
		"compile_n1000":         {Kind: Scalar, DType: "f64", N: 1000, Compile: true},
		"compile_mlp":           {Kind: MLP, DType: "f32", Batch: 64, Compile: true},
	} {
		want.Name = name
		if got, err := Parse(name); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "gemm", "gemm_f16_nn_1x1x1", "gemm_f32_tt_1x1x1", "mlp_f32_b0", "mlp_f32_b64x",
		"scalar1001", "compile_n", "chain_f32_n99999999999999999999"} {
		if c, err := Parse(name); err == nil {
			t.Errorf("Parse(%q) = %+v and no error", name, c)
		}
	}
}

// TestFLOPs: counted by hand, the gradient by the batch left out.
func TestFLOPs(t *testing.T) {
	for name, want := range map[string]float64{
		"gemm_f32_nn_2x3x4": 48,
		"mlp_f32_b32":       2 * 32 * (2*784*512 + 3*512*256 + 3*256*10),
		"nielsen_f32_b10":   2 * 10 * (2*784*30 + 3*30*10),
		"chain_f32_n1000":   0,
		"compile_mlp":       0,
	} {
		c, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.FLOPs(); got != want {
			t.Errorf("%s: %v operations, want %v", name, got, want)
		}
	}
}

// TestFill: inputs are exact in float32, in [−1, 1), and the first are those that other languages must give.
func TestFill(t *testing.T) {
	for i, v := range Fill[float64](AStream, 10000, 1) {
		if v < -1 || v >= 1 || float64(float32(v)) != v {
			t.Fatalf("element %d is %v", i, v)
		}
	}
	for _, c := range []struct {
		stream, i int
		want      float64
	}{
		{CheckStream, 0, 0.7666215896606445}, {AStream, 1, 0.812484860420227}, {WeightStream, 99, 0.8753024339675903},
	} {
		if got := At(c.stream, c.i); got != c.want {
			t.Errorf("At(%d, %d) = %v, want %v", c.stream, c.i, got, c.want)
		}
	}
}

// TestReferenceProducts: all forms give the product of the same matrices.
func TestReferenceProducts(t *testing.T) {
	const m, k, n = 3, 4, 5
	a, b, want := Fill[float64](AStream, m*k, 1), Fill[float64](BStream, k*n, 1), make([]float64, m*n)
	for i := range m {
		for j := range n {
			for p := range k {
				want[i*n+j] += a[i*k+p] * b[p*n+j]
			}
		}
	}
	turn := func(v []float64, rows, cols int) []float64 {
		out := make([]float64, len(v))
		for i := range rows {
			for j := range cols {
				out[j*rows+i] = v[i*cols+j]
			}
		}
		return out
	}
	for form := range 4 {
		x, y, transA, transB := a, b, form&1 != 0, form&2 != 0
		if transA {
			x = turn(a, m, k)
		}
		if transB {
			y = turn(b, k, n)
		}
		got := make([]float64, m*n)
		product(got, x, y, m, k, n, transA, transB)
		for i := range got {
			if math.Abs(got[i]-want[i]) > k*0x1p-52 { // k roundings of terms below 1
				t.Errorf("transposed %v, %v: element %d is %v, want %v", transA, transB, i, got[i], want[i])
			}
		}
	}
}

// TestReferenceGradients: the derivative by hand against a difference of the cost, for both nets.
func TestReferenceGradients(t *testing.T) {
	for _, kind := range []Kind{MLP, Nielsen} {
		c := Case{Kind: kind, Batch: 2}
		z := Fill[float64](AStream, 20, 1)
		activate := func(z []float64) []float64 {
			if kind == MLP {
				return z
			}
			a := slices.Clone(z)
			for i, v := range a {
				a[i] = 1 / (1 + math.Exp(-v))
			}
			return a
		}
		y := OneHot[float64](2)
		_, delta := c.cost(activate(z), y)
		for i := range z {
			const h = 1e-5
			up, down := slices.Clone(z), slices.Clone(z)
			up[i] += h
			down[i] -= h
			high, _ := c.cost(activate(up), y)
			low, _ := c.cost(activate(down), y)
			// A central difference is off by h² and by eps/h.
			if d := (high - low) / (2 * h); math.Abs(d-delta[i]) > 1e-9 {
				t.Errorf("kind %v: derivative %d is %v, the difference says %v", kind, i, delta[i], d)
			}
		}
	}
}

// TestAgree: rounding passes; a term missing, a wrong order, sign or factor and a NaN do not.
func TestAgree(t *testing.T) {
	c, err := Parse("chain_f32_n1000")
	if err != nil {
		t.Fatal(err)
	}
	v := Fill[float64](AStream, 1000, 1)
	want := []Expected{c.expect("the terms", Check(v))}
	change := func(f func(v []float64)) []Sum {
		changed := slices.Clone(v)
		f(changed)
		return []Sum{Check(changed)}
	}
	scale := func(s float64) func([]float64) {
		return func(v []float64) {
			for i := range v {
				v[i] *= s
			}
		}
	}
	if err := c.Agree(change(scale(1+0x1p-23)), want); err != nil {
		t.Errorf("rounding: %v", err)
	}
	for name, answer := range map[string][]Sum{
		"reversed": change(slices.Reverse[[]float64]),
		"missing":  change(func(v []float64) { v[500] = 0 }),
		"negated":  change(scale(-1)),
		"scaled":   change(scale(1.001)),
		"NaN":      {{math.NaN(), 1}},
		"NaN norm": {{want[0].Value, math.NaN()}},
		"short":    {},
	} {
		if c.Agree(answer, want) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestAgreeTraining: a learning rate or an average that is off by a tenth, or a gradient with the wrong sign in one
// layer, is noticed in every tensor of parameters, in f32 too, where rounding hides most.
func TestAgreeTraining(t *testing.T) {
	for _, name := range []string{"mlp_f32_b4", "nielsen_f32_b10", "nielsen_f64_b10"} {
		c, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		reference := c.Reference()
		right := make([]Sum, len(reference))
		for i, e := range reference {
			right[i] = e.Sum
		}
		if err := c.Agree(right, reference); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i := range right {
			for _, factor := range []float64{0.9, -1} {
				wrong := slices.Clone(right)
				wrong[i].Value *= factor
				wrong[i].Norm *= math.Abs(factor)
				if c.Agree(wrong, reference) == nil {
					t.Errorf("%s: %s times %v is not noticed", name, reference[i].What, factor)
				}
			}
		}
	}
}
