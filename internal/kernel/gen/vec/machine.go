package main

import (
	"fmt"
	"math"
	"reflect"
	"sort"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// level is the instruction set to generate for.
type level int

const (
	avx2 level = iota
	avx512
)

var levelNames = [...]string{avx2: "AVX2", avx512: "AVX512"}

// dtype is an element type.
type dtype int

const (
	f32 dtype = iota
	f64
)

// wide is the precision of float32 results that are computed in float64; it indexes tables of coefficients only.
const wide dtype = 2

var dtypeNames = [...]string{f32: "F32", f64: "F64"}
var goTypes = [...]string{f32: "float32", f64: "float64"}

func (d dtype) size() int { return 4 << d }

// value is a vector that a kernel body computes with: a register that holds it, or a constant that lives in a register
// or in memory.
type value struct {
	op    operand.Op
	id    int  // which value of the function this is, in order of creation; -1 for constants and scratch copies
	konst bool // must not be overwritten
	mem   bool // op is memory: an embedded broadcast with AVX-512, a full vector with AVX2
}

// machine emits one function. Bodies are run twice: the first, dry, run counts how often each value is used and which
// constants there are, so that the second can overwrite what is dead and keep constants in registers.
type machine struct {
	*build.Context
	level
	dtype // of the arithmetic

	single bool // float64 arithmetic for a float32 result
	narrow int  //  halvings of the registers' width; folds set it

	dry    bool
	next   int
	uses   []int            // uses of each value, counted by the dry run
	wanted map[uint64]int   // uses of each constant, counted by the dry run
	budget int              // constants that may live in registers
	pinned map[uint64]value // those that do
	data   *dataSection
}

// vectorBytes is the width of a register.
func (m *machine) vectorBytes() int { return 32 << m.level >> m.narrow }

// precision is the index into tables of coefficients.
func (m *machine) precision() dtype {
	if m.single {
		return wide
	}
	return m.dtype
}

// lanes is the number of elements of the arithmetic's type in a register.
func (m *machine) lanes() int { return m.vectorBytes() / m.dtype.size() }

func (m *machine) reg() reg.VecVirtual {
	return m.register(m.vectorBytes())
}

// register is a register of the given width.
func (m *machine) register(bytes int) reg.VecVirtual {
	switch bytes {
	case 64:
		return m.ZMM()
	case 32:
		return m.YMM()
	}
	return m.XMM()
}

// born registers op, just overwritten, as a new value.
func (m *machine) born(op operand.Op) value {
	v := value{op: op, id: m.next}
	m.next++
	if m.dry {
		m.uses = append(m.uses, 0)
	}
	return v
}

// use notes one use of each value; an instruction calls it before it picks a destination.
func (m *machine) use(vs ...value) {
	for _, v := range vs {
		if v.id < 0 {
			continue
		}
		if m.dry {
			m.uses[v.id]++
		} else {
			m.uses[v.id]--
		}
	}
}

// dead reports whether the value in v's register is not needed any more, so that it can be overwritten.
func (m *machine) dead(v value) bool {
	if v.konst || v.mem {
		return false
	}
	return v.id < 0 || !m.dry && m.uses[v.id] == 0
}

// emit adds the instruction name with the type's suffix (S or D), or its broadcasting form.
func (m *machine) emit(name string, args ...any) {
	m.raw(name+[...]string{f32: "S", f64: "D"}[m.dtype], args...)
}

// emitInt adds an integer instruction with the width's suffix (D or Q).
func (m *machine) emitInt(name string, args ...any) {
	m.raw(name+[...]string{f32: "D", f64: "Q"}[m.dtype], args...)
}

// raw adds the instruction name, in its broadcasting form if an operand is an embedded broadcast.
func (m *machine) raw(name string, args ...any) {
	ops := make([]reflect.Value, len(args))
	for i, a := range args {
		if v, ok := a.(value); ok {
			if v.mem && m.level == avx512 {
				name += "_BCST"
			}
			a = v.op
		}
		ops[i] = reflect.ValueOf(a)
	}
	f := reflect.ValueOf(m.Context).MethodByName(name)
	if !f.IsValid() {
		panic("no instruction " + name)
	}
	f.Call(ops)
}

// k is the constant c, rounded to the machine's type, in every lane.
func (m *machine) k(c float64) value {
	if m.dtype == f32 {
		return m.bits(uint64(math.Float32bits(float32(c))))
	}
	return m.bits(math.Float64bits(c))
}

// bits is the constant with the given bits in every lane.
func (m *machine) bits(b uint64) value {
	if m.dry {
		m.wanted[b]++
	}
	if v, ok := m.pinned[b]; ok {
		return v
	}
	return value{op: m.data.constant(m, b), id: -1, konst: true, mem: true}
}

// pin loads the constants used most into registers, ahead of the loop.
func (m *machine) pin() {
	if m.dry {
		return
	}
	keys := make([]uint64, 0, len(m.wanted))
	for b := range m.wanted {
		keys = append(keys, b)
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		if m.wanted[a] != m.wanted[b] {
			return m.wanted[a] > m.wanted[b]
		}
		return a < b
	})
	for _, b := range keys[:min(m.budget, len(keys))] {
		v := m.load(m.bits(b))
		v.konst = true
		m.pinned[b] = v
	}
}

// load is a copy of v in a register, to be overwritten by its only use. The dry run may need other copies than the
// second, so they are not numbered.
func (m *machine) load(v value) value {
	d := m.reg()
	switch {
	case !v.mem:
		m.emit("VMOVAP", v, d)
	case m.level == avx512:
		m.raw([...]string{f32: "VBROADCASTSS", f64: "VBROADCASTSD"}[m.dtype], v.op, d)
	default:
		m.emit("VMOVUP", v, d)
	}
	return value{op: d, id: -1}
}

// inReg is v, loaded if it is in memory.
func (m *machine) inReg(v value) value {
	if v.mem {
		return m.load(v)
	}
	return v
}

// dataSection holds the constants of one file.
type dataSection struct {
	mem map[string]operand.Mem
}

// constant is the address of the bits b, once or in every lane as the level needs it.
func (s *dataSection) constant(m *machine, b uint64) operand.Op {
	name := fmt.Sprintf("%s_%0*x", [...]string{f32: "f32", f64: "f64"}[m.dtype], 2*m.dtype.size(), b)
	if mem, ok := s.mem[name]; ok {
		return mem
	}
	n := 1
	if m.level == avx2 {
		n = m.lanes()
	}
	mem := m.StaticGlobal(name)
	m.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range n {
		if m.dtype == f32 {
			m.AddDatum(4*i, operand.U32(b))
		} else {
			m.AddDatum(8*i, operand.U64(b))
		}
	}
	s.mem[name] = mem
	return mem
}
