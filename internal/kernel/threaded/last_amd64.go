//go:build !noasm

package threaded

import "slices"

// Operations of which the operand named is the last float.
const (
	addA = Recall + 1 + iota
	subA
	subB
	mulA
	divA
	divB
	negA
	squareA
	reciprocalA
	sqrtA
	slopeTanhA
	slopeSigmoidA
	mulAddA
	mulAddC
	opCount
)

// ofLast are the operations that take the last float for an operand, by what they are otherwise.
var ofLast = [opCount]struct{ a, b, c Op }{
	Add: {a: addA}, Sub: {a: subA, b: subB}, Mul: {a: mulA}, Div: {a: divA, b: divB}, Neg: {a: negA}, Square: {a: squareA},
	Reciprocal: {a: reciprocalA}, Sqrt: {a: sqrtA},
	SlopeTanh: {a: slopeTanhA}, SlopeSigmoid: {a: slopeSigmoidA}, MulAdd: {a: mulAddA, c: mulAddC},
}

// lastFloat is the registers that equal the last float, oldest first.
type lastFloat []uint32

// taking is op, i's operation, or the one that takes the last float where op reads it from a register. It may swap the
// factors or summands of i.
func (l lastFloat) taking(op Op, i *Instr) Op {
	if (op == Add || op == Mul || op == MulAdd) && slices.Contains(l, i.B) {
		i.A, i.B = i.B, i.A
	}
	switch v := &ofLast[op]; {
	case v.a != 0 && slices.Contains(l, i.A):
		return v.a
	case v.b != 0 && slices.Contains(l, i.B):
		return v.b
	case v.c != 0 && slices.Contains(l, i.C):
		return v.c
	}
	return op
}

// pass replaces l by what equals the last float after an instruction.
func (l *lastFloat) pass(op Op, i *Instr) {
	switch {
	case op <= MulAdd:
		*l = append((*l)[:0], i.D)
	case op == Recall:
		*l = append((*l)[:0], i.A)
	case op == Halt:
		*l = (*l)[:0]
	case op == Store8 || op == Store4 || op == Store1 || op == Unless || op.jumps():
	default:
		same := op == Move && slices.Contains(*l, i.A)
		*l = slices.DeleteFunc(*l, func(register uint32) bool { return register == i.D })
		if same {
			*l = append(*l, i.D)
		}
	}
}

// lastFloats returns a function that gives what equals the last float in front of instruction k, for k counted up from 0.
func (p *Program[T]) lastFloats() func(k int) lastFloat {
	if !slices.ContainsFunc(p.ops, Op.jumps) {
		var last lastFloat
		return func(k int) lastFloat {
			if k > 0 {
				last.pass(p.ops[k-1], &p.code[k-1])
			}
			return last
		}
	}
	if p.ops[0] == Recall && p.ops[1] == Jump {
		to := int(p.code[1].B)
		if l := p.flow(2)[to]; len(l) > 0 {
			p.code[0].A = l[len(l)-1]
		}
	}
	in := p.flow(0)
	return func(k int) lastFloat { return in[k] }
}

// flow gives what equals the last float in front of every instruction, whichever way from number start led there.
func (p *Program[T]) flow(start int) []lastFloat {
	in := make([]lastFloat, len(p.ops)+1)
	reached := make([]bool, len(p.ops)+1)
	reached[start] = true
	changed := true
	arrive := func(k int, with lastFloat) {
		switch {
		case !reached[k]:
			reached[k], in[k], changed = true, slices.Clone(with), true
		default:
			before := len(in[k])
			in[k] = slices.DeleteFunc(in[k], func(register uint32) bool { return !slices.Contains(with, register) })
			changed = changed || len(in[k]) < before
		}
	}
	var out lastFloat
	for changed {
		changed = false
		for k, op := range p.ops {
			if !reached[k] {
				continue
			}
			i := &p.code[k]
			out = append(out[:0], in[k]...)
			out.pass(op, i)
			if op.jumps() {
				arrive(int(i.B), out)
			}
			if op != Jump {
				arrive(k+1, out)
			}
		}
	}
	return in
}
