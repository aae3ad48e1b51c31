package course

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/scanner"
)

// ParseExpression reads an expression such as sigmoid(w*x + b): Go's syntax, as far as it has numbers, names, calls, + − * /
// and parentheses. (Package go/parser reads all of Go, and would be a fortieth of what the page has to load.)
func ParseExpression(text string) (*Expression, error) {
	if len(text) > mostBytes {
		return nil, fmt.Errorf("%w: %d bytes, %d at most", ErrTooLong, len(text), mostBytes)
	}
	p := parser{e: &Expression{}}
	p.in.Init(strings.NewReader(text))
	p.in.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanFloats
	p.in.Error = func(_ *scanner.Scanner, message string) { p.fail("%s", message) }
	p.next()
	p.sum()
	if p.err == nil && p.token != scanner.EOF {
		p.fail("%s is not expected", p.in.TokenText())
	}
	if p.err == nil && len(p.e.Variables) == 0 {
		p.fail("there is no variable to differentiate by")
	}
	return p.e, p.err
}

// parser reads by descent. After the first fault it reads nothing more.
type parser struct {
	in    scanner.Scanner
	token rune
	e     *Expression
	err   error
}

func (p *parser) next() { p.token = p.in.Scan() }

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("at %d: %s: %w", p.in.Offset, fmt.Sprintf(format, args...), ErrSyntax)
	}
}

// sum is product {(+|−) product}.
func (p *parser) sum() int { return p.chain("+-", p.product) }

// product is factor {(*|/) factor}.
func (p *parser) product() int { return p.chain("*/", p.factor) }

func (p *parser) chain(operators string, operand func() int) int {
	left := operand()
	for p.err == nil && p.token > 0 && strings.ContainsRune(operators, p.token) {
		op := string(p.token)
		p.next()
		left = p.apply(op, "(%s "+op+" %s)", left, operand())
	}
	return left
}

// factor is a number, a name, a call, −factor or a sum in parentheses.
func (p *parser) factor() int {
	if p.err != nil {
		return 0
	}
	text := p.in.TokenText()
	switch p.token {
	case scanner.Int, scanner.Float:
		p.next()
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			p.fail("%s is no number", text)
		}
		return p.part(Part{Op: text, Text: text, Value: v})
	case '-':
		p.next()
		return p.apply("neg", "−%s", p.factor())
	case '(':
		p.next()
		inner := p.sum()
		p.expect(')')
		return inner
	case scanner.Ident:
		p.next()
		if p.token == '(' {
			return p.call(text)
		}
		if !slices.Contains(p.e.Variables, text) {
			p.e.Variables = append(p.e.Variables, text)
		}
		return p.part(Part{Op: text, Text: text})
	case scanner.EOF:
		p.fail("something is missing at the end")
	default:
		p.fail("%s is not expected", text)
	}
	return 0
}

func (p *parser) call(name string) int {
	var args []int
	for p.next(); p.err == nil; p.next() {
		args = append(args, p.sum())
		if p.token != ',' {
			break
		}
	}
	p.expect(')')
	if len(args) == 2 {
		return p.apply(name, name+"(%s, %s)", args...)
	}
	return p.apply(name, name+"(%s)", args...)
}

func (p *parser) expect(token rune) {
	if p.token != token {
		p.fail("%s is missing", string(token))
		return
	}
	p.next()
}

// apply adds an operation on parts.
func (p *parser) apply(op, format string, args ...int) int {
	rule, ok := functions[op]
	if !ok {
		p.fail("the function %s is not known", op)
	} else if len(args) != rule.arity {
		p.fail("%s takes %d, not %d", op, rule.arity, len(args))
	}
	if p.err != nil {
		return 0
	}
	texts := make([]any, len(args))
	for k, i := range args {
		texts[k] = p.e.Nodes[i].Text
	}
	return p.part(Part{Op: op, In: args, Text: fmt.Sprintf(format, texts...)})
}

func (p *parser) part(part Part) int {
	if p.err != nil {
		return 0
	}
	i, err := p.e.part(part)
	p.err = err
	return i
}
