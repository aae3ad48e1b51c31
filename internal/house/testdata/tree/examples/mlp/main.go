// Command mlp looks behind the public floors.
package main

import (
	_ "fixture/internal/exec"
	_ "fixture/ops"
)

func main() {}
