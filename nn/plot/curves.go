package plot

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Line is numbers over others. X may be nil, for 1, 2, 3 …; then Y is a value for each epoch, say.
type Line struct {
	Name   string
	X, Y   []float64
	Points bool // dots that are not joined
}

// colours are told apart by most people, those who see no red and green included: M. Okabe, K. Ito, Color Universal
// Design (2008).
var colours = []color.RGBA{
	{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255}, {230, 159, 0, 255},
	{86, 180, 233, 255}, {240, 228, 66, 255}, {0, 0, 0, 255},
}

func colourOf(i int) color.RGBA { return colours[i%len(colours)] }

// Curves draws lines, each in a colour of its own, with a legend if they have names. Values that are not finite are left
// out and interrupt their line.
func Curves(title, x, y string, lines ...Line) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Legend.Top = true
	for i, l := range lines {
		if l.X != nil && len(l.X) != len(l.Y) {
			return nil, fmt.Errorf("plot: the line %q has %d values over %d", l.Name, len(l.Y), len(l.X))
		}
		var shown plot.Thumbnailer
		for _, piece := range pieces(l) {
			drawn, err := drawn(l, piece, i)
			if err != nil {
				return nil, fmt.Errorf("plot: the line %q: %w", l.Name, err)
			}
			p.Add(drawn)
			shown = drawn
		}
		if l.Name != "" && shown != nil {
			p.Legend.Add(l.Name, shown)
		}
	}
	return p, nil
}

// pieces are the parts of a line that are finite.
func pieces(l Line) (all []plotter.XYs) {
	var piece plotter.XYs
	for i, y := range l.Y {
		x := float64(i + 1)
		if l.X != nil {
			x = l.X[i]
		}
		if finite := !math.IsNaN(x-x) && !math.IsNaN(y-y); finite {
			piece = append(piece, plotter.XY{X: x, Y: y})
			continue
		}
		if piece != nil {
			all, piece = append(all, piece), nil
		}
	}
	if piece != nil {
		all = append(all, piece)
	}
	return all
}

// drawn is what draws a piece of line number i.
func drawn(l Line, piece plotter.XYs, i int) (interface {
	plot.Plotter
	plot.Thumbnailer
}, error) {
	if l.Points || len(piece) == 1 {
		s, err := plotter.NewScatter(piece)
		if err != nil {
			return nil, err
		}
		s.Color, s.Shape, s.Radius = colourOf(i), draw.CircleGlyph{}, vg.Points(2)
		return s, nil
	}
	line, err := plotter.NewLine(piece)
	if err != nil {
		return nil, err
	}
	line.Color, line.Width = colourOf(i), vg.Points(1.5)
	return line, nil
}
