package compile_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
)

// ruleCase is one case of testdata/rules/<rule>.txt: a comment, the rules expected to fire, in order, the graph before
// simplify after "in:", and the one after it, which -update rewrites, after "out:".
type ruleCase struct {
	file, comment, expect, in, out string
}

func ruleCases(t testing.TB, file string) (cases []ruleCase) {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for c := range strings.SplitAfterSeq(string(data), "\nend\n") {
		if c = strings.TrimLeft(c, "\n"); c == "" {
			continue
		}
		comment, rest, ok := strings.Cut(c, "\nexpect: ")
		require.True(t, ok && strings.HasPrefix(comment, "# "), "%s: no comment and expect: in\n%s", file, c)
		expect, rest, ok := strings.Cut(rest, "\nin:\n")
		require.True(t, ok, "%s: %s: no in:", file, comment)
		in, out, ok := strings.Cut(rest, "\nout:\n")
		require.True(t, ok, "%s: %s: no out:", file, comment)
		cases = append(cases, ruleCase{file, comment, expect, in, strings.TrimSuffix(out, "end\n")})
	}
	return cases
}

func (c ruleCase) String() string {
	return fmt.Sprintf("%s\nexpect: %s\nin:\n%s\nout:\n%send\n", c.comment, c.expect, c.in, c.out)
}

func (c ruleCase) unit(t testing.TB) compile.Unit {
	g, outputs, err := graph.Parse(c.in)
	require.NoError(t, err, "%s: %s", c.file, c.comment)
	return compile.Unit{Inputs: g.Inputs(), Outputs: outputs}
}

// simplified runs the pass and says which rules fired.
func simplified(u compile.Unit, opts compile.Options) (after compile.Unit, fired []string) {
	opts.Fired = func(name string) { fired = append(fired, name) }
	for _, p := range compile.Pipeline {
		if p.Name == "simplify" {
			u = p.Run(u, opts)
		}
	}
	return u, fired
}

// Every rule has a file with a case in which it fires and one in which it must not, and nothing else has one.
func TestRulesAsText(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.txt")
	require.NoError(t, err)
	unknown := map[string]bool{}
	for _, f := range files {
		unknown[f] = true
	}
	for _, r := range compile.Rules {
		file := filepath.Join("testdata", "rules", r.Name+".txt")
		delete(unknown, file)
		t.Run(r.Name, func(t *testing.T) { goldenRule(t, r.Name, file) })
	}
	require.Empty(t, slices.Collect(maps.Keys(unknown)), "files of no rule")
}

func goldenRule(t *testing.T, rule, file string) {
	var rewritten []string
	fires, idle := false, false
	for _, c := range ruleCases(t, file) {
		u := c.unit(t)
		after, fired := simplified(u, compile.Options{})
		require.NoError(t, after.Outputs[0].Graph().Verify(), c.comment)
		for i, n := range u.Outputs {
			require.Equal(t, n.Type(), after.Outputs[i].Type(), "%s: a rule keeps the type", c.comment)
		}
		require.Len(t, after.Inputs, len(u.Inputs), "%s: a rule keeps the inputs", c.comment)
		said := strings.Join(fired, " ")
		if len(fired) == 0 {
			said = "none"
		}
		require.Equal(t, c.expect, said, c.comment)
		has := slices.Contains(fired, rule)
		fires, idle = fires || has, idle || !has

		got := graph.Text(after.Outputs...)
		if !*update {
			require.Equal(t, c.out, got, c.comment)
		}
		c.out = got
		rewritten = append(rewritten, c.String())

		again, fired := simplified(after, compile.Options{})
		require.Empty(t, fired, "%s: what is simplified cannot be simplified further", c.comment)
		require.Equal(t, got, graph.Text(again.Outputs...), c.comment)

		off, fired := simplified(u, compile.Options{Off: map[string]bool{rule: true}})
		require.NotContains(t, fired, rule, "%s: it is off\n%s", c.comment, graph.Text(off.Outputs...))
	}
	require.True(t, fires, "no case in which %s fires", rule)
	require.True(t, idle, "no case in which %s must not fire", rule)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(rewritten, "\n")), 0o644))
	}
}

// Without the fast rules, only exact ones fire.
func TestFastRulesAreOff(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.txt")
	require.NoError(t, err)
	exact := map[string]bool{}
	for _, r := range compile.Rules {
		exact[r.Name] = r.Exact
	}
	for _, file := range files {
		for _, c := range ruleCases(t, file) {
			_, fired := simplified(c.unit(t), compile.Options{Off: map[string]bool{"fast": true}})
			for _, name := range fired {
				require.True(t, exact[name], "%s: %s fires", c.comment, name)
			}
		}
	}
}
