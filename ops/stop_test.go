package ops_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// longNodes has, for every op whose kernel can take more than some milliseconds, a node of which it does, or a part large
// enough to be looked at. kept says that a kernel that stops at once has not come to the result's last element.
var longNodes = map[string]struct {
	build func(square, table, index *graph.Node) *graph.Node
	kept  bool
}{
	"arg_cum_max":     {func(_, x, _ *graph.Node) *graph.Node { return ops.ArgCumMax(x, false, 1) }, true},
	"arg_cum_min":     {func(_, x, _ *graph.Node) *graph.Node { return ops.ArgCumMin(x, false, 1) }, true},
	"log_cum_sum_exp": {func(_, x, _ *graph.Node) *graph.Node { return ops.LogCumSumExp(x, false, 1) }, true},
	"argmax":          {func(_, x, _ *graph.Node) *graph.Node { return ops.ArgMax(x, 1) }, true},
	"argmin":          {func(_, x, _ *graph.Node) *graph.Node { return ops.ArgMin(x, 1) }, true},
	"argsort":         {func(_, x, _ *graph.Node) *graph.Node { return ops.ArgSort(x, 1) }, true},
	"cholesky":        {func(a, _, _ *graph.Node) *graph.Node { return ops.Cholesky(a) }, false},
	"cofactor":        {func(a, _, _ *graph.Node) *graph.Node { return ops.Cofactor(a) }, false},
	"concat":          {func(_, x, _ *graph.Node) *graph.Node { return ops.Concat([]*graph.Node{x, x}, 1) }, true},
	"cumsum":          {func(_, x, _ *graph.Node) *graph.Node { return ops.CumSum(x, false, 1) }, true},
	"attention": {func(a, x, _ *graph.Node) *graph.Node {
		return packed(ops.Attention(a, a, x, ops.AttentionOptions{}))
	}, true},
	"attention_grad": {func(a, x, _ *graph.Node) *graph.Node {
		return packed(autodiff.Gradients(ops.Sum(ops.Attention(a, a, x, ops.AttentionOptions{})), x)[0])
	}, false},
	"dynamic_slice": {func(_, x, i *graph.Node) *graph.Node {
		return ops.DynamicSlice(x, ops.Slice(i, ops.Range{Stop: 2}), 200, 3000)
	}, true},
	"dynamic_update_slice": {func(_, x, i *graph.Node) *graph.Node {
		return ops.DynamicUpdateSlice(x, x, ops.Slice(i, ops.Range{Stop: 2}))
	}, false},
	"put":               {func(_, x, i *graph.Node) *graph.Node { return ops.Put(x, i, x, ops.UpdateSet, 1) }, false},
	"ravel_index":       {func(_, _, i *graph.Node) *graph.Node { return ops.RavelIndex(ops.Reshape(i, 3000, 1), 100) }, true},
	"search_sorted":     {func(_, x, _ *graph.Node) *graph.Node { return ops.SearchSorted(x, x, true) }, true},
	"det":               {func(a, _, _ *graph.Node) *graph.Node { return ops.Det(a) }, true},
	"eigh":              {func(a, _, _ *graph.Node) *graph.Node { w, _ := ops.Eigh(a); return w.In()[0] }, true},
	"inverse":           {func(a, _, _ *graph.Node) *graph.Node { return ops.Inverse(a) }, false},
	"slope_recurrence":  {func(_, x, _ *graph.Node) *graph.Node { return ops.SlopeRecurrence(x, x, false, 1) }, true},
	"linear_recurrence": {func(_, x, _ *graph.Node) *graph.Node { return ops.LinearRecurrence(x, x, false, 1) }, true},
	"log_softmax":       {func(_, x, _ *graph.Node) *graph.Node { return ops.LogSoftmax(x, 1) }, true},
	"logsumexp":         {func(_, x, _ *graph.Node) *graph.Node { return ops.LogSumExp(x, 1) }, true},
	"matmul":            {func(a, _, _ *graph.Node) *graph.Node { return ops.MatMul(a, a) }, true},
	"max":               {func(_, x, _ *graph.Node) *graph.Node { return ops.Max(x, 1) }, true},
	"min":               {func(_, x, _ *graph.Node) *graph.Node { return ops.Min(x, 1) }, true},
	"norm":              {func(_, x, _ *graph.Node) *graph.Node { return ops.Norm(x, 1) }, true},
	"one_hot":           {func(_, _, i *graph.Node) *graph.Node { return ops.OneHot(i, 100, graph.Float64) }, true},
	"pad":               {func(_, x, _ *graph.Node) *graph.Node { return ops.Pad(x, []int{1, 0}, []int{1, 0}, []int{0, 1}) }, false},
	"prod":              {func(_, x, _ *graph.Node) *graph.Node { return ops.Prod(x, 1) }, true},
	"qr":                {func(a, _, _ *graph.Node) *graph.Node { q, _ := ops.QR(a); return packed(q) }, false},
	"scatter_add":       {func(_, x, i *graph.Node) *graph.Node { return ops.ScatterAdd(x, i, 3000, 1) }, false},
	"softmax":           {func(_, x, _ *graph.Node) *graph.Node { return ops.Softmax(x, 1) }, true},
	"solve":             {func(a, _, _ *graph.Node) *graph.Node { return ops.Solve(a, a) }, false},
	"sum":               {func(_, x, _ *graph.Node) *graph.Node { return ops.Sum(x, 1) }, true},
	"exponential":       {func(_, _, i *graph.Node) *graph.Node { return ops.Exponential(keysOf(i), graph.Float32, 1<<16) }, true},
	"fold_in":           {func(_, _, i *graph.Node) *graph.Node { return ops.FoldIn(keysOf(i, 3000), i) }, true},
	"gamma":             {func(_, x, i *graph.Node) *graph.Node { return ops.Gamma(keysOf(i), x) }, true},
	"log_gamma":         {func(_, x, i *graph.Node) *graph.Node { return ops.LogGamma(keysOf(i), x) }, true},
	"poisson":           {func(_, x, i *graph.Node) *graph.Node { return ops.Poisson(keysOf(i), x) }, true},
	"gumbel":            {func(_, _, i *graph.Node) *graph.Node { return ops.Gumbel(keysOf(i), graph.Float32, 1<<16) }, true},
	"laplace":           {func(_, _, i *graph.Node) *graph.Node { return ops.Laplace(keysOf(i), graph.Float32, 1<<16) }, true},
	"normal":            {func(_, _, i *graph.Node) *graph.Node { return ops.Normal(keysOf(i), graph.Float32, 1<<16) }, true},
	"random_bits":       {func(_, _, i *graph.Node) *graph.Node { return ops.RandomBits(keysOf(i), 1<<16) }, true},
	"random_int":        {func(_, _, i *graph.Node) *graph.Node { return ops.RandomInt(keysOf(i), 0, 9, 1<<16) }, true},
	"truncated_normal": {func(_, _, i *graph.Node) *graph.Node {
		return ops.TruncatedNormal(keysOf(i), -1, 1, graph.Float32, 1<<16)
	}, true},
	"uniform":    {func(_, _, i *graph.Node) *graph.Node { return ops.Uniform(keysOf(i), graph.Float32, 1<<16) }, true},
	"complement": {func(_, x, _ *graph.Node) *graph.Node { return ops.Complement(ops.Transpose(x)) }, true},
	"lu":         {func(a, _, _ *graph.Node) *graph.Node { _, _, u := ops.LU(a); return luOf(u) }, true},
	"matrix_exp": {func(a, _, _ *graph.Node) *graph.Node { return ops.MatrixExp(a) }, true},
	"pinv":       {func(a, _, _ *graph.Node) *graph.Node { return ops.Pinv(a, -1) }, true},
	"svd":        {func(a, _, _ *graph.Node) *graph.Node { return packed(ops.SingularValues(a)) }, true},
	"conv": {func(_, x, _ *graph.Node) *graph.Node {
		return packed(ops.Conv(images(x), kernels(x), ops.ConvOptions{}))
	}, true},
	"conv_transpose": {func(_, x, _ *graph.Node) *graph.Node {
		return packed(ops.ConvTranspose(images(x), kernels(x), ops.ConvOptions{}))
	}, true},
	"conv_weight": {func(_, x, _ *graph.Node) *graph.Node {
		return packed(ops.ConvWeight(images(x), images(x), []int{1, 1}, ops.ConvOptions{}))
	}, false},
	"window_argmax": {func(_, x, _ *graph.Node) *graph.Node {
		return packed(ops.WindowArgmax(images(x), ops.PoolOptions{Size: []int{3, 3}}))
	}, true},
	"take": {func(_, x, i *graph.Node) *graph.Node { return ops.Take(x, i, 1) }, true},
}

