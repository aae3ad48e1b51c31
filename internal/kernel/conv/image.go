package conv

import "chainrule/internal/kernel/par"

// Forward and Input are sums over channels and places of the kernel: correlations of one image with the kernel's rows. Input
// has one for each phase: the places of the image that leave the same remainder by the stride meet the same places of the
// kernel.

// A Plan is what does not change from run to run: how y or x is computed.
type Plan struct {
	shape  Shape
	phases []phase
	// The kernel's element of row m, channel c and tap k is m·rowStep + c·channelStep + k.
	rowStep, channelStep int
	from, to             int // elements of an image that is read and of one that is written
	plane                [3]int
}

// A phase is the correlation of some results, those at start + i·step on each axis.
type phase struct {
	correlation
	taps        []int // of the kernel, by piece and place along the last axis
	start, step [3]int
	count       [3]int
	whole       bool // the results are the whole plane
	weights     int  // where the rows begin in the arranged kernel
}

// flat turns images of one axis, so that the kernel goes over rows.
func (s Shape) flat() Shape {
	if s.X[0] == 1 && s.X[1] == 1 && s.K[0] == 1 && s.K[1] == 1 && s.Y[0] == 1 && s.Y[1] == 1 && s.Lo[1] == 0 {
		for _, list := range []*[3]int{&s.X, &s.K, &s.Y, &s.Stride, &s.Lo, &s.Dilation} {
			list[1], list[2] = list[2], list[1]
		}
	}
	return s
}

// PlanForward says how Forward computes y from x and w.
func PlanForward(shape *Shape) *Plan {
	s := shape.flat()
	p := &Plan{shape: s, rowStep: s.In * size(s.K), channelStep: size(s.K), from: s.In * size(s.X), to: s.Out * size(s.Y), plane: s.Y}
	f := phase{count: s.Y, step: [3]int{1, 1, 1}, whole: true}
	f.rows, f.channels, f.slabs, f.results = s.Out, s.In, s.Y[0], s.Y[1]*s.Y[2]
	f.expansion, f.pieces = s.windows()
	for k := range size(s.K) {
		f.taps = append(f.taps, k)
	}
	p.phases = []phase{f}
	return p
}

// windows is the expansion of the image for places of the result, and where the pieces of the kernel begin in it.
func (s *Shape) windows() (e expansion, pieces []int) {
	depths, atD := s.rows(0)
	heights, atH := s.rows(1)
	e = expansion{depths: depths, heights: heights, image: s.X, width: s.Y[2], step: s.Stride[2]}
	for k := range s.K[2] {
		e.first = append(e.first, k*s.Dilation[2]-s.Lo[2])
	}
	for d := range atD {
		for h := range atH {
			pieces = append(pieces, (atD[d]*len(heights)+atH[h])*e.width)
		}
	}
	return e, pieces
}

// PlanInput says how Input computes x from y and w.
func PlanInput(shape *Shape) *Plan {
	s := shape.flat()
	p := &Plan{shape: s, rowStep: size(s.K), channelStep: s.In * size(s.K), from: s.Out * size(s.Y), to: s.In * size(s.X), plane: s.X}
	at := 0
	for w := range min(s.Stride[2], s.X[2]) {
		for d := range min(s.Stride[0], s.X[0]) {
			for h := range min(s.Stride[1], s.X[1]) {
				f := s.phase([3]int{d, h, w})
				f.weights = at
				at += f.rows * f.depth()
				p.phases = append(p.phases, f)
			}
		}
	}
	return p
}

