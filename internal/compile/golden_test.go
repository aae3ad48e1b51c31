package compile_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
)

var update = flag.Bool("update", false, "rewrite the out sections of testdata")

// testdata/<pass>.txt holds cases of the pass it is named for: a comment, the graph before it after "in:", and the
// graph after it after "out:". Every pass has a file, in which some case differs.
func TestPassesAsText(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.Len(t, files, len(compile.Pipeline), "one file of cases for each pass")
	for _, pass := range compile.Pipeline {
		t.Run(pass.Name, func(t *testing.T) { goldenPass(t, pass) })
	}
}

// sameValues runs the graphs before and after a pass by the reference executor, on random inputs. Rules that are not
// exact may round differently: a few times in a case, whose values are near 1, so 1e-13 and 1e-5 are ample.
func sameValues(t *testing.T, before []*graph.Node, after compile.Unit) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	old, fresh := map[*graph.Node]exec.Value{}, map[*graph.Node]exec.Value{}
	for i, n := range before[0].Graph().Inputs() {
		v := exec.NewValue(n.Type())
		for j := range v.Buf.Len {
			switch n.DType() {
			case graph.Float32:
				graph.Elements[float32](v.Buf)[j] = rng.Float32() + 0.5
			case graph.Float64:
				graph.Elements[float64](v.Buf)[j] = rng.Float64() + 0.5
			case graph.Int64:
				graph.Elements[int64](v.Buf)[j] = rng.Int64N(3)
			default:
				graph.Elements[bool](v.Buf)[j] = rng.IntN(2) == 0
			}
		}
		old[n], fresh[after.Inputs[i]] = v, v
	}
	want, err := exec.Reference(before, old)
	require.NoError(t, err)
	got, err := exec.Reference(after.Outputs, fresh)
	require.NoError(t, err)
	for i := range want {
		require.Equal(t, want[i].Type.String(), got[i].Type.String())
		for j := range want[i].Buf.Len {
			switch want[i].Type.DType {
			case graph.Float32:
				x, y := graph.Elements[float32](want[i].Buf)[j], graph.Elements[float32](got[i].Buf)[j]
				require.InEpsilon(t, 2+x, 2+y, 1e-5, "element %d of output %d", j, i)
			case graph.Float64:
				x, y := graph.Elements[float64](want[i].Buf)[j], graph.Elements[float64](got[i].Buf)[j]
				require.InEpsilon(t, 2+x, 2+y, 1e-13, "element %d of output %d", j, i)
			default:
				require.Equal(t, want[i].Bytes(), got[i].Bytes())
			}
		}
	}
}

// unitText is the graph's text and a line for each group, with the numbers of the text.
func unitText(u compile.Unit) string {
	text := graph.Text(u.Outputs...)
	number := map[*graph.Node]int{}
	for i, n := range graph.Topo(u.Outputs...) {
		number[n] = i
	}
	for _, members := range u.Groups {
		text += "group"
		for _, n := range members {
			text += fmt.Sprintf(" %%%d", number[n])
		}
		text += "\n"
	}
	return text
}

func goldenPass(t *testing.T, pass compile.Pass) {
	file := filepath.Join("testdata", pass.Name+".txt")
	data, err := os.ReadFile(file)
	require.NoError(t, err, "every pass needs cases")
	var rewritten strings.Builder
	changed := 0
	fired := map[string]bool{}
	opts := compile.Options{Fired: func(rule string) { fired[rule] = true }}
	for i, c := range strings.SplitAfter(string(data), "\nend\n") {
		if strings.TrimSpace(c) == "" {
			continue
		}
		head, rest, ok := strings.Cut(c, "in:\n")
		require.True(t, ok, "case %d has no in:", i)
		in, out, ok := strings.Cut(rest, "out:\n")
		require.True(t, ok, "case %d has no out:", i)
		out = strings.TrimSuffix(out, "end\n")

		_, outputs, err := graph.Parse(in)
		require.NoError(t, err, "case %d", i)
		u := pass.Run(compile.Unit{Inputs: outputs[0].Graph().Inputs(), Outputs: outputs}, opts)
		require.NoError(t, u.Outputs[0].Graph().Verify())
		require.Len(t, u.Inputs, len(outputs[0].Graph().Inputs()), "a pass keeps the inputs")
		got := unitText(u)
		if got != graph.Text(outputs...) {
			changed++
		}
		sameValues(t, outputs, u)
		if !*update {
			require.Equal(t, out, got, "case %d:%s", i, head)
		}
		fmt.Fprintf(&rewritten, "%sin:\n%sout:\n%send\n", head, in, got)

		u.Groups = nil
		require.Equal(t, got, unitText(pass.Run(u, opts)), "case %d: twice is not once", i)
	}
	require.NotZero(t, changed, "no case of %s shows the pass at work", pass.Name)
	for _, r := range compile.Rules {
		if pass.Name == "simplify" {
			require.True(t, fired[r.Name], "no case shows the rule %s at work", r.Name)
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(rewritten.String()), 0o644))
	}
}
