package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tool is this program, spoken to through pipes.
type tool struct {
	t    *testing.T
	to   io.Writer
	from *bufio.Reader
	id   int
}

func newTool(t *testing.T) *tool {
	fromTest, toTool := io.Pipe()
	fromTool, toTest := io.Pipe()
	done := make(chan error)
	go func() {
		done <- serve(fromTest, toTest)
		toTest.Close()
	}()
	t.Cleanup(func() {
		toTool.Close()
		require.NoError(t, <-done)
	})
	return &tool{t: t, to: toTool, from: bufio.NewReader(fromTool)}
}

// say sends a line and returns the answer to it.
func (p *tool) say(line string) map[string]any {
	_, err := io.WriteString(p.to, line+"\n")
	require.NoError(p.t, err)
	answer, err := p.from.ReadBytes('\n')
	require.NoError(p.t, err)
	var fields map[string]any
	require.NoError(p.t, json.Unmarshal(answer, &fields), "%s", answer)
	return fields
}

// evaluate sends a message with the next id, and returns the output.
func (p *tool) evaluate(module, function string, input []byte) any {
	p.id++
	a := p.say(fmt.Sprintf(`{"id":%d,"kind":"evaluate","module":%q,"function":%q,"input":%s,"description":"x"}`,
		p.id, module, function, input))
	require.Equal(p.t, float64(p.id), a["id"])
	require.Equal(p.t, true, a["success"], "%s %s: %v", module, function, a["error"])
	timings := a["timings"].([]any)
	require.GreaterOrEqual(p.t, len(timings), 2)
	for i, entry := range timings {
		name := "evaluate"
		if i == 0 {
			name = "prepare"
		}
		require.Equal(p.t, name, entry.(map[string]any)["name"])
		require.GreaterOrEqual(p.t, entry.(map[string]any)["nanoseconds"], 0.0)
	}
	return a["output"]
}

func TestProtocol(t *testing.T) {
	p := newTool(t)
	require.Equal(t, map[string]any{"id": 0.0, "tool": "chainrule"}, p.say(`{"id":0,"kind":"start","eval":"gmm"}`))
	for name := range modules {
		a := p.say(`{"id":1,"kind":"define","module":"` + name + `"}`)
		require.Equal(t, map[string]any{"id": 1.0, "success": true}, a)
	}
	require.Equal(t, map[string]any{"id": 2.0}, p.say(`{"id":2,"kind":"analysis","of":1,"valid":true}`))
	require.Equal(t, map[string]any{"id": 3.0}, p.say(`{"id":3,"kind":"something new"}`))
	const lse = `{"id":4,"kind":"evaluate","module":"lse","function":"primal","input":{"x":[1],`
	a := p.say("\n \n" + lse + `"min_runs":3,"min_seconds":0}}`)
	require.Equal(t, 1.0, a["output"])
	require.Len(t, a["timings"], 4, "prepare and three runs")
	a = p.say(lse + `"min_runs":1,"min_seconds":0.01}}`)
	total := 0.0
	for _, entry := range a["timings"].([]any)[1:] {
		total += entry.(map[string]any)["nanoseconds"].(float64)
	}
	require.GreaterOrEqual(t, total, 0.01e9)
}

