package dump

import (
	"fmt"
	"strings"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// plan writes the last column: the steps in order, then the nodes that need none.
func (v *view) plan(s sheet) {
	s.put(`<section class="pass"><h2 title="what runs">plan <small>%s, arena %s</small></h2>`+"\n",
		plural(len(v.Plan.Steps), "step"), byteText(v.Plan.Arena))
	s.put(`<table>` + "\n" + `<tr><th class="num">step</th>`)
	if v.Profile != nil {
		s.put(`<th class="num">time</th><th class="num">share</th><th class="num">rate</th>`)
	}
	s.put(`<th>class</th><th>computes</th><th>type</th><th class="num">bytes</th>` +
		"<th>lies in</th><th>lives</th><th>line</th></tr>\n")
	stays := v.stays()
	for i, st := range v.Plan.Steps {
		if i == v.Plan.Commit {
			s.put(`<tr class="split"><td colspan="11">from here on donated inputs are overwritten; a run is not ` +
				"interrupted any more</td></tr>\n")
		}
		v.step(s, i, st, stays)
	}
	s.put(`<tr class="split"><td colspan="11">no step</td></tr>` + "\n")
	for k := range v.lines {
		if v.rows[k][0] == restRow(k) {
			v.rest(s, k)
		}
	}
	s.put("</table>\n")
	v.outputs(s)
	s.put("</section>\n")
}

// stays finds the life of every result, by its row.
func (v *view) stays() map[string]life {
	by := make(map[string]life, len(v.lives))
	for _, l := range v.lives {
		by[v.rowOf(l)] = l
	}
	return by
}

// rowOf is the row of a value.
func (v *view) rowOf(l life) string {
	if v.Plan.Steps[l.born].Members != nil {
		return memberRow(l.born, l.member)
	}
	return stepRow(l.born)
}

// step writes the row of step i, and below it those of the members of a group.
func (v *view) step(s sheet, i int, st exec.Step, stays map[string]life) {
	in := operands(st)
	out := results(st)
	class, source := "copy", ""
	switch {
	case st.Node != nil:
		class, source = st.Node.Op().Class.String(), st.Node.Source()
	case st.Members != nil:
		class = "group"
	}
	mark := ""
	if _, over := inPlace(out[0], in); over && st.Members == nil {
		mark = " in-place"
	}
	s.put(`<tr class="n%s" id="%s" data-src="%s"><td class="num">%d</td>`, markup(mark), stepRow(i), source, i)
	if v.Profile != nil {
		t := v.Profile.Steps[i]
		s.put(`<td class="time" %s title="least of %d; median %s">%s</td>`, heat(t.Least, v.most), v.Profile.Rounds,
			timeText(t.Median), timeText(t.Least))
		s.put(`<td class="num">%.1f %%</td><td class="num" title="%s read and written">%s</td>`, v.share(t.Least),
			byteText(traffic(st)), v.rate(i))
	}
	s.put(`<td class="class %s">%s</td><td class="text">`, markup(class), class)
	switch {
	case st.Members != nil:
		s.put("%s in one loop", plural(len(st.Members), "node"))
		s.put("</td><td></td><td></td><td></td><td></td><td></td></tr>\n")
		for j := range st.Members {
			v.member(s, i, j, st, out, in, stays)
		}
		return
	case st.Node != nil:
		s.formula(nodeRow(len(v.Record.Stages)-1), v.lines[v.at[st.Node.ID()]])
		s.put(`</td><td class="type">%s</td>`, st.Node.Type())
	default:
		s.put(`copy %s</td><td></td>`, v.where(st.In[0]))
	}
	v.memory(s, out[0], in, stays[stepRow(i)])
	s.put("<td>")
	if st.Node != nil {
		s.lineOf(st.Node)
	}
	s.put("</td></tr>\n")
}

// member writes a node of a group, and its place if it is used outside of the group.
func (v *view) member(s sheet, i, j int, st exec.Step, out []result, in []operand, stays map[string]life) {
	n := st.Members[j].Node
	mark, kept := "", -1
	for k, y := range out {
		if y.member == j {
			kept = k
			if _, over := inPlace(y, in); over {
				mark = " in-place"
			}
		}
	}
	columns := 1
	if v.Profile != nil {
		columns = 4
	}
	s.put(`<tr class="n member%s" id="%s" data-src="%s"><td colspan="%d"></td>`+
		`<td class="class %s">%s</td><td class="text">`, markup(mark), memberRow(i, j), n.Source(), columns,
		markup(n.Op().Class.String()), n.Op().Class)
	s.formula(nodeRow(len(v.Record.Stages)-1), v.lines[v.at[n.ID()]])
	s.put(`</td><td class="type">%s</td>`, n.Type())
	if kept >= 0 {
		v.memory(s, out[kept], in, stays[memberRow(i, j)])
	} else {
		s.put(`<td class="num"></td><td class="mem">tile</td><td></td>`)
	}
	s.put("<td>")
	s.lineOf(n)
	s.put("</td></tr>\n")
}

// memory writes how large a result is, where it lies, over what, and how long.
func (v *view) memory(s sheet, y result, in []operand, l life) {
	s.put(`<td class="num">%s</td><td class="mem">%s`, byteText(y.bytes), v.where(y.slot))
	if x, over := inPlace(y, in); over {
		s.put(" over %%%d", v.at[x.node.ID()])
	}
	s.put(`</td><td class="life">`)
	if l.bytes > 0 {
		s.put("%d–%d", l.born, l.last)
	}
	s.put("</td>")
}

// rest writes a node without a step.
func (v *view) rest(s sheet, k int) {
	l := v.lines[k]
	where := "nowhere"
	switch {
	case l.node.IsInput():
		for i, n := range v.Plan.Inputs {
			if n == l.node {
				where = fmt.Sprintf("input %d", i)
			}
		}
	case l.node.Op().Class == graph.Leaf:
		where = "constant"
	case len(l.in) > 0:
		where = fmt.Sprintf("in the memory of %%%d", l.in[0])
	}
	columns := 1
	if v.Profile != nil {
		columns = 4
	}
	s.put(`<tr class="n" id="%s" data-src="%s"><td colspan="%d"></td><td class="class %s">%s</td><td class="text">`,
		restRow(k), l.node.Source(), columns, markup(l.node.Op().Class.String()), l.node.Op().Class)
	s.formula(nodeRow(len(v.Record.Stages)-1), l)
	s.put(`</td><td class="type">%s</td><td class="num">%s</td><td class="mem">%s</td><td></td><td>`, l.node.Type(),
		byteText(l.node.Type().Bytes()), where)
	s.lineOf(l.node)
	s.put("</td></tr>\n")
}

// outputs says what the caller gets, and what is overwritten.
func (v *view) outputs(s sheet) {
	s.put(`<p class="return">return`)
	stage := len(v.Record.Stages) - 1
	for i, n := range v.Record.Stages[stage].Unit.Outputs {
		k := v.at[n.ID()]
		s.put(`%s <a data-ref="%s%d">%%%d</a>`, markup([]string{"", ","}[min(i, 1)]), nodeRow(stage), k, k)
		if d := v.Plan.Donated[i]; d >= 0 {
			s.put(" into %s", v.where(exec.Slot{Space: exec.Input, Index: d}))
		}
	}
	s.put("</p>\n")
}

// title says in a few words what a step is.
func (v *view) title(i int) string {
	st := v.Plan.Steps[i]
	switch {
	case st.Node != nil:
		return st.Node.Op().Name + " " + st.Node.Type().String()
	case st.Members == nil:
		return "copy " + v.where(st.In[0])
	}
	var names []string
	for _, m := range st.Members {
		names = append(names, m.Node.Op().Name)
	}
	const most = 6
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("… %d more", len(names)-most))
	}
	n := st.Members[0].Node
	return strings.Join(names, " · ") + " " + n.Type().String()
}
