// Package emit writes graphs as ONNX, in operator set 17.
//
// An op is an operator of ONNX where there is one, and else is composed of several: table.go and window.go have the operators,
// composed.go the formulas, control.go loops and branches. What has neither is refused, all of it at once.
package emit
