package cpu

import (
	"fmt"
	"os"
	"sync/atomic"
)

// A Level is a family of instructions, ordered: each includes those before it.
type Level int32

const (
	Portable Level = iota // plain Go
	AVX2                  // AVX2 and FMA
	AVX512                // AVX-512 F, BW, DQ and VL
)

// EnvVar names the environment variable that lowers the active level of a run.
const EnvVar = "CHAINRULE_CPU"

var names = [...]string{Portable: "portable", AVX2: "avx2", AVX512: "avx512"}

func (l Level) String() string {
	if l < 0 || int(l) >= len(names) {
		return fmt.Sprintf("Level(%d)", int32(l))
	}
	return names[l]
}

// machine is the highest level this build can run here.
var machine = detect()

var active = func() *atomic.Int32 {
	l := new(atomic.Int32)
	l.Store(int32(initial(os.Getenv(EnvVar), machine)))
	return l
}()

// initial is the level that the variable's value asks for, capped by the machine's.
// A value that names no level leaves the machine's.
func initial(value string, top Level) Level {
	for l, name := range names {
		if name == value {
			return min(Level(l), top)
		}
	}
	return top
}

// Machine is the highest level that this build, processor and operating system offer.
func Machine() Level { return machine }

// Active is the level that kernels must obey now.
func Active() Level { return Level(active.Load()) }

// HasAVX2 reports whether AVX2 and FMA kernels may run.
func HasAVX2() bool { return Active() >= AVX2 }

// HasAVX512 reports whether AVX-512 kernels may run.
func HasAVX512() bool { return Active() >= AVX512 }

// Levels lists the levels that can be forced here, lowest first, for tests that try each in turn.
func Levels() []Level {
	levels := make([]Level, 0, len(names))
	for l := Portable; l <= machine; l++ {
		levels = append(levels, l)
	}
	return levels
}

// Force makes level the active one, or the machine's if that is lower, and returns the function that puts the former
// one back. It is meant for tests: it acts on the whole process.
func Force(level Level) (restore func()) {
	old := active.Swap(int32(max(Portable, min(level, machine))))
	return func() { active.Store(old) }
}
