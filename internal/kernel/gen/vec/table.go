package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/mmcloughlin/avo/operand"
)

// unary is a kernel with one operand.
type unary struct {
	name   string
	body   body1
	unroll int
	wide   bool    // float32 by way of float64
	limit  float64 // if not 0, the twin stops at a vector with a greater |x|, and returns how far it came
}

var unaries = []unary{
	{name: "Neg", body: neg, unroll: 4},
	{name: "Abs", body: abs, unroll: 4},
	{name: "Sign", body: sign, unroll: 2},
	{name: "Step", body: step, unroll: 2},
	{name: "Square", body: square, unroll: 4},
	{name: "SlopeTanh", body: slopeTanh, unroll: 4},
	{name: "SlopeSigmoid", body: slopeSigmoid, unroll: 4},
	{name: "Sqrt", body: sqrt},
	{name: "Reciprocal", body: reciprocal},
	{name: "Relu", body: relu, unroll: 4},
	{name: "Floor", body: floor, unroll: 4},
	{name: "Ceil", body: ceil, unroll: 4},
	{name: "Round", body: round, unroll: 4},
	{name: "Trunc", body: trunc, unroll: 4},
	{name: "Exp", body: exp},
	{name: "Expm1", body: expm1},
	{name: "Sigmoid", body: sigmoid},
	{name: "Tanh", body: tanh},
	{name: "Softplus", body: softplus},
	{name: "Sinh", body: sinh},
	{name: "Cosh", body: cosh},
	{name: "Atan", body: atan, wide: true},
	{name: "Asin", body: asin, wide: true},
	{name: "Acos", body: acos, wide: true},
	{name: "Asinh", body: asinh, wide: true},
	{name: "Acosh", body: acosh, wide: true},
	{name: "Atanh", body: atanh, wide: true},
	{name: "Log", body: log},
	{name: "Log1p", body: log1p},
	{name: "Erf", body: erf, wide: true},
	{name: "Erfc", body: erfc, wide: true},
	{name: "Sin", body: sin, wide: true, limit: trigLimit},
	{name: "Cos", body: cos, wide: true, limit: trigLimit},
	{name: "Tan", body: tan, wide: true, limit: trigLimit},
}

// binary is a kernel with two operands, either of which may be a single, repeated element.
type binary struct {
	name   string
	body   body2
	unroll int
	wide   bool
}

var binaries = []binary{
	{name: "Add", body: add, unroll: 4},
	{name: "Sub", body: sub, unroll: 4},
	{name: "Mul", body: mul, unroll: 4},
	{name: "Div", body: div, unroll: 2},
	{name: "Minimum", body: minimum, unroll: 2},
	{name: "Maximum", body: maximum, unroll: 2},
	{name: "Pow", body: pow, wide: true},
	{name: "Atan2", body: atan2, wide: true},
	{name: "ExpSub", body: expSub},
	{name: "LeakyRelu", body: leakyRelu, unroll: 4},
	{name: "MulSlopeTanh", body: mulSlopeTanh, unroll: 4},
	{name: "MulSlopeSigmoid", body: mulSlopeSigmoid, unroll: 4},
}

// ternary is a kernel with three operands, each of which may be a single, repeated element.
type ternary struct {
	name   string
	body   body3
	unroll int
}

var ternaries = []ternary{
	{name: "MulAdd", body: mulAdd, unroll: 4},
}

func (u unary) kernel(lv level, d dtype) *kernel {
	k := &kernel{
		name: lowerFirst(u.name) + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, unroll: u.unroll,
		wide:      u.wide && d == f32,
		doc:       fmt.Sprintf("is %s on n elements.", u.name),
		signature: fmt.Sprintf("(dst, x *%s, n int)", goTypes[d]),
		emit: func(l *loop) {
			l.open("x")
			l.run(func(i int, w lane) {
				l.write(u.body(l.machine, l.read(l.in[0].at(i), w)), l.dst.at(i), w)
			})
		},
	}
	if u.limit != 0 {
		k.doc = fmt.Sprintf("is %s on n elements, or on the first done, if a vector with |x| > %g comes next.",
			u.name, u.limit)
		k.signature += " (done int)"
		k.emit = u.guarded
	}
	return k
}

