package graph

import (
	"fmt"
	"strconv"
	"strings"
)

// Text prints the part of the graph that the outputs depend on, one node a line, as Parse reads it back:
//
//	%0 = input "x" : f32[2,3]
//	%1 = const 2 : f32
//	%2 = mul(%0, %1) : f32[2,3]
//	%3 = sum(%2) [axes=(0,1)] "loss" : f32
//	return %3
//
// Nodes are numbered anew from 0. Aliases keep the serial number that makes them distinct.
func Text(outputs ...*Node) string {
	var b strings.Builder
	number := map[*Node]int{}
	for i, n := range Topo(outputs...) {
		number[n] = i
		fmt.Fprintf(&b, "%%%d = %s", i, n.op.Name)
		if len(n.in) > 0 {
			b.WriteByte('(')
			for j, x := range n.in {
				if j > 0 {
					b.WriteString(", ")
				}
				fmt.Fprintf(&b, "%%%d", number[x])
			}
			b.WriteByte(')')
		}
		switch attrs := n.attrs.(type) {
		case literal:
			b.WriteString(" " + attrs.String())
		case inputAttrs:
		default:
			if s := formatAttrs(attrs); s != "" {
				b.WriteString(" " + s)
			}
		}
		if name := n.Name(); name != "" {
			b.WriteString(" " + strconv.Quote(name))
		}
		b.WriteString(" : " + n.typ.String() + "\n")
	}
	b.WriteString("return")
	for i, n := range outputs {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %%%d", number[n])
	}
	b.WriteByte('\n')
	return b.String()
}
