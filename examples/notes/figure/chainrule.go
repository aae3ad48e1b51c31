package figure

import (
	"fmt"
	"strconv"
	"strings"

	"chainrule/examples/notes/course"
)

// chainState is the last expression, so that it is compiled once.
type chainState struct {
	text string
	e    *course.Expression
}

func chainRule() *Figure {
	c := &chainState{}
	return &Figure{
		Name: "chainrule",
		Caption: T("Type an expression in Go's syntax (sin, cos, exp, log, sqrt, tanh, sigmoid, relu, pow …) and step through it. A box has its value and, in orange, the derivative of z by that value; an edge has its local derivative.",
			"用 Go 语法输入一个表达式（sin、cos、exp、log、sqrt、tanh、sigmoid、relu、pow……），然后一步一步地看。方框中是该节点的值，橙色是 z 对该值的导数；边上是局部导数。"),
		Controls: []Control{
			{Name: "text", Kind: Field, Label: T("expression z", "表达式 z"), Word: "square(y - sigmoid(w*x + b))"},
			slider("v1", T("first variable", "第一个变量"), -3, 3, 0.1, 1),
			slider("v2", T("second", "第二个"), -3, 3, 0.1, 0.5),
			slider("v3", T("third", "第三个"), -3, 3, 0.1, 2),
			slider("v4", T("fourth", "第四个"), -3, 3, 0.1, -0.7),
			slider("step", T("step", "步骤"), 0, 80, 1, 80),
		},
		Draw: c.draw,
	}
}

func (c *chainState) draw(s State) (View, error) {
	if text := s.word("text"); c.e == nil || text != c.text {
		e, err := course.ParseExpression(text)
		if err != nil {
			return View{Note: T("That is no expression I know: "+firstLine(err), "无法识别该表达式："+firstLine(err))}, nil
		}
		c.text, c.e = text, e
	}
	e := c.e
	values := make([]float64, len(e.Variables))
	for i := range values {
		values[i] = 1
		if i < 4 {
			values[i] = s.num(fmt.Sprintf("v%d", i+1))
		}
	}
	if err := e.Evaluate(values); err != nil {
		return View{Note: T("No derivative: "+firstLine(err), "无法求导："+firstLine(err))}, nil
	}
	n := len(e.Nodes)
	step := min(s.int("step"), 2*n)
	v := View{Pictures: []string{drawGraph(e, step)}, Labels: map[string]string{"v1": "–", "v2": "–", "v3": "–", "v4": "–"}}
	for i, name := range e.Variables {
		if i < 4 {
			v.Labels[fmt.Sprintf("v%d", i+1)] = name
		}
		v.Numbers = append(v.Numbers, Number{name, Same(name), num(values[i])},
			value("d"+name, Same("∂z/∂"+name), e.Gradient[i]))
	}
	v.Numbers = append(v.Numbers, value("z", Same("z"), e.Nodes[n-1].Value),
		value("difference", T("chain rule against the library, largest difference", "链式法则与库的结果之最大差"), e.Difference()))
	v.Note = stepNote(e, step)
	return v, nil
}

// stepNote says what the step at hand does.
func stepNote(e *course.Expression, step int) Text {
	n := len(e.Nodes)
	switch {
	case step == 0:
		return T("Move “step”: values go forward first, then derivatives go back.", "拖动“步骤”：先向前计算值，再向后传递导数。")
	case step <= n:
		p := e.Nodes[step-1]
		return Same("→ " + p.Text + " = " + num(p.Value))
	}
	i := 2*n - step
	p := e.Nodes[i]
	if i == n-1 {
		return Same("← ∂z/∂z = 1")
	}
	var terms []string
	for _, q := range e.Nodes {
		for k, j := range q.In {
			if j == i {
				terms = append(terms, num(q.Adjoint)+"·"+num(q.Local[k]))
			}
		}
	}
	return Same("← ∂z/∂(" + p.Text + ") = " + strings.Join(terms, " + ") + " = " + num(p.Adjoint))
}

// short writes a value with four digits, for boxes.
func short(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// drawGraph draws the parts in columns by their depth. The first n steps show values, the next n derivatives.
func drawGraph(e *course.Expression, step int) string {
	n := len(e.Nodes)
	depth, columns := make([]int, n), 0
	for i, p := range e.Nodes {
		for _, j := range p.In {
			depth[i] = max(depth[i], depth[j]+1)
		}
		columns = max(columns, depth[i]+1)
	}
	// Leaves stand just before what uses them first.
	for i := range e.Nodes {
		if len(e.Nodes[i].In) == 0 {
			depth[i] = columns - 1
			for q, p := range e.Nodes {
				for _, j := range p.In {
					if j == i {
						depth[i] = min(depth[i], depth[q]-1)
					}
				}
			}
		}
	}
	count := make([]int, columns)
	place := make([]int, n)
	for i := range e.Nodes {
		place[i] = count[depth[i]]
		count[depth[i]]++
	}
	rows := 0
	for _, c := range count {
		rows = max(rows, c)
	}
	// Columns run downwards: long chains are tall, not wide.
	s := newSVG(float64(columns)*62+12, T("The graph of the expression", "表达式的计算图"))
	at := func(i int) (x, y float64) {
		return pictureWidth * (float64(place[i]) + 0.5) / float64(count[depth[i]]), 28 + 62*float64(depth[i])
	}
	for i, p := range e.Nodes {
		for k, j := range p.In {
			x1, y1 := at(j)
			x2, y2 := at(i)
			back := step > n && i >= 2*n-step
			class := "edge"
			if back {
				class = "line b"
			}
			s.line(x1, y1+17, x2, y2-17, class)
			if back {
				s.write((x1+x2)/2, (y1+y2)/2+3, "small mid halo local", short(p.Local[k]))
			}
		}
	}
	for i, p := range e.Nodes {
		x, y := at(i)
		class := "box"
		switch {
		case i < step && step <= n && i == step-1, step > n && i == 2*n-step:
			class = "box now"
		case len(p.In) == 0:
			class = "box leaf"
		}
		s.rect(x-45, y-17, 90, 34, class)
		label := p.Op
		if i < step && label != num(p.Value) {
			label += " = " + short(p.Value)
		}
		s.write(x, y-3, "small mid", label)
		if step > n && i >= 2*n-step {
			s.write(x, y+11, "small mid adjoint", "∂z/∂· = "+short(p.Adjoint))
		}
	}
	return s.String()
}
