package cpu

import "testing"

func TestInitial(t *testing.T) {
	for _, c := range []struct {
		value string
		top   Level
		want  Level
	}{
		{"", AVX512, AVX512},
		{"avx512", AVX512, AVX512},
		{"avx2", AVX512, AVX2},
		{"portable", AVX512, Portable},
		{"avx512", AVX2, AVX2},
		{"avx2", Portable, Portable},
		{"no such level", AVX2, AVX2},
	} {
		if got := initial(c.value, c.top); got != c.want {
			t.Errorf("initial(%q, %v) = %v, want %v", c.value, c.top, got, c.want)
		}
	}
}

func TestForce(t *testing.T) {
	before := Active()
	for _, level := range []Level{Portable, AVX2, AVX512, AVX512 + 7, -1} {
		restore := Force(level)
		want := max(Portable, min(level, Machine()))
		if Active() != want {
			t.Errorf("Force(%v): active level %v, want %v", level, Active(), want)
		}
		if HasAVX2() != (want >= AVX2) || HasAVX512() != (want >= AVX512) {
			t.Errorf("Force(%v): HasAVX2 %v, HasAVX512 %v", level, HasAVX2(), HasAVX512())
		}
		restore()
		if Active() != before {
			t.Fatalf("restore left %v, want %v", Active(), before)
		}
	}
	if levels := Levels(); levels[0] != Portable || levels[len(levels)-1] != Machine() {
		t.Errorf("Levels() = %v on a machine of level %v", levels, Machine())
	}
}

// Memory that is not there may be asked for.
func TestPrefetchAnything(t *testing.T) {
	for _, p := range []uintptr{0, 1, ^uintptr(0) >> 23, ^uintptr(0)/2 + 1, ^uintptr(0)} {
		for _, n := range []int{0, 1, 256, 1000} {
			Prefetch(p, n)
			PrefetchWrite(p, n)
		}
	}
}
