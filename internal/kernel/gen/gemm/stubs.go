package main

import (
	"bytes"
	"fmt"
	"go/format"
)

// stubs collects the Go declarations of generated functions, and the tables by which package gemm finds them.
type stubs struct {
	functions bytes.Buffer
	tables    map[string][]*tile
	order     []string
}

func newStubs() *stubs { return &stubs{tables: map[string][]*tile{}} }

func (s *stubs) addTile(t *tile) {
	fmt.Fprintf(&s.functions, "//go:noescape\nfunc %s(t *tile)\n\n", t.name())
	table := t.isa.name + t.elem.name
	if s.tables[table] == nil {
		s.order = append(s.order, table)
	}
	s.tables[table] = append(s.tables[table], t)
}

func (s *stubs) addPacker(p *packer) {
	for _, what := range []string{"copy", "transpose"} {
		fmt.Fprintf(&s.functions, "//go:noescape\nfunc %s(p *packing)\n\n", p.name(what))
	}
}

// source is the Go file: tables[vecs][rows], then the declarations.
func (s *stubs) source() []byte {
	var out bytes.Buffer
	out.WriteString(header + "//go:build !noasm\n\npackage gemm\n\n")
	for _, name := range s.order {
		fmt.Fprintf(&out, "var %s = tileTable{\n", name)
		vecs := s.tables[name][0].vecs
		fmt.Fprintf(&out, "%d: {", vecs)
		for _, t := range s.tables[name] {
			if t.vecs != vecs {
				vecs = t.vecs
				fmt.Fprintf(&out, "},\n%d: {", vecs)
			}
			fmt.Fprintf(&out, "\n%d: %s,", t.rows, t.name())
		}
		out.WriteString("},\n}\n\n")
	}
	out.Write(s.functions.Bytes())
	source, err := format.Source(out.Bytes())
	if err != nil {
		fatal(err)
	}
	return source
}
