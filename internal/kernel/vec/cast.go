package vec

import "math"

// Cast converts x to the element type of dst. Numbers become bools by x != 0 (NaN is true), bools become 0 and 1;
// a float becomes an integer by truncation toward zero, where NaN gives 0 and what does not fit saturates.
func Cast[D, S Value](dst []D, x []S) {
	n := len(dst)
	if same, ok := any(x).([]D); ok && len(x) == n {
		copy(dst, same)
		return
	}
	if repeated(x, n) {
		var one [1]D
		castSlice(one[:], x)
		Fill(dst, one[0])
		return
	}
	castSlice(dst, x)
}

func castSlice[D, S Value](dst []D, x []S) {
	switch d := any(dst).(type) {
	case []float32:
		castToFloat(d, x)
	case []float64:
		castToFloat(d, x)
	case []int64:
		castToInt(d, x)
	case []bool:
		castToBool(d, x)
	}
}

func castToFloat[D Float, S Value](dst []D, x []S) {
	switch x := any(x).(type) {
	case []float32:
		if !castFloatTwin(dst, x) {
			convert(dst, x)
		}
	case []float64:
		if !castFloatTwin(dst, x) {
			convert(dst, x)
		}
	case []int64:
		if !castFromIntTwin(dst, x) {
			convert(dst, x)
		}
	case []bool:
		fromBool(dst, x)
	}
}

func castToInt[S Value](dst []int64, x []S) {
	switch x := any(x).(type) {
	case []float32:
		truncate(dst, x)
	case []float64:
		truncate(dst, x)
	case []bool:
		fromBool(dst, x)
	}
}

func castToBool[S Value](dst []bool, x []S) {
	switch x := any(x).(type) {
	case []float32:
		Ne(dst, x, []float32{0})
	case []float64:
		Ne(dst, x, []float64{0})
	case []int64:
		Ne(dst, x, []int64{0})
	}
}

func convert[D Float, S Num](dst []D, x []S) {
	for i, a := range x[:len(dst)] {
		dst[i] = D(a)
	}
}

func fromBool[D Num](dst []D, x []bool) {
	for i, a := range x[:len(dst)] {
		dst[i] = 0
		if a {
			dst[i] = 1
		}
	}
}

// truncate spells out what Go leaves to the machine: conversions that do not fit.
func truncate[S Float](dst []int64, x []S) {
	if castToIntTwin(dst, x) {
		return
	}
	for i, a := range x[:len(dst)] {
		switch {
		case a != a:
			dst[i] = 0
		case a >= 1<<63:
			dst[i] = math.MaxInt64
		case a < -1<<63:
			dst[i] = math.MinInt64
		default:
			dst[i] = int64(a)
		}
	}
}
