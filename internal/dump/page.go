package dump

import (
	"bufio"
	_ "embed" // style and script
	"fmt"
	"io"
	"strings"
	"time"

	"chainrule/internal/compile"
	"chainrule/internal/exec"
)

// Page is a dump: all that is known of a compiled function, as one HTML file that needs nothing else. It is
// well-formed XML too.
type Page struct {
	Title  string
	Record *compile.Record
	Plan   *exec.Plan
	// Profile is nil if the program has not been run.
	Profile *exec.Profile
}

//go:embed page.css
var style markup

//go:embed page.js
var script markup

// Write writes the page: totals, a column for every stage, folded, and the plan, then where the time goes, and the arena.
func (p Page) Write(w io.Writer) error {
	s := sheet{bufio.NewWriter(w)}
	s.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>%s</title>\n", p.Title)
	s.put("<style>\n%s</style>\n</head>\n<body>\n", style)
	last := lines(&p.Record.Stages[len(p.Record.Stages)-1])
	v := p.view(last)
	v.header(s)
	s.put("<main>\n")
	for i := range p.Record.Stages {
		stage := &p.Record.Stages[i]
		if i < len(p.Record.Stages)-1 {
			v.column(s, i, lines(stage))
		} else {
			v.column(s, i, last)
		}
	}
	v.plan(s)
	s.put("</main>\n")
	v.panels(s)
	v.arena(s)
	s.put("<script>\n%s</script>\n</body>\n</html>\n", script)
	return s.Flush()
}

// view is what the parts of the page share.
type view struct {
	Page
	lines []line // of the last stage
	at    []int
	lives []life
	// rows has, for each of lines, the identities of the rows of the plan that belong to it.
	rows [][]string
	// total is the sum of the least times of all steps, and most the largest.
	total, most time.Duration
}

// view finds what all parts of the page need to know of the last stage and the plan.
func (p Page) view(last []line) *view {
	stage := &p.Record.Stages[len(p.Record.Stages)-1]
	v := &view{Page: p, lines: last, at: stage.Positions(), lives: lives(p.Plan.Steps), rows: make([][]string, len(last))}
	for i, st := range p.Plan.Steps {
		if st.Node != nil {
			k := v.at[st.Node.ID()]
			v.rows[k] = append(v.rows[k], stepRow(i))
		}
		for j, m := range st.Members {
			k := v.at[m.Node.ID()]
			v.rows[k] = append(v.rows[k], memberRow(i, j))
		}
	}
	for k := range v.rows {
		if v.rows[k] == nil {
			v.rows[k] = []string{restRow(k)}
		}
	}
	if p.Profile != nil {
		for _, t := range p.Profile.Steps {
			v.total += t.Least
			v.most = max(v.most, t.Least)
		}
	}
	return v
}

func stepRow(i int) string      { return fmt.Sprintf("s%d", i) }
func memberRow(i, j int) string { return fmt.Sprintf("s%dm%d", i, j) }
func restRow(k int) string      { return fmt.Sprintf("r%d", k) }
func nodeRow(stage int) string  { return fmt.Sprintf("p%dn", stage) }

// header writes the totals.
func (v *view) header(s sheet) {
	input := v.Record.Stages[0]
	all, values := 0, 0
	for _, n := range input.Nodes {
		if len(n.In()) > 0 {
			all += n.Type().Bytes()
		}
	}
	for _, l := range v.lives {
		values += l.bytes
	}
	constants := 0
	for _, l := range v.lines {
		if buf, ok := l.node.Constant(); ok {
			constants += buf.Len * l.node.DType().Size()
		}
	}
	s.put("<header>\n<h1>%s</h1>\n", v.Title)
	s.put(`<p class="hint">Click a node, a step, a block or a line of source to mark it in every column, and again to ` +
		"unmark it. Click a column&#39;s name to open or fold it. <b>+</b> is a node that a pass added, a line " +
		"through it one that the next pass removed.</p>\n<dl>\n")
	item := func(name, value, note string) {
		s.put(`<div title="%s"><dt>%s</dt><dd>%s</dd></div>`+"\n", note, name, value)
	}
	if v.Profile != nil {
		item("a run", timeText(v.Profile.Whole.Least), fmt.Sprintf("the least of %d runs; the median is %s",
			v.Profile.Rounds, timeText(v.Profile.Whole.Median)))
		item("median", timeText(v.Profile.Whole.Median), fmt.Sprintf("of %d runs", v.Profile.Rounds))
		item("sum of steps", timeText(v.total), "the least time of every step, without looking at the clock")
		if f := v.flops(); f > 0 && v.Profile.Whole.Least > 0 {
			item("speed", fmt.Sprintf("%.4g GFLOP/s", f/float64(v.Profile.Whole.Least)),
				fmt.Sprintf("%.4g million operations of those ops that count theirs, mostly products", f/1e6))
		}
	}
	item("nodes", fmt.Sprintf("%d → %d", len(input.Nodes), len(v.lines)), "before and after the passes")
	item("steps", fmt.Sprint(len(v.Plan.Steps)),
		fmt.Sprintf("from step %d on donated inputs are overwritten", v.Plan.Commit))
	item("cores", fmt.Sprint(v.Plan.Workers), "that a step may use")
	item("arena", byteText(v.Plan.Arena), "the memory that the steps leave each other values in")
	item("live at most", byteText(peak(v.lives, len(v.Plan.Steps))), "the most that values in the arena need at once")
	item("without reuse", byteText(values), "the sum of all values that the steps leave in the arena")
	item("unfused", byteText(all), "the sum of all nodes of the input graph that are computed")
	item("constants", byteText(constants), plural(len(v.Plan.Constants), "constant"))
	s.put("</dl>\n")
	if len(v.Record.Off) > 0 {
		s.put(`<p class="off">left out: %s</p>`+"\n", strings.Join(v.Record.Off, ", "))
	}
	s.put("</header>\n")
}

// panels writes where the time goes, and what the passes did.
func (v *view) panels(s sheet) {
	s.put(`<div class="panels">` + "\n")
	if v.Profile != nil && v.total > 0 {
		v.hottest(s)
		v.bySource(s)
	}
	v.fired(s)
	s.put("</div>\n")
}

func (v *view) flops() float64 {
	sum := 0.0
	for _, st := range v.Plan.Steps {
		sum += flops(st)
	}
	return sum
}

// share is a part of the time of all steps, in percent.
func (v *view) share(d time.Duration) float64 { return 100 * float64(d) / float64(max(1, v.total)) }

// heat colours a time as much as it is near the longest.
func heat(d, longest time.Duration) markup {
	return markup(fmt.Sprintf(`style="--h:%.0f%%"`, 100*float64(d)/float64(max(1, longest))))
}

// rate says how fast a step is: by the operations that its ops count, or by the bytes that it reads and writes.
func (v *view) rate(i int) string {
	d := float64(v.Profile.Steps[i].Least)
	if d == 0 {
		return ""
	}
	if f := flops(v.Plan.Steps[i]); f > 0 {
		return fmt.Sprintf("%.3g GFLOP/s", f/d)
	}
	return fmt.Sprintf("%.3g GB/s", float64(traffic(v.Plan.Steps[i]))/d)
}
