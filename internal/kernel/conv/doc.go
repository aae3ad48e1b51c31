// Package conv computes convolutions of images in up to three dimensions, channels first, and their derivatives.
//
// Vocabulary. A Shape has the sizes of one convolution: x is [batch, groups·in, X…], w is [groups·out, in, K…] and y is
// [batch, groups·out, Y…], all contiguous and row-major. A tap is one place of the kernel. Three functions are the same
// sum of products x·w·y read in three directions: Forward gives y, Input the image x and Weight the kernel w.
//
//	y[n, g·out+o, p] = Σ_{c, t} w[g·out+o, c, t] · x[n, g·in+c, p·stride + t·dilation − lo]
//
// where x is zero beyond its edges. Any of them is linear in each of its operands, and the other two are its transposes, so
// that derivatives of every order are convolutions.
//
// An image is first expanded: copied once for each place of the kernel along the last axis, with zeros around it, so that all
// that a place of the kernel meets lies side by side. What follows is a product of matrices by gemm's micro-kernels, whose
// packed panels are copied from the expanded image: no matrix of all windows is ever made. Bits are the same for any number
// of workers: these share images, groups and rows of the kernel, never a sum.
//
// Files: shape.go (sizes), expand.go (expanded images), correlate.go (products of windows), image.go (results and images),
// weight.go (kernels), space.go (memory kept between calls).
package conv
