package graph

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseError says which line of a graph's text is wrong, and why.
type ParseError struct {
	Line int
	Err  error
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("graph: line %d: %s", e.Line, clip(e.Err.Error(), mostReason))
}

// Unwrap returns the reason.
func (e *ParseError) Unwrap() error { return e.Err }

// Parse reads what Text prints. It returns the new graph and the nodes of the return line. Blank lines and
// lines that start with # are passed over, and nothing else follows the return line. The inputs come in the order of
// their lines.
func Parse(text string) (g *Graph, outputs []*Node, err error) {
	p := parser{g: New(), nodes: map[string]*Node{}}
	p.g.origin = findCaller(2, isUserAt) // one line for all nodes
	defer func() { p.g.origin = 0 }()
	returned := false
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		switch rest, isReturn := strings.CutPrefix(line+" ", "return "); {
		case returned:
			err = errorf("%q after the return line", line)
		case isReturn:
			outputs, err = p.refs(rest)
			returned = true
		default:
			err = p.node(line)
		}
		if err != nil {
			return nil, nil, &ParseError{number, err}
		}
	}
	if !returned {
		return nil, nil, &ParseError{number, errorf("no return line")}
	}
	return p.g, outputs, nil
}

type parser struct {
	g     *Graph
	nodes map[string]*Node
}

// node parses one line: %id = op(inputs) [attributes] "name" : type.
func (p *parser) node(line string) error {
	id, rest, ok := strings.Cut(line, " = ")
	if !ok || !strings.HasPrefix(id, "%") {
		return errorf("want %%id = op(…), have %q", line)
	}
	if p.nodes[id] != nil {
		return errorf("%s is defined twice", id)
	}
	colon := strings.LastIndex(rest, " : ")
	if colon < 0 {
		return errorf("no type in %q", line)
	}
	t, err := ParseType(strings.TrimSpace(rest[colon+3:]))
	if err != nil {
		return err
	}
	rest, name, err := cutName(rest[:colon])
	if err != nil {
		return err
	}
	end := strings.IndexAny(rest, "( ")
	if end < 0 {
		end = len(rest)
	}
	op := Lookup(rest[:end])
	if op == nil {
		return errorf("unknown op %q", rest[:end])
	}
	n, err := p.build(op, strings.TrimSpace(rest[end:]), name, t)
	if err != nil {
		return err
	}
	if !n.typ.Equal(t) {
		return errorf("%s is %v, not %v", op.Name, *n.typ, t)
	}
	if name != "" {
		Named(name, n)
	}
	p.nodes[id] = n
	return nil
}

// build makes the node that a line describes: rest is what follows the op, up to the name.
func (p *parser) build(op *Op, rest, name string, t Type) (n *Node, err error) {
	switch op {
	case inputOp:
		if rest != "" {
			return nil, errorf("%q after input", rest)
		}
		return p.g.Input(name, t.DType, t.Shape...), nil
	case constOp:
		raw, err := parseLiteral(t, rest)
		if err != nil {
			return nil, err
		}
		return p.g.constant(t, raw), nil
	}
	var in []*Node
	if inner, ok := strings.CutPrefix(rest, "("); ok {
		list, tail, ok := strings.Cut(inner, ")")
		if !ok {
			return nil, errorf("unterminated input list")
		}
		if in, err = p.refs(list); err != nil {
			return nil, err
		}
		rest = strings.TrimSpace(tail)
	}
	inner, open := strings.CutPrefix(rest, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if open != closed {
		return nil, errorf("unbalanced attributes %q", rest)
	}
	attrs, err := parseAttrs(p.g, op.Attrs, inner)
	if err != nil {
		return nil, err
	}
	err = Try(func() { n = p.g.Apply(op, attrs, in...) })
	return n, err
}

// refs looks up a list of nodes, as in "%1, %2"; a blank one is empty.
func (p *parser) refs(list string) ([]*Node, error) {
	var in []*Node
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	for ref := range strings.SplitSeq(list, ",") {
		n := p.nodes[strings.TrimSpace(ref)]
		if n == nil {
			return nil, errorf("%q is not defined", strings.TrimSpace(ref))
		}
		in = append(in, n)
	}
	return in, nil
}

// cutName takes a quoted name off the end of s: it starts at the first quote after a space from which s is one
// string to its end. Others are in the attributes.
func cutName(s string) (rest, name string, err error) {
	s = strings.TrimSpace(s)
	if !strings.HasSuffix(s, `"`) {
		return s, "", nil
	}
	for open := range len(s) - 1 {
		if s[open] != ' ' || s[open+1] != '"' {
			continue
		}
		if quoted, err := strconv.QuotedPrefix(s[open+1:]); err == nil && len(quoted) == len(s)-open-1 {
			name, err = strconv.Unquote(quoted)
			return s[:open], name, err
		}
	}
	return "", "", errorf("stray quote in %q", s)
}
