package main

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed page
var files embed.FS

// chapter is a chapter's title and prose in one language, as HTML.
type chapter struct{ Title, Prose string }

var (
	heading = regexp.MustCompile(`(?m)^## (\w+) \| (.*)$`)
	formula = regexp.MustCompile(`\$([^$]+)\$`)
)

// texts reads the chapters of a language, by key and in order.
func texts(lang string) (map[string]chapter, []string, error) {
	raw, err := files.ReadFile("page/" + lang + ".html")
	if err != nil {
		return nil, nil, err
	}
	text := string(raw)
	marks := heading.FindAllStringSubmatchIndex(text, -1)
	chapters := map[string]chapter{}
	var keys []string
	for k, m := range marks {
		end := len(text)
		if k+1 < len(marks) {
			end = marks[k+1][0]
		}
		key := text[m[2]:m[3]]
		if _, again := chapters[key]; again {
			return nil, nil, fmt.Errorf("%s: chapter %s stands there twice", lang, key)
		}
		keys = append(keys, key)
		chapters[key] = chapter{Title: text[m[4]:m[5]], Prose: withFormulas(strings.TrimSpace(text[m[1]:end]))}
	}
	return chapters, keys, nil
}

// longFormula is from how many runes on a formula may be wider than a telephone, and scrolls.
const longFormula = 24

// withFormulas writes what stands between dollars as MathML.
func withFormulas(prose string) string {
	return formula.ReplaceAllStringFunc(prose, func(f string) string {
		f = strings.ReplaceAll(strings.Trim(f, "$"), "&lt;", "<")
		if len([]rune(f)) < longFormula {
			return mathML(f)
		}
		return `<span class="long" tabindex="0">` + mathML(f) + `</span>`
	})
}
