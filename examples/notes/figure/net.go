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

// edges joins every neuron with all of the next layer. weight gives each connection's weight, or nil for equal lines.
func (p *netPicture) edges(weight func(l, i, j int) float64) {
	for l := 1; l < len(p.widths); l++ {
		for i := range p.widths[l] {
			for j := range p.widths[l-1] {
				x1, y1 := p.at(l-1, j)
				x2, y2 := p.at(l, i)
				if weight == nil {
					p.line(x1+p.radius, y1, x2-p.radius, y2, "edge")
					continue
				}
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

// neuron draws neuron i of layer l with a text inside.
func (p *netPicture) neuron(l, i int, class, text string) {
	x, y := p.at(l, i)
	p.circle(x, y, p.radius, "neuron "+class)
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
