package special

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// functions are the rows of testdata/special.tsv, made by testdata/tables.py: how they are called, and how many ulp of the
// value they may be off by.
var functions = map[string]struct {
	f   func(a []float64) float64
	ulp float64
}{
	"i":             {func(a []float64) float64 { return BesselI(int(a[0]), a[1]) }, 4},
	"ie":            {func(a []float64) float64 { return BesselIe(int(a[0]), 0, a[1]) }, 5},
	"k":             {func(a []float64) float64 { return BesselK(int(a[0]), a[1]) }, 8},
	"ke":            {func(a []float64) float64 { return BesselKe(int(a[0]), 0, a[1]) }, 8},
	"j":             {func(a []float64) float64 { return BesselJ(int(a[0]), a[1]) }, 8},
	"y":             {func(a []float64) float64 { return BesselY(int(a[0]), a[1]) }, 8},
	"ie_slope":      {func(a []float64) float64 { return BesselIe(int(a[0]), int(a[1]), a[2]) }, 64},
	"gamma_p":       {two(GammaP), 16},
	"gamma_q":       {two(GammaQ), 16},
	"gamma_density": {two(GammaDensity), 16},
	"gamma_slope":   {func(a []float64) float64 { return GammaSlope(int(a[0]), a[1], a[2]) }, 64},
	"zeta":          {two(Zeta), 8},
	"ke_slope":      {func(a []float64) float64 { return BesselKe(int(a[0]), int(a[1]), a[2]) }, 16},
}

func two(f func(a, b float64) float64) func(a []float64) float64 {
	return func(a []float64) float64 { return f(a[0], a[1]) }
}

func TestTables(t *testing.T) {
	text, err := os.ReadFile("testdata/special.tsv")
	require.NoError(t, err)
	worst, rows := map[string]float64{}, map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fields := strings.Split(line, "\t")
		c, ok := functions[fields[0]]
		require.True(t, ok, line)
		var numbers []float64
		for _, f := range fields[1:] {
			v, err := strconv.ParseFloat(strings.Replace(f, "+inf", "Inf", 1), 64)
			if v == 0 || math.IsInf(v, 0) {
				err = nil
			}
			require.NoError(t, err)
			numbers = append(numbers, v)
		}
		last := len(numbers) - 1
		got, want := c.f(numbers[:last]), numbers[last]
		rows[fields[0]]++
		if got == want {
			continue
		}
		size := math.Abs(want)
		if name := fields[0]; (name == "j" || name == "y") && numbers[1] > numbers[0] {
			size = max(size, math.Sqrt(2/(math.Pi*numbers[1]))) // they cross 0
		}
		switch fields[0] {
		case "gamma_p", "gamma_q", "gamma_density":
			c.ulp += 2 * math.Abs(math.Log(math.Abs(want))) // an exponential of that size is rounded
		case "gamma_slope":
			if numbers[0] == 2 {
				size = max(size, 1/numbers[1]) // it crosses 0
			}
		}
		off := math.Abs(got-want) / ulp(size)
		worst[fields[0]] = max(worst[fields[0]], off)
		if !(off <= c.ulp) {
			t.Errorf("%s is %v, off by %.1f ulp", line, got, off)
		}
	}
	for name := range functions {
		require.NotZero(t, rows[name], name)
		t.Logf("%s: %.2f ulp", name, worst[name])
	}
}

// ulp is the distance of numbers next to x, that of the least normal ones at least.
func ulp(x float64) float64 {
	x = max(math.Abs(x), 0x1p-1022)
	if x > math.MaxFloat64 {
		return 0
	}
	return math.Nextafter(x, math.Inf(1)) - x
}
