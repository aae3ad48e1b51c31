// Package outside stands where a user stands: in another module.
//
//   - stranger: a fresh module in a temporary folder that reaches this one by a replace line.
//   - first program: the first Go block of README.md that opens with "package main".
//   - promise: the text block after it, what the README says the program prints.
//   - excerpt: any other Go block of the README, a part of a program in examples, with the promise that follows it.
//
// The test writes the stranger's module, runs the first program in it and compares what it prints
// with the promise, so that the first two minutes of a newcomer cannot break unseen.
package outside

import (
	"fmt"
	"strings"
)

// FirstProgram returns the first program of a Markdown text and its promise.
func FirstProgram(markdown string) (program, promise string, err error) {
	var line int
	for _, b := range blocks(markdown) {
		switch {
		case program == "" && b.lang == "go" && strings.HasPrefix(strings.TrimSpace(b.body), "package main"):
			program, line = b.body, b.line
		case program != "" && b.lang == "text":
			return program, b.body, nil
		case program != "" && b.lang == "go":
			return "", "", fmt.Errorf("line %d: no ```text block follows the program of line %d", b.line, line)
		}
	}
	if program == "" {
		return "", "", fmt.Errorf("no ```go block opens with \"package main\"")
	}
	return "", "", fmt.Errorf("no ```text block follows the program of line %d", line)
}

// An Excerpt is a part of a program, and its promise: "" if another block follows it than one of text.
type Excerpt struct {
	Line          int
	Code, Promise string
}

// Excerpts returns the Go blocks of a Markdown text that are no whole programs.
func Excerpts(markdown string) (list []Excerpt) {
	all := blocks(markdown)
	for i, b := range all {
		if b.lang != "go" || strings.HasPrefix(strings.TrimSpace(b.body), "package main") {
			continue
		}
		e := Excerpt{Line: b.line, Code: b.body}
		if i+1 < len(all) && all[i+1].lang == "text" {
			e.Promise = all[i+1].body
		}
		list = append(list, e)
	}
	return list
}

// A block is a fenced block: the word after its fence, the line of that fence, and its body.
type block struct {
	lang string
	line int
	body string
}

// blocks returns the blocks between ``` fences, in order; one that nobody closes is dropped.
func blocks(markdown string) (found []block) {
	const fence = "```"
	var open *block
	for i, s := range strings.Split(strings.ReplaceAll(markdown, "\r\n", "\n"), "\n") {
		lang, fenced := strings.CutPrefix(strings.TrimRight(s, " \t"), fence)
		switch {
		case open == nil && fenced:
			open = &block{lang: lang, line: i + 1}
		case open != nil && fenced && lang == "":
			found, open = append(found, *open), nil
		case open != nil:
			open.body += s + "\n"
		}
	}
	return found
}

// Diff compares what a program printed with its promise, but for blanks at the ends of lines and
// empty lines at either end. It returns the first line that differs, or "".
func Diff(printed, promise string) string {
	got, want := tidyLines(printed), tidyLines(promise)
	for i := range max(len(got), len(want)) {
		g, w := "(nothing)", "(nothing)"
		if i < len(got) {
			g = fmt.Sprintf("%q", got[i])
		}
		if i < len(want) {
			w = fmt.Sprintf("%q", want[i])
		}
		if g != w {
			return fmt.Sprintf("line %d of the output: printed %s, promised %s", i+1, g, w)
		}
	}
	return ""
}

func tidyLines(s string) []string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\r")
	}
	return lines
}
