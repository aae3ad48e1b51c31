package browser

import (
	"fmt"
	"html"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/examples/notes/figure"
)

// shown is what the page shows of a figure.
type shown struct {
	Numbers  map[string]string
	Rows     [][]string // of all tables
	Note     string     // in English
	Pictures []string
}

func (v *visit) shown(name string) shown {
	v.Helper()
	return eval[shown](v, fmt.Sprintf(`(f => ({
		Numbers: Object.fromEntries([...f.querySelectorAll("dd")].map(d => [d.dataset.key, d.textContent])),
		Rows: [...f.querySelectorAll("tr")].map(r => [...r.querySelectorAll("td")].map(d => (d.querySelector(".en") || d).textContent)).filter(r => r.length > 0),
		Note: (f.querySelector(".note .en") || f.querySelector(".note")).textContent,
		Pictures: [...f.querySelectorAll("svg")].map(s => s.outerHTML),
	}))(document.querySelector("%s"))`, selector(name)))
}

// numbers are those that the figure shows, by key.
func (v *visit) numbers(name string) map[string]string {
	v.Helper()
	return v.shown(name).Numbers
}

// compare holds what the page shows against what the figure computes here: numbers, tables, the note, and every place and
// length in the pictures.
func (v *visit) compare(f *figure.Figure, s figure.State) {
	v.Helper()
	want, err := f.Draw(s)
	require.NoError(v, err)
	got := v.shown(f.Name)
	require.Len(v, got.Numbers, len(want.Numbers), f.Name)
	for _, n := range want.Numbers {
		if n.Key != "difference" { // a difference of roundings is another one on another machine
			v.alike(n.Value, got.Numbers[n.Key], 0, "%s: %s in state %v", f.Name, n.Key, s)
		}
	}
	var rows [][]figure.Text
	for _, t := range want.Tables {
		rows = append(rows, t.Rows...)
	}
	require.Len(v, got.Rows, len(rows), f.Name)
	for i, row := range rows {
		for k, cell := range row {
			if !strings.HasSuffix(cell.EN, " ms") { // times differ
				v.alike(cell.EN, got.Rows[i][k], 0, "%s: row %d in state %v", f.Name, i, s)
			}
		}
	}
	v.alike(want.Note.EN, got.Note, 0, "%s: the note in state %v", f.Name, s)
	if s["axis"] == "time" {
		return
	}
	require.Len(v, got.Pictures, len(want.Pictures), f.Name)
	for i, picture := range want.Pictures {
		places := func(svg string) string { return strings.Join(number.FindAllString(svg, -1), " ") }
		v.alike(places(html.UnescapeString(picture)), places(html.UnescapeString(got.Pictures[i])), 0.2, "%s: picture %d in state %v", f.Name, i, s)
	}
}

var number = regexp.MustCompile(`-?[0-9]+\.?[0-9]*(?:e[-+]?[0-9]+)?`)

// alike fails unless two texts have the same words and nearly the same numbers.
func (v *visit) alike(want, got string, within float64, message string, args ...any) {
	v.Helper()
	ws, gs := strings.Fields(want), strings.Fields(got)
	near := func(w, g string) bool {
		a, err := strconv.ParseFloat(w, 64)
		b, other := strconv.ParseFloat(g, 64)
		return w == g || err == nil && other == nil && math.Abs(a-b) <= within+2e-4*math.Max(1e-9, math.Abs(a))+1e-12
	}
	if !slices.EqualFunc(ws, gs, near) {
		assert.Fail(v, fmt.Sprintf(message, args...), "computed here: %.600s\non the page:   %.600s", want, got)
	}
}
