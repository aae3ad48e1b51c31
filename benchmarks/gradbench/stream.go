package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// lists is an output of many numbers: rows of them, or a single row that is a list by itself. It is written as it is
// turned into text, which is two to three times as long as the numbers and would be in memory several times over.
type lists struct {
	rows   [][]float64
	single bool
}

// check is an error if there is a number that JSON cannot express.
func (l lists) check() error {
	for _, row := range l.rows {
		for _, x := range row {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("the output cannot be sent: an element is %v", x)
			}
		}
	}
	return nil
}

// stream writes an answer with such an output, after a check.
func (l lists) stream(w *bufio.Writer, a answer) error {
	a.Output = nil
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	last := len(line) - 1 // the closing brace
	w.Write(line[:last])
	w.WriteString(`,"output":`)
	separated := func(n int, write func(i int)) {
		w.WriteByte('[')
		for i := range n {
			if i > 0 {
				w.WriteByte(',')
			}
			write(i)
		}
		w.WriteByte(']')
	}
	var number [32]byte
	writeRow := func(i int) {
		separated(len(l.rows[i]), func(k int) { w.Write(strconv.AppendFloat(number[:0], l.rows[i][k], 'g', -1, 64)) })
	}
	if l.single {
		writeRow(0)
	} else {
		separated(len(l.rows), writeRow)
	}
	_, err = w.Write(append(line[last:], '\n')) // the first error of a Writer stays
	return err
}
