//go:build !noasm

package ops

import _ "fixture/internal/exec" // a platform is no excuse
