package optest

import "chainrule/internal/exec"

// slack is how far results of a setting may be from the reference: bits, bits but for the signs of zeros, or the
// roundings of sums in another order, relative to the largest element.
type slack struct {
	exact     bool
	roundings float64
}

// slack is that of a setting that is exact or not. Loops add up their steps in another order where they may: a sum has no
// more terms than the loop has elements, each term is rounded a few times, and carries the error of the largest.
func (in Instance) slack(exact bool) slack {
	if exact || !isBuilt(in.Op) {
		return slack{exact: exact}
	}
	terms := 0
	for _, t := range in.args {
		terms += t.Size()
	}
	return slack{roundings: float64(8+terms) * max(1, in.largest())}
}

// differ returns the first difference that is not allowed.
func (s slack) differ(got, want exec.Value) error {
	switch {
	case s.exact:
		return Differ(got, want)
	case s.roundings > 0 && want.Type.DType.IsFloat():
		return near(got, want, s.roundings*epsilon(want.Type.DType))
	}
	return Differ(unsigned(got), unsigned(want))
}
