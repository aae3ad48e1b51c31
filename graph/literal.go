package graph

import (
	"bytes"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// literal is the attribute of a constant: a scalar by its bits, so that equal numbers are one node, or a tensor
// by its data, of which a graph keeps equal ones once.
type literal struct {
	dtype  DType
	scalar bool
	bits   uint64
	data   *tensorData
}

type tensorData struct {
	typ   Type
	bytes []byte
}

// Scalar returns a constant of shape () with the value v. An Int64 wants an integer from −2⁶³ to 2⁶³ − 1, and a Float32
// what does not overflow it, or an infinity. A Bool is true if v is not zero.
func (g *Graph) Scalar(d DType, v float64) *Node {
	if err := d.Holds(v); err != nil {
		Fail("const", nil, "%v", err)
	}
	l := literal{dtype: d, scalar: true}
	switch d {
	case Float32:
		l.bits = uint64(math.Float32bits(float32(v)))
	case Float64:
		l.bits = math.Float64bits(v)
	case Int64:
		l.bits = uint64(int64(v))
	case Bool:
		if v != 0 {
			l.bits = 1
		}
	default:
		Fail("const", nil, "unknown element type %v", d)
	}
	return g.scalar(l)
}

// ScalarInt is Scalar for an integer, which need not be exact in a float64.
func (g *Graph) ScalarInt(d DType, v int64) *Node {
	switch d {
	case Int64:
		return g.scalar(literal{dtype: d, scalar: true, bits: uint64(v)})
	case Float32:
		return g.Scalar(d, float64(float32(v))) // rounded once
	}
	return g.Scalar(d, float64(v))
}

// scalar interns a scalar constant. All NaNs are one: text does not tell them apart.
func (g *Graph) scalar(l literal) *Node {
	g.mustExist("const")
	switch {
	case l.dtype == Float32 && math.IsNaN(float64(math.Float32frombits(uint32(l.bits)))):
		l.bits = uint64(math.Float32bits(float32(math.NaN())))
	case l.dtype == Float64 && math.IsNaN(math.Float64frombits(l.bits)):
		l.bits = math.Float64bits(math.NaN())
	}
	recent := &g.scalars[mix(l.bits, uint64(l.dtype.number))%uint64(len(g.scalars))]
	if *recent == nil || (*recent).attrs.(literal) != l {
		*recent = g.leaf(constOp, l, scalarTypes[l.dtype.number])
	}
	return *recent
}

// oneNaN gives every NaN of a float slice the same bits.
func oneNaN[F float32 | float64](data []F) {
	for i, v := range data {
		if v != v {
			data[i] = F(math.NaN())
		}
	}
}

// Const returns a constant node that holds a copy of data, in row-major order, with the given shape. No
// dimensions make a scalar.
func Const[E Element](g *Graph, data []E, shape ...int) *Node {
	t := Type{DType: DTypeOf[E](), Shape: shape}
	if err := checkSize(t); err != nil {
		Fail("const", nil, "%v", err)
	}
	if len(data) != t.Size() {
		Fail("const", nil, "%d elements do not fill shape %s", len(data), FormatShape(shape))
	}
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), t.Bytes())
	return g.constant(t, raw)
}

// constant makes a constant from its bytes in memory order.
func (g *Graph) constant(t Type, raw []byte) *Node {
	g.mustExist("const")
	t.Shape = slices.Clone(t.Shape)
	if t.Rank() == 0 {
		var bits uint64
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&bits)), 8), raw)
		return g.scalar(literal{dtype: t.DType, scalar: true, bits: bits})
	}
	words := make([]uint64, (len(raw)+7)/8) // eight-byte alignment for every element type
	d := &tensorData{typ: t, bytes: unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(raw))}
	copy(d.bytes, raw)
	switch b := (Buffer{Ptr: unsafe.Pointer(unsafe.SliceData(d.bytes)), Len: t.Size()}); t.DType {
	case Float32:
		oneNaN(Elements[float32](b))
	case Float64:
		oneNaN(Elements[float64](b))
	}
	h := maphash.Bytes(seed, d.bytes)
	for _, known := range g.data[h] {
		if known.typ.Equal(t) && bytes.Equal(known.bytes, d.bytes) {
			return g.leaf(constOp, literal{dtype: t.DType, data: known}, t)
		}
	}
	g.data[h] = append(g.data[h], d)
	return g.leaf(constOp, literal{dtype: t.DType, data: d}, t)
}

