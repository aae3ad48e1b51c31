package ours

import (
	"testing"

	"chainrule/benchmarks/workload"
)

// cases cover every kind, form and element type, at sizes that a test can afford.
var cases = []string{
	"gemm_f32_nn_5x6x7", "gemm_f32_tn_5x6x7", "gemm_f64_nt_5x6x7", "gemm_f64_nn_64x64x64",
	"mlp_f32_b2", "mlp_f64_b2", "nielsen_f32_b10", "nielsen_f64_b10",
	"chain_f32_n1000", "chain_f64_n1000", "scalar100", "compile_mlp", "compile_n100",
	"linalg_f64_eigh_b1_n20", "linalg_f64_svd_b3_n4", "linalg_f64_qr_b1_n20", "linalg_f64_cholesky_b2_n4", "linalg_f64_solve_b2_n4",
	"conv_f32_fwd_b2_4to6_g2_k3_s2_n8", "conv_f64_gradx_b2_4to6_g2_k3_s2_n8", "conv_f32_gradw_b2_4to6_g1_k1_s1_n5",
	"linalg_f64_inv_b1_n9", "linalg_f64_eighgrad_b2_n4", "linalg_f64_svdgrad_b1_n20", "linalg_f64_qrgrad_b1_n7",
	"linalg_f64_choleskygrad_b1_n7", "linalg_f64_solvegrad_b2_n5", "linalg_f64_invgrad_b2_n4",
}

// TestAnswers: what is timed computes what the reference says.
func TestAnswers(t *testing.T) {
	for _, name := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := workload.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			s, err := New(c, 1)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := s.Answer()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Agree(answer, c.Reference()); err != nil {
				t.Error(err)
			}
			if err := s.Step(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNoAllocation: a step of a compiled function allocates nothing.
func TestNoAllocation(t *testing.T) {
	for _, name := range cases {
		c, err := workload.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if c.Compile {
			continue
		}
		s, err := New(c, 1)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(20, func() {
			if err := s.Step(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for a step", name, n)
		}
	}
}
