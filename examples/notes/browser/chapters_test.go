package browser

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/examples/notes/figure"
)

// selector finds the figure's element.
func selector(name string) string { return fmt.Sprintf("figure[data-figure=%s]", name) }

// settled waits until the figure has answered all that it was asked, and works no more.
func (v *visit) settled(name string) {
	v.Helper()
	v.waitFor(fmt.Sprintf(`(f => !f.asked && !f.again && !f.working)(figures.get(%q))`, name))
}

// numbers are what the figure shows, by key.
func (v *visit) numbers(name string) map[string]string {
	v.Helper()
	return eval[map[string]string](v, fmt.Sprintf(`Object.fromEntries([...document.querySelectorAll("%s dd")].map(d => [d.dataset.key, d.textContent]))`,
		selector(name)))
}

// compare holds the page's numbers against those that the figure computes here.
func (v *visit) compare(f *figure.Figure, s figure.State) {
	v.Helper()
	view, err := f.Draw(s)
	require.NoError(v, err)
	shown := v.numbers(f.Name)
	require.Len(v, shown, len(view.Numbers), f.Name)
	for _, n := range view.Numbers {
		want, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || n.Key == "difference" { // a text; a difference of roundings is another one on another machine
			if err != nil {
				assert.Equal(v, n.Value, shown[n.Key], "%s: %s", f.Name, n.Key)
			}
			continue
		}
		got, err := strconv.ParseFloat(shown[n.Key], 64)
		require.NoError(v, err)
		assert.InDelta(v, want, got, 2e-4*math.Max(1e-9, math.Abs(want))+1e-12, "%s: %s in state %v", f.Name, n.Key, s)
	}
}

// Every chapter, in both languages: sliders are moved by keyboard, choices made, and the numbers compared.
func TestChapters(t *testing.T) {
	shots := os.Getenv("NOTES_SCREENSHOTS")
	if shots == "" {
		shots = filepath.Join(os.TempDir(), "notes-screenshots")
	}
	require.NoError(t, os.MkdirAll(shots, 0o755))
	t.Logf("screenshots are in %s", shots)
	for _, lang := range []string{"en", "zh"} {
		t.Run(lang, func(t *testing.T) {
			begun := time.Now()
			v := open(t, files(), 1280, 900)
			first := eval[float64](v, `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1`)
			v.live()
			t.Logf("first paint after %.0f ms, live after %v", first, time.Since(begun).Round(time.Millisecond))
			v.do(chromedp.Click(chromedp.CSS("button[data-lang=" + lang + "]")))
			assert.Equal(t, lang, eval[string](v, "document.documentElement.lang"))
			for _, f := range figure.All() {
				v.chapter(f, lang, shots)
			}
			v.quiet()
		})
	}
}

