package plot

import (
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// grid is numbers [rows][columns] at the places that x and y give.
type grid struct {
	z    [][]float64
	x, y func(int) float64
}

func (g grid) Dims() (c, r int)   { return len(g.z[0]), len(g.z) }
func (g grid) Z(c, r int) float64 { return g.z[r][c] }
func (g grid) X(c int) float64    { return g.x(c) }
func (g grid) Y(r int) float64    { return g.y(r) }

// shades are the colours of a map.
type shades []color.Color

func (s shades) Colors() []color.Color { return s }

// Confusion draws a matrix of counts, of samples of class i, down, that were taken for class j, across. Classes may be nil,
// for numbers. The shade of a field is its share of its row.
func Confusion(counts [][]int, classes []string) (*plot.Plot, error) {
	n := len(counts)
	if n == 0 || classes != nil && len(classes) != n {
		return nil, fmt.Errorf("plot: a confusion matrix of %d rows for %d classes", n, len(classes))
	}
	shares := make([][]float64, n)
	var labels plotter.XYLabels
	for i, row := range counts {
		if len(row) != n {
			return nil, fmt.Errorf("plot: row %d of a confusion matrix has %d of %d columns", i, len(row), n)
		}
		total, up := 0, n-1-i
		for _, c := range row {
			total += c
		}
		shares[up] = make([]float64, n)
		for j, c := range row {
			shares[up][j] = float64(c) / float64(max(1, total))
			labels.XYs = append(labels.XYs, plotter.XY{X: float64(j), Y: float64(up)})
			labels.Labels = append(labels.Labels, strconv.Itoa(c))
		}
	}
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "confusion", "predicted", "true"
	blues := make(shades, 64)
	for i := range blues {
		away := uint8(255 - 2*i)
		blues[i] = color.RGBA{away, away + uint8(i)/2, 255, 255}
	}
	number := func(i int) float64 { return float64(i) }
	field := plotter.NewHeatMap(grid{shares, number, number}, blues)
	field.Min, field.Max = 0, 1
	counted, err := plotter.NewLabels(labels)
	if err != nil {
		return nil, fmt.Errorf("plot: %w", err)
	}
	for i := range counted.TextStyle {
		counted.TextStyle[i].XAlign, counted.TextStyle[i].YAlign = draw.XCenter, draw.YCenter
	}
	p.Add(field, counted)
	across, down := make([]string, n), make([]string, n)
	for i := range n {
		name := strconv.Itoa(i)
		if classes != nil {
			name = classes[i]
		}
		across[i], down[n-1-i] = name, name
	}
	p.NominalX(across...)
	p.NominalY(down...)
	return p, nil
}

// Regions draws which class a classifier gives to each place of a plane, and samples xy with their labels on it. Classify is
// called once, with a grid of places that reaches a little beyond the samples, and returns their classes.
func Regions(title string, xy [][2]float64, labels []int, classify func(places [][2]float64) ([]int, error)) (*plot.Plot, error) {
	if len(xy) == 0 || len(xy) != len(labels) {
		return nil, fmt.Errorf("plot: %d places with %d labels", len(xy), len(labels))
	}
	low, high := xy[0], xy[0]
	for _, at := range xy {
		for k := range at {
			low[k], high[k] = min(low[k], at[k]), max(high[k], at[k])
		}
	}
	const side = 120
	place := func(k int) func(int) float64 {
		margin := 0.08*(high[k]-low[k]) + 1e-9
		from, step := low[k]-margin, (high[k]-low[k]+2*margin)/(side-1)
		return func(i int) float64 { return from + float64(step*float64(i)) }
	}
	g := grid{make([][]float64, side), place(0), place(1)}
	var places [][2]float64
	for r := range side {
		for c := range side {
			places = append(places, [2]float64{g.X(c), g.Y(r)})
		}
	}
	classes, err := classify(places)
	if err != nil {
		return nil, fmt.Errorf("plot: %w", err)
	}
	if len(classes) != len(places) {
		return nil, fmt.Errorf("plot: %d classes of %d places", len(classes), len(places))
	}
	most := 1
	for r := range side {
		g.z[r] = make([]float64, side)
		for c := range side {
			class := classes[r*side+c]
			g.z[r][c], most = float64(class), max(most, class)
		}
	}
	return regions(title, g, most, xy, labels)
}

// regions draws a grid of classes up to most, with samples.
func regions(title string, g grid, most int, xy [][2]float64, labels []int) (*plot.Plot, error) {
	for _, l := range labels {
		most = max(most, l)
	}
	pale := make(shades, most+1)
	for i := range pale {
		c := colourOf(i)
		pale[i] = color.RGBA{191 + c.R/4, 191 + c.G/4, 191 + c.B/4, 255}
	}
	p := plot.New()
	p.Title.Text = title
	field := plotter.NewHeatMap(g, pale)
	field.Min, field.Max, field.Rasterized = 0, float64(most), true
	p.Add(field)
	byClass := make([]plotter.XYs, most+1)
	for i, at := range xy {
		if labels[i] < 0 {
			return nil, fmt.Errorf("plot: sample %d has the label %d", i, labels[i])
		}
		byClass[labels[i]] = append(byClass[labels[i]], plotter.XY{X: at[0], Y: at[1]})
	}
	for i, points := range byClass {
		if points == nil {
			continue
		}
		s, err := plotter.NewScatter(points)
		if err != nil {
			return nil, fmt.Errorf("plot: %w", err)
		}
		s.Color, s.Shape, s.Radius = colourOf(i), draw.CircleGlyph{}, vg.Points(2)
		p.Add(s)
	}
	return p, nil
}
