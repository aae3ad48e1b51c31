package figure

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/examples/notes/course"
)

// Every figure draws every control at both of its ends and each of its words: well-formed pictures, no NaN, both languages.
func TestFigures(t *testing.T) {
	for _, f := range All() {
		t.Run(f.Name, func(t *testing.T) {
			both(t, f.Caption)
			if f.Work != nil {
				both(t, f.Start)
				require.NoError(t, f.Work(f.Initial(), AtOnce()))
			}
			check(t, f, f.Initial())
			for _, c := range f.Controls {
				both(t, c.Label)
				for _, v := range ends(c) {
					s := f.Initial()
					s[c.Name] = v
					check(t, f, s)
				}
			}
		})
	}
}

// ends are values of a control worth trying.
func ends(c Control) []any {
	switch c.Kind {
	case Range:
		return []any{c.Min, c.Max, (c.Min + c.Max) / 2}
	case Choice:
		var words []any
		for _, o := range c.Options {
			words = append(words, o.Word)
		}
		return words
	case Field:
		return []any{"x", "", "1/0*x", "log(0*x)", "relu(x)+abs(x)", "step(x)", strings.Repeat("x+", 300) + "x", "a*b*c*d*e*f"}
	case Point:
		return []any{[]float64{-1e9, 0}, []float64{1e9, 1e9}}
	case Curve:
		return []any{[]float64{}, []float64{50, 50, 60, 70, 60, 90, 300, 20, 310, 30}, []float64{9, 9, 9, 9, 9, 9, 9, 9}}
	default:
		return []any{[][]float64{}, [][]float64{{200, 200}}, [][]float64{{200, 20, 200, 250}, {150, 30}}}
	}
}

func check(t *testing.T, f *Figure, s State) {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	read, err := f.ParseState(text)
	require.NoError(t, err, "%s", text)
	v, err := f.Draw(read)
	require.NoError(t, err, "%s", text)
	both(t, v.Note)
	for _, picture := range v.Pictures {
		for d := xml.NewDecoder(strings.NewReader(picture)); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			require.NoError(t, err, picture)
			if e, ok := token.(xml.StartElement); ok { // places are finite; texts may well be infinite
				for _, a := range e.Attr {
					assert.NotContains(t, a.Value, "NaN", "%s", text)
					assert.NotContains(t, a.Value, "Inf", "%s", text)
				}
			}
		}
	}
	seen := map[string]bool{}
	for _, n := range v.Numbers {
		both(t, n.Label)
		assert.False(t, seen[n.Key], n.Key)
		seen[n.Key] = true
	}
	for _, table := range v.Tables {
		both(t, table.Title)
		for _, row := range table.Rows {
			assert.Len(t, row, len(table.Head))
		}
	}
}

// both fails unless the text is there in both languages.
func both(t *testing.T, text Text) {
	t.Helper()
	assert.NotEmpty(t, text.EN)
	assert.NotEmpty(t, text.ZH)
}

// What a page sends that is no state is an error, and what is out of bounds stays within.
func TestParseState(t *testing.T) {
	f := bias()
	s, err := f.ParseState([]byte(`{"w": 1e300, "b": -3, "other": true}`))
	require.NoError(t, err)
	assert.Equal(t, State{"w": 8.0, "b": -3.0}, s)
	for _, text := range []string{"", "[]", `{"w": "2"}`, `{"w": null`} {
		_, err := f.ParseState([]byte(text))
		assert.Error(t, err, text)
	}
	d := descent()
	s, err = d.ParseState([]byte(`{"from": [1]}`))
	require.NoError(t, err)
	assert.Equal(t, d.Initial()["from"], s["from"])
}

