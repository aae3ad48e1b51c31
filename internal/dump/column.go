package dump

import (
	"fmt"
	"strings"

	"chainrule/internal/compile"
)

// column writes a stage: a row for each node, which knows the rows of the next stage that became of it.
func (v *view) column(s sheet, k int, all []line) {
	stage := &v.Record.Stages[k]
	bytes := 0
	for _, l := range all {
		bytes += l.node.Type().Bytes()
	}
	s.put(`<section class="pass shut"><h2 title="%s">%s <small>%s, %s</small></h2>`+"\n",
		stage.Why, stage.Name, plural(len(all), "node"), byteText(bytes))
	v.notes(s, stage)
	group := map[int]int{} // by node ID, from 1
	for i, members := range stage.Unit.Groups {
		for _, n := range members {
			group[n.ID()] = i + 1
		}
	}
	s.put("<table>\n")
	for i, l := range all {
		to := v.next(k, i)
		mark := ""
		switch {
		case k > 0 && stage.Born[i]:
			mark = " new"
		case len(to) == 0:
			mark = " gone"
		}
		s.put(`<tr class="n%s" id="%s%d" data-to="%s" data-src="%s"><td class="text">`, markup(mark), nodeRow(k), i,
			strings.Join(to, " "), l.node.Source())
		s.formula(nodeRow(k), l)
		if g := group[l.node.ID()]; g > 0 {
			s.put(` <span class="badge">group %d</span>`, g)
		}
		s.put(`</td><td class="type">%s</td><td class="num">%s</td><td>`, l.node.Type(), byteText(l.node.Type().Bytes()))
		s.lineOf(l.node)
		s.put("</td></tr>\n")
	}
	s.put("</table>\n<p class=\"return\">return")
	at := stage.Positions()
	for i, n := range stage.Unit.Outputs {
		s.put(`%s <a data-ref="%s%d">%%%d</a>`, markup([]string{"", ","}[min(i, 1)]), nodeRow(k), at[n.ID()], at[n.ID()])
	}
	s.put("</p>\n</section>\n")
}

// next lists the rows of the next column that became of node i.
func (v *view) next(k, i int) []string {
	stage := &v.Record.Stages[k]
	if k == len(v.Record.Stages)-1 {
		return v.rows[i]
	}
	var to []string
	for _, j := range stage.Became[i] {
		to = append(to, fmt.Sprintf("%s%d", nodeRow(k+1), j))
	}
	return to
}

// notes lists what the pass did: rules by how often they fired, and groups.
func (v *view) notes(s sheet, stage *compile.Stage) {
	s.put(`<p class="notes">`)
	for _, name := range byCount(stage.Fired) {
		s.put(`<span class="rule" title="%s">%s × %d</span> `, identity(name), name, stage.Fired[name])
	}
	if n := len(stage.Unit.Groups); n > 0 {
		members := 0
		for _, g := range stage.Unit.Groups {
			members += len(g)
		}
		s.put("%s of %s", plural(n, "group"), plural(members, "node"))
	}
	s.put("</p>\n")
}
