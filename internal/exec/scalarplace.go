package exec

import (
	"slices"

	"chainrule/internal/kernel/threaded"
)

// inPlace finds out which results of a loop's body can be computed where the next step looks for them. It knows, by
// register, what the body and what follows it do, and what has become of registers so far.
type inPlace struct {
	loaded  []bool // an operand
	made    []int  // the last operation that writes it, −1 if none does
	read    []int  // the last one that reads it, −1
	kernels []int  // the last call of a kernel that has it as an operand, or a result, −1
	after   []bool // read by what follows the body
	became  []uint32
}

// computeInPlace lets the body compute results that a move takes to an operand's register right there, unless the operand
// is read afterwards. Such a move is dropped.
func (b *loopBinder[T]) computeInPlace(body, writes []scalarOp) {
	p := newInPlace(b, body, writes)
	moved := false
	b.moves = slices.DeleteFunc(b.moves, func(m scalarOp) bool {
		ok := p.merge(p.became[m.a/8], m.d)
		moved = moved || ok
		return ok
	})
	if !moved {
		return
	}
	for k := range body {
		i := &body[k]
		if i.op == threaded.Halt {
			continue
		}
		for _, r := range []*uint32{&i.a, &i.b, &i.c} {
			if k > p.made[*r/8] {
				*r = p.became[*r/8]
			}
		}
		if k == p.made[i.d/8] {
			i.d = p.became[i.d/8]
		}
	}
	for k := range writes {
		writes[k].d = p.became[writes[k].d/8]
	}
	for k := range b.moves {
		b.moves[k].a = p.became[b.moves[k].a/8]
	}
	for k := range b.loop.ends {
		b.loop.ends[k].register = p.became[b.loop.ends[k].register/8]
	}
}

func newInPlace[T float32 | float64](b *loopBinder[T], body, writes []scalarOp) inPlace {
	n := b.code.count
	p := inPlace{make([]bool, n), make([]int, n), make([]int, n), make([]int, n), make([]bool, n), make([]uint32, n)}
	for r := range n {
		p.made[r], p.read[r], p.kernels[r], p.became[r] = -1, -1, -1, bytesTo(r)
	}
	for _, t := range b.body.loads {
		p.loaded[t.register/8] = true
	}
	for k, i := range body {
		if i.op == threaded.Halt {
			for _, r := range b.code.calls[i.a].registers {
				p.kernels[r/8] = k
			}
			continue
		}
		p.made[i.d/8] = k
		p.read[i.a/8], p.read[i.b/8], p.read[i.c/8] = k, k, k
	}
	for _, i := range writes {
		p.after[i.d/8] = true
	}
	for _, i := range b.saves {
		p.after[i.a/8] = true
	}
	return p
}

// merge lets one register become another, if it can. Operands stay where they are, and so do those of kernels.
func (p *inPlace) merge(from, to uint32) bool {
	f, t := from/8, to/8
	made := p.made[f]
	if p.loaded[f] || p.kernels[f] >= 0 || made < 0 || max(p.read[t], p.kernels[t]) > made || p.after[t] {
		return false
	}
	p.became[f] = to
	p.read[t], p.after[t] = max(p.read[t], p.read[f]), p.after[f]
	return true
}
