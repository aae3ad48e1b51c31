package compile

import (
	"bufio"
	"cmp"
	_ "embed" // style and script
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"chainrule/internal/exec"
)

// Page is a dump: all that is known of a compiled function, as one HTML file that needs nothing else. It is
// well-formed XML too.
type Page struct {
	Title  string
	Record *Record
	Plan   *exec.Plan
	// Profile is nil if the program has not been run.
	Profile *exec.Profile
}

//go:embed dump.css
var style markup

//go:embed dump.js
var script markup

// Write writes the page: totals, where the time goes, the arena, and a column for every stage and the plan.
func (p Page) Write(w io.Writer) error {
	s := sheet{bufio.NewWriter(w)}
	s.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>%s</title>\n", p.Title)
	s.put("<style>\n%s</style>\n</head>\n<body>\n", style)
	last := lines(&p.Record.Stages[len(p.Record.Stages)-1])
	v := p.view(last)
	v.header(s)
	v.arena(s)
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
	s.put("</main>\n<script>\n%s</script>\n</body>\n</html>\n", script)
	return s.Flush()
}

// view is what the parts of the page share.
type view struct {
	Page
	lines []line // of the last stage
	at    numbering
	lives []life
	// rows has, for each of lines, the identities of the rows of the plan that belong to it.
	rows [][]string
	// total is the sum of the least times of all steps, and most the largest.
	total, most time.Duration
}

func (p Page) view(last []line) *view {
	stage := &p.Record.Stages[len(p.Record.Stages)-1]
	v := &view{Page: p, lines: last, at: positions(stage), lives: lives(p.Plan.Steps), rows: make([][]string, len(last))}
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
	s.put("<header>\n<h1>%s</h1>\n<dl>\n", v.Title)
	item := func(name, value, note string) {
		s.put(`<div title="%s"><dt>%s</dt><dd>%s</dd></div>`+"\n", note, name, value)
	}
	if v.Profile != nil {
		item("a run", timeText(v.Profile.Whole.Least), fmt.Sprintf("the least of %d runs; the median is %s",
			v.Profile.Rounds, timeText(v.Profile.Whole.Median)))
		item("median", timeText(v.Profile.Whole.Median), fmt.Sprintf("of %d runs", v.Profile.Rounds))
		item("sum of steps", timeText(v.total), "the least time of every step, without looking at the clock")
		if f := v.flops(); f > 0 && v.Profile.Whole.Least > 0 {
			item("counted", fmt.Sprintf("%.4g GFLOP/s", f/float64(v.Profile.Whole.Least)),
				fmt.Sprintf("%.4g million operations of those ops that count theirs, mostly products", f/1e6))
		}
	}
	item("nodes", fmt.Sprintf("%d → %d", len(input.Nodes), len(v.lines)), "before and after the passes")
	item("steps", fmt.Sprint(len(v.Plan.Steps)), fmt.Sprintf("from step %d on donated inputs are overwritten", v.Plan.Commit))
	item("cores", fmt.Sprint(v.Plan.Workers), "that a step may use")
	item("arena", byteText(v.Plan.Arena), "the memory that the steps leave each other values in")
	item("live at most", byteText(peak(v.lives, len(v.Plan.Steps))), "the most that values in the arena need at once")
	item("without reuse", byteText(values), "the sum of all values that the steps leave in the arena")
	item("every node", byteText(all), "the sum of all nodes of the input graph that are computed")
	item("constants", byteText(constants), plural(len(v.Plan.Constants), "constant"))
	s.put("</dl>\n")
	if len(v.Record.Off) > 0 {
		s.put(`<p class="off">left out: %s</p>`+"\n", strings.Join(v.Record.Off, ", "))
	}
	if v.Profile != nil && v.total > 0 {
		s.put(`<div class="panels">` + "\n")
		v.hottest(s)
		v.bySource(s)
		s.put("</div>\n")
	}
	s.put("</header>\n")
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

// heat colours a time: as much as its share of the longest step's.
func (v *view) heat(d time.Duration) markup {
	return markup(fmt.Sprintf(`style="--h:%.0f%%"`, 100*float64(d)/float64(max(1, v.most))))
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

// hottest lists the steps that take longest.
func (v *view) hottest(s sheet) {
	const most = 8
	order := make([]int, len(v.Plan.Steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(v.Profile.Steps[b].Least, v.Profile.Steps[a].Least)
	})
	s.put("<table><caption>hottest steps</caption>\n")
	for _, i := range order[:min(most, len(order))] {
		d := v.Profile.Steps[i].Least
		s.put(`<tr data-row="%s"><td class="time" %s>%s</td><td class="bar"><i style="width:%.1f%%"></i></td>`,
			stepRow(i), v.heat(d), timeText(d), v.share(d))
		s.put(`<td class="num">%.1f %%</td><td class="num">%s</td><td class="num">step %d</td><td>%s</td></tr>`+"\n",
			v.share(d), v.rate(i), i, v.title(i))
	}
	s.put("</table>\n")
}

// bySource sums up the time by the user's line. The time of a group is split evenly between its members.
func (v *view) bySource(s sheet) {
	const most = 8
	type spent struct {
		source string
		time   float64
		nodes  int
	}
	by := map[string]*spent{}
	var order []*spent
	add := func(source string, d float64) {
		if by[source] == nil {
			by[source] = &spent{source: source}
			order = append(order, by[source])
		}
		by[source].time += d
		by[source].nodes++
	}
	for i, st := range v.Plan.Steps {
		d := float64(v.Profile.Steps[i].Least)
		if st.Node != nil {
			add(st.Node.Source(), d)
		}
		for _, m := range st.Members {
			add(m.Node.Source(), d/float64(len(st.Members)))
		}
	}
	slices.SortStableFunc(order, func(a, b *spent) int { return cmp.Compare(b.time, a.time) })
	s.put("<table><caption>by line</caption>\n")
	for _, l := range order[:min(most, len(order))] {
		d := time.Duration(l.time)
		s.put(`<tr data-src="%s"><td class="time" %s>%s</td><td class="bar"><i style="width:%.1f%%"></i></td>`,
			l.source, v.heat(d), timeText(d), v.share(d))
		name := l.source
		if name == "" {
			name = "no line known"
		}
		s.put(`<td class="num">%.1f %%</td><td class="num">%s</td><td>%s</td></tr>`+"\n",
			v.share(d), plural(l.nodes, "node"), name)
	}
	s.put("</table>\n")
}
