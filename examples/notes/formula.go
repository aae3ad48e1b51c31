package main

import (
	"html"
	"strings"
	"unicode"
)

// mathML writes a formula in the notation of the texts as MathML: x^2, W^{l+1}, θ_1, {a/b} for a fraction, "words".
// Letters are variables, but for the names of functions.
func mathML(formula string) string {
	p := formulaParser{rest: []rune(formula)}
	return `<math>` + p.row(0) + `</math>`
}

type formulaParser struct{ rest []rune }

var functionNames = []string{"argmin", "sinh", "cosh", "tanh", "softmax", "ReLU", "sgn", "log", "max", "cos", "sin"}

// row reads up to the closing rune, which it takes.
func (p *formulaParser) row(closing rune) string {
	var b strings.Builder
	b.WriteString("<mrow>")
	for len(p.rest) > 0 && p.rest[0] != closing {
		if p.rest[0] == ' ' {
			p.rest = p.rest[1:]
			continue
		}
		b.WriteString(p.raised())
	}
	p.skip(1)
	b.WriteString("</mrow>")
	return b.String()
}

// one takes a rune.
func (p *formulaParser) one() string {
	text := string(p.rest[:min(1, len(p.rest))])
	p.skip(1)
	return text
}

func (p *formulaParser) skip(n int) { p.rest = p.rest[min(n, len(p.rest)):] }

// raised reads an atom with what stands above and below it.
func (p *formulaParser) raised() string {
	base := p.atom()
	var sub, sup string
	for len(p.rest) > 0 && (p.rest[0] == '_' || p.rest[0] == '^') {
		if p.one() == "_" {
			sub += p.atom()
		} else {
			sup += p.atom()
		}
	}
	switch {
	case sub != "" && sup != "":
		return "<msubsup>" + base + sub + sup + "</msubsup>"
	case sub != "":
		return "<msub>" + base + sub + "</msub>"
	case sup != "":
		return "<msup>" + base + sup + "</msup>"
	}
	return base
}

func (p *formulaParser) atom() string {
	if len(p.rest) == 0 {
		return "<mrow></mrow>"
	}
	for _, name := range functionNames {
		if strings.HasPrefix(string(p.rest), name) {
			p.skip(len(name))
			return "<mi>" + name + p.primes() + "</mi>"
		}
	}
	switch r := p.rest[0]; {
	case r == '{':
		p.skip(1)
		return p.group()
	case r == '\\': // what follows stands for itself
		p.skip(1)
		return "<mo>" + html.EscapeString(p.one()) + "</mo>"
	case r == '(': // a group, so that what stands above it stands above all of it
		p.skip(1)
		return "<mrow><mo>(</mo>" + p.row(')') + "<mo>)</mo></mrow>"
	case r == '‖':
		p.skip(1)
		return "<mrow><mo>‖</mo>" + p.row('‖') + "<mo>‖</mo></mrow>"
	case r == 'ŷ':
		p.skip(1)
		return "<mover><mi>y</mi><mo>^</mo></mover>"
	case r == '"':
		p.skip(1)
		return "<mtext>" + html.EscapeString(p.take(func(r rune) bool { return r != '"' }, 1)) + "</mtext>"
	case unicode.IsDigit(r) || r == '½':
		return "<mn>" + p.number() + "</mn>"
	case unicode.IsLetter(r):
		p.skip(1)
		primes := p.primes()
		if primes != "" { // only a letter alone is slanted by the browser
			r = slanted(r)
		}
		return "<mi>" + string(r) + primes + "</mi>"
	default:
		p.skip(1)
		return "<mo>" + html.EscapeString(string(r)) + "</mo>"
	}
}

// number reads digits; a point or comma belongs to them if a digit follows.
func (p *formulaParser) number() string {
	k := 1
	for k < len(p.rest) {
		r := p.rest[k]
		within := (r == '.' || r == ',') && k+1 < len(p.rest) && unicode.IsDigit(p.rest[k+1])
		if !unicode.IsDigit(r) && !within {
			break
		}
		k++
	}
	text := string(p.rest[:k])
	p.skip(k)
	return text
}

func (p *formulaParser) primes() string { return p.take(func(r rune) bool { return r == '′' }, 0) }

// slanted is a letter of mathematical italic.
func slanted(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return r - 'a' + '𝑎'
	case r >= 'α' && r <= 'ω':
		return r - 'α' + '𝛼'
	}
	return r
}

// take reads while ok, and drops n runes behind.
func (p *formulaParser) take(ok func(rune) bool, n int) string {
	k := 0
	for k < len(p.rest) && ok(p.rest[k]) {
		k++
	}
	text := string(p.rest[:k])
	p.skip(k + n)
	return text
}

// group is what braces hold: a fraction if there is a slash in them, a row otherwise.
func (p *formulaParser) group() string {
	depth, slash, end := 0, -1, len(p.rest)
	for k, r := range p.rest {
		switch {
		case r == '{':
			depth++
		case r == '}' && depth == 0:
			end = k
		case r == '}':
			depth--
		case r == '/' && depth == 0 && slash < 0:
			slash = k
		}
		if end < len(p.rest) {
			break
		}
	}
	if slash < 0 || slash > end {
		return p.row('}')
	}
	above := formulaParser{rest: p.rest[:slash]}
	below := formulaParser{rest: p.rest[slash+1 : end]}
	p.skip(end + 1)
	return "<mfrac>" + above.row(0) + below.row(0) + "</mfrac>"
}
