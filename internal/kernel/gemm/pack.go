package gemm

import "unsafe"

// transposePortable and copyPortable are the pack kernels that assembly must match.
func transposePortable[T Float](p *packing) {
	size := unsafe.Sizeof(T(0))
	for j := range p.width {
		src, dst := unsafe.Add(p.src, uintptr(j)*p.stride), unsafe.Add(p.dst, uintptr(j)*size)
		for range p.k {
			*(*T)(dst) = *(*T)(src)
			src, dst = unsafe.Add(src, size), unsafe.Add(dst, p.dstStride)
		}
	}
}

func copyPortable[T Float](p *packing) {
	for q := range p.k {
		src := unsafe.Slice((*T)(unsafe.Add(p.src, uintptr(q)*p.stride)), p.width)
		dst := unsafe.Slice((*T)(unsafe.Add(p.dst, uintptr(q)*p.dstStride)), p.width)
		copy(dst, src)
	}
}