// What cannot be answered gets an error, with the id if there is one, and the next message an answer.
func TestProtocolRefuses(t *testing.T) {
	evaluate := func(module, function, input string) string {
		return fmt.Sprintf(`{"id":7,"kind":"evaluate","module":%q,"function":%q,"input":%s}`, module, function, input)
	}
	const anyID = -1
	for _, c := range []struct {
		name, line string
		id         float64
		want       string
	}{
		{"garbage", "\x00\xff}{", anyID, "cannot be read"},
		{"a number", `17`, anyID, "cannot be read"},
		{"half a line", `{"id":7,"kind":"evalu`, 7, "cannot be read"},
		{"half a line, id later", `{"kind":"evaluate","id":7,"module":"lse","input":{"x":[1,`, 7, "cannot be read"},
		{"wrong types", `{"id":7,"kind":5}`, 7, "cannot be read"},
		{"unknown module", `{"id":7,"kind":"define","module":"nothing"}`, 7, `no module "nothing"`},
		{"unknown module, evaluate", evaluate("nothing", "primal", "1"), 7, `no function "primal" in module "nothing"`},
		{"unknown function", evaluate("lse", "hessian", "1"), 7, `no function "hessian"`},
		{"no input", `{"id":7,"kind":"evaluate","module":"lse","function":"primal"}`, 7, "the input cannot be read"},
		{"input of another kind", evaluate("lse", "primal", `"x"`), 7, "the input cannot be read"},
		{"number too large", evaluate("lse", "primal", `{"x":[1e999]}`), 7, "the input cannot be read"},
		{"no kind", `{"id":7}`, 7, "no kind"},
		{"nothing", `null`, anyID, "no kind"},
		{"two messages", `{"id":7,"kind":"start"} {"id":8,"kind":"start"}`, anyID, "cannot be read"},
		{"a null", evaluate("lse", "primal", `{"x":[1,null]}`), 7, "an element is null"},
		{"nothing but null", evaluate("hello", "square", "null"), 7, "an element is null"},
		{"a field too few", evaluate("particle", "ff", `{"min_runs":1}`), 7, `there is no "w"`},
		{"a word for a number", evaluate("lse", "primal", `{"x":["NaN"]}`), 7, "the input cannot be read"},
		{"no number", evaluate("lse", "primal", `{"x":[NaN]}`), 7, "cannot be read"},
		{"empty", evaluate("lse", "primal", `{"x":[]}`), 7, "x is empty"},
		{"overflow", evaluate("hello", "square", "1e200"), 7, "the output cannot be sent"},
		{"too many runs", evaluate("lse", "primal", `{"x":[1],"min_runs":1000000000}`), 7, "too much to ask for"},
		{"too long", evaluate("lse", "primal", `{"x":[1],"min_seconds":1e300}`), 7, "too much to ask for"},
		{"no point", evaluate("llsq", "primal", `{"x":[1],"n":0}`), 7, "a coefficient and a point"},
		{"a particle that flies off", evaluate("particle", "rr", `{"w":3.0}`), 7, "1000000"},
		{"a particle that flies off, forward", evaluate("particle", "ff", `{"w":3.0}`), 7, "1000000"},
		{"huge fit", evaluate("llsq", "primal", `{"x":[1,2],"n":1000000000000}`), 7, "too large"},
		{"no such matrix", evaluate("det", "primal", `{"A":[1,2,3],"ell":2}`), 7, "3 elements"},
		{"huge matrix", evaluate("det", "primal", `{"A":[1],"ell":1000000}`), 7, "1 to 20"},
		{"negative matrix", evaluate("det", "primal", `{"A":[1],"ell":-1}`), 7, "1 to 20"},
		{"ragged points", evaluate("kmeans", "dir", `{"points":[[1,2],[3]],"centroids":[[1,2]]}`), 7, "row 1 of point"},
		{"no points", evaluate("kmeans", "dir", `{"points":[],"centroids":[[1,2]]}`), 7, "no points"},
		{"no coordinates", evaluate("kmeans", "cost", `{"points":[[]],"centroids":[[]]}`), 7, "no coordinates"},
		{"a centroid without points", evaluate("kmeans", "dir", `{"points":[[1],[1]],"centroids":[[1],[2]]}`), 7,
			"cannot be sent"},
		{"gmm of nothing", evaluate("gmm", "objective", `{}`), 7, `there is no "d"`},
		{"gmm of no points", evaluate("gmm", "objective",
			`{"d":1,"k":1,"n":0,"x":[],"m":0,"gamma":1,"alpha":[1],"mu":[[1]],"q":[[1]],"l":[[]]}`), 7, "do not have the sizes"},
		{"huge gmm", evaluate("gmm", "objective",
			`{"d":1000000000,"k":1,"n":1,"x":[[1]],"alpha":[1],"mu":[[1]],"q":[[1]],"l":[[]],"m":0,"gamma":1}`), 7,
			"too large"},
		{"huge bundle", evaluate("ba", "jacobian",
			`{"n":1,"m":1,"p":100000000000,"cam":[1,1,1,1,1,1,1,1,1,1,1],"x":[1,1,1],"w":1,"feat":[1,1]}`), 7,
			"too large"},
		{"half a camera", evaluate("ba", "jacobian", `{"n":1,"m":1,"p":1,"cam":[1],"x":[1,1,1],"w":1,"feat":[1,1]}`), 7,
			"a camera of 1"},
		{"half a hand", evaluate("ht", "jacobian", `{"theta":[1],"data":{}}`), 7, "theta has 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newTool(t)
			a := p.say(c.line)
			if c.id != anyID {
				require.Equal(t, c.id, a["id"])
			}
			require.Equal(t, false, a["success"])
			require.Contains(t, a["error"], c.want)
			require.Equal(t, map[string]any{"id": 8.0}, p.say(`{"id":8,"kind":"analysis","of":7,"valid":false}`))
		})
	}
}

