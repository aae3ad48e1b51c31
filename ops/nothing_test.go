package ops_test

import (
	"go/ast"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/ops"
)

// builders are the functions that make nodes.
var builders = []any{
	ops.Abs, ops.Acos, ops.Acosh, ops.Add[node, node], ops.And, ops.Any, ops.Arange, ops.ArgMax,
	ops.ArgMin, ops.ArgSort, ops.Asin, ops.Asinh, ops.Atan, ops.Atan2[node, node], ops.Atanh, ops.BroadcastTo,
	ops.Cast, ops.Cbrt, ops.Ceil, ops.Cholesky, ops.CholeskySolve, ops.Clamp[node, node], ops.Cofactor,
	ops.Concat, ops.Conv, ops.ConvTranspose, ops.ConvWeight, ops.Cos, ops.Cosh, ops.CumProd, ops.CumSum, ops.Det, ops.DetSign, ops.Diag, ops.Diagonal,
	ops.Digamma, ops.Div[node, node], ops.Dot, ops.Eigh, ops.Einsum, ops.Eq[node, node], ops.Erf,
	ops.Erfc, ops.Erfinv, ops.Every, ops.Exp, ops.Exp2, ops.ExpandDims, ops.Expm1, ops.Eye, ops.Flatten, ops.Flip,
	ops.Floor, ops.FloorMod[node, node], ops.FullLike[int], ops.Full[int], ops.Ge[node, node], ops.Gt[node, node],
	ops.Hypot[node, node], ops.Inverse, ops.IsFinite, ops.IsNaN, ops.KeepDims, ops.Kron, ops.Le[node, node],
	ops.Index, ops.LeakyReLU, ops.LeastSquares, ops.Lgamma, ops.LinearRecurrence[node, node], ops.Linspace, ops.Log,
	ops.Log10, ops.Log1p, ops.Log2, ops.LogAddExp[node, node], ops.LogDet, ops.LogSoftmax, ops.LogSumExp,
	ops.Lt[node, node], ops.MatMul, ops.MatMulAdd, ops.Max, ops.Maximum[node, node], ops.Mean, ops.Median,
	ops.Min, ops.Minimum[node, node], ops.Mod[node, node], ops.MoveAxis, ops.MulAdd[node, node, node],
	ops.MulSlopeSigmoid[node, node], ops.MulSlopeTanh[node, node], ops.Mul[node, node], ops.Ne[node, node],
	ops.Neg, ops.Norm, ops.Not, ops.OneHot, ops.OneLessSquare, ops.Ones, ops.Or, ops.Outer, ops.Pad, ops.Permute,
	ops.Polygamma, ops.Positive, ops.Pow[node, node], ops.Prod, ops.Product, ops.QR, ops.Reciprocal, ops.ReLU,
	ops.Reshape, ops.Roll[int], ops.Round, ops.RowPair, ops.Rsqrt, ops.ScatterAdd, ops.Sigmoid, ops.Sign, ops.Sin,
	ops.Sinh, ops.Slice, ops.SlogDet, ops.SlopeAcosh, ops.SlopeAtan, ops.SlopeAtan2[node, node], ops.SlopeCbrt,
	ops.SlopeHypot[node, node], ops.SlopeRecurrence[node, node], ops.TimesSlope[node, node], ops.EighLimit, ops.Gauss, ops.SlopeGauss,
	ops.SlopeLogAddExp[node, node], ops.SlopeLogSumExp, ops.SlopePow[node, node], ops.SlopeSigmoid, ops.SlopeTanh,
	ops.Softmax, ops.Softplus, ops.Solve, ops.Sort, ops.Split, ops.Sqrt, ops.Square, ops.Squeeze, ops.Stack,
	ops.Std, ops.Step, ops.StopGradient, ops.Attention, ops.AttentionWeights, ops.BatchNorm, ops.BatchNormWith, ops.GroupNorm, ops.InstanceNorm, ops.LayerNorm, ops.RMSNorm, ops.Standardise,
	ops.Sub[node, node], ops.Sum, ops.SumTo, ops.Take, ops.TakeAlong,
	ops.Tan, ops.Tanh, ops.Tensordot, ops.Tile, ops.TopK, ops.Trace, ops.Transpose, ops.TriangularSolve, ops.Tril,
	ops.Triu, ops.Trunc, ops.Unstack, ops.Var, ops.Where[node, node], ops.XDivY[node, node],
	ops.SVD, ops.SingularValues, ops.LU, ops.MatrixExp, ops.MatrixPower, ops.Pinv, ops.Lstsq, ops.MatrixRank, ops.Cond,
	ops.NuclearNorm, ops.SpectralNorm, ops.Complement, ops.CompleteQR, ops.FullSVD, ops.TridiagonalSolve, ops.MatrixSqrt, ops.VectorNorm,
	ops.XLogY[node, node], ops.XMulY[node, node], ops.Xor, ops.Zeros,
	ops.BesselI, ops.BesselIe, ops.BesselJ, ops.BesselK, ops.BesselKe, ops.BesselY, ops.I0, ops.I0e, ops.I1, ops.I1e,
	ops.GammaDensity[node, node], ops.Gammainc[node, node], ops.Gammaincc[node, node], ops.SlopeGammainc[node, node],
	ops.GELU, ops.GELUTanh, ops.SiLU, ops.Mish, ops.ELU, ops.CELU, ops.SELU, ops.PReLU, ops.ReLU6, ops.HardTanh, ops.HardSigmoid,
	ops.HardSwish, ops.LogSigmoid, ops.Softsign, ops.Softshrink, ops.Hardshrink, ops.Threshold, ops.GLU, ops.Ndtr, ops.Logit, ops.Entr,
	ops.Zeta, ops.SlopeLogGamma[node, node], ops.Gamma, ops.LogGamma, ops.Beta, ops.Dirichlet, ops.Poisson,
	ops.J0, ops.J1, ops.Y0, ops.Y1,
	ops.AdaptiveAvgPool, ops.AdaptiveMaxPool, ops.AdaptiveMaxPoolIndices, ops.AvgPool, ops.Fold, ops.Interpolate, ops.LPPool,
	ops.MaxPool, ops.MaxPoolIndices, ops.MaxUnpool, ops.PadConstant[node], ops.PadMode, ops.Unfold, ops.WindowArgmax,
	ops.Bernoulli, ops.Categorical, ops.Choice, ops.Exponential, ops.FoldIn[node], ops.Gumbel, ops.Key[int], ops.Laplace,
	ops.Normal, ops.Permutation, ops.RandomBits, ops.RandomInt, ops.SplitKey, ops.TruncatedNormal, ops.Uniform,
	ops.Gather, ops.Scatter, ops.Put, ops.PutAlong, ops.RavelIndex, ops.DynamicSlice, ops.DynamicUpdateSlice,
	ops.SegmentSum, ops.SegmentMean, ops.SegmentMax, ops.SegmentMin, ops.SearchSorted, ops.BinCount, ops.Histogram,
	ops.MaskedFill[node], ops.MaskedSelect, ops.Nonzero, ops.Unique,
}

