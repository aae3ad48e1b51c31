package data

import (
	"bytes"
	_ "embed"
	"fmt"
)

//go:embed uci/digits.csv.gz
var digitsFile []byte

// Digits returns the 1,797 handwritten digits of the UCI repository's "Optical Recognition of
// Handwritten Digits" (test part; E. Alpaydin, C. Kaynak, CC BY 4.0, see uci/NOTICE): 8×8 pixels,
// scaled from 0…16 to [0, 1], and 10 classes. Each call returns a Set of its own; shuffle and divide
// it with Split.
func Digits() *Set {
	set, err := ReadCSV(bytes.NewReader(digitsFile), CSVOptions{Classes: 10})
	if err != nil { // the file is part of the program
		panic(fmt.Sprintf("data: embedded digits: %v", err))
	}
	for i := range set.X {
		set.X[i] /= 16
	}
	return set
}
