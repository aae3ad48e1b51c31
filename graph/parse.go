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

func (e *ParseError) Error() string { return fmt.Sprintf("graph: line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *ParseError) Unwrap() error { return e.Err }

// Parse reads what Text prints. It returns the new graph and the nodes of the return line. Blank lines and
// lines that start with # are passed over. The inputs come in the order of their lines.
func Parse(text string) (*Graph, []*Node, error) {
	p := parser{g: New(), nodes: map[string]*Node{}}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "return"); ok {
			outputs, err := p.refs(rest)
			if err != nil {
				return nil, nil, &ParseError{i + 1, err}
			}
			return p.g, outputs, nil
		}
		if err := p.node(line); err != nil {
			return nil, nil, &ParseError{i + 1, err}
		}
	}
	return nil, nil, &ParseError{strings.Count(text, "\n") + 1, errorf("no return line")}
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
		return errorf("%s is %v, not %v", op.Name, n.typ, t)
	}
	if name != "" {
		Named(name, n)
	}
	p.nodes[id] = n
	return nil
}

func (p *parser) build(op *Op, rest, name string, t Type) (n *Node, err error) {
	switch op {
	case inputOp:
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
	attrs, err := parseAttrs(op.Attrs, inner)
	if err != nil {
		return nil, err
	}
	if a, ok := attrs.(aliasAttrs); ok {
		p.g.alias = max(p.g.alias, a.Serial)
	}
	err = Try(func() { n = p.g.Apply(op, attrs, in...) })
	return n, err
}

func (p *parser) refs(list string) ([]*Node, error) {
	var in []*Node
	for ref := range strings.SplitSeq(list, ",") {
		n := p.nodes[strings.TrimSpace(ref)]
		if n == nil {
			return nil, errorf("%q is not defined", strings.TrimSpace(ref))
		}
		in = append(in, n)
	}
	return in, nil
}

// cutName takes a quoted name off the end of s.
func cutName(s string) (rest, name string, err error) {
	s = strings.TrimSpace(s)
	if !strings.HasSuffix(s, `"`) {
		return s, "", nil
	}
	open := strings.Index(s, ` "`)
	if open < 0 {
		return "", "", errorf("stray quote in %q", s)
	}
	name, err = strconv.Unquote(s[open+1:])
	if err != nil {
		return "", "", errorf("bad name %s", s[open+1:])
	}
	return s[:open], name, nil
}
