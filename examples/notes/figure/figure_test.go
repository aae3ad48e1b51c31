package figure

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
