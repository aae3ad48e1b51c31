package dump

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"chainrule/internal/rewrite"
)

// listed is how many rows a panel has at most.
const listed = 8

// hottest lists the steps that take longest.
func (v *view) hottest(s sheet) {
	order := make([]int, len(v.Plan.Steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(v.Profile.Steps[b].Least, v.Profile.Steps[a].Least)
	})
	s.put("<table><caption>hottest steps</caption>\n")
	for _, i := range order[:min(listed, len(order))] {
		d := v.Profile.Steps[i].Least
		s.put(`<tr data-row="%s"><td class="time" %s>%s</td><td class="bar"><i style="width:%.1f%%"></i></td>`,
			stepRow(i), heat(d, v.most), timeText(d), v.share(d))
		s.put(`<td class="num">%.1f %%</td><td class="num">%s</td><td class="num">step %d</td><td>%s</td></tr>`+"\n",
			v.share(d), v.rate(i), i, v.title(i))
	}
	s.put("</table>\n")
}

// bySource sums up the time by the user's line. The time of a group is split evenly between its members.
func (v *view) bySource(s sheet) {
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
	for _, l := range order[:min(listed, len(order))] {
		d := time.Duration(l.time)
		s.put(`<tr data-src="%s"><td class="time" %s>%s</td><td class="bar"><i style="width:%.1f%%"></i></td>`,
			l.source, heat(d, time.Duration(order[0].time)), timeText(d), v.share(d))
		name := l.source
		if name == "" {
			name = "no line known"
		}
		s.put(`<td class="num">%.1f %%</td><td class="num">%s</td><td>%s</td></tr>`+"\n",
			v.share(d), plural(l.nodes, "node"), name)
	}
	s.put("</table>\n")
}

// fired lists the rules that fired most.
func (v *view) fired(s sheet) {
	all := map[string]int{}
	for _, stage := range v.Record.Stages {
		for name, n := range stage.Fired {
			all[name] += n
		}
	}
	if len(all) == 0 {
		return
	}
	s.put("<table><caption>rules that fired</caption>\n")
	names := byCount(all)
	for _, name := range names[:min(listed, len(names))] {
		s.put(`<tr><td class="num">%d ×</td><td>%s</td><td class="text">%s</td></tr>`+"\n", all[name], name, identity(name))
	}
	if more := len(names) - listed; more > 0 {
		s.put("<tr><td></td><td>… %s more</td><td></td></tr>\n", plural(more, "rule"))
	}
	s.put("</table>\n")
}

// byCount lists names, the largest count first.
func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
}

// identity is the mathematics of a rule.
func identity(name string) string {
	if i := slices.IndexFunc(rewrite.Rules, func(r rewrite.Rule) bool { return r.Name == name }); i >= 0 {
		return rewrite.Rules[i].Identity
	}
	return ""
}
