package graph_test

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"chainrule/graph"
)

// FuzzParse: whatever the text, Parse returns; what it accepts keeps the invariants, prints, and parses again to the
// same text.
func FuzzParse(f *testing.F) {
	for _, op := range graph.Ops() {
		for _, c := range op.Cases {
			f.Add(graph.Text(applyCase(op, c, graph.Float64)))
		}
	}
	g := graph.New()
	f.Add(graph.Text(graph.Const(g, []float64{1, negativeZero, otherNaN}, 3, 1), graph.Const(g, []bool{true, false}, 2)))
	for _, name := range strangeNames {
		f.Add(graph.Text(g.Alias(g.Input(name, graph.Int64, 2, 0))))
	}
	f.Add("%0 = input : f32\n%1 = input : f32\n# note\n%2 = add(%1,%0)  \"x\" : f32\nreturn %2, %2")
	f.Fuzz(func(t *testing.T, text string) { checkParse(t, text) })
}

func checkParse(t *testing.T, text string) {
	t.Helper()
	defer func() {
		if e := recover(); e != nil {
			t.Errorf("Parse panics with %v on\n%s", e, text)
		}
	}()
	_, outputs, err := graph.Parse(text)
	if err != nil {
		return
	}
	if len(outputs) > 0 {
		mustVerify(t, outputs[0].Graph())
	}
	printed := graph.Text(outputs...)
	_, outputs, err = graph.Parse(printed)
	if err != nil {
		t.Fatalf("%q was accepted and printed as\n%swhich was not: %v", text, printed, err)
	}
	if again := graph.Text(outputs...); again != printed {
		t.Errorf("%q printed as\n%sthen as\n%s", text, printed, again)
	}
}

// Every number of every op's text in turn becomes one that no honest program writes.
func TestParseExtremeNumbers(t *testing.T) {
	numbers := regexp.MustCompile(`-?\d+`)
	for _, op := range graph.Ops() {
		for _, c := range op.Cases {
			text := graph.Text(applyCase(op, c, graph.Float64))
			for _, at := range numbers.FindAllStringIndex(text, -1) {
				for _, v := range []int64{math.MinInt64, -1, 0, 1, 1 << 30, 1 << 32, math.MaxInt/2 + 1, math.MaxInt, math.MaxInt64} {
					hostile := text[:at[0]] + strconv.FormatInt(v, 10) + text[at[1]:]
					checkParse(t, hostile)
				}
			}
		}
	}
}
