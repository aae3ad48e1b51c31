// Package plot draws what training has to show: curves, confusion matrices, the regions of a classifier, weights and
// feature maps as images.
//
// Each function returns a plot of gonum.org/v1/plot, which can be changed in all its ways, and Save writes it as PNG, SVG or PDF.
// The package is apart so that programs that draw nothing do not link gonum's.
//
//	curves     lines and points
//	classes    confusion matrices and regions of classifiers
//	images     tensors as images
//	save       files
package plot
