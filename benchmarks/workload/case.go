// Package workload defines what the benchmarks compute, so that every program that is measured computes the same.
//
// Vocabulary. A case is one computation, known by its name alone: mlp_f32_b64. A stream is a sequence of inputs,
// the same in every language, since it is a hash of the stream's number and the index. An answer is a list of sums
// over what a case computes, each with the norm of its terms; the reference is the answer computed here with plain
// loops in float64, and a program whose answer differs from it by more than rounding is wrong.
//
// The package needs the standard library alone: peers in modules of their own import it.
package workload

import (
	"fmt"
	"regexp"
	"strconv"
)

// A Kind is a family of cases.
type Kind int

const (
	Gemm    Kind = iota // C = op(A)·op(B)
	MLP                 // a training step of 784-512-256-10, rectifiers, softmax and cross-entropy
	Nielsen             // a training step of 784-30-10, sigmoids, mean squared error
	Chain               // y = Σ tanh(x·w + b)·σ(x) and ∂y/∂x
	Scalar              // a chain of operations on scalars, v ← tanh(v·k + x) − x, and ∂v/∂x
	Linalg              // a factorization of matrices, or a gradient through it: see System
	Conv                // a convolution of images, or its gradient by the image or the kernel: see Window
)

// A Case is one computation.
type Case struct {
	Name    string
	Kind    Kind
	DType   string // f32 or f64
	Form    string // of Gemm: nn, tn or nt; t says that the operand is stored transposed. Of Linalg, one of Factorizations
	M, K, N int    // of Gemm; N is the length of Chain, the number of operations of Scalar and of rows of Linalg
	Batch   int    // of MLP and Nielsen; the number of matrices of Linalg
	// Gradient is set if what is timed is a gradient through a factorization.
	Gradient bool
	Compile  bool   // what is timed is building, differentiating and compiling
	Window   Window // of Conv, whose Form is fwd, gradx or gradw
}

var (
	gemmName    = regexp.MustCompile(`^gemm_(f32|f64)_(nn|tn|nt)_(\d+)x(\d+)x(\d+)$`)
	mlpName     = regexp.MustCompile(`^mlp_(f32|f64)_b(\d+)$`)
	nielsenName = regexp.MustCompile(`^nielsen_(f32|f64)_b(\d+)$`)
	chainName   = regexp.MustCompile(`^chain_(f32|f64)_n(\d+)$`)
	scalarName  = regexp.MustCompile(`^scalar(\d+)$`)
	linalgName  = regexp.MustCompile(`^linalg_(f64)_(eigh|svd|qr|cholesky|solve|inv)(grad|)_b(\d+)_n(\d+)$`)
	convName    = regexp.MustCompile(`^conv_(f32|f64)_(fwd|gradx|gradw)_b(\d+)_(\d+)to(\d+)_g(\d+)_k(\d+)_s(\d+)_n(\d+)$`)
	compileName = regexp.MustCompile(`^compile_n(\d+)$`)
)

// Parse returns the case of a name.
func Parse(name string) (Case, error) {
	c := Case{Name: name}
	var sizes []int
	match := func(pattern *regexp.Regexp, words int) bool {
		found := pattern.FindStringSubmatch(name)
		if found == nil {
			return false
		}
		for i, word := range found[1:] {
			switch {
			case i == 0 && words > 0:
				c.DType = word
			case i == 1 && words > 1:
				c.Form = word
			case i < words:
				c.Gradient = word == "grad"
			default:
				n, err := strconv.Atoi(word)
				if err != nil || n == 0 {
					return false
				}
				sizes = append(sizes, n)
			}
		}
		return true
	}
	switch {
	case match(gemmName, 2):
		c.Kind, c.M, c.K, c.N = Gemm, sizes[0], sizes[1], sizes[2]
	case match(mlpName, 1):
		c.Kind, c.Batch = MLP, sizes[0]
	case match(nielsenName, 1):
		c.Kind, c.Batch = Nielsen, sizes[0]
	case match(chainName, 1):
		c.Kind, c.N = Chain, sizes[0]
	case match(scalarName, 0):
		c.Kind, c.DType, c.N = Scalar, "f64", sizes[0]
	case match(linalgName, 3):
		c.Kind, c.Batch, c.N = Linalg, sizes[0], sizes[1]
	case match(convName, 2):
		c.Kind, c.Batch = Conv, sizes[0]
		c.Window = Window{In: sizes[1], Out: sizes[2], Groups: sizes[3], Kernel: sizes[4], Stride: sizes[5], Image: sizes[6]}
	case match(compileName, 0):
		c.Kind, c.DType, c.N, c.Compile = Scalar, "f64", sizes[0], true
	case name == "compile_mlp":
		c.Kind, c.DType, c.Batch, c.Compile = MLP, "f32", 64, true
	default:
		return c, fmt.Errorf("no case is called %q", name)
	}
	if c.Kind == Scalar && c.N%4 != 0 {
		return c, fmt.Errorf("%s: the number of operations must be a multiple of 4", name)
	}
	return c, nil
}

