package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"chainrule/examples/notes/course"
)

func descent() *Figure {
	names := map[string]Text{"bowl": T("bowl", "碗"), "neuron": T("cost of one neuron", "单个神经元的代价"),
		"two valleys": T("two valleys", "两个谷")}
	var surfaces []Option
	for _, s := range course.Surfaces {
		surfaces = append(surfaces, Option{s.Name, names[s.Name]})
	}
	return &Figure{
		Name: "descent",
		Caption: T("The cost from above, the bluer the lower. Click or touch a place to begin there (the ring), or move it by the arrow keys.",
			"从上方看代价曲面，越蓝代价越小。点击或触摸选择起点（圆圈），也可用方向键移动。"),
		Controls: []Control{
			choice("surface", T("cost", "代价"), surfaces...),
			slider("rate", T("log₁₀ of the learning rate η", "学习率 η 的对数 log₁₀η"), -3, 1, 0.05, -0.7),
			slider("steps", T("steps", "步数"), 0, 100, 1, 20),
			{Name: "from", Kind: Point, Label: T("starting point", "起点"), List: []float64{182, 60}},
		},
		Draw: drawDescent,
	}
}

const grid = 54 // cells of 4 units

func drawDescent(s State) (View, error) {
	surface := course.SurfaceNamed(s.word("surface"))
	rate := math.Pow(10, s.num("rate"))
	p := newSquare(T("Gradient descent on a surface", "曲面上的梯度下降"), surface.Lo, surface.Hi)
	costs, err := surface.Grid(grid)
	if err != nil {
		return View{}, err
	}
	shadeGrid(p, costs)
	p.axes(Same("θ₁"), Same("θ₂"))
	at := s.list("from")
	from := [2]float64{clamp(p.atX(at[0]), surface.Lo, surface.Hi), clamp(p.atY(at[1]), surface.Lo, surface.Hi)}
	path, err := surface.Descend(from, rate, s.int("steps"))
	if err != nil {
		return View{}, err
	}
	drawPath(p, path)
	first, last := path[0], path[len(path)-1]
	notes := map[course.Verdict]Text{
		course.Crawls:   T("It is still on its way: more steps, or a larger η.", "还在路上：增加步数或增大 η。"),
		course.Arrives:  T("It has arrived: the gradient is almost none.", "已经到达：梯度几乎为零。"),
		course.Zigzags:  T("η is large: it crosses the valley at nearly every step.", "η 偏大：几乎每一步都越过谷底。"),
		course.Diverges: T("η is too large: the cost has grown.", "η 太大：代价反而上升，发散了。"),
	}
	return View{
		Pictures: []string{p.String(), costCurve(path)},
		Numbers: []Number{
			value("rate", T("learning rate η", "学习率 η"), rate),
			value("theta1", T("θ₁ at the end", "终点 θ₁"), last.Theta[0]), value("theta2", T("θ₂ at the end", "终点 θ₂"), last.Theta[1]),
			value("first", T("cost at the start", "起点的代价"), first.Cost), value("cost", T("cost at the end", "终点的代价"), last.Cost),
			{"gradient", T("first gradient (∂C/∂θ₁, ∂C/∂θ₂)", "起点梯度 (∂C/∂θ₁, ∂C/∂θ₂)"),
				tuple(first.Gradient[:])},
		},
		Note: notes[course.Judge(path)],
	}, nil
}

func clamp(v, lo, hi float64) float64 { return math.Min(math.Max(v, lo), hi) }

// shadeGrid colours the square in twelve steps by the rank of the cost, so that valleys show on every surface. A step is one
// path of all its cells, those side by side as one rectangle.
func shadeGrid(p *plot, costs []float64) {
	const steps = 12
	sorted := slices.Sorted(slices.Values(costs))
	step := func(i, j int) int {
		rank, _ := slices.BinarySearch(sorted, costs[i*grid+j])
		return steps * rank / len(sorted)
	}
	w := p.width / grid
	var cells [steps]strings.Builder
	for i := range grid {
		for from, j := 0, 0; from < grid; from = j {
			at := step(i, from)
			for j = from; j < grid && step(i, j) == at; j++ {
			}
			width := w * float64(j-from)
			fmt.Fprintf(&cells[at], "M%g %gh%gv%gh%gz", p.left+w*float64(from), p.top+p.height-w*float64(i+1), width, w, -width)
		}
	}
	for k := range cells {
		p.area(cells[k].String(), "cold", 0.85*(1-float64(k)/steps))
	}
}

func drawPath(p *plot, path []course.Step) {
	var points []float64
	for k, step := range path {
		x, y := p.x(step.Theta[0]), p.y(step.Theta[1])
		if x < p.left || x > p.left+p.width || y < p.top || y > p.top+p.height {
			break
		}
		points = append(points, x, y)
		if k < 60 {
			p.circle(x, y, 2, "point path")
		}
	}
	if len(points) > 2 {
		p.path(points, "line b")
	}
	if len(points) > 0 {
		p.circle(points[0], points[1], 6, "ring")
		p.circle(points[len(points)-2], points[len(points)-1], 4, "point one")
	}
}

// costCurve draws the cost against the step.
func costCurve(path []course.Step) string {
	most := path[0].Cost
	var xs, ys []float64
	for k, step := range path {
		xs, ys = append(xs, float64(k)), append(ys, step.Cost)
	}
	least := min(0, slices.Min(ys))
	p := newPlot(T("The cost by the step", "代价随步数的变化"), 0, math.Max(1, float64(len(path)-1)), least, math.Max(1e-6, 1.1*(most-least)+least))
	p.axes(T("step", "步数"), Same("C(θ)"))
	p.curve(xs, ys, "line b")
	return p.String()
}
