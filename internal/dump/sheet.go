package dump

import (
	"bufio"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"
	"unicode"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
)

// sheet writes markup. Every string that is put into a format is escaped, unless it is markup already.
type sheet struct{ *bufio.Writer }

type markup string

func (s sheet) put(format string, args ...any) {
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = escape(a)
		case markup:
		case fmt.Stringer:
			args[i] = escape(a.String())
		}
	}
	fmt.Fprintf(s, format, args...)
}

// escape makes text of anything: what could be markup is written as entities, what XML forbids as ?.
func escape(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return '?'
	}, s))
}

// line is a node of a stage in the words of the graph's text form, taken apart.
type line struct {
	node   *graph.Node
	number int
	in     []int
	rest   string // attributes, literal, name
}

// lines writes down every node of a stage.
func lines(s *compile.Stage) []line {
	at := s.Positions()
	text := strings.Split(graph.Text(s.Unit.Outputs...), "\n")
	all := make([]line, len(s.Nodes))
	for i, n := range s.Nodes {
		l := line{node: n, number: i}
		head := "%" + strconv.Itoa(i) + " = " + n.Op().Name
		for j, x := range n.In() {
			k := at[x.ID()]
			l.in = append(l.in, k)
			if j > 0 {
				head += ", "
			} else {
				head += "("
			}
			head += "%" + strconv.Itoa(k)
		}
		if len(n.In()) > 0 {
			head += ")"
		}
		l.rest = strings.TrimPrefix(text[i], head)
		l.rest = strings.TrimSpace(strings.TrimSuffix(l.rest, " : "+n.Type().String()))
		all[i] = l
	}
	return all
}

// formula writes a line. Its references lead to rows of the given prefix.
func (s sheet) formula(prefix string, l line) {
	s.put(`<b>%%%d</b> = <em class="%s">%s</em>`, l.number, l.node.Op().Class, l.node.Op().Name)
	for j, k := range l.in {
		s.put(`%s<a data-ref="%s%d">%%%d</a>`, markup([]string{"(", ", "}[min(j, 1)]), prefix, k, k)
	}
	if len(l.in) > 0 {
		s.put(")")
	}
	if l.rest != "" {
		s.put(` <span class="rest" title="%s">%s</span>`, cut(l.rest, 2000), cut(l.rest, 60))
	}
}

// cut shortens what is longer than n runes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s[:min(len(s), 4*n)])
	if len(r) <= n && len(s) <= 4*n {
		return s
	}
	return string(r[:min(n, len(r))]) + " …"
}

// lineOf writes the user's line that made a node.
func (s sheet) lineOf(n *graph.Node) {
	if src := n.Source(); src != "" {
		s.put(`<a class="src" data-src="%s">%s</a>`, src, src)
	}
}

// where says in words where a slot lies.
func (p Page) where(s exec.Slot) string {
	switch s.Space {
	case exec.Arena:
		return fmt.Sprintf("arena %#06x", s.Offset)
	case exec.Constant:
		return fmt.Sprintf("constant %d", s.Index) + beyond(s.Offset)
	case exec.Input:
		if name := p.Plan.Inputs[s.Index].Name(); name != "" {
			return "input " + strconv.Quote(name) + beyond(s.Offset)
		}
		return fmt.Sprintf("input %d", s.Index) + beyond(s.Offset)
	}
	return fmt.Sprintf("output %d", s.Index) + beyond(s.Offset)
}

func beyond(offset int) string {
	if offset == 0 {
		return ""
	}
	return " + " + strconv.Itoa(offset)
}

func byteText(n int) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.4g KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.4g GiB", float64(n)/(1<<30))
}

func timeText(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", d.Seconds()*1e6)
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}

// plural is a number of things.
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}
