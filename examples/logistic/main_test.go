package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README shows what is printed, and the picture is drawn.
func TestReadme(t *testing.T) {
	var out bytes.Buffer
	picture := filepath.Join(t.TempDir(), "confusion.png")
	require.NoError(t, run(&out, picture))
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "```\n"+out.String()+"```")
	require.FileExists(t, picture)
}
