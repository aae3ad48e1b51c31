package figure

import (
	"math"

	"chainrule/examples/notes/course"
)

// netPicture draws layers of neurons as columns. It knows where each neuron is.
type netPicture struct {
	*svg
	widths course.Widths
	radius float64
}

// netSliders shape a network: its inputs, hidden layers, the neurons in each and its outputs. Each pair is what the slider
// begins with and the most that it allows.
func netSliders(inputs, width, outputs [2]float64) []Control {
	return []Control{
		slider("inputs", T("inputs", "输入数"), 1, inputs[1], 1, inputs[0]),
		slider("hidden", T("hidden layers", "隐层数"), 0, 3, 1, 1),
		slider("width", T("neurons in each", "每个隐层的神经元数"), 1, width[1], 1, width[0]),
		slider("outputs", T("outputs", "输出数"), 1, outputs[1], 1, outputs[0]),
	}
}

// netWidths are what the sliders are set to.
func netWidths(s State) course.Widths {
	widths := course.Widths{s.int("inputs")}
	for range s.int("hidden") {
		widths = append(widths, s.int("width"))
	}
	return append(widths, s.int("outputs"))
}

func newNet(title Text, widths course.Widths, height float64) *netPicture {
	most := 0
	for _, w := range widths {
		most = max(most, w)
	}
	return &netPicture{newSVG(height, title), widths, math.Min(15, 0.36*(height-40)/float64(most))}
}

// at is where neuron i of layer l is.
func (p *netPicture) at(l, i int) (x, y float64) {
	gap := (p.width - 70) / float64(max(1, len(p.widths)-1))
	step := (p.height - 40) / float64(p.widths[l])
	return 35 + gap*float64(l), 28 + step*(float64(i)+0.5)
}

// edges joins every neuron with all of the next layer by lines as wide as their weights.
func (p *netPicture) edges(weight func(l, i, j int) float64) {
	for l := 1; l < len(p.widths); l++ {
		for i := range p.widths[l] {
			for j := range p.widths[l-1] {
				x1, y1 := p.at(l-1, j)
				x2, y2 := p.at(l, i)
				w := weight(l, i, j)
				p.weighted(x1+p.radius, y1, x2-p.radius, y2, 0.4+2*math.Min(1.5, math.Abs(w)), signed("edge", w))
			}
		}
	}
}

// signed adds the class of a value's sign.
func signed(class string, v float64) string {
	if v < 0 {
		return class + " negative"
	}
	return class + " positive"
}

// neuron draws neuron i of layer l with a text inside. mark is empty, or the class of one that stands out.
func (p *netPicture) neuron(l, i int, mark, text string) {
	class := "neuron hidden "
	switch l {
	case 0:
		class = "neuron input "
	case len(p.widths) - 1:
		class = "neuron output "
	}
	x, y := p.at(l, i)
	p.circle(x, y, p.radius, class+mark)
	p.write(x, y+3, "tick mid", text)
}

// names writes the names of the layers above them.
func (p *netPicture) names(input, hidden, output Text) {
	last := len(p.widths) - 1
	for l := range p.widths {
		x, _ := p.at(l, 0)
		name, class := hidden, "label mid"
		switch l {
		case 0:
			name, class, x = input, "label start", 4
		case last:
			name, class, x = output, "label end", p.width-4
		}
		if l > 1 && l < last { // one name for all hidden layers
			continue
		}
		p.words(x, 14, class, name)
	}
}
