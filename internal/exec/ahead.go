package exec

import "chainrule/internal/kernel/cpu"

// aheadBytes is how much memory a group passes through at least if it asks for that of the next tile while it computes
// one, a part before each kernel. Otherwise the first kernel that reads an operand waits for all of it: its run is too
// short for the processor to see the next one coming. Less than this is in caches that are near enough: on a Zen 5 with
// 32 MB in the last one, asking costs 3 % at 3 and 6 MB, and saves 4 % at 10, 20 % at 16, a third at 160.
const aheadBytes = 8 << 20

// ask is a run of bytes of the next tile.
type ask struct {
	base        int
	elem        int // bytes of an element, by which the tiles advance
	from, bytes int // from the start of the tile
	write       bool
}

// askUnit is what a part of the asking is a multiple of, in bytes.
const askUnit = 256

// askAhead divides the memory of a tile evenly among the operations.
func (f *frame) askAhead() {
	var streams []ask
	known, perElement := make([]bool, len(f.group.bases)), 0
	for _, m := range f.moving {
		if m.elem == 0 || known[m.base] {
			continue
		}
		known[m.base] = true
		perElement += m.elem
		streams = append(streams, ask{
			base: m.base, elem: m.elem, bytes: f.group.tile * m.elem, write: m.base < len(f.ops), // results come first
		})
	}
	if len(f.ops) == 1 || // its tiles are long enough for the processor
		f.group.size*perElement < aheadBytes {
		return
	}
	share := (f.group.tile*perElement/len(f.ops)/askUnit + 1) * askUnit
	op, left := 0, share
	for _, s := range streams {
		for end := s.bytes; s.from < end; s.from += s.bytes {
			s.bytes = min(left, end-s.from)
			f.ops[op].ahead = append(f.ops[op].ahead, s)
			if left -= s.bytes; left == 0 {
				op, left = op+1, share
			}
		}
	}
}

// ask asks for the part of the tile at element next that falls to an operation.
func (f *frame) ask(op *tileOp, next int) {
	for i := range op.ahead {
		a := &op.ahead[i]
		at := uintptr(f.group.bases[a.base].Ptr) + uintptr(next*a.elem+a.from)
		if a.write {
			cpu.PrefetchWrite(at, a.bytes)
		} else {
			cpu.Prefetch(at, a.bytes)
		}
	}
}
