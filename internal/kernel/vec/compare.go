package vec

// Eq sets dst[i] = x[i] == y[i]. It is false where either is NaN.
func Eq[T Num](dst []bool, x, y []T) {
	if !compareTwin(opEq, dst, x, y) {
		eqLoop(dst, x, y)
	}
}

func eqLoop[T Num](dst []bool, x, y []T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0] == y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a == b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a == b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a == y[i]
		}
	}
}

// Ne sets dst[i] = x[i] != y[i]. It is true where either is NaN.
func Ne[T Num](dst []bool, x, y []T) {
	if !compareTwin(opNe, dst, x, y) {
		neLoop(dst, x, y)
	}
}

func neLoop[T Num](dst []bool, x, y []T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0] != y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a != b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a != b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a != y[i]
		}
	}
}

// Lt sets dst[i] = x[i] < y[i]. It is false where either is NaN.
func Lt[T Num](dst []bool, x, y []T) {
	if !compareTwin(opLt, dst, x, y) {
		ltLoop(dst, x, y)
	}
}

func ltLoop[T Num](dst []bool, x, y []T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0] < y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a < b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a < b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a < y[i]
		}
	}
}

// Le sets dst[i] = x[i] <= y[i]. It is false where either is NaN.
func Le[T Num](dst []bool, x, y []T) {
	if !compareTwin(opLe, dst, x, y) {
		leLoop(dst, x, y)
	}
}

func leLoop[T Num](dst []bool, x, y []T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0] <= y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a <= b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a <= b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a <= y[i]
		}
	}
}

// Gt sets dst[i] = x[i] > y[i]. It is false where either is NaN.
func Gt[T Num](dst []bool, x, y []T) {
	if !compareTwin(opGt, dst, x, y) {
		gtLoop(dst, x, y)
	}
}

func gtLoop[T Num](dst []bool, x, y []T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0] > y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a > b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a > b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a > y[i]
		}
	}
}

// Ge sets dst[i] = x[i] >= y[i]. It is false where either is NaN.
func Ge[T Num](dst []bool, x, y []T) {
	if !compareTwin(opGe, dst, x, y) {
		geLoop(dst, x, y)
	}
}

func geLoop[T Num](dst []bool, x, y []T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0] >= y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a >= b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a >= b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a >= y[i]
		}
	}
}
