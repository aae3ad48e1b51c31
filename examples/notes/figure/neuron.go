package figure

import (
	"fmt"
	"strings"

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
		Head:  []Text{Same("x"), T("Σ wᵢxᵢ against θ", "Σ wᵢxᵢ 与 θ"), Same("y"), T("wanted", "期望")},
	}
	for i, x := range gate.Inputs {
		against := num(sums[i]) + " < " + num(n.Theta)
		if sums[i] >= n.Theta {
			against = num(sums[i]) + " ≥ " + num(n.Theta)
		}
		table.Rows = append(table.Rows, cells(tuple(x), against, mark(out[i], gate.Want[i]), num(gate.Want[i])))
	}
	v := View{
		Pictures: []string{unitPicture(n), planePicture(n, gate, out)},
		Numbers:  []Number{{"right", T("rows that are right", "正确的行数"), fmt.Sprintf("%d / %d", right, len(out))}},
		Tables:   []Table{table},
		Note:     T("Not yet: some rows are wrong.", "尚未成功：还有错误的行。"),
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

// tuple writes (0, 1).
func tuple(x []float64) string {
	var parts []string
	for _, v := range x {
		parts = append(parts, num(v))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

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
			unmet += fmt.Sprintf(" %s %s", d.Text, tuple(d.Row))
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
	p := newSquare(T("The inputs in the plane and the neuron's line", "输入平面与神经元的分界线"), lo, hi)
	line := n
	if len(n.W) == 1 {
		line.W = []float64{n.W[0], 0}
	}
	p.path(p.fires(line), "fires")
	p.axes(Same("x₁"), Same("x₂"))
	if xs, ys, ok := line.Boundary(lo, hi); ok {
		p.line(p.x(xs[0]), p.y(ys[0]), p.x(xs[1]), p.y(ys[1]), "line b")
	}
	for i, x := range gate.Inputs {
		y := 0.0
		if len(x) > 1 {
			y = x[1]
		}
		class, text := "point zero", "tick mid"
		if gate.Want[i] == 1 {
			class, text = "point one", "tick mid onpoint"
		}
		if out[i] != gate.Want[i] {
			class += " wrong"
		}
		p.circle(p.x(x[0]), p.y(y), 8, class)
		p.write(p.x(x[0]), p.y(y)+4, text, num(gate.Want[i]))
	}
	return p.String()
}

// fires is the part of the square in which the neuron fires, as a polygon: its corners that fire, and the points between
// where the boundary crosses an edge.
func (p *plot) fires(n course.Neuron) []float64 {
	over := func(x, y float64) float64 { return n.W[0]*x + n.W[1]*y - n.Theta }
	corners := [][2]float64{{p.x0, p.y0}, {p.x1, p.y0}, {p.x1, p.y1}, {p.x0, p.y1}}
	var polygon []float64
	for k, a := range corners {
		b := corners[(k+1)%4]
		from, to := over(a[0], a[1]), over(b[0], b[1])
		if from >= 0 {
			polygon = append(polygon, p.x(a[0]), p.y(a[1]))
		}
		if from < 0 != (to < 0) {
			t := from / (from - to)
			polygon = append(polygon, p.x(a[0]+t*(b[0]-a[0])), p.y(a[1]+t*(b[1]-a[1])))
		}
	}
	return polygon
}