// A loop that does not end is stopped: with w = 3 the particle flies off.
func TestEndless(t *testing.T) {
	for _, modes := range []string{"rr", "rf", "fr", "ff"} {
		e, err := particle[modes]([]byte(`{"w":3}`))
		require.NoError(t, err)
		e.most = 20 * time.Millisecond
		_, _, err = e.repeat()
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}

// A string may have the word null, a key too, and only that element is one.
func TestNull(t *testing.T) {
	require.NoError(t, withoutNull([]byte(`{"null":["null","x null"],"n":1}`)))
	require.ErrorContains(t, withoutNull([]byte(`{"null":["null",[null]]}`)), "is null")
}

// A line over the limit is skipped, however long it is; the last line needs no end.
func TestLines(t *testing.T) {
	r := bufio.NewReaderSize(strings.NewReader(strings.Repeat("x", 100)+"\nshort\n"+strings.Repeat("y", 20)), 16)
	for _, want := range []struct {
		line string
		err  error
	}{{"", errTooLong}, {"short\n", nil}, {strings.Repeat("y", 20), io.EOF}} {
		line, err := readLine(r, 50)
		require.Equal(t, want.err, err)
		require.Equal(t, want.line, string(line))
	}
}

// A hand with a wrong tree of bones, index or size is refused.
func TestHandRefuses(t *testing.T) {
	for name, spoil := range map[string]func(in *htInput){
		"has the parent 5":         func(in *htInput) { in.Data.Model.Parents[5] = 5 },
		"index out of range":       func(in *htInput) { in.Data.Correspondences[0] = 1 << 40 },
		"row 1 of weights has 1":   func(in *htInput) { in.Data.Model.Weights[1] = []float64{1} },
		"2 us for 3 points":        func(in *htInput) { in.Us = in.Us[:2] },
		"row 0 of triangles":       func(in *htInput) { in.Data.Model.Triangles[0] = []int64{} },
		"2 points, 3 corresp":      func(in *htInput) { in.Data.Points = in.Data.Points[:2] },
		"matrix 0 of base_relativ": func(in *htInput) { in.Data.Model.BaseRelatives[0] = [][]float64{} },
		"a hand with 3 bones":      func(in *htInput) { in.Data.Model.Parents = in.Data.Model.Parents[:3] },
	} {
		in := newGenerator(2).ht(9, 3, true).input.(htInput)
		spoil(&in)
		s := htCase(in)
		const line = `{"id":1,"kind":"evaluate","module":"ht","function":"jacobian","input":%s}`
		a := newTool(t).say(fmt.Sprintf(line, s.text()))
		require.Equal(t, false, a["success"], name)
		require.Contains(t, a["error"], name)
	}
}

// FuzzRespond: whatever the line, the answer is one line of JSON.
func FuzzRespond(f *testing.F) {
	f.Add([]byte(`{"id":0,"kind":"start","eval":"gmm"}`))
	f.Add([]byte(`{"id":1,"kind":"define","module":"gmm"}`))
	f.Add([]byte(`{"kind":"evaluate","id":[{}],"module":`))
	g := newGenerator(3)
	for _, s := range []sample{
		helloCase(2), g.llsq(4, 3), g.lse(3), g.gmm(2, 2, 3), g.kmeans(2, 4, 2), g.det(3), g.ba(2, 2, 3),
	} {
		const line = `{"id":2,"kind":"evaluate","module":%q,"function":%q,"input":%s}`
		f.Add(fmt.Appendf(nil, line, s.module, s.gradient, s.text()))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var m message
		var large struct {
			runs
			N, M, P, Ell float64
		}
		if json.Unmarshal(line, &m) == nil && json.Unmarshal(m.Input, &large) == nil {
			if large.MinRuns > 10 || large.MinSeconds > 0.01 || max(large.N, large.M, large.P) > 1e4 || large.Ell > 8 {
				t.Skip("it may take long, as it should")
			}
		}
		var out strings.Builder
		require.NoError(t, serve(strings.NewReader(string(line)), &out))
		for answer := range strings.Lines(out.String()) {
			require.True(t, json.Valid([]byte(answer)), "%s", answer)
		}
	})
}
