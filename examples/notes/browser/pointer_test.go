package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/examples/notes/figure"
)

// A digit that is drawn by pointer on a scaled picture is read where the pointer was, and the page does not scroll.
func TestDrawing(t *testing.T) {
	v := open(t, files(), 700, 1000)
	v.live()
	v.do(chromedp.ScrollIntoView(chromedp.CSS(selector("digits") + " .pictures")))
	v.waitFor(`figures.get("digits").working !== undefined`)
	v.settled("digits")
	box := v.box("digits")
	one := [][2]float64{{180, 40}, {180, 90}, {180, 150}, {180, 220}}
	for k, p := range one {
		kind := "mouseMoved"
		if k == 0 {
			kind = "mousePressed"
		}
		v.mouse(kind, box, p)
	}
	v.mouse("mouseReleased", box, one[len(one)-1])
	v.settled("digits")
	ink := eval[[][]float64](v, `figures.get("digits").state.ink`)
	require.Len(t, ink, 1)
	for k, p := range one {
		if 2*k+1 >= len(ink[0]) {
			break
		}
		assert.InDelta(t, p[0], ink[0][2*k], 1)
		assert.InDelta(t, p[1], ink[0][2*k+1], 1)
	}
	assert.Equal(t, "1", v.numbers("digits")["says"])
	assert.Equal(t, "none",
		eval[string](v, `getComputedStyle(document.querySelector("figure[data-figure=digits] svg")).touchAction`))
	v.do(chromedp.Click(chromedp.CSS(selector("digits") + " button.clear")))
	v.settled("digits")
	assert.Empty(t, eval[[][]float64](v, `figures.get("digits").state.ink`))
	v.quiet()
}

// mouse sends an event of the left button at a place of a picture.
func (v *visit) mouse(kind string, b box, p [2]float64) {
	v.Helper()
	x, y := b.place(p)
	call(v, input.DispatchMouseEvent, input.DispatchMouseEventParams{
		Type: input.DispatchMouseEventType(kind), X: x, Y: y, Button: "left", Buttons: 1, ClickCount: 1})
}

type box struct{ left, top, scale float64 }

// box is where the figure's first picture is in the window, and how many pixels a unit of its viewBox has.
func (v *visit) box(name string) box {
	v.Helper()
	b := eval[[]float64](v, fmt.Sprintf(`(s => { const b = s.getBoundingClientRect(); return [b.left, b.top, b.width / s.viewBox.baseVal.width]; })`+
		`(document.querySelector("%s svg"))`, selector(name)))
	return box{b[0], b[1], b[2]}
}

func (b box) place(p [2]float64) (x, y float64) { return b.left + b.scale*p[0], b.top + b.scale*p[1] }

// A click on the surface, and arrow keys, move the start of a descent.
func TestDescentByClickAndKeys(t *testing.T) {
	v := open(t, files(), 1280, 900)
	v.live()
	v.do(chromedp.ScrollIntoView(chromedp.CSS(selector("descent"))))
	x, y := v.box("descent").place([2]float64{150, 100})
	v.do(chromedp.MouseClickXY(x, y))
	v.settled("descent")
	f := named(t, "descent")
	from := eval[[]float64](v, `figures.get("descent").state.from`)
	assert.InDeltaSlice(t, []float64{150, 100}, from, 1)
	s := f.Initial()
	s["from"] = from
	v.compare(f, s)
	v.do(chromedp.Focus(chromedp.CSS(selector("descent")+" .pictures")), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowDown))
	v.settled("descent")
	s["from"] = []float64{from[0] - 4, from[1] + 4}
	v.compare(f, s)
	v.quiet()
}

// On a telephone, fingers move a slider, the start of a descent, a curve and a digit; the page stays where it is meanwhile.
func TestTouch(t *testing.T) {
	v := open(t, files(), 380, 800)
	v.do(chromedp.EmulateViewport(380, 800, chromedp.EmulateMobile, chromedp.EmulateTouch), chromedp.Reload())
	v.live()

	f := named(t, "softmax")
	at := selector(f.Name) + " [data-control=z1]"
	v.do(chromedp.ScrollIntoView(chromedp.CSS(at)))
	r := eval[[]float64](v, fmt.Sprintf(`(r => [r.left, r.top, r.width, r.height])(document.querySelector("%s").getBoundingClientRect())`, at))
	v.touch(f.Name, [2]float64{r[0] + 0.62*r[2], r[1] + r[3]/2}, [2]float64{r[0] + 0.7*r[2], r[1] + r[3]/2}, [2]float64{r[0] + 0.9*r[2], r[1] + r[3]/2})
	s := f.Initial()
	s["z1"] = eval[float64](v, fmt.Sprintf(`Number(document.querySelector("%s").value)`, at))
	assert.InDelta(t, 3.2, s["z1"], 0.5, "the slider follows the finger")
	v.compare(f, s)

	f = named(t, "descent")
	v.finger(f.Name, [2]float64{150, 100}, [2]float64{180, 120}, [2]float64{210, 160})
	s = f.Initial()
	s["from"] = eval[[]float64](v, `figures.get("descent").state.from`)
	assert.InDeltaSlice(t, []float64{210, 160}, s["from"], 1)
	v.compare(f, s)

	f = named(t, "digits")
	v.finger(f.Name, [2]float64{180, 40}, [2]float64{180, 90}, [2]float64{180, 150}, [2]float64{180, 220})
	s = f.Initial()
	s["image"], s["ink"] = "drawn", eval[[][]float64](v, `figures.get("digits").state.ink`)
	require.Len(t, s["ink"], 1)
	require.NoError(t, f.Work(s, figure.AtOnce()))
	v.compare(f, s)
	assert.Equal(t, "1", v.numbers("digits")["says"])

	f = named(t, "approximation")
	v.finger(f.Name, [2]float64{50, 100}, [2]float64{120, 60}, [2]float64{220, 150}, [2]float64{330, 90})
	s = f.Initial()
	s["target"], s["drawn"] = "drawn", eval[[]float64](v, `figures.get("approximation").state.drawn`)
	assert.InDeltaSlice(t, []float64{50, 100, 120, 60, 220, 150, 330, 90}, s["drawn"], 1)
	require.NoError(t, f.Work(s, figure.AtOnce()))
	v.compare(f, s)
	v.quiet()
}

// finger moves a finger over the figure's first picture, in the units of its viewBox.
func (v *visit) finger(name string, places ...[2]float64) {
	v.Helper()
	v.do(chromedp.ScrollIntoView(chromedp.CSS(selector(name) + " .pictures")))
	v.seen(name)
	b := v.box(name)
	for k, p := range places {
		places[k][0], places[k][1] = b.place(p)
	}
	v.touch(name, places...)
}

// touch moves a finger over places of the window, and waits for the figure's answer.
func (v *visit) touch(name string, places ...[2]float64) {
	v.Helper()
	before := eval[float64](v, "scrollY")
	send := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		call(v, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: append([]*input.TouchPoint{}, points...)})
	}
	for k, p := range places {
		kind := input.DispatchTouchEventType("touchMove")
		if k == 0 {
			kind = "touchStart"
		}
		send(kind, &input.TouchPoint{X: p[0], Y: p[1]})
	}
	send("touchEnd")
	v.settled(name)
	assert.Equal(v, before, eval[float64](v, "scrollY"), "the page scrolled under the finger")
}

// seen waits until a figure that works has worked: it starts by itself when it is seen.
func (v *visit) seen(name string) {
	v.Helper()
	v.waitFor(fmt.Sprintf(`(f => !f.button || f.working !== undefined)(figures.get(%q))`, name))
	v.settled(name)
}