// keysOf is an input for keys, in i's graph.
func keysOf(i *graph.Node, shape ...int) *graph.Node {
	return i.Graph().Input("", graph.Int64, append(shape, 2)...)
}

// images are 50 of 12 channels in the table, and kernels of 12 channels for as many.
func images(x *graph.Node) *graph.Node { return ops.Reshape(x, 50, 12, 20, 50) }

func kernels(x *graph.Node) *graph.Node {
	return ops.Reshape(ops.Slice(ops.Flatten(x), ops.Range{Stop: 12 * 12 * 9}), 12, 12, 3, 3)
}

// luOf is the node of lu that x is made of.
func luOf(x *graph.Node) *graph.Node {
	if x.Op().Name == "lu" {
		return x
	}
	for _, in := range x.In() {
		if n := luOf(in); n != nil {
			return n
		}
	}
	return nil
}

func packed(n *graph.Node) *graph.Node {
	for n.Op().Class == graph.View {
		n = n.In()[0]
	}
	return n
}

// A kernel that is told to stop before it begins returns ErrStopped, whatever the number of workers.
func TestKernelsStop(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	for name, c := range longNodes {
		t.Run(name, func(t *testing.T) {
			g := graph.New()
			square, table := g.Input("", graph.Float64, 200, 200), g.Input("", graph.Float64, 200, 3000)
			index := g.Input("", graph.Int64, 3000)
			n := packed(c.build(square, table, index))
			feeds := map[*graph.Node]exec.Value{}
			for _, x := range g.Inputs() {
				feeds[x] = exec.NewValue(x.Type())
			}
			for i := range 200 {
				feeds[square].Set(i*201, 2)
			}
			for i := range 3000 {
				feeds[index].Set(i, float64((7*i)%100))
			}
			require.Equal(t, name, n.Op().Name)
			for _, workers := range []int{1, 2} {
				in := make([]graph.Buffer, 0, len(n.In())+1)
				for _, x := range n.In() {
					if _, fed := feeds[x]; !fed {
						feeds[x] = exec.NewValue(x.Type())
					}
					in = append(in, feeds[x].Buf)
				}
				if n.Op().Workspace != nil {
					scratch := exec.NewValue(graph.T(graph.Int64, n.Op().Workspace(n)/8+1)).Buf
					in = append(in, graph.Buffer{Ptr: scratch.Ptr, Len: 8 * scratch.Len})
				}
				out := exec.NewValue(n.Type())
				for i := range out.Bytes() {
					out.Bytes()[i] = 0xa5
				}
				kernel := n.Op().Kernel(n)
				err := kernel(&graph.Work{Workers: workers, Stop: closed}, out.Buf, in)
				require.ErrorIs(t, err, graph.ErrStopped)
				if c.kept {
					require.EqualValues(t, 0xa5, out.Bytes()[len(out.Bytes())-1], "it went to the end")
				}
				require.NoError(t, kernel(&graph.Work{Workers: workers, Stop: make(chan struct{})}, out.Buf, in))
			}
		})
	}
}

