package data

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A stream that expands without end is refused; what is long, or compresses well, is not.
func TestExpansionIsBounded(t *testing.T) {
	read := func(text []byte) (int64, error) {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		_, err := w.Write(text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		s, err := newSource(&zipped)
		require.NoError(t, err)
		s.most = 1 << 20
		return io.Copy(io.Discard, s)
	}
	n, err := read(make([]byte, 8<<20))
	require.ErrorIs(t, err, ErrTooLarge)
	require.Less(t, n, int64(2<<20))
	_, err = read(make([]byte, 1<<20)) // no longer than is allowed
	require.NoError(t, err)
	digits, random := make([]byte, 4<<20), rand.New(rand.NewPCG(1, 1))
	for i := range digits {
		digits[i] = "0123456789,."[random.IntN(12)]
	}
	_, err = read(digits)
	require.NoError(t, err)
}
