package vec

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"math"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"
)

// special is a value of testdata/special.tsv.gz.
type special struct {
	a, b float64
	want *big.Float
}

func readSpecial(t *testing.T) map[string][]special {
	file, err := os.Open("testdata/special.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string][]special{}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		a, errA := strconv.ParseFloat(f[1], 64)
		b, errB := strconv.ParseFloat(f[2], 64)
		want, _, errV := big.ParseFloat(f[3], 10, 200, big.ToNearestEven)
		if errA != nil || errB != nil || errV != nil {
			t.Fatalf("bad line %q", lines.Text())
		}
		table[f[0]] = append(table[f[0]], special{a, b, want})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return table
}

// accuracy is a bound that the documentation states, in ulp of the larger of the result and scale's value.
type accuracy struct {
	f     func(dst, a, b []float64)
	ulp   float64
	scale func(a, b float64) float64
}

// accuracies has what is tested.
func accuracies() map[string]accuracy {
	one := func(f func(dst, x []float64)) func(dst, a, b []float64) {
		return func(dst, a, _ []float64) { f(dst, a) }
	}
	order := func(n int) func(dst, a, b []float64) { return func(dst, a, _ []float64) { Polygamma(dst, a, n) } }
	reflected := func(n int) func(a, b float64) float64 {
		return func(a, _ float64) float64 {
			return max(1, math.Abs(polygamma(n, 1-a)), math.Abs(math.Pi*cotangent(n, a)))
		}
	}
	table := map[string]accuracy{
		"log2": {one(Log2[float64]), 0.51, nil}, "log10": {one(Log10[float64]), 0.51, nil},
		"exp2": {one(Exp2[float64]), 0.9, nil},
		"cbrt": {one(Cbrt[float64]), 0.7, nil}, "hypot": {Hypot[float64], 1.6, nil},
		"logaddexp": {LogAddExp[float64], 2, func(a, b float64) float64 { return max(math.Abs(a), math.Abs(b)) }},
		"xlogy":     {XLogY[float64], 2, nil}, "erfinv": {one(Erfinv[float64]), 16, nil},
		"gauss":       {one(Gauss[float64]), 2.5, nil},
		"slope_gauss": {func(dst, a, _ []float64) { SlopeGauss(dst, a, 1) }, 4, nil},
		"lgamma":      {one(Lgamma[float64]), 3, nil}, "lgamma_negative": {one(Lgamma[float64]), 3, func(a, _ float64) float64 {
			y, _ := math.Lgamma(1 - a)
			return max(1, y, math.Abs(math.Log(math.Abs(math.Sin(math.Pi*a)))))
		}},
		"polygamma 0":          {order(0), 4, func(a, b float64) float64 { return 1 }},
		"polygamma_negative 0": {order(0), 32, reflected(0)},
	}
	for _, n := range []int{1, 2, 3, 8, 32} {
		table[fmt.Sprintf("polygamma %d", n)] = accuracy{order(n), float64(4 + n), nil}
		table[fmt.Sprintf("polygamma_negative %d", n)] = accuracy{order(n), float64(32 + 2*n), reflected(n)}
	}
	return table
}

// TestPreciseSpecial holds the functions without twins to the bounds in their documentation, in float64.
func TestPreciseSpecial(t *testing.T) {
	table := readSpecial(t)
	for name, c := range accuracies() {
		t.Run(name, func(t *testing.T) {
			if len(table[name]) < 40 {
				t.Fatalf("%d values, at least 40 wanted", len(table[name]))
			}
			worst, at := 0.0, special{}
			for _, s := range table[name] {
				got := []float64{0}
				c.f(got, []float64{s.a}, []float64{s.b})
				e := bigUlps(got[0], s.want)
				if c.scale != nil {
					nearest, _ := s.want.Float64()
					if unit := c.scale(s.a, s.b); unit > math.Abs(nearest) {
						d, _ := new(big.Float).Sub(num(got[0]), s.want).Float64()
						_, exp := math.Frexp(unit)
						e = math.Abs(d) / math.Ldexp(1, exp-53)
					}
				}
				if !(e <= worst) {
					worst, at = e, s
				}
			}
			t.Logf("%.2f ulp at %g, %g", worst, at.a, at.b)
			if !(worst <= c.ulp) {
				t.Errorf("%s(%g, %g) is off by %.2f ulp, more than %g", name, at.a, at.b, worst, c.ulp)
			}
		})
	}
}

// TestSpecialValues has the ends and the poles. NaN goes through.
func TestSpecialValues(t *testing.T) {
	inf, nan, minus := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	order := func(n int) func(dst, x []float64) { return func(dst, x []float64) { Polygamma(dst, x, n) } }
	for name, c := range map[string]struct {
		f    func(dst, x []float64)
		x, y []float64
	}{
		"log2": {Log2[float64], []float64{nan, inf, -1, 0, minus, 1, 8, 0x1p-1074},
			[]float64{nan, inf, nan, -inf, -inf, 0, 3, -1074}},
		"log10": {Log10[float64], []float64{nan, inf, -1, 0, 1, 1000, 1e22, 0.001},
			[]float64{nan, inf, nan, -inf, 0, 3, 22, -3}},
		"exp2": {Exp2[float64], []float64{nan, inf, -inf, 0, 10, -1074, 1024},
			[]float64{nan, inf, 0, 1, 1024, 0x1p-1074, inf}},
		"cbrt":   {Cbrt[float64], []float64{nan, inf, -inf, minus, 27, -8}, []float64{nan, inf, -inf, minus, 3, -2}},
		"erfinv": {Erfinv[float64], []float64{nan, 1, -1, 1.5, 0, minus}, []float64{nan, inf, -inf, nan, 0, minus}},
		"lgamma": {Lgamma[float64], []float64{nan, inf, 0, -3, 1, 2, 0x1p-1074, -0x1p-1074},
			[]float64{nan, inf, inf, inf, 0, 0, 1074 * math.Ln2, 1074 * math.Ln2}},
		"digamma": {order(0), []float64{nan, inf, -inf, 0, minus, -3, 5e-324},
			[]float64{nan, inf, nan, -inf, inf, nan, -inf}},
		"trigamma":   {order(1), []float64{nan, inf, -inf, 0, minus, -3, 5e-324}, []float64{nan, 0, nan, inf, inf, inf, inf}},
		"tetragamma": {order(2), []float64{nan, inf, -inf, 0, minus, -3}, []float64{nan, minus, nan, -inf, inf, nan}},
	} {
		got := make([]float64, len(c.x))
		c.f(got, c.x)
		for i, y := range c.y {
			if !same(got[i], y) {
				t.Errorf("%s(%g) = %g, want %g", name, c.x[i], got[i], y)
			}
			one := []float64{c.x[i]}
			if c.f(one, one); !same(one[0], y) {
				t.Errorf("%s(%g) = %g over its operand, want %g", name, c.x[i], one[0], y)
			}
		}
		repeated := make([]float64, 3)
		if c.f(repeated, c.x[:1]); !same(repeated[2], c.y[0]) {
			t.Errorf("%s of a repeated %g = %g, want %g", name, c.x[0], repeated[2], c.y[0])
		}
	}
	pairs := []struct {
		f       func(dst, x, y []float64)
		x, y, r float64
	}{
		{Hypot[float64], 3, 4, 5}, {Hypot[float64], nan, -inf, inf}, {Hypot[float64], nan, 1, nan},
		{Hypot[float64], 0, minus, 0},
		{LogAddExp[float64], -inf, -inf, -inf}, {LogAddExp[float64], inf, inf, inf}, {LogAddExp[float64], -inf, 2, 2},
		{LogAddExp[float64], inf, -inf, inf}, {LogAddExp[float64], nan, 2, nan}, {LogAddExp[float64], 2, nan, nan},
		{LogAddExp[float64], 1, -1e17, 1},
		{XLogY[float64], 0, 0, 0}, {XLogY[float64], 0, nan, nan}, {XLogY[float64], nan, 1, nan}, {XLogY[float64], 2, 0, -inf},
		{XLogY[float64], 0, -1, 0},
	}
	for i, p := range pairs {
		got := []float64{0}
		if p.f(got, []float64{p.x}, []float64{p.y}); !same(got[0], p.r) {
			t.Errorf("pair %d: f(%g, %g) = %g, want %g", i, p.x, p.y, got[0], p.r)
		}
	}
}
