package compile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
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
		u := pass.Run(compile.Unit{Inputs: outputs[0].Graph().Inputs(), Outputs: outputs}, compile.Options{})
		require.NoError(t, u.Outputs[0].Graph().Verify())
		require.Len(t, u.Inputs, len(outputs[0].Graph().Inputs()), "a pass keeps the inputs")
		got := unitText(u)
		if got != graph.Text(outputs...) {
			changed++
		}
		if !*update {
			require.Equal(t, out, got, "case %d:%s", i, head)
		}
		fmt.Fprintf(&rewritten, "%sin:\n%sout:\n%send\n", head, in, got)

		u.Groups = nil
		require.Equal(t, got, unitText(pass.Run(u, compile.Options{})), "case %d: twice is not once", i)
	}
	require.NotZero(t, changed, "no case of %s shows the pass at work", pass.Name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(rewritten.String()), 0o644))
	}
}
