package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"

	"chainrule/examples/notes/figure"
)

// pageTemplate is the page; what fills it is a page value.
var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"text":    label,
	"svg":     func(picture string) template.HTML { return template.HTML(picture) },
	"control": controlHTML,
	"json": func(v any) (string, error) {
		text, err := json.Marshal(v)
		return string(text), err
	},
}).ParseFS(files, "page/page.html"))

type page struct {
	Title    section
	Chapters []section
}

// section is a chapter in both languages, with its figure.
type section struct {
	Key      string
	EN, ZH   prose
	Figure   *drawnFigure
	Numbered bool
}

type prose struct {
	Title string
	HTML  template.HTML
}

// drawnFigure is a figure as it is before the reader touches it, so that the page reads without WebAssembly.
type drawnFigure struct {
	*figure.Figure
	View figure.View
}

// render writes the page.
func render() ([]byte, error) {
	en, keys, err := texts("en")
	if err != nil {
		return nil, err
	}
	zh, others, err := texts("zh")
	if err != nil {
		return nil, err
	}
	if !slices.Equal(keys, others) {
		return nil, fmt.Errorf("the languages have different chapters: %q and %q", keys, others)
	}
	drawn := map[string]*drawnFigure{}
	for _, f := range figure.All() {
		if drawn[f.Name], err = draw(f); err != nil {
			return nil, fmt.Errorf("figure %s: %w", f.Name, err)
		}
	}
	var p page
	for _, key := range keys {
		s := section{Key: key, EN: proseOf(en[key]), ZH: proseOf(zh[key]), Figure: drawn[key], Numbered: key != "bias"}
		if key == "title" {
			p.Title = s
			continue
		}
		p.Chapters = append(p.Chapters, s)
	}
	var b bytes.Buffer
	err = pageTemplate.Execute(&b, p)
	return b.Bytes(), err
}

func proseOf(c chapter) prose { return prose{c.Title, template.HTML(c.Prose)} }

// draw works a figure out, with what its button starts.
func draw(f *figure.Figure) (*drawnFigure, error) {
	s := f.Initial()
	if f.Work != nil {
		if err := f.Work(s, figure.AtOnce()); err != nil {
			return nil, err
		}
	}
	v, err := f.Draw(s)
	for i, c := range f.Controls {
		if name := v.Labels[c.Name]; name != "" {
			f.Controls[i].Label = figure.Same(name)
		}
	}
	return &drawnFigure{f, v}, err
}

// Pad is whether the reader draws on the first picture.
func (f *drawnFigure) Pad() bool {
	return slices.ContainsFunc(f.Controls, func(c figure.Control) bool { return onPicture(c.Kind) })
}

func onPicture(k figure.Kind) bool { return k == figure.Point || k == figure.Curve || k == figure.Ink }

func label(t figure.Text) template.HTML { return template.HTML(t.HTML()) }

var controlTemplates = template.Must(template.New("").Parse(`
{{define "range"}}<label><span>{{.Label}}</span><output>{{.Value}}</output><input type="range" data-control="{{.Name}}" min="{{.Min}}" max="{{.Max}}" step="{{.Step}}" value="{{.Value}}"{{if .Restarts}} data-restarts="1"{{end}} autocomplete="off" disabled></label>{{end}}
{{define "choice"}}<label><span>{{.Label}}</span><select data-control="{{.Name}}"{{if .Restarts}} data-restarts="1"{{end}} autocomplete="off" disabled>{{range .Options}}<option value="{{.Word}}" data-en="{{.EN}}" data-zh="{{.ZH}}">{{.Text}}</option>{{end}}</select></label>{{end}}
{{define "field"}}<label><span>{{.Label}}</span><input type="text" data-control="{{.Name}}" value="{{.Word}}" maxlength="200" spellcheck="false" autocapitalize="off" autocomplete="off" disabled></label>{{end}}
{{define "pad"}}<span class="hint">✎ {{.Label}}</span><input type="hidden" data-control="{{.Name}}" data-kind="{{.Kind}}" value="{{.JSON}}"{{if .Restarts}} data-restarts="1"{{end}}>{{if eq .Kind "ink"}}<div><button type="button" class="clear" disabled>✕ <span class="en">clear</span><span class="zh">清除</span></button></div>{{end}}{{end}}
`))

// controlHTML writes one control. Options cannot hold elements: without scripts they show both languages.
func controlHTML(c figure.Control) (template.HTML, error) {
	type option struct{ Word, Text, EN, ZH string }
	data := struct {
		figure.Control
		Label   template.HTML
		Options []option
		JSON    string
	}{Control: c, Label: label(c.Label)}
	for _, o := range c.Options {
		text := o.Label.EN
		if o.Label.ZH != text {
			text += " · " + o.Label.ZH
		}
		data.Options = append(data.Options, option{o.Word, text, o.Label.EN, o.Label.ZH})
	}
	name := string(c.Kind)
	if onPicture(c.Kind) {
		name = "pad"
		list, err := json.Marshal(append([]float64{}, c.List...))
		if err != nil {
			return "", err
		}
		data.JSON = string(list)
	}
	var b bytes.Buffer
	err := controlTemplates.ExecuteTemplate(&b, name, data)
	return template.HTML(b.String()), err
}