func (v *visit) chapter(f *figure.Figure, lang, shots string) {
	v.Helper()
	v.do(chromedp.ScrollIntoView(chromedp.CSS(selector(f.Name))))
	s := f.Initial()
	if f.Work != nil { // it starts by itself when it is seen
		v.waitFor(fmt.Sprintf(`figures.get(%q).working !== undefined`, f.Name))
		require.NoError(v, f.Work(s, figure.AtOnce()))
	}
	v.settled(f.Name)
	v.picture(f, lang, shots)
	slowest := 0.0
	for _, c := range f.Controls {
		if c.Restarts && !(f.Name == "regimes" && c.Name == "epochs") {
			continue // learning anew for each press takes long; TestTraining has it
		}
		at := fmt.Sprintf("%s [data-control=%s]", selector(f.Name), c.Name)
		switch c.Kind {
		case figure.Range:
			v.do(chromedp.Focus(chromedp.CSS(at)))
			keys := []string{kb.ArrowRight, kb.ArrowLeft, kb.ArrowLeft}
			if c.Value == c.Min {
				keys = []string{kb.ArrowRight, kb.ArrowRight, kb.ArrowLeft}
			}
			for _, key := range keys {
				eval[float64](v, "window.begun = performance.now()")
				v.do(chromedp.KeyEvent(key))
				v.settled(f.Name)
				took := eval[float64](v, "(figures.get('"+f.Name+"').answeredAt || 0) - window.begun")
				if !c.Restarts {
					slowest = math.Max(slowest, took)
				}
			}
			value := eval[float64](v, fmt.Sprintf("Number(document.querySelector(%q).value)", at))
			assert.NotEqual(v, c.Value, value, "%s: the slider %s did not move", f.Name, c.Name)
			s[c.Name] = value
			if c.Restarts {
				require.NoError(v, f.Work(s, figure.AtOnce()))
			}
		case figure.Choice:
			for _, o := range c.Options[1:] {
				v.do(chromedp.SetValue(chromedp.CSS(at), o.Word))
				eval[bool](v, fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new Event("input", { bubbles: true }))`, at))
				s[c.Name] = o.Word
				v.settled(f.Name)
				v.compare(f, s)
			}
		}
		v.compare(f, s)
	}
	v.Logf("%s: the slowest answer to a key took %.1f ms", f.Name, slowest)
}

func (v *visit) picture(f *figure.Figure, lang, shots string) {
	v.Helper()
	png, err := chromedp.Run(v.ctx, chromedp.Screenshot(chromedp.CSS("section:has("+selector(f.Name)+")")))
	require.NoError(v, err)
	require.NoError(v, os.WriteFile(filepath.Join(shots, f.Name+"."+lang+".png"), png, 0o644))
}

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

// What the reader types is computed, and what is no expression is answered in words.
func TestExpression(t *testing.T) {
	v := open(t, files(), 1280, 900)
	v.live()
	f := named(t, "chainrule")
	at := selector("chainrule") + " input[type=text]"
	for _, text := range []string{"sin(cos(exp(w)))", "x*x + x", "x +", "<b>x</b>", "pow(x, y)/x"} {
		v.do(chromedp.ScrollIntoView(chromedp.CSS(at)), chromedp.Focus(chromedp.CSS(at)), chromedp.Evaluate[chromedp.Void](`document.activeElement.value = ""`), chromedp.SendKeys(chromedp.CSS(at), text))
		v.settled("chainrule")
		s := f.Initial()
		s["text"] = text
		v.compare(f, s)
	}
	v.quiet()
}

// A wider layer is learnt anew, and the work can be stopped.
func TestTraining(t *testing.T) {
	v := open(t, files(), 1280, 900)
	v.live()
	v.do(chromedp.ScrollIntoView(chromedp.CSS(selector("approximation"))))
	v.waitFor(`figures.get("approximation").working`)
	v.do(chromedp.Click(chromedp.CSS(selector("approximation") + " button.work")))
	v.waitFor(`figures.get("approximation").working === false`)
	steps, err := strconv.Atoi(v.numbers("approximation")["steps"])
	require.NoError(t, err)
	t.Logf("stopped after %d steps of the reader's width", steps)
	at := selector("approximation") + " [data-control=neurons]"
	v.do(chromedp.Focus(chromedp.CSS(at)), chromedp.KeyEvent(kb.Home))
	v.settled("approximation")
	f := named(t, "approximation")
	s := f.Initial()
	s["neurons"] = 1.0
	require.NoError(t, f.Work(s, figure.AtOnce()))
	v.compare(f, s)
	v.quiet()
}

func named(t *testing.T, name string) *figure.Figure {
	for _, f := range figure.All() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no figure %s", name)
	return nil
}

// No element is wider than the window, from a telephone to a wall, in both languages.
func TestWidths(t *testing.T) {
	for _, width := range []int64{380, 768, 1600} {
		for _, lang := range []string{"en", "zh"} {
			v := open(t, files(), width, 900)
			v.live()
			v.do(chromedp.Click(chromedp.CSS("button[data-lang=" + lang + "]")))
			if width == 380 {
				v.scheme("dark")
			}
			wide := eval[[]string](v, `[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll, .long, svg") || e.matches("svg, .scroll, .long"))
				.filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.tagName + "." + e.className + " " + e.textContent.slice(0, 40))`)
			assert.Empty(t, wide, "at %d", width)
			assert.LessOrEqual(t, eval[float64](v, "document.documentElement.scrollWidth"), float64(width))
		}
	}
}

// The texts of a language are shown, and no other's.
func TestLanguages(t *testing.T) {
	v := open(t, files(), 1000, 900)
	v.live()
	for _, lang := range []string{"en", "zh", "en"} {
		other := map[string]string{"en": "zh", "zh": "en"}[lang]
		v.do(chromedp.Click(chromedp.CSS("button[data-lang=" + lang + "]")))
		seen := eval[int](v, `[...document.querySelectorAll(".`+other+`")].filter(e => e.getClientRects().length > 0).length`)
		assert.Zero(t, seen, "%s is seen in %s", other, lang)
		seen = eval[int](v, `[...document.querySelectorAll(".prose.`+lang+`")].filter(e => e.getClientRects().length > 0).length`)
		assert.Equal(t, 12, seen)
		missing := eval[[]string](v, `[...document.querySelectorAll(".`+lang+`")].filter(e => e.textContent === "" && e.parentElement.textContent !== "").map(e => e.parentElement.textContent)`)
		assert.Empty(t, missing)
		title := eval[string](v, "document.title")
		assert.Equal(t, lang, eval[string](v, "document.documentElement.lang"))
		assert.Equal(t, lang == "zh", strings.Contains(title, "神经网络"))
	}
	v.quiet()
}

// The page starts where a host knows nothing of WebAssembly: as text, without the compressed file, or unpacking it.
func TestHosts(t *testing.T) {
	asText := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, ".wasm") {
			w.Header().Set("Content-Type", "text/plain")
		}
		files().ServeHTTP(w, r)
	})
	encoded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".gz") {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/wasm")
		}
		files().ServeHTTP(w, r)
	})
	for name, handler := range map[string]http.Handler{"text": asText, "unpacked on the way": encoded} {
		t.Run(name, func(t *testing.T) {
			v := open(t, handler, 1000, 900)
			v.live()
			v.quiet()
		})
	}
	t.Run("no compressed file", func(t *testing.T) {
		v := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, ".gz") {
				http.NotFound(w, r)
				return
			}
			files().ServeHTTP(w, r)
		}), 1000, 900)
		v.live()
	})
}

// Without WebAssembly the page still reads, with pictures and numbers.
func TestWithoutWebAssembly(t *testing.T) {
	v := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, ".wasm") {
			http.NotFound(w, r)
			return
		}
		files().ServeHTTP(w, r)
	}), 1000, 900)
	v.waitFor(`document.getElementById("status").textContent.includes("beforehand")`)
	for _, f := range figure.All() {
		assert.NotZero(t, eval[int](v, fmt.Sprintf(`document.querySelectorAll("%s svg").length`, selector(f.Name))), f.Name)
		s := f.Initial()
		if f.Work != nil {
			require.NoError(t, f.Work(s, figure.AtOnce()))
		}
		v.compare(f, s)
	}
}

// What a reader has to load: at most 30 MB, 5.5 MB of it on the way.
func TestSizes(t *testing.T) {
	for name, most := range map[string]int64{"notes.wasm": 30e6, "notes.wasm.gz": 5.5e6, "index.html": 1e6} {
		info, err := os.Stat(filepath.Join(site.dir, name))
		require.NoError(t, err)
		t.Logf("%s: %.2f MB", name, float64(info.Size())/1e6)
		assert.LessOrEqual(t, info.Size(), most, name)
	}
}
