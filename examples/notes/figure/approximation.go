package figure

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"chainrule/examples/notes/course"
)

// widthsTried are the hidden layers that one training compares with the reader's.
var widthsTried = []int{1, 2, 4, 8, 16, 32, 64}

// approximationState is the curve that is being learnt and how far each width has come.
type approximationState struct {
	xs, ys []float64
	found  map[int]float64 // the error by width
	curve  []float64       // of the reader's width
	steps  int
	round  int // counts curves, so that the work on an older one ends
}

func (a *approximationState) begin(xs, ys []float64) {
	*a = approximationState{xs: xs, ys: ys, found: map[int]float64{}, round: a.round + 1}
}

func approximation() *Figure {
	a := &approximationState{}
	var targets []Option
	names := map[string]Text{"wave": T("wave", "波"), "hills": T("two hills", "双峰"), "steps": T("steps", "台阶"),
		"corner": T("corner", "折线")}
	for _, t := range course.Targets {
		targets = append(targets, Option{t.Name, names[t.Name]})
	}
	return &Figure{
		Name: "approximation",
		Caption: T("Choose a curve, or draw one across the picture, and let one hidden layer learn it.",
			"选择一条曲线，或直接在图上画一条，让一个隐层去学习它。"),
		Controls: []Control{
			restarts(choice("target", T("curve", "曲线"), append(targets, Option{"drawn", T("my drawing", "我画的")})...)),
			restarts(slider("neurons", T("hidden neurons", "隐层神经元数"), 1, 64, 1, 4)),
			restarts(Control{Name: "drawn", Kind: Curve, Label: T("draw a curve from left to right", "从左到右画一条曲线")}),
		},
		Draw:  a.draw,
		Work:  a.work,
		Start: T("learn", "学习"),
	}
}

// target is the curve at 64 places. A drawn one is read off by straight lines between its points.
func (a *approximationState) target(s State) (xs, ys []float64) {
	if drawn := s.list("drawn"); s.word("target") == "drawn" && len(drawn) >= 8 {
		p := approximationPlot()
		return course.Sample(func(x float64) float64 { return heightAt(p, drawn, x) }, 64)
	}
	for _, t := range course.Targets {
		if t.Name == s.word("target") {
			return course.Sample(t.F, 64)
		}
	}
	return course.Sample(course.Targets[0].F, 64)
}

// heightAt is a stroke's height at x: the last piece of it that passes there.
func heightAt(p *plot, drawn []float64, x float64) float64 {
	nearest, height := math.Inf(1), 0.0
	for k := 0; k+3 < len(drawn); k += 2 {
		x0, y0, x1, y1 := p.atX(drawn[k]), p.atY(drawn[k+1]), p.atX(drawn[k+2]), p.atY(drawn[k+3])
		if x0 > x1 {
			x0, y0, x1, y1 = x1, y1, x0, y0
		}
		inside := math.Min(math.Max(x, x0), x1)
		if d := math.Abs(inside - x); d <= nearest {
			nearest = d
			t := 0.0
			if x1 > x0 {
				t = (inside - x0) / (x1 - x0)
			}
			height = math.Min(math.Max(y0+t*(y1-y0), -1), 1)
		}
	}
	return height
}

func approximationPlot() *plot {
	return newPlot(T("The curve and what the network makes of it", "目标曲线与网络的输出"), -1, 1, -1, 1)
}

func (a *approximationState) draw(s State) (View, error) {
	xs, ys := a.target(s)
	if fmt.Sprint(ys) != fmt.Sprint(a.ys) {
		a.begin(xs, ys)
	}
	return a.view(s), nil
}

func (a *approximationState) view(s State) View {
	p := approximationPlot()
	p.axes(Same("x"), Same("y"))
	p.curve(a.xs, a.ys, "line a")
	p.curve(a.xs[:len(a.curve)], a.curve, "line b")
	p.legend(p.left+p.width-80, entry{"line a", T("curve", "曲线")}, entry{"line b", T("network", "网络")})
	v := View{Pictures: []string{p.String(), a.errors(s)},
		Numbers: []Number{{"neurons", T("hidden neurons", "隐层神经元数"), fmt.Sprint(s.int("neurons"))},
			{"steps", T("steps of training", "训练步数"), fmt.Sprint(a.steps)}},
		Note: T("Blue: the curve. Press “learn”.", "蓝色：目标曲线。请按“学习”。")}
	if e, ok := a.found[s.int("neurons")]; ok {
		v.Numbers = append(v.Numbers, value("error", T("error (root mean square)", "误差（均方根）"), e))
	}
	if a.curve != nil {
		v.Note = T("The other picture: the error falls as the layer widens, and with enough neurons it comes as close as wished. The ring is your width.",
			"另一幅图：隐层越宽误差越小，只要神经元足够多，就能任意逼近。圆圈是您选的宽度。")
	}
	return v
}

// errors draws the error against the width, both by powers.
func (a *approximationState) errors(s State) string {
	p := newPlot(T("The error by the width of the hidden layer", "误差与隐层宽度"), 0, 6, -4, 0)
	p.rect(p.left, p.top, p.width, p.height, "frame")
	for k, w := range widthsTried {
		p.line(p.x(float64(k)), p.top, p.x(float64(k)), p.top+p.height, "grid")
		p.write(p.x(float64(k)), p.top+p.height+12, "tick mid", fmt.Sprint(w))
	}
	for k, power := range []string{"10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1"} {
		y := p.y(float64(k - 4))
		p.line(p.left, y, p.left+p.width, y, "grid")
		p.write(p.left-4, y+3, "tick end", power)
	}
	p.words(p.left+p.width/2, p.top+p.height+27, "label mid", T("hidden neurons", "隐层神经元数"))
	p.words(p.left+4, p.top+11, "label start", T("error", "误差"))
	var xs, ys []float64
	for _, w := range slices.Sorted(maps.Keys(a.found)) {
		x, y := math.Log2(float64(w)), clamp(math.Log10(a.found[w]), -4, 0)
		xs, ys = append(xs, x), append(ys, y)
		p.circle(p.x(x), p.y(y), 3.5, "point one")
		if w == s.int("neurons") {
			p.circle(p.x(x), p.y(y), 7, "ring")
		}
	}
	p.curve(xs, ys, "line b")
	return p.String()
}

// work trains the reader's width first, and then the others.
func (a *approximationState) work(s State, p Pace) error {
	if _, err := a.draw(s); err != nil {
		return err
	}
	a.begin(a.xs, a.ys)
	round, mine := a.round, s.int("neurons")
	for k, w := range append([]int{mine}, widthsTried...) {
		if k > 0 && w == mine {
			continue
		}
		net := course.NewApproximation(w, a.xs, a.ys, 1)
		for net.Steps < course.Steps {
			if err := p.Pause(); err != nil || a.round != round {
				return err
			}
			if err := net.Train(); err != nil {
				return err
			}
			if k == 0 {
				curve, err := net.Curve(a.xs)
				if err != nil {
					return err
				}
				a.curve, a.steps = curve, net.Steps
			}
			a.found[w] = net.Error
			if net.Steps%200 == 0 {
				if err := p.Show(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
