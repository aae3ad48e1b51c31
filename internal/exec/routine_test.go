package exec_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
)

// step runs a routine once on the values in.
func step(t *testing.T, r *exec.Routine, w *graph.Work, arena unsafe.Pointer, dst, in []exec.Value) {
	t.Helper()
	r.Bind(w, arena)
	for i, v := range in {
		r.Input(i, v.Buf.Ptr)
	}
	for i, v := range dst {
		r.Output(i, v.Buf.Ptr)
	}
	require.NoError(t, r.Run())
	r.Release()
}

// TestRoutines has two routines that follow one plan, in turn, in memory full of another's leavings, and compares them
// with the reference. The second and third output overwrite the second and third input.
func TestRoutines(t *testing.T) {
	u := layer(graph.Float64)
	plan, err := compile.Plan(u, compile.Options{})
	require.NoError(t, err)
	routines := []*exec.Routine{exec.NewRoutine(&plan), exec.NewRoutine(&plan)}
	arena := exec.NewValue(graph.T(graph.Float64, plan.Workspace()/8))
	for k := range 6 {
		dst, in := feedsOf(u, uint64(k))
		feeds := map[*graph.Node]exec.Value{}
		for i, n := range u.Inputs {
			feeds[n] = in[i].Clone()
		}
		want, err := exec.Reference(u.Outputs, feeds)
		require.NoError(t, err)
		for i := range arena.Bytes() {
			arena.Bytes()[i] = 0xFF
		}
		step(t, routines[k%2], &graph.Work{Workers: 1 + k/2}, arena.Buf.Ptr, dst, in)
		for i := range want {
			require.InDeltaSlice(t, graph.Elements[float64](want[i].Buf), graph.Elements[float64](dst[i].Buf), 1e-14)
		}
	}
}

// TestRoutinesStepWithoutAllocating has one routine in the same memory, with operands that move.
func TestRoutinesStepWithoutAllocating(t *testing.T) {
	u := layer(graph.Float32)
	plan, err := compile.Plan(u, compile.Options{})
	require.NoError(t, err)
	r := exec.NewRoutine(&plan)
	arena := exec.NewValue(graph.T(graph.Float64, plan.Workspace()/8))
	w := &graph.Work{Workers: 1}
	sets := [2][2][]exec.Value{}
	for k := range sets {
		sets[k][0], sets[k][1] = feedsOf(u, uint64(k))
	}
	k := 0
	require.Zero(t, testing.AllocsPerRun(10, func() {
		step(t, r, w, arena.Buf.Ptr, sets[k%2][0], sets[k%2][1])
		k++
	}))
}
