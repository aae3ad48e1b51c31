package outside

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFullOutput runs programs whose standard output is full: they must not end as if all were well.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full: ", err)
	}
	defer full.Close()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./examples/...", "./benchmarks/gradbench")
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for name, args := range map[string][]string{
		"gradient": nil, "calculus": nil, "curvefit": nil, "ode": nil, "optimize": nil, "perexample": nil,
		"mlp": {"-epochs", "1", "-batch", "500"}, "gradbench": {"-table", "-only", "hello"},
	} {
		cmd := exec.Command(filepath.Join(dir, name), args...)
		cmd.Stdout = full
		var exit *exec.ExitError
		require.ErrorAs(t, cmd.Run(), &exit, name)
		require.Equal(t, 1, exit.ExitCode(), name)
	}
}
