package conv

// eachRow calls visit for the products of item n that lie in one row of the result: the factor w with count elements of y
// from y on and as many of x, a stride apart.
func (s *Shape) eachRow(n int, visit func(x, w, y, count int)) {
	planeX, planeK, planeY := size(s.X), size(s.K), size(s.Y)
	for g := range s.Groups {
		for o := range s.Out {
			for c := range s.In {
				x, w, y := ((n*s.Groups+g)*s.In+c)*planeX, ((g*s.Out+o)*s.In+c)*planeK, ((n*s.Groups+g)*s.Out+o)*planeY
				for k := range planeK {
					for row := range s.Y[0] * s.Y[1] {
						at, first, count := s.row(k, row)
						if count > 0 {
							visit(x+at, w+k, y+row*s.Y[2]+first, count)
						}
					}
				}
			}
		}
	}
}

// row finds what tap k adds to a row of the result: count places from first on, the first of which is at x.
func (s *Shape) row(k, row int) (x, first, count int) {
	at := [2]int{row / s.Y[1], row % s.Y[1]}
	tap := [3]int{k / s.K[2] / s.K[1], k / s.K[2] % s.K[1], k % s.K[2]}
	for i, y := range at {
		p := y*s.Stride[i] + tap[i]*s.Dilation[i] - s.Lo[i]
		if p < 0 || p >= s.X[i] {
			return 0, 0, 0
		}
		x = x*s.X[i] + p
	}
	from := tap[2]*s.Dilation[2] - s.Lo[2]
	if from < 0 {
		first = (-from + s.Stride[2] - 1) / s.Stride[2]
	}
	from += first * s.Stride[2]
	if from >= s.X[2] {
		return 0, 0, 0
	}
	return x*s.X[2] + from, first, min(s.Y[2]-first, (s.X[2]-1-from)/s.Stride[2]+1)
}

// The plain loops are the specification.

// forward computes y.
func forward[T Float](s *Shape, y, x, w []T) {
	clear(y)
	step := s.Stride[2]
	for n := range s.Batch {
		s.eachRow(n, func(i, k, o, count int) {
			f, row := w[k], y[o:][:count]
			for j := range row {
				row[j] += T(x[i+j*step] * f)
			}
		})
	}
}

// input computes x from y and w: the transpose of forward in x.
func input[T Float](s *Shape, x, y, w []T) {
	clear(x)
	step := s.Stride[2]
	for n := range s.Batch {
		s.eachRow(n, func(i, k, o, count int) {
			f, row := w[k], y[o:][:count]
			for j, v := range row {
				x[i+j*step] += T(v * f)
			}
		})
	}
}

// weight computes w from x and y: the transpose of forward in w.
func weight[T Float](s *Shape, w, x, y []T) {
	clear(w)
	step := s.Stride[2]
	for n := range s.Batch {
		s.eachRow(n, func(i, k, o, count int) {
			sum, row := T(0), y[o:][:count]
			for j, v := range row {
				sum += T(v * x[i+j*step])
			}
			w[k] += sum
		})
	}
}
