package save_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/nn/save"
)

var errNotExist = fs.ErrNotExist

// A write that fails leaves the old file and nothing else (row D4).
func TestReplaceKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o640))
	full := errors.New("the disk is full")
	half := func(w io.Writer) error { io.WriteString(w, "ne"); return full }
	require.ErrorIs(t, save.Replace(path, half), full)
	require.PanicsWithValue(t, "stop", func() { save.Replace(path, func(io.Writer) error { panic("stop") }) })
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(text))
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, names, 1)
	require.NoError(t, save.Replace(path, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }))
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "new", string(text))
	if info, err := os.Stat(path); runtime.GOOS != "windows" {
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o640), info.Mode().Perm())
	}
}

// filled is a checkpoint of one value.
func filled(v float64) map[string]*tensor.Dense {
	values := make([]float64, 1<<16)
	for i := range values {
		values[i] = v
	}
	return map[string]*tensor.Dense{"a": tensor.New(tensor.WithBacking(values))}
}

// whole reads a checkpoint and holds it to be of one value.
func whole(t *testing.T, path string) float64 {
	all, _, err := save.ReadFile(path)
	require.NoError(t, err)
	values := all["a"].Float64s()
	require.Len(t, values, 1<<16)
	for _, v := range values {
		require.Equal(t, values[0], v)
	}
	return values[0]
}

// Many savers of one file leave that of one of them.
func TestSaversAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if err := save.WriteFile(path, filled(float64(i)), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	whole(t, path)
}

// A process that is killed while it saves leaves a whole checkpoint, the last or the one before.
func TestKilledWhileSaving(t *testing.T) {
	if path := os.Getenv("CHAINRULE_SAVE_FOREVER"); path != "" {
		for i := 1.0; ; i++ {
			if err := save.WriteFile(path, filled(i), nil); err != nil {
				panic(err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, save.WriteFile(path, filled(0), nil))
	for round := range 10 {
		saver := exec.Command(os.Args[0], "-test.run", "^TestKilledWhileSaving$")
		saver.Env = append(os.Environ(), "CHAINRULE_SAVE_FOREVER="+path)
		require.NoError(t, saver.Start())
		time.Sleep(time.Duration(20+7*round) * time.Millisecond)
		require.NoError(t, saver.Process.Kill())
		saver.Wait()
		t.Log("checkpoint", whole(t, path))
	}
}
