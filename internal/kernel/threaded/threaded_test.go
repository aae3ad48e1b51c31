package threaded

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"chainrule/internal/kernel/cpu"
)

// The registers of random programs: floats, ints, bools, then the count of steps and the offsets of two bases.
const (
	floats, ints, bools = 8, 4, 3
	count               = floats + ints + bools
	offsets             = count + 1
	registers           = offsets + 2
)

const steps = 5

// random is a program with a loop around random operations, a halt in it, and loads and stores of two bases.
func random[T Float](rng *rand.Rand) *Program[T] {
	p := &Program[T]{}
	f := func() uint32 { return 8 * rng.Uint32N(floats) }
	n := func() uint32 { return 8 * (floats + rng.Uint32N(ints)) }
	b := func() uint32 { return 8 * (floats + ints + rng.Uint32N(bools)) }
	size := uint32(unsafe.Sizeof(T(0)))
	load, store, where := Load8, Store8, Where8
	if size == 4 {
		load, store, where = Load4, Store4, Where4
	}
	enters := rng.IntN(2) == 0
	if enters {
		p.Append(Recall, 0, 0, 0, 0)
		p.Append(Jump, 0, 0, 0, 0)
	}
	start := p.Len()
	p.Append(load, 0, 8*offsets, size, f())
	latest := f() // is used often, as in real programs
	for range 1 + rng.IntN(12) {
		recent := func() uint32 {
			if rng.IntN(2) == 0 {
				return latest
			}
			return f()
		}
		switch op := Op(rng.IntN(int(Move) + 3)); {
		case op <= MulAdd:
			d := f()
			p.Append(op, recent(), recent(), recent(), d)
			latest = d
		case op <= Ge:
			p.Append(op, recent(), recent(), 0, b())
		case op <= Not:
			p.Append(op, b(), b(), 0, b())
		case op <= Where1:
			p.Append(where, b(), recent(), recent(), f())
			p.Append(Where8, b(), n(), n(), n())
			p.Append(Where1, b(), b(), b(), b())
		case op <= IntMul:
			p.Append(op, n(), n(), 0, n())
		case op <= IntGe:
			p.Append(op, n(), n(), 0, b())
		case op == Move:
			p.Append(op, recent(), 0, 0, f())
		case op == Move+1:
			p.Append(Halt, 0, 1, 0, 0)
		default:
			p.Append(Unless, b(), 2, 0, 0)
		}
	}
	p.Append(store, 1, 8*(offsets+1), uint32(-int32(size)), latest)
	p.Append(Again, 8*count, uint32(start), 0, 0)
	if enters {
		p.Target(1, start+rng.IntN(p.Len()-start))
	}
	p.Append(Halt, 0, 0, 0, 0)
	return p
}

// execute runs a program, which spoils a register where it halts on the way, and returns where it ended, what its
// registers are then, and what lies in memory.
func execute[T Float](p *Program[T], first []uint64, memory []T) (int, []uint64, []T) {
	r, m := slices.Clone(first), slices.Clone(memory)
	bases := []unsafe.Pointer{unsafe.Pointer(&m[0]), unsafe.Pointer(&m[len(m)-1])}
	from := p.Link()
	i := Run[T](from, r, bases)
	for halts := uint64(0); i.B == 1; halts++ {
		*at[T](unsafe.Pointer(&r[0]), 8*3) = T(halts)
		i = Run[T](i.Next(), r, bases)
	}
	return int(uintptr(unsafe.Pointer(i))-uintptr(unsafe.Pointer(from))) / InstrBytes, r, m
}

// Random programs do the same in assembly as in Go, bit for bit, but for which NaN comes of two.
func TestThreadedIsPortable(t *testing.T) {
	if cpu.Machine() == cpu.Portable {
		t.Skip("there is no assembly for this processor")
	}
	t.Run("float32", comparePrograms[float32])
	t.Run("float64", comparePrograms[float64])
}

func comparePrograms[T Float](t *testing.T) {
	const seed = 3
	t.Logf("seed %d", seed)
	special := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, -3e-310, 1e-40, 1e308, math.Inf(1), math.Inf(-1), math.NaN()}
	ended := map[int]int{}
	for round := range 20000 {
		p := random[T](rng(seed, round))
		q := random[T](rng(seed, round))
		draw := rng(seed+1, round)
		first, memory := make([]uint64, registers), make([]T, steps)
		for i := range floats {
			*at[T](unsafe.Pointer(&first[0]), uint32(8*i)) = number[T](draw, special)
		}
		for i := range memory {
			memory[i] = number[T](draw, special)
		}
		for i := floats; i < floats+ints; i++ {
			first[i] = []uint64{0, 1, 7, math.MaxUint64, 1 << 63, draw.Uint64()}[draw.IntN(6)]
		}
		for i := floats + ints; i < count; i++ {
			first[i] = draw.Uint64N(2)
		}
		first[count] = steps
		text := fmt.Sprint(p.ops, p.code)
		restore := cpu.Force(cpu.Portable)
		wantEnd, want, wantMemory := execute(p, first, memory)
		restore()
		gotEnd, got, gotMemory := execute(q, first, memory)
		require.Equal(t, wantEnd, gotEnd, text)
		for i := range registers {
			x, y := *at[T](unsafe.Pointer(&want[0]), uint32(8*i)), *at[T](unsafe.Pointer(&got[0]), uint32(8*i))
			require.True(t, want[i] == got[i] || i < floats && x != x && y != y, "round %d, register %d: %x, not %x\n%s",
				round, i, got[i], want[i], text)
		}
		for i, x := range wantMemory {
			require.True(t, x == gotMemory[i] || x != x && gotMemory[i] != gotMemory[i], text)
		}
		ended[p.Len()-1-wantEnd]++
	}
	require.Greater(t, ended[0], 5000, "loops that made all of their steps")
	require.Greater(t, len(ended), 5, "places where loops have ended")
}

func rng(seed uint64, round int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(round))) }

func number[T Float](draw *rand.Rand, special []float64) T {
	if draw.IntN(4) == 0 {
		return T(special[draw.IntN(len(special))])
	}
	return T(draw.Float64()*4 - 2)
}

// BenchmarkThread gives the time of an operation in a chain of a thousand, each of which waits for the one before it, and
// of as many that wait for nothing.
func BenchmarkThread(b *testing.B) {
	for _, level := range cpu.Levels()[:min(2, len(cpu.Levels()))] {
		for _, kind := range []string{"chain", "apart"} {
			b.Run(fmt.Sprintf("level=%v/kind=%s", level, kind), func(b *testing.B) {
				defer cpu.Force(level)()
				p := &Program[float64]{}
				for k := range uint32(1000) {
					if op := []Op{Add, Mul, Sub}[k%3]; kind == "chain" {
						p.Append(op, 8, 0, 0, 8)
					} else {
						p.Append(op, 8*(k%5), 0, 0, 40+8*(k%64))
					}
				}
				p.Append(Halt, 0, 0, 0, 0)
				from, r := p.Link(), make([]uint64, 128)
				for b.Loop() {
					Run[float64](from, r, nil)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "op-ns")
			})
		}
	}
}
