package figure

import (
	"fmt"
	"strings"

	"chainrule/examples/notes/course"
)

func layers() *Figure {
	return &Figure{
		Name:     "layers",
		Caption:  T("A feedforward network. Every neuron is connected with all of the next layer.", "前馈神经网络：每个神经元与下一层的所有神经元相连。"),
		Controls: netSliders([2]float64{3, 6}, [2]float64{4, 8}, [2]float64{2, 6}),
		Draw:     drawLayers,
	}
}

func drawLayers(s State) (View, error) {
	widths := netWidths(s)
	params := widths.Draw(1)
	x := make([]float64, widths[0])
	for i := range x {
		x[i] = 1 - float64(i)/2
	}
	a, err := course.Forward(params, x)
	if err != nil {
		return View{}, err
	}
	p := newNet(T("The network "+widths.String(), "网络 "+widths.String()), widths, 240)
	p.edges(func(l, i, j int) float64 { return params[l-1].W[i][j] })
	for l, layer := range a {
		for i, v := range layer {
			text := ""
			if p.radius > 11 {
				text = fmt.Sprintf("%.2f", v)
			}
			p.neuron(l, i, "", text)
		}
	}
	p.names(T("input layer", "输入层"), T("hidden", "隐层"), T("output layer", "输出层"))
	kind := T("no hidden layer: a single layer of neurons", "没有隐层：单层神经元")
	switch widths.Hidden() {
	case 1:
		kind = T("a single-hidden-layer network", "单隐层网络")
	case 2:
		kind = T("a double-hidden-layer network", "双隐层网络")
	case 3:
		kind = T("a network with three hidden layers", "三隐层网络")
	}
	return View{
		Pictures: []string{p.String()},
		Numbers: []Number{
			{"weights", T("weights (connections)", "权重（连接）"), fmt.Sprint(widths.Weights())},
			{"biases", T("biases (or thresholds)", "偏置（或阈值）"), fmt.Sprint(widths.Biases())},
			{"parameters", T("parameters in all", "参数总数"), fmt.Sprint(widths.Weights() + widths.Biases())},
			{"formula", T("as a function", "函数形式"), plainFormula(widths.Formula())},
			value("first", T("first output for this input", "该输入下的第一个输出"), a[len(a)-1][0]),
		},
		Note: kind,
	}, nil
}

// plainFormula writes W^{2} as W².
func plainFormula(f string) string {
	for digit, raised := range []rune("⁰¹²³⁴⁵⁶⁷⁸⁹") {
		f = strings.ReplaceAll(f, fmt.Sprintf("^{%d}", digit), string(raised))
	}
	return f
}