func TestTicks(t *testing.T) {
	for _, c := range [][2]float64{{0, 1}, {-5, 5}, {-0.5, 1.5}, {0, 20}, {0, 1200}, {-5, 1}, {0, 1e-6}, {0, 0.037}} {
		marks := ticks(c[0], c[1])
		assert.GreaterOrEqual(t, len(marks), 2, fmt.Sprint(c))
		assert.LessOrEqual(t, len(marks), 8, fmt.Sprint(c))
	}
}

// numberOf is a number of a view.
func numberOf(t *testing.T, v View, key string) float64 {
	t.Helper()
	i := slices.IndexFunc(v.Numbers, func(n Number) bool { return n.Key == key })
	require.GreaterOrEqual(t, i, 0, key)
	x, err := strconv.ParseFloat(v.Numbers[i].Value, 64)
	require.NoError(t, err)
	return x
}

// The shaded part of the plane is where the neuron's answer is 1.
func TestShadedHalfPlane(t *testing.T) {
	for _, n := range []course.Neuron{{W: []float64{1, 1}, Theta: 0.5}, {W: []float64{-1, 0.3}, Theta: -0.2},
		{W: []float64{0, -2}, Theta: 1}, {W: []float64{0, 0}, Theta: -1}, {W: []float64{1, 1}, Theta: 9}} {
		p := newSquare(Same(""), -0.5, 1.5)
		polygon := p.fires(n)
		for _, x := range []float64{-0.43, 0.02, 0.61, 1.07, 1.44} {
			for _, y := range []float64{-0.41, 0.03, 0.52, 0.98, 1.37} {
				_, out, err := n.Respond([][]float64{{x, y}})
				require.NoError(t, err)
				assert.Equal(t, out[0] == 1, inside(polygon, p.x(x), p.y(y)), "%v at (%v, %v)", n, x, y)
			}
		}
	}
}

// inside counts how often a polygon is crossed on the way to the right.
func inside(polygon []float64, x, y float64) bool {
	in := false
	for k := 0; k < len(polygon); k += 2 {
		next := (k + 2) % len(polygon)
		x0, y0, x1, y1 := polygon[k], polygon[k+1], polygon[next], polygon[next+1]
		if y0 > y != (y1 > y) && x < x0+(y-y0)/(y1-y0)*(x1-x0) {
			in = !in
		}
	}
	return in
}

// b shifts the middle of the curve, and w sets the slope there.
func TestBiasNumbers(t *testing.T) {
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for _, c := range [][2]float64{{2, -2}, {-3, 1}, {0.5, 0}} {
		v, err := bias().Draw(State{"w": c[0], "b": c[1]})
		require.NoError(t, err)
		at := func(x float64) float64 { return sigma(c[0]*x + c[1]) }
		middle := -1e3
		for x := -20.0; x <= 20; x += 1e-3 {
			if math.Abs(at(x)-0.5) < math.Abs(at(middle)-0.5) {
				middle = x
			}
		}
		assert.InDelta(t, middle, numberOf(t, v, "middle"), 2e-3)
		assert.InDelta(t, (at(middle+1e-3)-at(middle-1e-3))/2e-3, numberOf(t, v, "slope"), 1e-4)
	}
}

// The learning rate is ten to the power of the slider, and the first step goes by it against the gradient.
func TestRateOfDescent(t *testing.T) {
	f := descent()
	s := f.Initial()
	s["rate"], s["steps"] = -1.0, 1.0
	v, err := f.Draw(s)
	require.NoError(t, err)
	assert.Equal(t, 0.1, numberOf(t, v, "rate"))
	s["steps"] = 0.0
	before, err := f.Draw(s)
	require.NoError(t, err)
	assert.InDelta(t, 0.9*numberOf(t, before, "theta1"), numberOf(t, v, "theta1"), 1e-4)
	assert.InDelta(t, 0.6*numberOf(t, before, "theta2"), numberOf(t, v, "theta2"), 1e-4)
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 60_007: "60,007", 2_560_000: "2,560,000"} {
		assert.Equal(t, want, thousands(n))
	}
}
