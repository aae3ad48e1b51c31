package figure

import (
	"fmt"

	"chainrule/examples/notes/course"
)

func neuron() *Figure {
	gate := choice("gate", T("function", "函数"), Option{"AND", T("AND", "与")}, Option{"OR", T("OR", "或")},
		Option{"NOT", T("NOT", "非")}, Option{"XOR", T("XOR", "异或")})
	return &Figure{
		Name:    "neuron",
		Caption: T("Set the weights and the threshold until every row of the table is right.", "调节权重和阈值，直到真值表的每一行都正确。"),
		Controls: []Control{
			gate,
			slider("w1", Same("w₁"), -2, 2, 0.1, 1),
			slider("w2", Same("w₂"), -2, 2, 0.1, 1),
			slider("theta", T("threshold θ", "阈值 θ"), -2, 2, 0.1, 0.5),
		},
		Draw: drawNeuron,
	}
}

func drawNeuron(s State) (View, error) {
	gate := course.GateNamed(s.word("gate"))
	n := course.Neuron{W: []float64{s.num("w1"), s.num("w2")}, Theta: s.num("theta")}
	n.W = n.W[:len(gate.Inputs[0])]
	sums, out, err := n.Respond(gate.Inputs)
	if err != nil {
		return View{}, err
	}
	right := gate.Right(out)
	table := Table{
		Title: T("every input of the function", "函数的全部输入"),
		Head:  []Text{Same("x"), Same("Σ wᵢxᵢ"), T("reaches θ?", "达到 θ？"), Same("y"), T("wanted", "期望")},
	}
	for i, x := range gate.Inputs {
		reaches := "no · 否"
		if sums[i] >= n.Theta {
			reaches = "yes · 是"
		}
		table.Rows = append(table.Rows, []string{
			fmt.Sprint(x), num(sums[i]), reaches, mark(out[i], gate.Want[i]), num(gate.Want[i])})
	}
	v := View{
		Pictures: []string{unitPicture(n), planePicture(n, gate, out)},
		Numbers: []Number{
			{"right", T("rows that are right", "正确的行数"), fmt.Sprint(right)},
			{"rows", T("rows", "总行数"), fmt.Sprint(len(out))},
		},
		Tables: []Table{table},
		Note:   T("Not yet: some rows are wrong.", "尚未成功：还有错误的行。"),
	}
	switch {
	case right == len(out):
		v.Note = T("This neuron computes "+gate.Name+".", "这个神经元实现了"+gateZH[gate.Name]+"。")
	case gate.Name == "XOR":
		v.Note = xorNote(n)
	}
	return v, nil
}

var gateZH = map[string]string{"AND": "“与”", "OR": "“或”", "NOT": "“非”", "XOR": "“异或”"}

// mark is a value with a sign of whether it is the wanted one.
func mark(got, want float64) string {
	if got == want {
		return num(got) + " ✓"
	}
	return num(got) + " ✗"
}

func xorNote(n course.Neuron) Text {
	unmet := ""
	for _, d := range n.XORDemands() {
		if !d.Met {
			unmet += fmt.Sprintf(" %s (%v)", d.Text, d.Row)
		}
	}
	return T("XOR asks for four things at once, and here these do not hold:"+unmet+". No line parts the two kinds of points.",
		"异或同时要求四个不等式成立，现在不成立的有："+unmet+"。没有一条直线能分开两类点。")
}

// unitPicture draws the neuron: inputs, weights, the sum against the threshold, the step.
func unitPicture(n course.Neuron) string {
	p := newSVG(170, T("A neuron with its weights and threshold", "神经元及其权重和阈值"))
	const cx, cy = 190.0, 85.0
	for i, w := range n.W {
		y := cy
		if len(n.W) > 1 {
			y = 40 + 90*float64(i)
		}
		p.weighted(58, y, cx-38, cy, 0.6+2*min(2, max(w, -w)), signed("edge", w))
		p.circle(42, y, 16, "neuron input")
		p.write(42, y+4, "label mid", fmt.Sprintf("x%c", '₁'+rune(i)))
		side := -8.0
		if y > cy {
			side = 18
		}
		p.write(105, y+(cy-y)/2.6+side, "label mid", fmt.Sprintf("w%c = %s", '₁'+rune(i), num(w)))
	}
	p.circle(cx, cy, 38, "neuron output")
	p.write(cx, cy-6, "label mid", "Σ wᵢxᵢ")
	p.write(cx, cy+12, "label mid", "≥ "+num(n.Theta)+" ?")
	p.arrow(cx+38, cy, 262, cy, "edge strong")
	p.path([]float64{270, cy + 16, 290, cy + 16, 290, cy - 16, 312, cy - 16}, "line b")
	p.write(291, cy+34, "tick mid", "f")
	p.arrow(318, cy, 344, cy, "edge strong")
	p.write(338, cy-10, "label mid", "y")
	return p.String()
}

// planePicture draws the inputs as points of the plane, and the line at which the neuron begins to fire.
func planePicture(n course.Neuron, gate course.Gate, out []float64) string {
	const lo, hi = -0.5, 1.5
	p := newPlot(T("The inputs in the plane and the neuron's line", "输入平面与神经元的分界线"), lo, hi, lo, hi)
	p.left, p.width = 100, p.height // a square
	p.axes(Same("x₁"), Same("x₂"))
	line := n
	if len(n.W) == 1 {
		line.W = []float64{n.W[0], 0}
	}
	const cells = 24
	for i := range cells {
		for j := range cells {
			x, y := lo+(hi-lo)*(float64(j)+0.5)/cells, lo+(hi-lo)*(float64(i)+0.5)/cells
			if line.W[0]*x+line.W[1]*y >= n.Theta {
				w := p.width / cells
				p.rect(p.x(x)-w/2, p.y(y)-w/2, w, w, "fires")
			}
		}
	}
	if xs, ys, ok := line.Boundary(lo, hi); ok {
		p.line(p.x(xs[0]), p.y(ys[0]), p.x(xs[1]), p.y(ys[1]), "line b")
	}
	for i, x := range gate.Inputs {
		y := 0.0
		if len(x) > 1 {
			y = x[1]
		}
		class := "point zero"
		if gate.Want[i] == 1 {
			class = "point one"
		}
		if out[i] != gate.Want[i] {
			class += " wrong"
		}
		p.circle(p.x(x[0]), p.y(y), 8, class)
		p.write(p.x(x[0]), p.y(y)+4, "tick mid onpoint", num(gate.Want[i]))
	}
	return p.String()
}