// TestNothingGiven calls every function that makes nodes with nil for all nodes and graphs: that is an error at the line of
// the call.
func TestNothingGiven(t *testing.T) {
	known := map[string]bool{"Anywhere": true, "EitherMask": true} // of masks, where nil is everything
	for _, f := range builders {
		v := reflect.ValueOf(f)
		name := runtime.FuncForPC(v.Pointer()).Name()
		name = strings.TrimSuffix(name[strings.LastIndex(name, "ops.")+4:], "[...]")
		known[name] = true
		in := make([]reflect.Value, v.Type().NumIn())
		for i := range in {
			in[i] = reflect.Zero(v.Type().In(i))
		}
		if v.Type().IsVariadic() {
			in = in[:len(in)-1]
		}
		var mistake *graph.Error
		err := graph.Try(func() { v.Call(in) })
		assert.ErrorAs(t, err, &mistake, name)
	}
	for _, f := range constructors(t) {
		require.True(t, known[f.Name.Name], "%s is not among the builders", f.Name.Name)
	}
}

// makesNodes reports whether f gives nodes.
func makesNodes(f *ast.FuncDecl) bool {
	if f.Type.Results == nil {
		return false
	}
	for _, r := range f.Type.Results.List {
		if star, ok := r.Type.(*ast.StarExpr); ok {
			if s, ok := star.X.(*ast.SelectorExpr); ok && s.Sel.Name == "Node" {
				return true
			}
		}
	}
	return false
}
