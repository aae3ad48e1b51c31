// Package optim reaches for what its floor imports.
package optim

import _ "fixture/graph"
import exec "fixture/internal/exec"

var _ = exec.X
