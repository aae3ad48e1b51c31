package programs

import "slices"

// array is a row-major array of numbers.
type array struct {
	shape []int
	at    []number
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func newArray(shape []int, element func(i int) number) array {
	a := array{shape, make([]number, size(shape))}
	for i := range a.at {
		a.at[i] = element(i)
	}
	return a
}

func scalar(x number) array { return array{nil, []number{x}} }

// index turns a place in a shape into its coordinates, and offset turns them back.
func index(shape []int, i int) []int {
	at := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		at[axis] = i % shape[axis]
		i /= shape[axis]
	}
	return at
}

func offset(shape, at []int) int {
	i := 0
	for axis, d := range shape {
		i = i*d + at[axis]
	}
	return i
}

// broadcast is the shape of two operands together, nil and false if there is none.
func broadcast(a, b []int) ([]int, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i := range b {
		switch d := &out[len(a)-len(b)+i]; {
		case *d == 1:
			*d = b[i]
		case b[i] != 1 && b[i] != *d:
			return nil, false
		}
	}
	return out, true
}

// stretched repeats a to a shape.
func (a array) stretched(shape []int) array {
	lead := len(shape) - len(a.shape)
	return newArray(shape, func(i int) number {
		at := index(shape, i)[lead:]
		for axis := range at {
			if a.shape[axis] == 1 {
				at[axis] = 0
			}
		}
		return a.at[offset(a.shape, at)]
	})
}

func (a array) each(f func(number) number) array {
	return newArray(a.shape, func(i int) number { return f(a.at[i]) })
}

func (a array) with(b array, f func(x, y number) number) array {
	shape, _ := broadcast(a.shape, b.shape)
	a, b = a.stretched(shape), b.stretched(shape)
	return newArray(shape, func(i int) number { return f(a.at[i], b.at[i]) })
}

// lines reduces the lines along an axis, or everything for axis −1.
func (a array) lines(axis int, f func(line []number) number) array {
	if axis < 0 {
		return scalar(f(a.at))
	}
	shape := slices.Delete(slices.Clone(a.shape), axis, axis+1)
	return newArray(shape, func(i int) number { return f(a.line(axis, index(shape, i))) })
}

// line is what lies along an axis at coordinates of the others.
func (a array) line(axis int, others []int) []number {
	line := make([]number, a.shape[axis])
	for k := range line {
		line[k] = a.at[offset(a.shape, slices.Insert(slices.Clone(others), axis, k))]
	}
	return line
}

// alongLast gives every line along the last axis another one of the same length.
func (a array) alongLast(f func(line []number) []number) array {
	n := a.shape[len(a.shape)-1]
	out := array{a.shape, nil}
	for i := 0; i < len(a.at); i += n {
		out.at = append(out.at, f(a.at[i:i+n])...)
	}
	return out
}

// slice is a[t] along the first axis.
func (a array) slice(t int) array {
	n := size(a.shape[1:])
	return array{a.shape[1:], a.at[t*n : (t+1)*n]}
}

// stack is the opposite of slice, for slices of a shape.
func stack(shape []int, list []array) array {
	out := array{append([]int{len(list)}, shape...), nil}
	for _, a := range list {
		out.at = append(out.at, a.at...)
	}
	return out
}

func (a array) permuted(perm []int) array {
	shape := make([]int, len(perm))
	for i, p := range perm {
		shape[i] = a.shape[p]
	}
	return newArray(shape, func(i int) number {
		at, from := index(shape, i), make([]int, len(perm))
		for k, p := range perm {
			from[p] = at[k]
		}
		return a.at[offset(a.shape, from)]
	})
}

func sum(line []number) number {
	total := exactly(0)
	for _, x := range line {
		total = total.plus(x)
	}
	return total
}

func mean(line []number) number { return sum(line).scaled(1 / float64(len(line))) }

// times is the product of a matrix with a matrix or vector.
func (a array) times(b array) array {
	rows, inner, columns := a.shape[0], a.shape[1], size(b.shape[1:])
	return newArray(append([]int{rows}, b.shape[1:]...), func(i int) number {
		total := exactly(0)
		for k := range inner {
			total = total.plus(a.at[i/columns*inner+k].times(b.at[k*columns+i%columns]))
		}
		return total
	})
}

// eliminated solves a·x = b for a vector b by elimination without pivots, which dominant diagonals need none of, and
// returns the determinant too.
func eliminated(a, b array) (x array, det number) {
	n := a.shape[0]
	m, r := slices.Clone(a.at), slices.Clone(b.at)
	det = exactly(1)
	for k := range n {
		det = det.times(m[k*n+k])
		for i := k + 1; i < n; i++ {
			f := m[i*n+k].over(m[k*n+k])
			for j := k; j < n; j++ {
				m[i*n+j] = m[i*n+j].minus(f.times(m[k*n+j]))
			}
			r[i] = r[i].minus(f.times(r[k]))
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			r[i] = r[i].minus(m[i*n+j].times(r[j]))
		}
		r[i] = r[i].over(m[i*n+i])
	}
	return array{b.shape, r}, det
}