// Names lists the cases that are measured unless others are asked for.
func Names() []string {
	var names []string
	add := func(format string, args ...any) { names = append(names, fmt.Sprintf(format, args...)) }
	for _, d := range []string{"f32", "f64"} {
		for _, n := range []int{64, 128, 256, 512, 1024} {
			add("gemm_%s_nn_%dx%dx%d", d, n, n, n)
		}
		for _, batch := range []int{64, 512} { // the first layer of MLP: forward, weights, inputs
			add("gemm_%s_nn_%dx784x512", d, batch)
			add("gemm_%s_tn_784x%dx512", d, batch)
			add("gemm_%s_nt_%dx512x784", d, batch)
		}
	}
	for _, batch := range []int{32, 64, 128, 512} {
		add("mlp_f32_b%d", batch)
	}
	add("nielsen_f32_b10")
	add("nielsen_f64_b10")
	for _, d := range []string{"f32", "f64"} {
		add("chain_%s_n10000", d)
		add("chain_%s_n1000000", d)
	}
	add("scalar1000")
	for _, form := range Factorizations {
		for _, size := range [][2]int{{1, 64}, {1, 256}, {1, 512}, {1000, 4}} {
			add("linalg_f64_%s_b%d_n%d", form, size[0], size[1])
			add("linalg_f64_%sgrad_b%d_n%d", form, size[0], size[1])
		}
	}
	for _, sizes := range []string{"b32_64to64_g1_k3_s1_n32", "b64_1to32_g1_k5_s1_n28", "b32_64to128_g1_k3_s2_n32", "b32_256to64_g1_k1_s1_n14",
		"b32_64to64_g64_k3_s1_n32"} {
		for _, form := range []string{"fwd", "gradx", "gradw"} {
			add("conv_f32_%s_%s", form, sizes)
		}
	}
	add("compile_mlp")
	add("compile_n1000")
	add("compile_n1000000")
	return names
}

// Widths are those of the layers of MLP and Nielsen, inputs first.
func (c Case) Widths() []int {
	if c.Kind == Nielsen {
		return []int{784, 30, 10}
	}
	return []int{784, 512, 256, 10}
}

// Rate is the learning rate of MLP and Nielsen.
func (c Case) Rate() float64 {
	if c.Kind == Nielsen {
		return 0.1
	}
	return 0.01
}

// FLOPs is the number of floating-point operations of the matrix products and convolutions, the gradient by the first layer's input
// left out; 0 for cases whose time they do not decide.
func (c Case) FLOPs() float64 {
	switch {
	case c.Compile:
		return 0
	case c.Kind == Gemm:
		return 2 * float64(c.M) * float64(c.K) * float64(c.N)
	case c.Kind == Conv:
		w := c.Window
		return 2 * float64(c.Batch*w.Out*w.Places()*w.Places()) * float64(w.In/w.Groups*w.Kernel*w.Kernel)
	case c.Kind == MLP || c.Kind == Nielsen:
		sum, products := 0.0, 2.0
		for i, w := 1, c.Widths(); i < len(w); i++ {
			sum += products * 2 * float64(c.Batch) * float64(w[i-1]) * float64(w[i])
			products = 3
		}
		return sum
	}
	return 0
}

// Bytes is the memory that must be read or written at least once, for cases bound by it; 0 for others.
func (c Case) Bytes() float64 {
	if c.Kind != Chain {
		return 0
	}
	size := 4.0
	if c.DType == "f64" {
		size = 8
	}
	return 4 * size * float64(c.N) // x, w, b and the gradient
}
