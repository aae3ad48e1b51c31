package exec_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// carried are loops' carries in memory, and routines of a body and a condition on them.
type carried struct {
	body, cond *exec.Routine
	numbers    []float64
	goesOn     bool
	arenas     [2][]float64
}

func newCarried(t *testing.T, body, cond exec.Plan, numbers []float64) *carried {
	t.Helper()
	w := &graph.Work{Workers: 1}
	c := &carried{body: exec.NewRoutine(&body), cond: exec.NewRoutine(&cond), numbers: slices.Clone(numbers)}
	for i, r := range []*exec.Routine{c.body, c.cond} {
		c.arenas[i] = make([]float64, []int{body.Arena, cond.Arena}[i]/8+1)
		r.Bind(w, unsafe.Pointer(&c.arenas[i][0]))
		for k := range c.numbers {
			r.Input(k, unsafe.Pointer(&c.numbers[k]))
		}
	}
	c.cond.Output(0, unsafe.Pointer(&c.goesOn))
	return c
}

// A loop that stays in its registers does what its steps do one by one: random arithmetic on a few numbers, which swap
// places, until one of them is large.
func TestRepeat(t *testing.T) {
	const seed, limit = 9, 20
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	plan := func(u rewrite.Unit) exec.Plan {
		p, err := compile.Plan(u, compile.Options{Verify: true})
		require.NoError(t, err)
		return exec.JoinScalars(p)
	}
	loops, ended := 0, 0
	for range 1500 {
		u := scalarUnit(rng)
		for i := range u.Donated {
			u.Donated[i] = i
		}
		g := graph.New()
		c := rewrite.Unit{}
		for range u.Inputs {
			c.Inputs = append(c.Inputs, g.Input("", graph.Float64))
		}
		last := len(c.Inputs) - 1
		c.Outputs = []*graph.Node{ops.Lt(ops.Square(c.Inputs[last]), ops.Add(3, ops.Mul(0, c.Inputs[0])))}
		body, cond := plan(u), plan(c)
		numbers := make([]float64, len(u.Inputs))
		for i := range numbers {
			numbers[i] = rng.Float64()*2 - 1
		}
		w := &graph.Work{Workers: 1}
		fast, slow := newCarried(t, body, cond, numbers), newCarried(t, body, cond, numbers)
		steps, more, ok, err := fast.body.Repeat(w, fast.cond, limit)
		require.NoError(t, err)
		if !ok {
			require.Equal(t, numbers, fast.numbers, "nothing has been done")
			continue
		}
		loops++
		count := 0
		for {
			require.NoError(t, slow.cond.Run())
			if !slow.goesOn || count == limit {
				break
			}
			require.NoError(t, slow.body.Run())
			count++
		}
		if !more {
			ended++
		}
		require.Equal(t, count, steps)
		require.Equal(t, slow.goesOn, more)
		for i := range slow.numbers {
			require.True(t, slow.numbers[i] == fast.numbers[i] || slow.numbers[i] != slow.numbers[i],
				"number %d of\n%s", i, graph.Text(u.Outputs...))
		}
	}
	require.Greater(t, loops, 100)
	require.Greater(t, ended, 30)
	require.Greater(t, loops-ended, 30)
}

// An endless loop can be cancelled.
func TestRepeatStops(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	half, goesOn := []*graph.Node{ops.Mul(x, 0.5)}, []*graph.Node{ops.Ge(x, 0)}
	u := rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: half, Donated: []int{0}}
	body, err := compile.Plan(u, compile.Options{})
	require.NoError(t, err)
	cond, err := compile.Plan(rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: goesOn}, compile.Options{})
	require.NoError(t, err)
	c := newCarried(t, exec.JoinScalars(body), exec.JoinScalars(cond), []float64{1})
	stop := make(chan struct{})
	close(stop)
	_, _, _, err = c.body.Repeat(&graph.Work{Workers: 1, Stop: stop}, c.cond, 0)
	require.ErrorIs(t, err, graph.ErrStopped)
}

// What moves is read and written in every step where it lies then: random arithmetic on two numbers that are carried and
// up to two that are not, which gives those two and some results, operands among them, of each step.
func TestRepeatMoves(t *testing.T) {
	const seed, steps = 10, 6
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	loops := 0
	for range 500 {
		u := scalarUnit(rng)
		nodes := slices.Concat(u.Inputs, graph.Topo(u.Outputs...))
		u.Outputs, u.Donated = u.Outputs[:2], []int{0, 1}
		for range 1 + rng.IntN(4) {
			if n := nodes[rng.IntN(len(nodes))]; n.Rank() == 0 && n.DType() == graph.Float64 {
				u.Outputs, u.Donated = append(u.Outputs, n), append(u.Donated, -1)
			}
		}
		plan, err := compile.Plan(u, compile.Options{Verify: true})
		require.NoError(t, err)
		plan = exec.JoinScalars(plan)
		back := rng.IntN(2)
		memory := make([]float64, steps*(len(u.Inputs)+len(u.Outputs)))
		for i := range memory {
			memory[i] = rng.Float64()*2 - 1
		}
		run := func(atOnce bool) (results []float64, ok bool) {
			results = slices.Clone(memory)
			r := exec.NewRoutine(&plan)
			w := &graph.Work{Workers: 1}
			arena := make([]float64, plan.Workspace()/8+1)
			r.Bind(w, unsafe.Pointer(&arena[0]))
			place := func(step int) { // operands and results lie in columns, the carries in front of theirs
				row := step + back*(steps-1-2*step)
				for k := range len(u.Inputs) + len(u.Outputs) {
					at := unsafe.Pointer(&results[k*steps+row])
					switch i := k - len(u.Inputs); {
					case k < 2:
						r.Input(k, unsafe.Pointer(&results[k*steps]))
					case i < 0:
						r.Input(k, at)
						r.InputStride(k, 8-16*back)
					case i >= 2:
						r.Output(i, at)
						r.OutputStride(i, 8-16*back)
					}
				}
			}
			place(0)
			if atOnce {
				made, _, ok, err := r.Repeat(w, nil, steps)
				require.NoError(t, err)
				require.True(t, !ok || made == steps)
				return results, ok
			}
			for step := range steps {
				place(step)
				require.NoError(t, r.Run())
			}
			return results, true
		}
		got, ok := run(true)
		if !ok {
			require.Equal(t, memory, got, "nothing has been done")
			continue
		}
		loops++
		want, _ := run(false)
		for i := range want {
			require.True(t, want[i] == got[i] || want[i] != want[i] && got[i] != got[i], "number %d: %v, not %v\n%s",
				i, got[i], want[i], graph.Text(u.Outputs...))
		}
	}
	require.Greater(t, loops, 100)
}
