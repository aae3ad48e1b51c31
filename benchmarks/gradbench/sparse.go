package main

// csr is a sparse matrix by rows: row i has the entries Rows[i] … Rows[i+1]−1 of Cols and Vals.
type csr struct {
	Rows []int     `json:"rows"`
	Cols []int     `json:"cols"`
	Vals []float64 `json:"vals"`
}

// sparse is the Jacobian of all errors, [3p, 11n + 3m + p], from the entries that are not zero: two rows for each
// observation, then a row for each weight.
func (in baInput) sparse(r []result) any {
	blocks, weights := r[0].floats(), r[1].floats()
	j := csr{Rows: []int{0}, Vals: append(blocks, weights...)}
	points, ws := cameraSize*in.N, cameraSize*in.N+3*in.M
	for i := range in.P {
		for range 2 {
			for k := range cameraSize {
				j.Cols = append(j.Cols, cameraSize*(i%in.N)+k)
			}
			for k := range 3 {
				j.Cols = append(j.Cols, points+3*(i%in.M)+k)
			}
			j.Cols = append(j.Cols, ws+i)
			j.Rows = append(j.Rows, len(j.Cols))
		}
	}
	for i := range in.P {
		j.Cols = append(j.Cols, ws+i)
		j.Rows = append(j.Rows, len(j.Cols))
	}
	return j.compressed()
}

// compressed is the form in which the eval wants the matrix of an observation repeated: the first two rows' worth of
// each list, and its last element.
func (j csr) compressed() csr {
	const first = 2 * blockSize
	return csr{ends(j.Rows, first), ends(j.Cols, first), ends(j.Vals, first)}
}

func ends[T any](list []T, first int) []T {
	return append(append([]T(nil), list[:min(first, len(list))]...), list[len(list)-1])
}
