package main

import (
	"bytes"
	"fmt"
	"go/format"
)

// stubs collects the Go declarations of generated functions, and the tables by which package gemm finds them.
type stubs struct {
	functions bytes.Buffer
	tables    map[string]map[shape]string // name of a table, then of its functions by size
	order     []string
}

func newStubs() *stubs { return &stubs{tables: map[string]map[shape]string{}} }

func (s *stubs) add(table string, size shape, function string) {
	fmt.Fprintf(&s.functions, "//go:noescape\nfunc %s(t *tile)\n\n", function)
	if s.tables[table] == nil {
		s.tables[table] = map[shape]string{}
		s.order = append(s.order, table)
	}
	s.tables[table][size] = function
}

func (s *stubs) addTile(t *tile) {
	s.add(t.isa.name+t.elem.name+" = tileTable", shape{t.rows, t.vecs}, t.name())
}

func (s *stubs) addDot(d *dot) {
	s.add(d.isa.name+"Dot"+d.elem.name+" = dotTable", shape{d.rows, d.cols}, d.name())
}

func (s *stubs) addPacker(p *packer) {
	for _, what := range []string{"copy", "transpose"} {
		fmt.Fprintf(&s.functions, "//go:noescape\nfunc %s(p *packing)\n\n", p.name(what))
	}
}

func (s *stubs) addOuter(o *outer) {
	fmt.Fprintf(&s.functions, "//go:noescape\nfunc %s(c, a, b unsafe.Pointer, stepA, rows, vecs int)\n\n", o.name())
}

// source is the Go file: tables by columns or vectors, then by rows; and the declarations.
func (s *stubs) source() []byte {
	var out bytes.Buffer
	out.WriteString(header + "//go:build !noasm\n\npackage gemm\n\nimport \"unsafe\"\n\n")
	const most = 16
	for _, name := range s.order {
		fmt.Fprintf(&out, "var %s{\n", name)
		for across := range most {
			var row bytes.Buffer
			for rows := range most {
				if function, ok := s.tables[name][shape{rows, across}]; ok {
					fmt.Fprintf(&row, "%d: %s,\n", rows, function)
				}
			}
			if row.Len() > 0 {
				fmt.Fprintf(&out, "%d: {\n%s},\n", across, row.Bytes())
			}
		}
		out.WriteString("}\n\n")
	}
	out.Write(s.functions.Bytes())
	source, err := format.Source(out.Bytes())
	if err != nil {
		fatal(err)
	}
	return source
}
