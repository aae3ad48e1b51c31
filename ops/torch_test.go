package ops_test

import "maps"

// torch has what stands for each of PyTorch's operators: its families are tables of their own.
var torch = map[string]torchOp{}

func init() {
	for _, family := range []map[string]torchOp{torchElementwise, torchReduce, torchShape, torchIndex, torchLinalg, torchSVD,
		torchActivation, torchLoss, torchLayer, torchWindow} {
		maps.Copy(torch, family)
	}
}
