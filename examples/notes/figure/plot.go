package figure

import (
	"math"
	"strconv"
)

// plot is a picture with axes.
type plot struct {
	*svg
	x0, x1, y0, y1           float64 // what the axes span
	left, top, width, height float64 // where the frame is
}

// newPlot makes a picture with one frame for all of it.
func newPlot(title Text, x0, x1, y0, y1 float64) *plot {
	const height = 240
	p := &plot{svg: newSVG(height, title), x0: x0, x1: x1, y0: y0, y1: y1}
	p.left, p.top, p.width, p.height = 38, 10, pictureWidth-48, height-44
	return p
}

// newSquare makes a picture whose frame is a square, with the same bounds on both axes.
func newSquare(title Text, lo, hi float64) *plot {
	p := &plot{svg: newSVG(260, title), x0: lo, x1: hi, y0: lo, y1: hi}
	p.left, p.top, p.width, p.height = 38, 10, 216, 216
	p.square()
	return p
}

// legend names lines by their classes, from the top of the frame on, left or right in it.
func (p *plot) legend(left float64, entries ...entry) {
	for k, e := range entries {
		y := p.top + 22 + 14*float64(k)
		p.line(left, y, left+18, y, e.class)
		p.words(left+23, y+3.5, "tick start halo", e.name)
	}
}

type entry struct {
	class string
	name  Text
}

// x and y are where a value lies in the picture; atX and atY go back.
func (p *plot) x(v float64) float64   { return p.left + p.width*(v-p.x0)/(p.x1-p.x0) }
func (p *plot) y(v float64) float64   { return p.top + p.height*(p.y1-v)/(p.y1-p.y0) }
func (p *plot) atX(x float64) float64 { return p.x0 + (p.x1-p.x0)*(x-p.left)/p.width }
func (p *plot) atY(y float64) float64 { return p.y1 - (p.y1-p.y0)*(y-p.top)/p.height }

// axes draws the frame with marks at round numbers, and names the axes.
func (p *plot) axes(xName, yName Text) {
	p.rect(p.left, p.top, p.width, p.height, "frame")
	for _, v := range ticks(p.x0, p.x1) {
		p.line(p.x(v), p.top, p.x(v), p.top+p.height, "grid")
		p.write(p.x(v), p.top+p.height+12, "tick mid", strconv.FormatFloat(v, 'g', 6, 64))
	}
	for _, v := range ticks(p.y0, p.y1) {
		p.line(p.left, p.y(v), p.left+p.width, p.y(v), "grid")
		p.write(p.left-4, p.y(v)+3, "tick end", strconv.FormatFloat(v, 'g', 6, 64))
	}
	p.words(p.left+p.width/2, p.top+p.height+27, "label mid", xName)
	p.words(p.left+4, p.top+11, "label start", yName)
}

// ticks are between three and seven round numbers in an interval.
func ticks(lo, hi float64) []float64 {
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/2)))
	for _, k := range []float64{5, 2} {
		if (hi-lo)/(step*k) >= 3 {
			step *= k
			break
		}
	}
	for (hi-lo)/step > 7 {
		step *= 2
	}
	var t []float64
	for k := math.Ceil(lo / step); k*step <= hi+1e-9*step; k++ {
		t = append(t, math.Round(k*step*1e9)/1e9+0) // + 0 makes 0 of −0
	}
	return t
}

// curve joins the points (xs[i], ys[i]) and breaks where they leave the frame.
func (p *plot) curve(xs, ys []float64, class string) {
	var run []float64
	flush := func() {
		if len(run) > 2 {
			p.path(run, class)
		}
		run = nil
	}
	margin := 0.02 * (p.y1 - p.y0)
	for i := range xs {
		if !(ys[i] >= p.y0-margin && ys[i] <= p.y1+margin && xs[i] >= p.x0 && xs[i] <= p.x1) {
			flush()
			continue
		}
		run = append(run, p.x(xs[i]), p.y(ys[i]))
	}
	flush()
}

// span are n equal distances in an interval.
func span(lo, hi float64, n int) []float64 {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = lo + (hi-lo)*float64(i)/float64(n-1)
	}
	return xs
}
