package programs

import (
	"fmt"
	"slices"
	"strings"

	"chainrule/graph"
)

// Type is that of a variable: floats of a shape, or an integer scalar, the number of a step.
type Type struct {
	Shape []int
	Int   bool
}

func (t Type) String() string {
	if t.Int {
		return "int"
	}
	return strings.ReplaceAll(fmt.Sprint(t.Shape), " ", ",")
}

func (t Type) equal(u Type) bool { return t.Int == u.Int && slices.Equal(t.Shape, u.Shape) }

func floats(shape ...int) Type { return Type{Shape: shape} }

// Variable is a name for one value. Its number is its place in tables of values.
type Variable struct {
	number int
	Type
}

func (v *Variable) String() string { return fmt.Sprint("v", v.number) }

// Statement computes variables from others.
type Statement struct {
	kind *kind
	// variant chooses among what the kind does.
	variant string
	in, out []*Variable
	// settings are literals: axes, shapes, counts.
	settings []int
	blocks   []*Block
}

// Block is a list of statements with parameters and results. What it uses beside is from outside.
type Block struct {
	params     []*Variable
	statements []*Statement
	results    []*Variable
}

// Program is a block whose parameters are the arguments.
type Program struct {
	*Block
	variables int // their number
	values    [][]float64
}

// kind is a kind of statement, in three ways: at random, in numbers, and by the library.
type kind struct {
	name string
	// make returns a statement of variables in scope, or nil if there is none.
	make func(m *maker, s *scope) *Statement
	// run computes it in numbers.
	run func(c *evaluation, s *Statement, in []array) []array
	// build makes it of nodes.
	build func(b *builder, s *Statement, in []*graph.Node) []*graph.Node
}

// one makes the functions of a kind of those of one result.
func (k kind) one(
	run func(s *Statement, in []array) array, build func(s *Statement, in []*graph.Node) *graph.Node,
) *kind {
	k.run = func(_ *evaluation, s *Statement, in []array) []array { return []array{run(s, in)} }
	k.build = func(_ *builder, s *Statement, in []*graph.Node) []*graph.Node { return []*graph.Node{build(s, in)} }
	return &k
}

// String prints a program so that it can be read, and written again by hand.
func (p *Program) String() string {
	var b strings.Builder
	for i, v := range p.params {
		fmt.Fprintf(&b, "%v %v = %v\n", v, v.Type, p.values[i])
	}
	p.print(&b, "")
	return b.String()
}

func (b *Block) print(out *strings.Builder, indent string) {
	for _, s := range b.statements {
		out.WriteString(indent)
		fmt.Fprintf(out, "%s = %s", names(s.out, true), s.kind.name)
		if s.variant != "" {
			fmt.Fprint(out, " ", s.variant)
		}
		if len(s.settings) > 0 {
			fmt.Fprint(out, s.settings)
		}
		fmt.Fprintf(out, "(%s)\n", names(s.in, false))
		for _, inner := range s.blocks {
			fmt.Fprintf(out, "%s  {%s\n", indent, names(inner.params, true))
			inner.print(out, indent+"    ")
			fmt.Fprintf(out, "%s  }\n", indent)
		}
	}
	fmt.Fprintf(out, "%sreturn %s\n", indent, names(b.results, false))
}

func names(list []*Variable, typed bool) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = v.String()
		if typed {
			parts[i] += " " + v.Type.String()
		}
	}
	return strings.Join(parts, ", ")
}

// each calls f for b and all blocks in it.
func (b *Block) each(f func(*Block)) {
	f(b)
	for _, s := range b.statements {
		for _, inner := range s.blocks {
			inner.each(f)
		}
	}
}

// length is the number of statements, those of inner blocks included.
func (b *Block) length() int {
	n := 0
	b.each(func(b *Block) { n += len(b.statements) })
	return n
}

// uses lists the variables that b's statements and results name.
func (b *Block) uses() map[*Variable]bool {
	used := map[*Variable]bool{}
	b.each(func(b *Block) {
		for _, v := range b.results {
			used[v] = true
		}
		for _, s := range b.statements {
			for _, v := range s.in {
				used[v] = true
			}
		}
	})
	return used
}

// prune drops statements whose results nothing uses.
func (b *Block) prune() {
	for again := true; again; {
		again = false
		used := b.uses()
		b.each(func(inner *Block) {
			n := len(inner.statements)
			inner.statements = slices.DeleteFunc(inner.statements, func(s *Statement) bool {
				return !slices.ContainsFunc(s.out, func(v *Variable) bool { return used[v] })
			})
			again = again || len(inner.statements) < n
		})
	}
}
