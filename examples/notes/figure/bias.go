package figure

import "chainrule/examples/notes/course"

func bias() *Figure {
	return &Figure{
		Name:     "bias",
		Caption:  T("w sets how steep the curve is, b where it lies.", "w 决定曲线的陡峭程度，b 决定它的位置。"),
		Controls: []Control{slider("w", Same("w"), -8, 8, 0.1, 2), slider("b", Same("b"), -8, 8, 0.1, -2)},
		Draw:     drawBias,
	}
}

func drawBias(s State) (View, error) {
	w, b := s.num("w"), s.num("b")
	xs := span(-5, 5, 201)
	plain, err := course.Shifted(1, 0, xs)
	if err != nil {
		return View{}, err
	}
	y, err := course.Shifted(w, b, xs)
	if err != nil {
		return View{}, err
	}
	p := newPlot(T("The sigmoid with weight and bias", "带权重和偏置的 sigmoid"), -5, 5, 0, 1)
	p.axes(Same("x"), Text{})
	p.curve(xs, plain, "line thin")
	p.curve(xs, y, "line b")
	p.legend(p.left+8, entry{"line b", Same("σ(wx + b)")}, entry{"line thin", Same("σ(x)")})
	v := View{Pictures: []string{p.String()}, Numbers: []Number{value("slope", T("slope in the middle, w/4", "中点斜率 w/4"), w/4)},
		Note: T("Orange: your curve. Thin: σ(x), with w = 1 and b = 0. Move b: the curve keeps its shape.",
			"橙色：您的曲线；细线：σ(x)，即 w = 1、b = 0。移动 b，曲线形状不变。")}
	if w != 0 {
		v.Numbers = append(v.Numbers, value("middle", T("σ = ½ at x = −b/w", "σ = ½ 的位置 x = −b/w"), -b/w))
	}
	return v, nil
}
