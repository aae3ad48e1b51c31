// Package exec keeps the law.
package exec

import (
	_ "fixture/graph"
	_ "fixture/plain"
)

const X = 0
