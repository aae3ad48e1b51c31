package outside

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOpsOfAnotherModule adds an elementwise op and an op that holds a function, in one block each, in a module of a
// stranger's: they are compiled, differentiated, batched and checked like those of package ops, and nothing here knows them.
func TestOpsOfAnotherModule(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	noteSources(t, root)
	s := newStranger(t, root)
	for from, to := range map[string]string{"cube": "cube.go", "twice": "twice.go", "toys": "main.go"} {
		text, err := os.ReadFile(filepath.Join("testdata", from+".go.txt"))
		require.NoError(t, err)
		s.write(to, string(text))
	}
	// (x³ + 1)³ + 1 at 0, 1 and −2 is 2, 9 and −342; 9x²·(x³ + 1)² is 0, 36 and 1764.
	const want = "[2 9 -342]\n[0 36 1764]\n[0 36 1764]\n[0 36 1764]\n<nil> <nil>\n"
	require.Empty(t, Diff(s.goRun("run", "."), want))
}
