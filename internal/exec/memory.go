package exec

import (
	"fmt"
	"math"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/memory"
)

// Fits is an error if the plan's arena and outputs are larger than the memory that there is. It names the largest value
// that the plan makes, or the step with the largest scratch memory, and the user's line.
func (p *Plan) Fits() error {
	need, limit := float64(p.Arena), memory.Limit() // sums of sizes may overflow an int
	for i, t := range p.Outputs {
		if p.Donated[i] < 0 {
			need += float64(t.Bytes())
		}
	}
	if need <= float64(limit) {
		return nil
	}
	var largest *graph.Node
	most, what := -1, ""
	consider := func(n *graph.Node, bytes int, name string) {
		if bytes < 0 {
			bytes = math.MaxInt
		}
		if n != nil && bytes > most {
			largest, most, what = n, bytes, name
		}
	}
	for _, s := range p.Steps {
		for _, m := range s.Members {
			if m.Kept || m.Node.Op().Class == graph.Reduce {
				consider(m.Node, m.Node.Type().Bytes(), "its result")
			}
		}
		if s.Node == nil {
			continue
		}
		consider(s.Node, s.Node.Type().Bytes(), "its result")
		if s.Node.Op().Workspace != nil && len(s.In) > 0 {
			consider(s.Node, s.In[len(s.In)-1].Len, "its scratch memory")
		}
	}
	if largest == nil {
		return fmt.Errorf("%s of memory wanted, %s there", inBytes(need), inBytes(float64(limit)))
	}
	return &graph.Error{
		Op: largest.Op().Name, Source: largest.Source(), Operands: []string{largest.String()},
		Reason: fmt.Sprintf("the program needs %s of memory, and there are %s; most of it is %s, %s",
			inBytes(need), inBytes(float64(limit)), what, inBytes(float64(most))),
	}
}

// inBytes formats a size, as in 16.4 GiB.
func inBytes(size float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	for ; size >= 1024 && i < len(units)-1; i++ {
		size /= 1024
	}
	return fmt.Sprintf("%.4g %s", size, units[i])
}

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