// Constant returns the elements of a constant node, which must not be modified, and whether n is one.
func (n *Node) Constant() (Buffer, bool) {
	l, ok := n.attrs.(literal)
	switch {
	case !ok:
		return Buffer{}, false
	case l.scalar:
		bits := l.bits
		return Buffer{Ptr: unsafe.Pointer(&bits), Len: 1}, true
	default:
		return Buffer{Ptr: unsafe.Pointer(unsafe.SliceData(l.data.bytes)), Len: l.data.typ.Size()}, true
	}
}

// ScalarValue returns the value of a constant scalar as a float64, and whether n is one. An Int64 beyond 2⁵³ is rounded:
// Constant has all of it.
func (n *Node) ScalarValue() (float64, bool) {
	l, ok := n.attrs.(literal)
	if !ok || !l.scalar {
		return 0, false
	}
	switch l.dtype {
	case Float32:
		return float64(math.Float32frombits(uint32(l.bits))), true
	case Float64:
		return math.Float64frombits(l.bits), true
	default:
		return float64(int64(l.bits)), true
	}
}

// copyConst makes the constant node n of another graph on g.
func (g *Graph) copyConst(n *Node) *Node {
	l := n.attrs.(literal)
	if l.scalar {
		return g.scalar(l)
	}
	return g.constant(*n.typ, l.data.bytes)
}

// String prints the elements as in 3.5 or {1, 2, 3}.
func (l literal) String() string {
	if l.scalar {
		bits := l.bits
		return formatElement(l.dtype, unsafe.Pointer(&bits), 0)
	}
	var b strings.Builder
	b.WriteByte('{')
	for i := range l.data.typ.Size() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(formatElement(l.dtype, unsafe.Pointer(unsafe.SliceData(l.data.bytes)), i))
	}
	return b.String() + "}"
}

// formatElement prints element i of the elements of type d at p, so that it parses back to the same bits.
func formatElement(d DType, p unsafe.Pointer, i int) string {
	p = unsafe.Add(p, i*d.Size())
	switch d {
	case Float32:
		return strconv.FormatFloat(float64(*(*float32)(p)), 'g', -1, 32)
	case Float64:
		return strconv.FormatFloat(*(*float64)(p), 'g', -1, 64)
	case Int64:
		return strconv.FormatInt(*(*int64)(p), 10)
	default:
		return strconv.FormatBool(*(*bool)(p))
	}
}

// parseLiteral is the inverse of literal.String for a value of type t; it returns the bytes in memory order.
func parseLiteral(t Type, s string) ([]byte, error) {
	var fields []string
	if inner, ok := strings.CutPrefix(s, "{"); ok {
		if inner, ok = strings.CutSuffix(inner, "}"); !ok {
			return nil, errorf("unterminated constant %s", s)
		}
		if strings.TrimSpace(inner) != "" {
			fields = strings.Split(inner, ",")
		}
	} else {
		fields = []string{s}
	}
	if len(fields) != t.Size() {
		return nil, errorf("%d elements do not fill %v", len(fields), t)
	}
	raw := make([]byte, 0, t.Bytes())
	for _, f := range fields {
		bits, err := parseElement(t.DType, strings.TrimSpace(f))
		if err != nil {
			return nil, err
		}
		raw = append(raw, unsafe.Slice((*byte)(unsafe.Pointer(&bits)), 8)[:t.DType.Size()]...)
	}
	return raw, nil
}

// parseElement returns the bits of an element, in the low bytes.
func parseElement(d DType, s string) (uint64, error) {
	switch d {
	case Float32:
		x, err := strconv.ParseFloat(s, 32)
		return uint64(math.Float32bits(float32(x))), err
	case Float64:
		x, err := strconv.ParseFloat(s, 64)
		return math.Float64bits(x), err
	case Int64:
		x, err := strconv.ParseInt(s, 10, 64)
		return uint64(x), err
	default:
		x, err := strconv.ParseBool(s)
		if x {
			return 1, err
		}
		return 0, err
	}
}
