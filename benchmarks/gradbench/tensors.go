package main

import (
	"fmt"

	"gorgonia.org/tensor"
)

// dense is a tensor over data.
func dense[T float64 | int64](data []T, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// tensors makes tensors of an input's arrays, and keeps the first error.
type tensors struct{ err error }

// matrix is a tensor of rows, each of which must have the given number of columns. Name is the array's in messages.
func (t *tensors) matrix(name string, rows [][]float64, columns int) *tensor.Dense {
	data := flatten(t, name, rows, columns)
	if t.err != nil {
		return nil
	}
	return dense(data, len(rows), columns)
}

// columns is a tensor of which rows has the columns, each of the given length.
func (t *tensors) columns(name string, rows [][]float64, length int) *tensor.Dense {
	data := flatten(t, name, rows, length)
	if t.err != nil {
		return nil
	}
	turned := make([]float64, len(data))
	for i, x := range data {
		turned[i%length*len(rows)+i/length] = x
	}
	return dense(turned, length, len(rows))
}

// transforms is a tensor of 4×4 matrices.
func (t *tensors) transforms(name string, list [][][]float64) *tensor.Dense {
	var data []float64
	for i, m := range list {
		if len(m) != 4 {
			t.fail("matrix %d of %s has %d rows, not 4", i, name, len(m))
		}
		data = append(data, flatten(t, name, m, 4)...)
	}
	if t.err != nil {
		return nil
	}
	return dense(data, len(list), 4, 4)
}

// indices is matrix for integers.
func (t *tensors) indices(name string, rows [][]int64, columns int) *tensor.Dense {
	data := flatten(t, name, rows, columns)
	if t.err != nil {
		return nil
	}
	return dense(data, len(rows), columns)
}

func flatten[T any](t *tensors, name string, rows [][]T, columns int) []T {
	data := make([]T, 0, len(rows)*columns)
	for i, row := range rows {
		if len(row) != columns {
			t.fail("row %d of %s has %d elements, not %d", i, name, len(row), columns)
		}
		data = append(data, row...)
	}
	return data
}

func (t *tensors) fail(format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf(format, args...)
	}
}

// result is one result of a program.
type result struct{ *tensor.Dense }

// floats are its elements.
func (r result) floats() []float64 {
	if r.IsScalar() {
		return []float64{r.ScalarValue().(float64)}
	}
	return r.Float64s()
}

// rows are its elements row by row.
func (r result) rows() [][]float64 {
	data, columns := r.Float64s(), r.Shape()[r.Dims()-1]
	rows := make([][]float64, r.Shape()[0])
	for i := range rows {
		rows[i] = data[i*columns:][:columns]
	}
	return rows
}

// number, flat and table are what functions with one result give: a number, a list, a list of rows.
func number(r []result) any { return r[0].floats()[0] }

func flat(r []result) any { return lists{[][]float64{r[0].floats()}, true} }

func table(r []result) any { return lists{rows: r[0].rows()} }

// allFlat is the elements of all results, one after the other.
func allFlat(r []result) any {
	var all []float64
	for _, one := range r {
		all = append(all, one.floats()...)
	}
	return lists{[][]float64{all}, true}
}
