package graph

import "strconv"

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
	return text(Topo(outputs...), outputs)
}

// text prints the nodes of order, inputs before their users.
func text(order, outputs []*Node) string {
	top := 0
	for _, n := range order {
		top = max(top, n.ID())
	}
	number := make([]int, top+1) // by ID
	var b []byte
	ref := func(n *Node) { b = strconv.AppendInt(append(b, '%'), int64(number[n.ID()]), 10) }
	for i, n := range order {
		number[n.ID()] = i
		ref(n)
		b = append(append(b, " = "...), n.op.Name...)
		for j, x := range n.In() {
			b = append(b, inputSeparator(j)...)
			ref(x)
		}
		if len(n.In()) > 0 {
			b = append(b, ')')
		}
		switch attrs := n.attrs.(type) {
		case literal:
			b = append(append(b, ' '), attrs.String()...)
		case inputAttrs:
		default:
			if s := formatAttrs(attrs); s != "" {
				b = append(append(b, ' '), s...)
			}
		}
		if name := n.Name(); name != "" {
			b = strconv.AppendQuote(append(b, ' '), name)
		}
		b = append(append(append(b, " : "...), n.typ.String()...), '\n')
	}
	b = append(b, "return"...)
	for i, n := range outputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, ' ')
		ref(n)
	}
	return string(append(b, '\n'))
}

func inputSeparator(i int) string {
	if i == 0 {
		return "("
	}
	return ", "
}
