package graph

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteDOT draws the part of the graph that the outputs depend on in Graphviz's language: inputs are boxes,
// constants plain text, Map ops ellipses, outputs have a double border. An edge carries the type of the value.
func WriteDOT(w io.Writer, outputs ...*Node) error {
	isOutput := map[*Node]bool{}
	for _, n := range outputs {
		isOutput[n] = true
	}
	b := bufio.NewWriter(w)
	b.WriteString("digraph chainrule {\n\trankdir=BT;\n")
	b.WriteString("\tnode [fontname=\"Helvetica\", fontsize=11];\n\tedge [fontname=\"Helvetica\", fontsize=9];\n")
	for _, n := range Topo(outputs...) {
		style := dotStyle[n.op.Class]
		if n.IsInput() {
			style = `shape=box, style=filled, fillcolor="#dbe9f6"`
		}
		if isOutput[n] {
			style += ", peripheries=2"
		}
		fmt.Fprintf(b, "\tn%d [label=%s, %s];\n", n.ID(), dotQuote(dotLabel(n)), style)
		for i, x := range n.In() {
			port := ""
			if len(n.In()) > 1 {
				port = fmt.Sprintf(", headlabel=%q", fmt.Sprint(i))
			}
			fmt.Fprintf(b, "\tn%d -> n%d [label=%s%s];\n", x.ID(), n.ID(), dotQuote(x.typ.String()), port)
		}
	}
	b.WriteString("}\n")
	return b.Flush()
}

var dotStyle = map[Class]string{
	Leaf:     `shape=plaintext`,
	Map:      `shape=ellipse`,
	Reduce:   `shape=invtrapezium, style=filled, fillcolor="#fde9d0"`,
	View:     `shape=parallelogram, style=dashed`,
	Contract: `shape=box, style="rounded,filled", fillcolor="#d9efd8"`,
	Opaque:   `shape=box, style=rounded`,
}

// dotLabel is the op with its attributes, under the node's name if it has one. Long constants are cut.
func dotLabel(n *Node) string {
	var lines []string
	if name := n.Name(); name != "" {
		lines = append(lines, name)
	}
	switch attrs := n.attrs.(type) {
	case inputAttrs:
		lines = append(lines, n.typ.String())
	case literal:
		text := attrs.String()
		if len(text) > 24 {
			text = text[:20] + " …}"
		}
		lines = append(lines, text)
	default:
		lines = append(lines, strings.TrimSpace(n.op.Name+" "+formatAttrs(attrs)))
	}
	return strings.Join(lines, "\n")
}

// dotQuote writes a label of the DOT language: quotes, escapes, HTML entities and line ends are shown as
// themselves, what is not text as ?.
func dotQuote(s string) string {
	return `"` + dotEscapes.Replace(strings.ToValidUTF8(s, "?")) + `"`
}

var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "&", "&amp;", "\x00", "?", "\r", "")
