package figure

import (
	"fmt"

	"chainrule/examples/notes/course"
)

func softmax() *Figure {
	return &Figure{
		Name:    "softmax",
		Caption: T("Three weighted inputs become probabilities. The orange bar is the right class.", "三个带权输入变成概率。橙色柱是正确类别。"),
		Controls: []Control{
			slider("z1", Same("z₁"), -4, 4, 0.1, 1),
			slider("z2", Same("z₂"), -4, 4, 0.1, 2),
			slider("z3", Same("z₃"), -4, 4, 0.1, -0.5),
			choice("class", T("right class", "正确类别"), Option{"1", Same("1")}, Option{"2", Same("2")}, Option{"3", Same("3")}),
		},
		Draw: drawSoftmax,
	}
}

func drawSoftmax(s State) (View, error) {
	z := []float64{s.num("z1"), s.num("z2"), s.num("z3")}
	class := int(s.word("class")[0] - '1')
	out, err := course.Softmax(z, min(max(class, 0), 2))
	if err != nil {
		return View{}, err
	}
	p := newSVG(190, T("Probabilities", "概率"))
	table := Table{Title: T("the layer", "输出层"), Head: []Text{T("class", "类别"), Same("z"), Same("p"),
		T("∂C/∂z by autodiff", "∂C/∂z，自动微分"), T("p − y by hand", "p − y，公式")}}
	v := View{}
	for i := range z {
		x := 40 + 110*float64(i)
		height := 130 * out.P[i]
		bar := "bar"
		if i == class {
			bar = "bar chosen"
		}
		p.rect(x, 155-height, 60, height, bar)
		p.write(x+30, 150-height, "label mid", fmt.Sprintf("%.3f", out.P[i]))
		p.write(x+30, 171, "label mid", fmt.Sprintf("p%c", '₁'+rune(i)))
		table.Rows = append(table.Rows,
			cells(fmt.Sprint(i+1), num(z[i]), num(out.P[i]), num(out.Gradient[i]), num(out.ByHand[i])))
		v.Numbers = append(v.Numbers, value(fmt.Sprintf("p%d", i+1), Same(fmt.Sprintf("p%c", '₁'+rune(i))), out.P[i]))
	}
	p.line(20, 155, 340, 155, "axis")
	v.Numbers = append(v.Numbers, value("cost", T("cost C = −log p of the right class", "代价 C = −log p（正确类别）"), out.Cost))
	v.Pictures, v.Tables = []string{p.String()}, []Table{table}
	v.Note = T("The probabilities add up to 1. The derivative of the cost is simply p − y: what the network says minus what is right.",
		"概率之和为 1。代价的导数就是 p − y：网络的回答减去正确答案。")
	return v, nil
}
