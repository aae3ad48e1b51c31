// Package figure draws the figures of the course from numbers that package course computes. A figure has controls; a
// state gives them values; its view is pictures in SVG, numbers and a remark, in both languages.
//
// # Where things are
//
//	figure, text                        controls, states and views; words in two languages
//	svg, plot, net                      drawing, axes, networks
//	neuron, activation, layers          the figures of chapters 1 to 3
//	approximation, softmax, descent     of 4 to 6
//	chainrule, backprop, regimes        of 7 to 9
//	bias, digits                        what the bias does; chapter 10
package figure

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Figure is an interactive picture.
type Figure struct {
	Name     string
	Caption  Text
	Controls []Control
	// Draw answers a state at once.
	Draw func(s State) (View, error)
	// Work answers the button that starts something longer. It is nil in figures without that.
	Work func(s State, p Pace) error
	// Start is the label of that button.
	Start Text
}

// Pace is how something longer lets others in: Show draws the figure as it is at that moment, and Pause is called every few
// milliseconds. Work ends with their error.
type Pace struct{ Show, Pause func() error }

// AtOnce is the pace of work that nobody watches.
func AtOnce() Pace {
	on := func() error { return nil }
	return Pace{on, on}
}

// Kind is what a control looks like.
type Kind string

const (
	Range  Kind = "range"  // a slider
	Choice Kind = "choice" // one of several words
	Field  Kind = "field"  // a line of text
	Point  Kind = "point"  // a place in a picture, moved by pointer or arrow keys: its coordinates
	Curve  Kind = "curve"  // a stroke across a picture: x and y in turns
	Ink    Kind = "ink"    // strokes, each x and y in turns
)

// Control is something that the reader sets. Pictures hold points, curves and ink: their units are those of the first
// picture's viewBox.
type Control struct {
	Name           string
	Kind           Kind
	Label          Text
	Min, Max, Step float64
	Value          float64 // of a Range
	Word           string  // of a Choice or Field
	Options        []Option
	List           []float64 // of a Point
	Restarts       bool      // a change starts the figure's work anew
}

// Option is one word of a choice.
type Option struct {
	Word  string
	Label Text
}

// View is what a figure shows.
type View struct {
	Pictures []string `json:"pictures"`
	Numbers  []Number `json:"numbers"`
	Tables   []Table  `json:"tables,omitempty"`
	Note     Text     `json:"note"`
	// Labels are new labels of controls, by name, where they depend on the state.
	Labels map[string]string `json:"labels,omitempty"`
}

// Number is a value with a name.
type Number struct {
	Key   string `json:"key"`
	Label Text   `json:"label"`
	Value string `json:"value"`
}

// Table is a table of values.
type Table struct {
	Title Text     `json:"title"`
	Head  []Text   `json:"head"`
	Rows  [][]Text `json:"rows"`
}

// State has the values of controls by name: float64 for a Range, string for a Choice or Field, []float64 for a Point or
// Curve, [][]float64 for Ink.
type State map[string]any

// Initial is the state that a figure begins with.
func (f *Figure) Initial() State {
	s := State{}
	for _, c := range f.Controls {
		switch c.Kind {
		case Range:
			s[c.Name] = c.Value
		case Choice, Field:
			s[c.Name] = c.Word
		case Point:
			s[c.Name] = c.List
		case Curve:
			s[c.Name] = []float64(nil)
		case Ink:
			s[c.Name] = [][]float64(nil)
		}
	}
	return s
}

// ParseState reads a state as JSON; what it leaves out is as it is initially, and numbers stay within their bounds.
func (f *Figure) ParseState(text []byte) (State, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	s := f.Initial()
	for _, c := range f.Controls {
		value, ok := raw[c.Name]
		if !ok {
			continue
		}
		if err := s.set(c, value); err != nil {
			return nil, fmt.Errorf("figure %s, control %s: %w", f.Name, c.Name, err)
		}
	}
	return s, nil
}

func (s State) set(c Control, value json.RawMessage) error {
	switch c.Kind {
	case Range:
		var v float64
		err := json.Unmarshal(value, &v)
		s[c.Name] = min(max(v, c.Min), c.Max)
		return err
	case Choice, Field:
		var v string
		err := json.Unmarshal(value, &v)
		s[c.Name] = v
		return err
	case Ink:
		var v [][]float64
		err := json.Unmarshal(value, &v)
		s[c.Name] = v
		return err
	default:
		var v []float64
		err := json.Unmarshal(value, &v)
		if c.Kind == Point && len(v) != 2 {
			return err
		}
		s[c.Name] = v
		return err
	}
}

func (s State) num(name string) float64     { return s[name].(float64) }
func (s State) int(name string) int         { return int(s.num(name)) }
func (s State) word(name string) string     { return s[name].(string) }
func (s State) list(name string) []float64  { return s[name].([]float64) }
func (s State) ink(name string) [][]float64 { return s[name].([][]float64) }

// All are the figures in the order of the chapters. Each call makes new ones, which share no state with others.
func All() []*Figure {
	return []*Figure{
		neuron(), activation(), layers(), approximation(), softmax(), descent(), chainRule(), backprop(), regimes(), bias(),
		digits(),
	}
}

// slider is a Range control.
func slider(name string, label Text, lo, hi, step, value float64) Control {
	return Control{Name: name, Kind: Range, Label: label, Min: lo, Max: hi, Step: step, Value: value}
}

// choice is a Choice control; the first option is chosen.
func choice(name string, label Text, options ...Option) Control {
	return Control{Name: name, Kind: Choice, Label: label, Options: options, Word: options[0].Word}
}

// restarts is a control whose change starts the figure's work anew.
func restarts(c Control) Control {
	c.Restarts = true
	return c
}

// num writes a value with five digits.
func num(v float64) string { return strconv.FormatFloat(v+0, 'g', 5, 64) } // + 0 makes 0 of −0

// value is a Number.
func value(key string, label Text, v float64) Number { return Number{key, label, num(v)} }
