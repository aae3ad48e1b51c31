package exec

import "unsafe"

// hugePage is the size of a huge page on amd64, and on arm64 with pages of 4 kB.
const hugePage = 2 << 20

// wantHuge asks the system for huge pages below memory that is large enough to have some. They take a fault where small
// pages take 512, and arenas of many megabytes miss the translation cache less. It is advice only: where it is not
// taken, nothing else changes.
func wantHuge(p unsafe.Pointer, bytes int) {
	if skip, length := wholePages(uintptr(p), bytes); length > 0 {
		advise(unsafe.Slice((*byte)(unsafe.Add(p, skip)), length))
	}
}

// mostWarm is how much memory is warmed at most. A larger one may be meant for a run that ends early, and may not be there.
const mostWarm = 1 << 30

// Warm makes the system give the pages below fresh memory now, and not at the first store to each. It may overwrite what
// is there.
func Warm(b []byte) {
	if len(b) > mostWarm {
		return
	}
	const smallPage = 4096
	for i := 0; i < len(b); i += smallPage {
		b[i] = 0
	}
	if len(b) > 0 {
		b[len(b)-1] = 0
	}
}

// Warm does so for what a run leaves between its steps.
func (p *Program) Warm() {
	m := p.acquire()
	Warm(m.arena)
	p.release(m)
}

// wholePages is the part of the memory at p that is whole huge pages: how far from p it begins, and its length.
func wholePages(p uintptr, bytes int) (skip, length int) {
	skip = int(-p % hugePage)
	if bytes < skip {
		return 0, 0
	}
	return skip, (bytes - skip) / hugePage * hugePage
}