// guarded is the loop of a kernel that stops at arguments it cannot reduce.
func (u unary) guarded(l *loop) {
	l.open("x")
	total := l.GP64()
	l.MOVQ(l.n, total)
	start := l.GP64()
	l.MOVQ(l.in[0].base, start)
	l.pin()
	l.walk(func(_ int, w lane) {
		x := l.read(l.in[0].at(0), w)
		l.exitIfAny(l.cmp(gt, l.abs(x), l.k(u.limit)), "beyond")
		l.write(u.body(l.machine, x), l.dst.at(0), w)
	})
	l.VZEROUPPER()
	l.Store(total, l.Return("done"))
	l.RET()
	l.Label("beyond")
	l.VZEROUPPER()
	done := l.GP64()
	l.MOVQ(l.in[0].base, done)
	l.SUBQ(start, done)
	l.SHRQ(operand.U8(2+int(l.elem)), done)
	l.Store(done, l.Return("done"))
	l.RET()
}

// exitIfAny jumps if a lane of the mask is set.
func (l *loop) exitIfAny(mask value, label string) {
	l.use(mask)
	if l.level == avx512 {
		l.raw("KORTESTW", mask, mask)
	} else {
		lanes := l.GP32()
		l.emit("VMOVMSKP", mask, lanes)
		l.TESTL(lanes, lanes)
	}
	l.JNE(operand.LabelRef(label))
}

func (b binary) kernel(lv level, d dtype) *kernel {
	return &kernel{
		name: lowerFirst(b.name) + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, unroll: b.unroll,
		wide:      b.wide && d == f32,
		doc:       fmt.Sprintf("is %s on n elements; bit 0 of repeated repeats x[0], bit 1 y[0].", b.name),
		signature: fmt.Sprintf("(dst, x, y *%s, n, repeated int)", goTypes[d]),
		emit: func(l *loop) {
			l.open("x", "y")
			l.repeat()
			l.run(func(i int, w lane) {
				x, y := l.read(l.in[0].at(i), w), l.read(l.in[1].at(i), w)
				l.write(b.body(l.machine, x, y), l.dst.at(i), w)
			})
		},
	}
}

func (t ternary) kernel(lv level, d dtype) *kernel {
	return &kernel{
		name: lowerFirst(t.name) + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, unroll: t.unroll,
		doc:       fmt.Sprintf("is %s on n elements; bit 0 of repeated repeats x[0], bit 1 y[0], bit 2 z[0].", t.name),
		signature: fmt.Sprintf("(dst, x, y, z *%s, n, repeated int)", goTypes[d]),
		emit: func(l *loop) {
			l.open("x", "y", "z")
			l.repeat()
			l.run(func(i int, w lane) {
				x, y, z := l.read(l.in[0].at(i), w), l.read(l.in[1].at(i), w), l.read(l.in[2].at(i), w)
				l.write(t.body(l.machine, x, y, z), l.dst.at(i), w)
			})
		},
	}
}

// generate returns the content of every generated file.
func generate() (map[string][]byte, error) {
	files := map[string][]byte{}
	var stubs []*kernel
	for lv := avx2; lv <= avx512; lv++ {
		for d := f32; d <= f64; d++ {
			var ks []*kernel
			for _, u := range unaries {
				ks = append(ks, u.kernel(lv, d))
			}
			for _, b := range binaries {
				ks = append(ks, b.kernel(lv, d))
			}
			for _, t := range ternaries {
				ks = append(ks, t.kernel(lv, d))
			}
			ks = append(ks, reductions(lv, d)...)
			ks = append(ks, choices(lv, d)...)
			ks = append(ks, casts(lv, d)...)
			ks = append(ks, transposes(lv, d)...)
			ks = append(ks, gathers(lv, d)...)
			ks = append(ks, fills(lv, d)...)
			asm, err := compile(ks)
			if err != nil {
				return nil, err
			}
			files[strings.ToLower(levelNames[lv]+"_"+dtypeNames[d])+"_amd64.s"] = asm
			stubs = append(stubs, ks...)
		}
	}
	files["ztable_amd64.s"] = tableFile(stubs)
	var err error
	if files["zops.go"], err = opsFile(); err != nil {
		return nil, err
	}
	if files["zstubs_amd64.go"], err = stubFile(stubs); err != nil {
		return nil, err
	}
	files["zguarded_amd64.go"], err = guardedFile()
	return files, err
}

func lowerFirst(s string) string {
	r := []rune(s)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}
