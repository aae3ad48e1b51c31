package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is written number by number reads as what package json makes of the whole.
func TestStream(t *testing.T) {
	numbers := []float64{0, math.Copysign(0, -1), 1, -2.5, 1e-7, 1e21, 0.1, math.MaxFloat64, math.SmallestNonzeroFloat64}
	success := true
	for _, c := range []struct {
		output lists
		want   any
	}{
		{lists{[][]float64{numbers}, true}, numbers},
		{lists{[][]float64{{}}, true}, []float64{}},
		{lists{rows: [][]float64{numbers, {}, {3}}}, [][]float64{numbers, {}, {3}}},
		{lists{rows: [][]float64{}}, [][]float64{}},
	} {
		a := answer{ID: json.RawMessage("7"), Success: &success, Timings: []timing{{"evaluate", 5}}}
		var got bytes.Buffer
		a.Output = c.output
		require.NoError(t, write(bufio.NewWriter(&got), a))
		a.Output = c.want
		want, err := json.Marshal(a)
		require.NoError(t, err)
		require.JSONEq(t, string(want), got.String())
		require.Equal(t, byte('\n'), got.Bytes()[got.Len()-1])
	}
	for _, bad := range []float64{math.NaN(), math.Inf(-1)} {
		var got bytes.Buffer
		require.NoError(t, write(bufio.NewWriter(&got), answer{Output: lists{rows: [][]float64{{1}, {2, bad}}}}))
		require.Contains(t, got.String(), "cannot be sent")
	}
}
