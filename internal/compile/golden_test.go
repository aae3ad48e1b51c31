package compile_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/optest"
	"chainrule/internal/rewrite"
)

var update = flag.Bool("update", false, "rewrite the out sections of testdata")

// golden is a case of testdata/<pass>.txt or testdata/simplify/<rule>.txt: a comment, the rules of simplify expected to
// fire, in order, the graph before the pass after "in:", and the one after it, which -update rewrites, after "out:".
type golden struct {
	comment, expect, in, out string
}

func goldens(t testing.TB, file string) (cases []golden) {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for text := range strings.SplitAfterSeq(string(data), "\nend\n") {
		if text = strings.TrimLeft(text, "\n"); text == "" {
			continue
		}
		head, rest, ok := strings.Cut(text, "\nin:\n")
		require.True(t, ok && strings.HasPrefix(head, "# "), "%s: no comment and in:\n%s", file, text)
		in, out, ok := strings.Cut(rest, "\nout:\n")
		require.True(t, ok, "%s: %s: no out:", file, head)
		comment, expect, _ := strings.Cut(head, "\nexpect: ")
		cases = append(cases, golden{comment, expect, in, strings.TrimSuffix(out, "end\n")})
	}
	return cases
}

func (c golden) String() string {
	head := c.comment
	if c.expect != "" {
		head += "\nexpect: " + c.expect
	}
	return fmt.Sprintf("%s\nin:\n%s\nout:\n%send\n", head, c.in, c.out)
}

func (c golden) unit(t testing.TB) rewrite.Unit {
	g, outputs, err := graph.Parse(c.in)
	require.NoError(t, err, c.comment)
	return rewrite.Unit{Inputs: g.Inputs(), Outputs: outputs}
}

// Every pass has cases, some of which it changes, and every rule of simplify has a file, with a case in which it fires
// and one in which it must not.
func TestPassesAsText(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	rules, err := filepath.Glob("testdata/simplify/*.txt")
	require.NoError(t, err)
	require.Len(t, files, len(compile.Own())-1, "one file for each pass but simplify")
	require.Len(t, rules, len(rewrite.Rules), "one file for each rule")
	for _, pass := range compile.Own() {
		if pass.Name != "simplify" {
			t.Run(pass.Name, func(t *testing.T) { goldenFile(t, pass, filepath.Join("testdata", pass.Name+".txt")) })
			continue
		}
		for _, r := range rewrite.Rules {
			file := filepath.Join("testdata", "simplify", r.Name+".txt")
			t.Run(r.Name, func(t *testing.T) {
				goldenFile(t, pass, file)
				firesAndRests(t, r.Name, file)
			})
		}
	}
}

func goldenFile(t *testing.T, pass rewrite.Pass, file string) {
	var rewritten []string
	changed := false
	for _, c := range goldens(t, file) {
		u := c.unit(t)
		after, fired := runPass(pass.Name, u, compile.Options{})
		require.NoError(t, after.Outputs[0].Graph().Verify(), c.comment)
		require.Len(t, after.Inputs, len(u.Inputs), "%s: a pass keeps the inputs", c.comment)
		for i, n := range u.Outputs {
			require.Equal(t, n.Type(), after.Outputs[i].Type(), "%s: a pass keeps the types", c.comment)
		}
		if pass.Name == "simplify" && len(fired) == 0 {
			fired = []string{"none"}
		}
		require.Equal(t, c.expect, strings.Join(fired, " "), "%s: rules that fire", c.comment)
		got := unitText(after)
		changed = changed || got != graph.Text(u.Outputs...)
		if !*update {
			require.Equal(t, c.out, got, c.comment)
		}
		c.out = got
		rewritten = append(rewritten, c.String())

		exact, _ := runPass(pass.Name, u, compile.Options{Off: map[string]bool{"fast": true}})
		sameValues(t, u, exact)
		after.Groups = nil
		again, _ := runPass(pass.Name, after, compile.Options{})
		require.Equal(t, got, unitText(again), "%s: twice is not once", c.comment)
	}
	require.True(t, changed, "no case of %s shows the pass at work", file)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(rewritten, "\n")), 0o644))
	}
}

// runPass runs the named pass and says which rules fired.
func runPass(name string, u rewrite.Unit, opts compile.Options) (after rewrite.Unit, fired []string) {
	opts.Fired = func(rule string) { fired = append(fired, rule) }
	for _, p := range compile.Pipeline {
		if p.Name == name {
			after = p.Run(u, opts.Passes())
		}
	}
	return after, fired
}

// unitText is the graph's text and a line for each group, with the numbers of the text.
func unitText(u rewrite.Unit) string {
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

// sameValues runs the graphs before and after a pass, without the rules that may round differently, by the reference
// executor: the results are the same to the last bit.
func sameValues(t *testing.T, before, after rewrite.Unit) {
	feeds := feedsOf(before.Inputs, rand.New(rand.NewPCG(1, 2)), nil)
	want, got := evaluate(t, before.Outputs, feeds), evaluate(t, after.Outputs, feeds)
	for i := range want {
		require.NoError(t, optest.Differ(got[i], want[i]), "output %d of\n%s", i, graph.Text(before.Outputs...))
	}
}

// firesAndRests checks that a rule fires in some case of its file and in some not, and never when it is off.
func firesAndRests(t *testing.T, rule, file string) {
	fires, rests := false, false
	for _, c := range goldens(t, file) {
		has := slices.Contains(strings.Fields(c.expect), rule)
		fires, rests = fires || has, rests || !has
		_, fired := runPass("simplify", c.unit(t), compile.Options{Off: map[string]bool{rule: true}})
		require.NotContains(t, fired, rule, "%s: it is off", c.comment)
	}
	require.True(t, fires, "no case in which %s fires", rule)
	require.True(t, rests, "no case in which %s must not fire", rule)
}

// Without the fast rules, only exact ones fire.
func TestFastRulesAreOff(t *testing.T) {
	for _, r := range rewrite.Rules {
		for _, c := range goldens(t, filepath.Join("testdata", "simplify", r.Name+".txt")) {
			_, fired := runPass("simplify", c.unit(t), compile.Options{Off: map[string]bool{"fast": true}})
			for _, r := range rewrite.Rules {
				require.True(t, r.Exact || !slices.Contains(fired, r.Name), "%s: %s fires", c.comment, r.Name)
			}
		}
	}
}