// So does a kernel whose rows cannot be cut, within the first of them.
func TestKernelsStopWithinRows(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	for _, d := range []graph.DType{graph.Float32, graph.Float64} {
		for _, shape := range [][]int{{1 << 18}, {1 << 16, 4}, {2, 1 << 18}} {
			for _, reverse := range []bool{false, true} {
				x := graph.New().Input("", d, shape...)
				axis := 0
				if shape[0] == 2 {
					axis = 1
				}
				for _, n := range []*graph.Node{ops.CumSum(x, reverse, axis), ops.LinearRecurrence(x, x, reverse, axis)} {
					out, v := exec.NewValue(n.Type()), exec.NewValue(x.Type())
					in := []graph.Buffer{v.Buf, v.Buf}[:len(n.In())]
					for i := range out.Buf.Len {
						out.Set(i, 7)
					}
					kernel := n.Op().Kernel(n)
					require.ErrorIs(t, kernel(&graph.Work{Workers: 1, Stop: closed}, out.Buf, in), graph.ErrStopped)
					last := out.Buf.Len - 1
					if reverse {
						last = 0
					}
					require.Equal(t, 7.0, out.At(last), "%v went to the end", n)
					require.NoError(t, kernel(&graph.Work{Workers: 1, Stop: make(chan struct{})}, out.Buf, in))
					require.Zero(t, out.At(last))
				}
			}
		}
	}
}

