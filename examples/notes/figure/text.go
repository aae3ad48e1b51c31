package figure

import (
	"encoding/json"
	"html"
)

// Text is a text in both languages.
type Text struct{ EN, ZH string }

// T is a text whose two forms differ.
func T(en, zh string) Text { return Text{en, zh} }

// Same is a text that needs no translation, such as a formula.
func Same(s string) Text { return Text{s, s} }

// MarshalJSON writes a text that needs no translation as a string.
func (t Text) MarshalJSON() ([]byte, error) {
	if t.EN == t.ZH {
		return json.Marshal(t.EN)
	}
	return json.Marshal(map[string]string{"en": t.EN, "zh": t.ZH})
}

// cells are a row of a table in which nothing needs a translation.
func cells(row ...string) []Text {
	texts := make([]Text, len(row))
	for i, s := range row {
		texts[i] = Same(s)
	}
	return texts
}

// spans writes both forms as elements of which the page shows one.
func (t Text) spans(element string) string {
	if t.EN == t.ZH {
		return html.EscapeString(t.EN)
	}
	return "<" + element + ` class="en">` + html.EscapeString(t.EN) + "</" + element + "><" + element +
		` class="zh">` + html.EscapeString(t.ZH) + "</" + element + ">"
}

// HTML writes the text for a page that holds both languages.
func (t Text) HTML() string { return t.spans("span") }
