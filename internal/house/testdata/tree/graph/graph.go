// Package graph is the lowest floor, and reaches up.
package graph

import (
	_ "fixture/ops"
	_ "fixturelike/ops" // another module
	_ "fmt"
)
