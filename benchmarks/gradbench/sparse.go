package main

// csr is a sparse matrix by rows: row i has the entries Rows[i] … Rows[i+1]−1 of Cols and Vals.
type csr struct {
	Rows []int     `json:"rows"`
	Cols []int     `json:"cols"`
	Vals []float64 `json:"vals"`
}

// sparse is the Jacobian of all errors, [3p, 11n + 3m + p], which has two rows for each observation, then a row for each
// weight. Of each list it has what the eval wants to see: as much as two rows have entries, and the last element.
func (in baInput) sparse(r []result) any {
	inBlocks := 2 * blockSize * in.P
	row := func(i int) int { return blockSize*min(i, 2*in.P) + max(i-2*in.P, 0) }
	column := func(e int) int {
		if e >= inBlocks {
			return cameraSize*in.N + 3*in.M + e - inBlocks
		}
		i, k := e/(2*blockSize), e%blockSize
		switch {
		case k < cameraSize:
			return cameraSize*(i%in.N) + k
		case k < cameraSize+3:
			return cameraSize*in.N + 3*(i%in.M) + k - cameraSize
		}
		return cameraSize*in.N + 3*in.M + i
	}
	value := func(e int) float64 {
		for _, part := range r {
			values := part.floats()
			if e < len(values) {
				return values[e]
			}
			e -= len(values)
		}
		panic("no such entry")
	}
	entries := inBlocks + in.P
	return csr{ends(3*in.P+1, row), ends(entries, column), ends(entries, value)}
}

// ends lists the first of n elements, and the last once more.
func ends[T any](n int, at func(int) T) []T {
	list := make([]T, 0, 2*blockSize+1)
	for i := range min(2*blockSize, n) {
		list = append(list, at(i))
	}
	return append(list, at(n-1))
}