// phase is that of the image's places start + i·stride.
func (s *Shape) phase(start [3]int) phase {
	f := phase{start: start, step: s.Stride}
	f.rows, f.channels, f.image, f.expansion.step = s.In, s.Out, s.Y, 1
	var taps, reads [3][]int // of each axis: places of the kernel, and what result 0 reads there
	for i := range 3 {
		f.count[i] = (s.X[i] - start[i] + s.Stride[i] - 1) / s.Stride[i]
		for k := range s.K[i] {
			if at := start[i] + s.Lo[i] - k*s.Dilation[i]; at%s.Stride[i] == 0 {
				taps[i], reads[i] = append(taps[i], k), append(reads[i], at/s.Stride[i])
			}
		}
	}
	f.whole = f.count == s.X
	f.slabs, f.results, f.width = f.count[0], f.count[1]*f.count[2], f.count[2]
	f.first = reads[2]
	if len(taps[0]) == 0 || len(taps[1]) == 0 || len(taps[2]) == 0 {
		return f
	}
	between := func(i int) []int { // reads descend
		var rows []int
		for r := reads[i][len(reads[i])-1]; r < reads[i][0]+f.count[i]; r++ {
			rows = append(rows, r)
		}
		return rows
	}
	f.depths, f.heights = between(0), between(1)
	for d, kd := range taps[0] {
		for h, kh := range taps[1] {
			lowD, lowH := reads[0][len(reads[0])-1], reads[1][len(reads[1])-1]
			f.pieces = append(f.pieces, ((reads[0][d]-lowD)*len(f.heights)+reads[1][h]-lowH)*f.width)
			for _, kw := range taps[2] {
				f.taps = append(f.taps, (kd*s.K[1]+kh)*s.K[2]+kw)
			}
		}
	}
	return f
}

// images is one run of a plan.
type images[T Float] struct {
	plan         *Plan
	out, in      []T
	kernel       buffer[T]
	stop         <-chan struct{}
	kernelStride int // from one group to the next, arranged
}

// Run computes the plan's result from an image and the kernel.
func Run[T Float](p *Plan, out, in, w []T, workers int, stop <-chan struct{}) {
	s := &p.shape
	if len(out) == 0 {
		return
	}
	list := &spaceOf[T]().images
	r := list.Get()
	r.plan, r.out, r.in, r.stop, r.kernelStride = p, out, in, stop, s.In*s.Out*size(s.K)
	r.kernel.grow(s.Groups * r.kernelStride)
	for g := range s.Groups {
		arrange(p, r.kernel.elements[g*r.kernelStride:], w[g*r.kernelStride:][:r.kernelStride])
	}
	par.Do(s.Batch*s.Groups, workers, r)
	r.plan, r.out, r.in, r.stop = nil, nil, nil, nil
	list.Put(r)
}

// arrange writes the rows of each phase in the order of its inner index.
func arrange[T Float](p *Plan, dst, w []T) {
	for i := range p.phases {
		f := &p.phases[i]
		at, along := f.weights, len(f.first)
		for m := range f.rows {
			for piece := range f.pieces {
				taps := f.taps[piece*along:][:along]
				for c := range f.channels {
					from := w[m*p.rowStep+c*p.channelStep:]
					for _, k := range taps {
						dst[at] = from[k]
						at++
					}
				}
			}
		}
	}
}

// Part computes one group of one image.
func (r *images[T]) Part(i int) {
	if stopped(r.stop) {
		return
	}
	p, list := r.plan, &spaceOf[T]().workers
	w := list.Get()
	in, out := r.in[i*p.from:][:p.from], r.out[i*p.to:][:p.to]
	kernel := r.kernel.elements[i%p.shape.Groups*r.kernelStride:]
	plane := size(p.plane)
	for k := range p.phases {
		f := &p.phases[k]
		x := in
		if f.depth() > 0 && !f.isImage() {
			w.expanded.grow(f.channels * len(f.first) * f.copySize())
			x = w.expanded.elements
			w.expand(&f.expansion, x, in, f.channels)
		}
		if f.whole {
			correlate(w, &f.correlation, kernel[f.weights:], x, out, plane)
			continue
		}
		w.apart.grow(f.rows * size(f.count))
		correlate(w, &f.correlation, kernel[f.weights:], x, w.apart.elements, size(f.count))
		for m := range f.rows {
			spread(f, out[m*plane:][:plane], w.apart.elements[m*size(f.count):], p.plane)
		}
	}
	list.Put(w)
}

// spread puts the results of a phase in their places.
func spread[T Float](f *phase, out, from []T, plane [3]int) {
	for d := range f.count[0] {
		for h := range f.count[1] {
			at := ((f.start[0]+d*f.step[0])*plane[1]+f.start[1]+h*f.step[1])*plane[2] + f.start[2]
			for _, v := range from[:f.count[2]] {
				out[at] = v
				at += f.step[2]
			}
			from = from[f.count[2]:]
		}
	}
}
