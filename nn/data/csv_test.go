package data_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"chainrule/nn/data"
)

func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		name    string
		text    string
		options data.CSVOptions
		classes int
	}{
		{"plain", "1,2.5,0\n-3e2,4,1\n", data.CSVOptions{}, 2},
		{"no newline at the end", "1,2.5,0\n-3e2,4,1", data.CSVOptions{}, 2},
		{"carriage returns, blanks", "1, 2.5 ,0\r\n\r\n-3e2,4, 1\r\n", data.CSVOptions{}, 2},
		{"spaces behind quotes", "\"1\" ,\"2.5\"\t , \"0\" \r\n \"-3e2\"  , 4,\"1\"  ", data.CSVOptions{}, 2},
		{"tabs between, spaces behind quotes", "\"1\" \t2.5\t\"0\"  \n-3e2\t\"4\"\t1\n", data.CSVOptions{Comma: '\t'}, 2},
		{"header of another length", "2,2,setosa,versicolor,virginica\n1,2.5,0\n-3e2,4,1\n",
			data.CSVOptions{Header: true}, 2},
		{"classes given, semicolons", "1;2.5;0\n-3e2;4;1\n", data.CSVOptions{Comma: ';', Classes: 7}, 7},
	} {
		for _, compress := range []bool{false, true} {
			file := []byte(c.text)
			if compress {
				file = zip(t, file)
			}
			set, err := data.ReadCSV(bytes.NewReader(file), c.options)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if !slices.Equal(set.X, []float64{1, 2.5, -300, 4}) || set.Dim != 2 ||
				!slices.Equal(set.Labels, []int{0, 1}) || set.Classes != c.classes {
				t.Errorf("%s: set %+v", c.name, set)
			}
		}
	}
}

func badCSV(t testing.TB) []badTable {
	header, three := data.CSVOptions{Header: true}, data.CSVOptions{Classes: 3}
	zipped := string(zip(t, []byte(strings.Repeat("1.25,2.5,0\n7,8,1\n", 99))))
	return []badTable{
		{"empty", "", data.CSVOptions{}, data.ErrEmpty, "offset 0: file is empty"},
		{"empty lines", "\n\n", data.CSVOptions{}, data.ErrEmpty, "no rows"},
		{"only a header", "a,b,c\n", header, data.ErrEmpty, "line 2: no rows"},
		{"header not announced", "a,b,c\n1,2,0\n", data.CSVOptions{}, strconv.ErrSyntax, `line 1: field 1 is "a"`},
		{"short row", "1,2,0\n1,0\n", data.CSVOptions{}, csv.ErrFieldCount, "line 2: fields: 2, in the rows before: 3"},
		{"long row", "1,2,0\n\n1,2,3,0\n", data.CSVOptions{}, csv.ErrFieldCount, "line 3: fields: 4"},
		{"only labels", "0\n1\n", data.CSVOptions{}, csv.ErrFieldCount, "line 1: 1 field, want features and a label"},
		{"word", "1,2,0\n1,two,0\n", data.CSVOptions{}, strconv.ErrSyntax, `line 2: field 2 is "two"`},
		{"blank field", "1,,0\n", data.CSVOptions{}, strconv.ErrSyntax, `line 1: field 2 is ""`},
		{"number too large", "1e999,2,0\n", data.CSVOptions{}, strconv.ErrRange, `line 1: field 1 is "1e999"`},
		{"NaN", "x,y,c\n1,NaN,0\n", header, data.ErrNotFinite, `line 2: field 2 is "NaN"`},
		{"infinity", "-Inf,1,0\n", data.CSVOptions{}, data.ErrNotFinite, `line 1: field 1 is "-Inf"`},
		{"label no number", "1,2,setosa\n", data.CSVOptions{}, strconv.ErrSyntax, `line 1: label is "setosa"`},
		{"label a fraction", "1,2,0.5\n", data.CSVOptions{}, strconv.ErrSyntax, `label is "0.5", want a whole number`},
		{"label negative", "1,2,-1\n", data.CSVOptions{}, data.ErrLabel, "line 1: label -1, want 0 or more"},
		{"label too large", "1,2,2\n1,2,3\n", three, data.ErrLabel, "line 2: label 3, want 0 to 2"},
		{
			"labels not counted from zero", "1,2,0\n1,2,1000000000\n1,2,1\n", data.CSVOptions{}, data.ErrLabel,
			"line 2: label 1000000000 in 3 rows",
		},
		{"quote left open", "1,2,0\n1,\"2,0\n", data.CSVOptions{}, csv.ErrQuote, "line 2: column 8"},
		{"bare quote", "1,2\"3,0\n", data.CSVOptions{}, csv.ErrBareQuote, "line 1: column 4"},
		{"trailing garbage", "1,2,0\n\x00\x00\x00\n", data.CSVOptions{}, csv.ErrFieldCount, "line 2: fields: 1"},
		{"gzip cut short", zipped[:len(zipped)-9], data.CSVOptions{}, io.ErrUnexpectedEOF, "cut short"},
		{"gzip with a tail", zipped + "0123456789", data.CSVOptions{}, data.ErrTrailing, "follows the compressed data"},
	}
}

type badTable struct {
	name    string
	text    string
	options data.CSVOptions
	kind    error
	message string
}

