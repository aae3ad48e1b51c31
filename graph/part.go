package graph

import (
	"fmt"
	"math"
)

// An op with several results gives one node of type Packed that holds them all. Part takes one out, at no cost: it is a
// view.

// Packed is the element type of several results in one: a byte. Packed values are made and taken apart inside of this
// module; they are never fed.
var Packed = DType{5}

type partAttrs struct{ Index int }

type paramAttrs struct {
	Serial int
	DType  DType
	Shape  Ints
}

var partOp, paramOp *Op

func init() {
	partOp = Register(&Op{
		Name: "part", Doc: "one of the results of an op that has several", Arity: 1, Class: View, Attrs: partAttrs{},
		Infer: func(in []*Node, attrs any) (Type, error) {
			if in[0].op.Parts == nil {
				return Type{}, fmt.Errorf("%s has one result alone", in[0].op.Name)
			}
			parts, i := in[0].Parts(), attrs.(partAttrs).Index
			if i < 0 || i >= len(parts) {
				return Type{}, fmt.Errorf("there is no part %d of %d", i, len(parts))
			}
			return parts[i], nil
		},
		Layout: func(n *Node) Layout {
			offset := n.In()[0].PartOffset(n.attrs.(partAttrs).Index)
			return Layout{Offset: offset / n.typ.DType.Size(), Strides: Strides(n.typ.Shape)}
		},
		Derivative: identity{},
		BadCases:   []BadCase{{In: []Type{T(Float64, 3)}, Want: "has one result alone"}},
	})
	paramOp = Register(&Op{
		Name: "param", Doc: "an argument of a function that is being made", Class: Leaf, Attrs: paramAttrs{},
		Infer: func(_ []*Node, attrs any) (Type, error) {
			p := attrs.(paramAttrs)
			return T(p.DType, p.Shape.Slice()...), nil
		},
	})
}

// packing is what a packed node holds, and where.
type packing struct {
	parts   []Type
	offsets []int
}

func (n *Node) packing() packing {
	return n.Memo("parts", func() any {
		parts := n.op.Parts(n)
		return packing{parts, Offsets(parts)}
	}).(packing)
}

// Parts returns the types of the results of a node that has several, which must not be modified.
func (n *Node) Parts() []Type { return n.packing().parts }

// PartOffset returns where in a packed value its part i begins, in bytes.
func (n *Node) PartOffset(i int) int { return n.packing().offsets[i] }

// Part returns result i of an op with several.
func Part(n *Node, i int) *Node { return n.graph.Apply(partOp, partAttrs{i}, n) }

// PartsOf lists the results of an op with several.
func PartsOf(n *Node) []*Node {
	parts := make([]*Node, len(n.Parts()))
	for i := range parts {
		parts[i] = Part(n, i)
	}
	return parts
}

// PartIndex returns which result of its input n is, and whether n was made by Part.
func (n *Node) PartIndex() (int, bool) {
	p, ok := n.attrs.(partAttrs)
	return p.Index, ok
}

// Alignment is that of values in memory, in bytes: a cache line, and the widest vector loads.
const Alignment = 64

// Aligned is the least multiple of Alignment that is not less than a number of bytes.
func Aligned(bytes int) int { return (bytes + Alignment - 1) &^ (Alignment - 1) }

// most is the length of a packed value whose own an int cannot count. No machine has room for it.
const most = math.MaxInt / Alignment * Alignment

// Offsets returns where in a packed value its parts begin, in bytes, and last how long it is.
func Offsets(parts []Type) []int {
	offsets := make([]int, len(parts)+1)
	for i, t := range parts {
		offsets[i+1] = most
		if bytes := t.Bytes(); bytes >= 0 && bytes <= most-offsets[i] { // before rounding, which makes 0 of −1
			offsets[i+1] = offsets[i] + Aligned(bytes)
		}
	}
	return offsets
}

// Pack returns the type of a packed value.
func Pack(parts []Type) Type { return T(Packed, Offsets(parts)[len(parts)]) }

// param returns an argument for a function in the making, distinct from every other node.
func (g *Graph) param(t Type) *Node {
	g.alias++
	return g.leaf(paramOp, paramAttrs{g.alias, t.DType, MakeInts(t.Shape...)}, t)
}
