// Package autodiff may import packages below nn, not nn, and not the root.
package autodiff

import (
	_ "../graph"
	_ "fixture"
	_ "fixture/nn"
	_ "fixture/nn/optim"
)
