package browser

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

// Every chapter, in both languages: sliders are moved by keyboard, choices made, and the numbers compared.
func TestChapters(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		t.Run(lang, func(t *testing.T) {
			begun := time.Now()
			v := open(t, files(), 1280, 900)
			v.live()
			first := eval[float64](v, `performance.getEntriesByName("first-contentful-paint")[0].startTime`)
			t.Logf("first paint after %.0f ms, live after %v", first, time.Since(begun).Round(time.Millisecond))
			v.do(chromedp.Click(chromedp.CSS("button[data-lang=" + lang + "]")))
			assert.Equal(t, lang, eval[string](v, "document.documentElement.lang"))
			for _, f := range figure.All() {
				v.chapter(f, lang)
			}
			v.quiet()
		})
	}
}

func (v *visit) chapter(f *figure.Figure, lang string) {
	v.Helper()
	v.do(chromedp.ScrollIntoView(chromedp.CSS(selector(f.Name))))
	s := f.Initial()
	v.seen(f.Name)
	if f.Work != nil {
		require.NoError(v, f.Work(s, figure.AtOnce()))
	}
	v.compare(f, s)
	v.picture(f, lang)
	var answers []float64 // in milliseconds
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
					answers = append(answers, took)
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
	if slices.Sort(answers); len(answers) > 0 {
		v.Logf("%s: %d answers to keys, median %.1f ms, slowest %.1f ms", f.Name, len(answers), answers[len(answers)/2], answers[len(answers)-1])
	}
}

// picture writes a screenshot of the figure's chapter, for a person to look at.
func (v *visit) picture(f *figure.Figure, suffix string) {
	v.Helper()
	shots := cmp.Or(os.Getenv("NOTES_SCREENSHOTS"), filepath.Join(os.TempDir(), "notes-screenshots"))
	require.NoError(v, os.MkdirAll(shots, 0o755))
	png, err := chromedp.Run(v.ctx, chromedp.Screenshot(chromedp.CSS("section:has("+selector(f.Name)+")")))
	require.NoError(v, err)
	require.NoError(v, os.WriteFile(filepath.Join(shots, f.Name+"."+suffix+".png"), png, 0o644))
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

// While one figure works the others answer; its work can be stopped, and begins anew for another width.
func TestTraining(t *testing.T) {
	v := open(t, files(), 1280, 900)
	v.live()
	v.do(chromedp.ScrollIntoView(chromedp.CSS(selector("approximation"))))
	v.waitFor(`figures.get("approximation").working`)
	v.do(chromedp.Focus(chromedp.CSS(selector("softmax")+" [data-control=z1]")), chromedp.KeyEvent(kb.ArrowRight))
	v.settled("softmax")
	other := named(t, "softmax")
	s := other.Initial()
	s["z1"] = 1.1
	v.compare(other, s)
	v.do(chromedp.ScrollIntoView(chromedp.CSS(selector("approximation"))))
	assert.True(t, eval[bool](v, `figures.get("approximation").working`), "others answer while one works")
	v.do(chromedp.Click(chromedp.CSS(selector("approximation") + " button.work")))
	v.waitFor(`figures.get("approximation").working === false`)
	widths := eval[int](v, `figures.get("approximation").pictures.lastElementChild.querySelectorAll(".point.one").length`)
	assert.Less(t, widths, 7, "it was stopped before all widths were learnt")
	at := selector("approximation") + " [data-control=neurons]"
	v.do(chromedp.Focus(chromedp.CSS(at)), chromedp.KeyEvent(kb.Home))
	v.settled("approximation")
	f := named(t, "approximation")
	s = f.Initial()
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

// No element is wider than the window, from a telephone to a wall, in both languages, light and dark. With NOTES_SCREENSHOTS
// set to a folder, every chapter is written there in each.
func TestWidths(t *testing.T) {
	for _, c := range []struct {
		width        int64
		lang, scheme string
	}{{380, "en", "dark"}, {380, "zh", "light"}, {768, "en", "light"}, {1600, "en", "light"}, {1600, "zh", "dark"}} {
		v := open(t, files(), c.width, 900)
		v.live()
		v.do(chromedp.Click(chromedp.CSS("button[data-lang=" + c.lang + "]")))
		v.scheme(c.scheme)
		wide := eval[[]string](v, `[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll, .long, svg") || e.matches("svg, .scroll, .long"))
			.filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.tagName + "." + e.className + " " + e.textContent.slice(0, 40))`)
		assert.Empty(t, wide, "at %d", c.width)
		assert.LessOrEqual(t, eval[float64](v, "document.documentElement.scrollWidth"), float64(c.width))
		if os.Getenv("NOTES_SCREENSHOTS") == "" {
			continue
		}
		for _, f := range figure.All() {
			v.do(chromedp.ScrollIntoView(chromedp.CSS(selector(f.Name))))
			v.seen(f.Name)
			v.picture(f, fmt.Sprintf("%s.%d.%s", c.lang, c.width, c.scheme))
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
