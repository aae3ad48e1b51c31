package figure

import (
	"chainrule/examples/notes/course"
)

func activation() *Figure {
	return &Figure{
		Name:    "activation",
		Caption: T("A function and its derivative. The derivative is computed by the library, not written down.", "激活函数及其导数。导数由自动微分计算得到。"),
		Controls: []Control{
			choice("function", T("function", "函数"), Option{"sigmoid", Same("σ (sigmoid)")}, Option{"step", Same("sgn (step)")},
				Option{"tanh", Same("tanh")}, Option{"ReLU", Same("ReLU")}),
			slider("x", Same("x"), -5, 5, 0.1, 1),
		},
		Draw: drawActivation,
	}
}

func drawActivation(s State) (View, error) {
	a := course.ActivationNamed(s.word("function"))
	x := s.num("x")
	xs := span(-5, 5, 201)
	y, slope, why, err := a.Values(append(xs, x))
	if err != nil {
		return View{}, err
	}
	lo, hi := -1.25, 1.25
	if a.Name == "ReLU" {
		lo, hi = -0.5, 5
	}
	p := newPlot(T(a.Name+" and its derivative", a.Name+" 及其导数"), -5, 5, lo, hi)
	p.axes(Same("x"), Text{})
	p.curve(xs, y[:201], "line a")
	at := y[201]
	v := View{Numbers: []Number{value("y", Same("f(x)"), at)}}
	if slope != nil {
		p.curve(xs, slope[:201], "line b")
		p.legend(p.left+8, entry{"line a", Same("f")}, entry{"line b", Same("f′")}, entry{"line thin", T("tangent", "切线")})
		p.path([]float64{p.x(x - 1), p.y(at - slope[201]), p.x(x + 1), p.y(at + slope[201])}, "line thin")
		v.Numbers = append(v.Numbers, value("slope", T("f′(x) by autodiff", "f′(x)，自动微分"), slope[201]),
			value("byhand", T("f′(x) by the formula", "f′(x)，公式"), a.ByHand(x)))
		v.Note = T("Blue: "+a.Formula+". Orange: its derivative, "+a.Slope+". The short line is the tangent at x.",
			"蓝色：函数 "+a.Formula+"；橙色：导数 "+a.Slope+"。短线是 x 处的切线。")
	}
	if a.ByHand == nil || a.Name == "ReLU" {
		left, right, err := a.OneSided(0, 0.001)
		if err != nil {
			return View{}, err
		}
		v.Numbers = append(v.Numbers, value("left", T("(f(0) − f(−h))/h, h = 0.001", "(f(0) − f(−h))/h，h = 0.001"), left),
			value("right", T("(f(h) − f(0))/h", "(f(h) − f(0))/h"), right))
	}
	switch {
	case why != nil:
		v.Note = T("The step has no derivative at 0, and none that is of use elsewhere. Asked for one, the library says: "+
			firstLine(why), "阶跃函数在 0 处不可导，在别处导数为 0，没有用处。向库求导时，它回答："+firstLine(why))
	case a.Name == "ReLU":
		v.Note = T(v.Note.EN+" At 0 the two sides differ; the library chooses 0, the left one, and says so.",
			v.Note.ZH+" 在 0 处左右导数不同，库约定取左侧的 0。")
	}
	p.circle(p.x(x), p.y(at), 4, "point one")
	v.Pictures = []string{p.String()}
	return v, nil
}

// firstLine is an error's message without the place in the code where it was made.
func firstLine(err error) string {
	text := err.Error()
	for i, r := range text {
		if r == '\n' || i > 160 {
			return text[:i]
		}
	}
	return text
}
