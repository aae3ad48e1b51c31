package data_test

import (
	"encoding/csv"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/nn/data"
)

// A table as people keep them (row D10): a mark, quotes, comments, the label in the middle, a hole, no last line end.
func TestReadTable(t *testing.T) {
	const text = "\xef\xbb\xbf# of 1936\n\"length\" ,species,width, price\r\n1.5, \"big, red\",2,10\n# a remark\n?,small,4,\"20\" \n3,\"big, red\",,30"
	table, err := data.ReadTable(strings.NewReader(text), data.TableOptions{
		Comment: '#', Header: true, Label: "species", Target: "price", Missing: []string{"", "?"},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"length", "width"}, table.Columns)
	require.Equal(t, []string{"big, red", "small"}, table.Classes)
	require.Equal(t, []int{0, 1, 0}, table.Labels)
	require.Equal(t, []float64{10, 20, 30}, table.Y)
	require.Equal(t, 3, table.Rows())
	require.True(t, math.IsNaN(table.X[2]) && math.IsNaN(table.X[5]))
	require.Equal(t, []float64{1.5, 2, 4, 3}, append(append([]float64{}, table.X[:2]...), table.X[3:5]...))
	require.Equal(t, []int{3, 2}, []int(table.Features().Shape()))
	set, err := table.Set()
	require.NoError(t, err)
	require.Equal(t, 2, set.Classes)

	some, err := data.ReadTable(strings.NewReader("1;2;3\n4;5;6\n"), data.TableOptions{Comma: ';', Columns: []string{"2", "0"}, Target: "1"})
	require.NoError(t, err)
	require.Equal(t, []float64{3, 1, 6, 4}, some.X)
	require.Equal(t, []float64{2, 5}, some.Y)

	// Row D10: a quoted line end is part of a field.
	d10, err := data.ReadTable(strings.NewReader("\xef\xbb\xbfa,b\r\n\"1\n2\",3\r\n4,"), data.TableOptions{
		Header: true, Label: "a", Missing: []string{""},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"1\n2", "4"}, d10.Classes)
	require.Equal(t, 3.0, d10.X[0])
	require.True(t, math.IsNaN(d10.X[1]))
}

func TestTableFaults(t *testing.T) {
	header := data.TableOptions{Header: true, Label: "b", Classes: []string{"x"}}
	for _, c := range []struct {
		text    string
		options data.TableOptions
		is      error
		says    string
	}{
		{"a,b\n1,x\n2\n", header, csv.ErrFieldCount, "line 3: fields: 1, and there are 2 columns"},
		{"a,b\n1,x\n\n2z,x\n", header, strconv.ErrSyntax, `line 4: column "a" is "2z"`},
		{"a,b\n1e999,x\n", header, strconv.ErrRange, "line 2"},
		{"a,b\nNaN,x\n", header, data.ErrNotFinite, "line 2"},
		{"a,b\n,x\n", header, strconv.ErrSyntax, `column "a" is ""`},
		{"a,b\n1,y\n", header, data.ErrLabel, `the label "y" is none of the classes`},
		{"a,c\n1,y\n", header, data.ErrCount, `no column "b"`},
		{"a,a\n1,y\n", header, data.ErrCount, `two columns are called "a"`},
		{"a,b\n", header, data.ErrEmpty, "line 2: no rows"},
		{"", header, data.ErrEmpty, "empty"},
		{"a,\"b\n1,2", header, csv.ErrQuote, ""},
		{"1,2\n3,\n", data.TableOptions{Label: "1"}, data.ErrLabel, "line 2"},
	} {
		_, err := data.ReadTable(strings.NewReader(c.text), c.options)
		require.ErrorIs(t, err, c.is, c.text)
		require.ErrorContains(t, err, c.says)
		var fault *data.FormatError
		require.ErrorAs(t, err, &fault)
	}
}

func TestTableRows(t *testing.T) {
	var sum float64
	for row, err := range data.TableRows(strings.NewReader("1,2\n3,4\n5,6\n"), data.TableOptions{Target: "1"}) {
		require.NoError(t, err)
		if sum += row.X[0] * row.Y; row.Y == 4 {
			break
		}
	}
	require.Equal(t, 1.0*2+3*4, sum)
	n := 0
	for _, err := range data.TableRows(strings.NewReader("1,2\n3,x\n5,6\n"), data.TableOptions{}) {
		if n++; n == 2 {
			require.ErrorIs(t, err, strconv.ErrSyntax)
		}
	}
	require.Equal(t, 2, n)
}
