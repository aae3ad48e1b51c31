package figure

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// svg is a picture being drawn. Its width is that of a narrow telephone, so that letters can be read there.
type svg struct {
	b             strings.Builder
	class         string
	title         string
	width, height float64
}

const pictureWidth = 360

func newSVG(height float64, title Text) *svg {
	return &svg{width: pictureWidth, height: height, title: html.EscapeString(title.EN + " · " + title.ZH), class: "wide"}
}

// square makes the picture as wide as it is high.
func (s *svg) square() { s.width, s.class = s.height, "square" }

func (s *svg) String() string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img" class="%s"><title>%s</title>%s</svg>`,
		s.width, s.height, s.class, s.title, s.b.String())
}

func (s *svg) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&s.b, `<line x1="%.2f" y1="%.2f" x2="%.2f" y2="%.2f" class="%s"/>`, x1, y1, x2, y2, class)
}

// weighted is a line whose width shows a number.
func (s *svg) weighted(x1, y1, x2, y2, width float64, class string) {
	fmt.Fprintf(&s.b, `<line x1="%.2f" y1="%.2f" x2="%.2f" y2="%.2f" class="%s" style="stroke-width:%.2f"/>`,
		x1, y1, x2, y2, class, width)
}

func (s *svg) circle(x, y, r float64, class string) {
	fmt.Fprintf(&s.b, `<circle cx="%.2f" cy="%.2f" r="%.2f" class="%s"/>`, x, y, r, class)
}

func (s *svg) rect(x, y, w, h float64, class string) {
	fmt.Fprintf(&s.b, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" class="%s"/>`, x, y, w, h, class)
}

// shade is a rectangle whose colour shows how large a value between −1 and 1 is: red above 0, blue below.
func (s *svg) shade(x, y, w, h, v float64) {
	if v < 0 {
		s.tint(x, y, w, h, -v, "cold")
		return
	}
	s.tint(x, y, w, h, v, "warm")
}

// tint is a rectangle as opaque as v.
func (s *svg) tint(x, y, w, h, v float64, class string) {
	fmt.Fprintf(&s.b, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" class="%s" style="fill-opacity:%.3f"/>`,
		x, y, w, h, class, min(max(v, 0), 1))
}

// area fills a path as opaque as v.
func (s *svg) area(path, class string, v float64) {
	fmt.Fprintf(&s.b, `<path d="%s" class="%s" style="fill-opacity:%.3f"/>`, path, class, v)
}

// path joins points, x and y in turns.
func (s *svg) path(points []float64, class string) {
	s.b.WriteString(`<path d="`)
	for k := 0; k+1 < len(points); k += 2 {
		letter := "L"
		if k == 0 {
			letter = "M"
		}
		fmt.Fprintf(&s.b, "%s%.2f %.2f", letter, points[k], points[k+1])
	}
	fmt.Fprintf(&s.b, `" class="%s"/>`, class)
}

// words writes a text; its class says where it is anchored: start, mid or end.
func (s *svg) words(x, y float64, class string, t Text) {
	fmt.Fprintf(&s.b, `<text x="%.2f" y="%.2f" class="%s">%s</text>`, x, y, class, t.spans("tspan"))
}

// write writes what needs no translation.
func (s *svg) write(x, y float64, class, text string) { s.words(x, y, class, Same(text)) }

// arrow is a line with a head at its end.
func (s *svg) arrow(x1, y1, x2, y2 float64, class string) {
	s.line(x1, y1, x2, y2, class)
	dx, dy := x2-x1, y2-y1
	length := max(1e-9, math.Hypot(dx, dy))
	dx, dy = 6*dx/length, 6*dy/length
	s.path([]float64{x2 - dx - dy/2, y2 - dy + dx/2, x2, y2, x2 - dx + dy/2, y2 - dy - dx/2}, class)
}
