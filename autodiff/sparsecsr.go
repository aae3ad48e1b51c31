package autodiff

import (
	"slices"

	"gonum.org/v1/gonum/mat"
)

// CSR is a matrix in compressed sparse row form: the entries of row i are Values[RowPtr[i]:RowPtr[i+1]], in the columns
// ColIdx[RowPtr[i]:RowPtr[i+1]], which increase; every other element is 0. It is a gonum mat.Matrix. Matrices from one
// SparseFunction share RowPtr and ColIdx, which must not be modified.
type CSR struct {
	Rows, Cols     int
	RowPtr, ColIdx []int
	Values         []float64
}

// Dims implements mat.Matrix.
func (m *CSR) Dims() (rows, cols int) { return m.Rows, m.Cols }

// At returns element (i, j), in a time that grows with the logarithm of the row's entries. It panics if the matrix has
// no such element, as gonum's matrices do.
func (m *CSR) At(i, j int) float64 {
	switch {
	case uint(i) >= uint(m.Rows):
		panic(mat.ErrRowAccess)
	case uint(j) >= uint(m.Cols):
		panic(mat.ErrColAccess)
	}
	lo, hi := m.RowPtr[i], m.RowPtr[i+1]
	if k, ok := slices.BinarySearch(m.ColIdx[lo:hi], j); ok {
		return m.Values[lo+k]
	}
	return 0
}

// T returns the transpose, without a copy.
func (m *CSR) T() mat.Matrix { return mat.Transpose{Matrix: m} }

// NNZ returns the number of entries.
func (m *CSR) NNZ() int { return len(m.Values) }

// DoNonZero calls f for every entry, row after row. Entries may happen to be 0.
func (m *CSR) DoNonZero(f func(i, j int, v float64)) {
	for i := range m.Rows {
		m.DoRowNonZero(i, f)
	}
}

// DoRowNonZero calls f for every entry of row i.
func (m *CSR) DoRowNonZero(i int, f func(i, j int, v float64)) {
	for k := m.RowPtr[i]; k < m.RowPtr[i+1]; k++ {
		f(i, m.ColIdx[k], m.Values[k])
	}
}

// MulVecTo sets dst to m·x, or to mᵀ·x if trans is set, as gonum's iterative solvers want it.
func (m *CSR) MulVecTo(dst *mat.VecDense, trans bool, x mat.Vector) {
	out, in := m.Rows, m.Cols
	if trans {
		out, in = in, out
	}
	if x.Len() != in || !dst.IsEmpty() && dst.Len() != out {
		panic(mat.ErrShape)
	}
	if dst.IsEmpty() {
		dst.ReuseAsVec(out)
	}
	y := make([]float64, out) // x may be dst
	m.DoNonZero(func(i, j int, v float64) {
		if trans {
			y[j] += v * x.AtVec(i)
		} else {
			y[i] += v * x.AtVec(j)
		}
	})
	for i, v := range y {
		dst.SetVec(i, v)
	}
}

// ToDense returns the matrix with its zeros.
func (m *CSR) ToDense() *mat.Dense {
	if m.Rows == 0 || m.Cols == 0 {
		return &mat.Dense{}
	}
	d := mat.NewDense(m.Rows, m.Cols, nil)
	m.DoNonZero(d.Set)
	return d
}

// COO returns the entries in coordinate form, row after row: entry k is values[k] at (rows[k], cols[k]). The slices are
// new.
func (m *CSR) COO() (rows, cols []int, values []float64) {
	rows = make([]int, 0, m.NNZ())
	for i := range m.Rows {
		for range m.RowPtr[i+1] - m.RowPtr[i] {
			rows = append(rows, i)
		}
	}
	return rows, slices.Clone(m.ColIdx), slices.Clone(m.Values)
}