// A fold of one row, or of some columns, that is told to stop does not come to its end, where the greatest element is.
func TestFoldsStopWithinRows(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	const n = 1 << 18
	for name, f := range map[string]func(x *graph.Node, axes ...int) *graph.Node{
		"max": ops.Max, "min": func(x *graph.Node, axes ...int) *graph.Node { return ops.Min(x, axes...) }, "prod": ops.Prod,
		"argmax": ops.ArgMax, "argmin": ops.ArgMin,
	} {
		for _, shape := range [][]int{{n}, {n / 4, 4}} {
			x := graph.New().Input("", graph.Float64, shape...)
			n := f(x, 0)
			out, v := exec.NewValue(n.Type()), exec.NewValue(x.Type())
			for i := range v.Buf.Len {
				v.Set(i, 1)
			}
			last := 3.0
			if strings.HasSuffix(name, "min") {
				last = -3
			}
			v.Set(v.Buf.Len-1, last)
			if strings.HasPrefix(name, "arg") {
				last = float64(shape[0] - 1)
			}
			kernel, at := n.Op().Kernel(n), out.Buf.Len-1
			require.ErrorIs(t, kernel(&graph.Work{Workers: 1, Stop: closed}, out.Buf, []graph.Buffer{v.Buf}), graph.ErrStopped)
			require.NotEqual(t, last, out.At(at), "%s of %v went to the end", name, shape)
			require.NoError(t, kernel(&graph.Work{Workers: 1, Stop: make(chan struct{})}, out.Buf, []graph.Buffer{v.Buf}))
			require.Equal(t, last, out.At(at), "%s of %v", name, shape)
		}
	}
}

// short lists the ops whose kernels need not stop, and those that other tests are about.
var short = []string{
	"arrived", "converged", "finite", "eigh_limit", // cheap
	"slope_log_sum_exp",      // softmax's kernel, almost
	"row_pair", "matmul_add", // matmul's kernel
	"det_sign", "logdet", // det's
	"tridiagonal_solve",                         // of linear time
	"triangular_solve",                          // a part of solve's
	"cond", "custom", "go", "loop", "loop_grad", // they run others, which stop
}

func TestEveryLongKernelStops(t *testing.T) {
	for _, op := range graph.Ops() {
		switch _, isLong := longNodes[op.Name]; {
		case op.Class == graph.Map, op.Class == graph.View, op.Class == graph.Leaf: // cut by the executor
		default:
			require.NotEqual(t, isLong, slices.Contains(short, op.Name), "%s is in one of the lists", op.Name)
		}
	}
}