func TestReadCSVBad(t *testing.T) {
	for _, c := range badCSV(t) {
		t.Run(c.name, func(t *testing.T) {
			set, err := data.ReadCSV(strings.NewReader(c.text), c.options)
			checkFormatError(t, err, c.kind, c.message)
			if set != nil {
				t.Error("a set beside the error")
			}
		})
	}
	_, err := data.ReadCSV(strings.NewReader("1,2,0\n"), data.CSVOptions{Comma: '"'})
	if err == nil || !strings.Contains(err.Error(), "invalid field or comment delimiter") {
		t.Errorf("a quote as comma: error %v", err)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("1,2.5,0\n-3e2,4,1\n"), false)
	for _, c := range badCSV(f) {
		f.Add([]byte(c.text), c.options.Header)
	}
	f.Fuzz(func(t *testing.T, file []byte, header bool) {
		set, err := data.ReadCSV(bytes.NewReader(file), data.CSVOptions{Header: header})
		if err != nil {
			var format *data.FormatError
			if !errors.As(err, &format) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if set.Len() == 0 || set.Dim == 0 || len(set.X) != set.Len()*set.Dim || set.Classes > set.Len() {
			t.Fatalf("set of %d samples, dim %d, %d features, %d classes", set.Len(), set.Dim, len(set.X), set.Classes)
		}
		for i, x := range set.X {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("feature %d is %v", i, x)
			}
		}
		set.OneHot() // panics on a label out of range
	})
}

// TestCSVAsOthersWriteIt has a byte order mark, spaces before quotes, and both, compressed too.
func TestCSVAsOthersWriteIt(t *testing.T) {
	const mark = "\ufeff"
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(mark + "1, 2, 0\n"))
	require.NoError(t, errors.Join(err, w.Close()))
	for name, c := range map[string]struct {
		text    string
		options data.CSVOptions
		want    []float64
	}{
		"a mark":                   {mark + "1,2,0\n", data.CSVOptions{}, []float64{1, 2}},
		"a mark before quotes":     {mark + "\"1\",2,0\n", data.CSVOptions{}, []float64{1, 2}},
		"a mark before a header":   {mark + "a,b,class\r\n1,2,0\r\n", data.CSVOptions{Header: true}, []float64{1, 2}},
		"a mark, compressed":       {packed.String(), data.CSVOptions{}, []float64{1, 2}},
		"spaces before quotes":     {"1, \"2\", \"0\"\n", data.CSVOptions{}, []float64{1, 2}},
		"spaces around":            {" 1 , 2 , 0 \n", data.CSVOptions{}, []float64{1, 2}},
		"tabs between, and quotes": {"1\t\"2\"\t0\n", data.CSVOptions{Comma: '\t'}, []float64{1, 2}},
		"semicolons":               {"1; \"2\"; 0\n", data.CSVOptions{Comma: ';'}, []float64{1, 2}},
	} {
		set, err := data.ReadCSV(strings.NewReader(c.text), c.options)
		require.NoError(t, err, name)
		require.Equal(t, c.want, set.X, name)
	}
	_, err = data.ReadCSV(strings.NewReader(mark), data.CSVOptions{})
	require.ErrorIs(t, err, data.ErrEmpty)
	_, err = data.ReadCSV(strings.NewReader("1,\t\t0\n1\t\t0\n"), data.CSVOptions{Comma: '\t'}) // an empty field is one
	require.Error(t, err)
}

// TestLargeFieldsMakeShortMessages has fields that are no numbers, as features, labels and in a header.
func TestLargeFieldsMakeShortMessages(t *testing.T) {
	large := strings.Repeat("x", 20<<20)
	for _, text := range []string{large + ",0\n", "1," + large + "\n", "1," + strings.Repeat("9", 1<<20) + "\n", "1e" + strings.Repeat("9", 1<<20) + ",0\n"} {
		_, err := data.ReadCSV(strings.NewReader(text), data.CSVOptions{})
		require.Error(t, err)
		require.Less(t, len(err.Error()), 300)
	}
}

// TestNothingToRead has readers, sets and numbers of classes that are none.
func TestNothingToRead(t *testing.T) {
	_, err := data.ReadCSV(nil, data.CSVOptions{})
	require.ErrorContains(t, err, "data: the reader is nil")
	_, err = data.ReadIDX(nil)
	require.ErrorContains(t, err, "data: the reader is nil")
	_, err = data.ReadImages(nil, nil, 10)
	require.ErrorContains(t, err, "data: the reader is nil")
	require.ErrorContains(t, data.Fill([]float64{1}, nil, nil, []int{0}), "data: the set is nil")
	_, err = data.ReadCSV(strings.NewReader("1,0\n"), data.CSVOptions{Classes: -3})
	require.ErrorIs(t, err, data.ErrLabel)
	_, err = data.ReadImages(strings.NewReader("1"), strings.NewReader("1"), -1)
	require.ErrorIs(t, err, data.ErrLabel)
}

// TestSpacesBehindQuotes: only those between a last quote and the end of a field are passed over, wherever reads end.
func TestSpacesBehindQuotes(t *testing.T) {
	set, err := data.ReadCSV(iotest.OneByteReader(strings.NewReader("\" a \"\"b\"\" , \" , c\n\"1\" ,\"0\" \n")), data.CSVOptions{Header: true})
	require.NoError(t, err)
	require.Equal(t, []float64{1}, set.X)
	for text, kind := range map[string]error{
		"\"1\" 2,0\n": csv.ErrQuote, "\"1\"2 ,0\n": csv.ErrQuote, "1 \"2\" ,0\n": csv.ErrBareQuote, "\"1 ,0\n": csv.ErrQuote,
	} {
		_, err := data.ReadCSV(strings.NewReader(text), data.CSVOptions{})
		require.ErrorIs(t, err, kind, text)
	}
}
