package figure

import (
	"fmt"

	"chainrule/examples/notes/course"
)

func backprop() *Figure {
	return &Figure{
		Name:    "backprop",
		Caption: T("Forward to the cost, back to the gradient, one layer at a time.", "先向前算到代价，再向后算到梯度，一层一层地走。"),
		Controls: append(netSliders([2]float64{2, 4}, [2]float64{3, 4}, [2]float64{2, 4}),
			slider("seed", T("other weights", "换一组权重"), 1, 20, 1, 1),
			slider("step", T("step", "步骤"), 0, 8, 1, 8)),
		Draw: drawBackprop,
	}
}

func drawBackprop(s State) (View, error) {
	widths := netWidths(s)
	x, y := []float64{1, 0.5, -0.5, 0.25}[:widths[0]], []float64{1, 0, 1, 0}[:s.int("outputs")]
	pass, err := course.Backprop(widths, uint64(s.int("seed")), x, y)
	if err != nil {
		return View{}, err
	}
	last := len(widths) - 1
	step := min(s.int("step"), 2*last)
	v := View{
		Pictures: []string{drawPass(pass, step)},
		Numbers: []Number{
			value("cost", Same("C = ½‖y − aᴸ‖²"), pass.Cost),
			value("difference", T("recursion against graph, largest relative difference", "递推与计算图之最大相对差"), pass.Difference),
		},
		Note: backpropNote(step, last),
	}
	for l, layer := range pass.Layers {
		v.Tables = append(v.Tables, layerTable(l+1, layer, step >= l+1, step >= 2*last-l))
	}
	return v, nil
}

// backpropNote names the step: forward through layers 1 … L, then δ of layers L … 1.
func backpropNote(step, last int) Text {
	switch {
	case step == 0:
		return T("Input: a⁰ is the sample x.", "输入：a⁰ 就是样本 x。")
	case step <= last:
		return T(fmt.Sprintf("Forward: z = Wa + b and a = σ(z) of layer %d.", step), fmt.Sprintf("前向：第 %d 层的 z = Wa + b 与 a = σ(z)。", step))
	case step == last+1:
		return T("Output error: δᴸ = ∇C ⊙ σ′(zᴸ), and with it the gradients of layer L.", "输出误差：δᴸ = ∇C ⊙ σ′(zᴸ)，由此得到第 L 层的梯度。")
	}
	l := 2*last - step + 1
	return T(fmt.Sprintf("Back: δ of layer %d = (Wᵀδ of layer %d) ⊙ σ′(z).", l, l+1), fmt.Sprintf("反向：第 %d 层的 δ =（第 %d 层的 Wᵀδ）⊙ σ′(z)。", l, l+1))
}

func layerTable(l int, layer course.Layer, forward, back bool) Table {
	t := Table{
		Title: T(fmt.Sprintf("layer %d", l), fmt.Sprintf("第 %d 层", l)),
		Head: []Text{T("neuron", "神经元"), Same("z"), Same("a"), T("δ = ∂C/∂b, recursion", "δ = ∂C/∂b，递推"),
			T("∂C/∂b, graph", "∂C/∂b，计算图"), T("∂C/∂w, recursion", "∂C/∂w，递推"), T("∂C/∂w, graph", "∂C/∂w，计算图")},
	}
	for i := range layer.Z {
		row := cells(fmt.Sprint(i+1), "", "", "", "", "", "")
		if forward {
			row[1], row[2] = Same(num(layer.Z[i])), Same(num(layer.A[i]))
		}
		if back {
			row[3], row[4] = Same(num(layer.Delta[i])), Same(num(layer.FromGraph.DB[i]))
			row[5], row[6] = Same(list(layer.DW[i])), Same(list(layer.FromGraph.DW[i]))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func list(vs []float64) string {
	text := ""
	for _, v := range vs {
		text += fmt.Sprintf("%.4g ", v)
	}
	return text
}

func drawPass(pass *course.Pass, step int) string {
	last := len(pass.Widths) - 1
	p := newNet(T("Forward and backward pass", "前向与反向传播"), pass.Widths, 230)
	p.edges(func(l, i, j int) float64 { return pass.Layers[l-1].W[i][j] })
	for i, v := range pass.X {
		p.neuron(0, i, "", fmt.Sprintf("%.2f", v))
	}
	for l, layer := range pass.Layers {
		for i := range layer.Z {
			text, mark := "", ""
			if step > l {
				text = fmt.Sprintf("%.2f", layer.A[i])
			}
			if l+1 == step || step > last && l == 2*last-step {
				mark = "now"
			}
			p.neuron(l+1, i, mark, text)
			if step > last && l >= 2*last-step {
				x, y := p.at(l+1, i)
				p.write(x, y+p.radius+11, "tick mid halo adjoint", fmt.Sprintf("δ %.3f", layer.Delta[i]))
			}
		}
	}
	p.names(T("input", "输入"), T("hidden", "隐层"), T("output", "输出"))
	return p.String()
}
