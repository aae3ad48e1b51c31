package programs

import (
	"math/rand/v2"
	"slices"
)

// Seeded makes the program and the trial of a seed, of n statements.
func Seeded(seed uint64, n int) (*Program, Trial) {
	return made(seeded(seed, n), n)
}

func seeded(seed uint64, n int) *choices {
	return &choices{rng: rand.New(rand.NewPCG(seed, uint64(n)))}
}

// Read makes those that bytes say.
func Read(data []byte, n int) (*Program, Trial) { return made(&choices{data: data}, n) }

func made(c *choices, n int) (*Program, Trial) {
	p := newProgram(c, n)
	return p, newTrial(c, p)
}

// Check tries a program. It says whether the interpreter can tell, and returns a *Fault of a smaller program if there is
// one.
func Check(p *Program, t Trial) (told bool, err error) {
	told, err = t.try(p)
	if err == nil {
		return told, nil
	}
	return true, shrunk(&Fault{p, t, err})
}

// shrunk is the fault of the smallest program that is found by dropping one statement after the other.
func shrunk(f *Fault) *Fault {
	for again := true; again; {
		again = false
		for _, smaller := range f.Program.smaller() {
			if _, err := f.Trial.try(smaller); err != nil {
				f, again = &Fault{smaller, f.Trial, err}, true
				break
			}
		}
	}
	return f
}

// smaller lists programs with one statement less at least: one variable has another one's value.
func (p *Program) smaller() (list []*Program) {
	size := p.length()
	replace := func(v, by *Variable) {
		q := &Program{p.Block.with(v, by), p.variables, p.values}
		q.prune()
		if q.length() < size {
			list = append(list, q)
		}
	}
	var walk func(b *Block, visible []*Variable)
	walk = func(b *Block, visible []*Variable) {
		visible = slices.Concat(visible, b.params)
		for _, s := range b.statements {
			for _, v := range s.out {
				for _, by := range visible {
					if by.equal(v.Type) {
						replace(v, by)
					}
				}
			}
			for _, inner := range s.blocks {
				if s.kind == customBlock { // it uses nothing from outside
					walk(inner, nil)
				} else {
					walk(inner, visible)
				}
			}
			visible = append(visible, s.out...)
		}
	}
	walk(p.Block, nil)
	return list
}

// with is b with one variable in another one's place wherever it is used.
func (b *Block) with(v, by *Variable) *Block {
	renamed := func(list []*Variable) []*Variable {
		list = slices.Clone(list)
		for i, x := range list {
			if x == v {
				list[i] = by
			}
		}
		return list
	}
	out := &Block{params: b.params, results: renamed(b.results)}
	for _, s := range b.statements {
		t := *s
		t.in, t.blocks = renamed(s.in), nil
		for _, inner := range s.blocks {
			t.blocks = append(t.blocks, inner.with(v, by))
		}
		out.statements = append(out.statements, &t)
	}
	return out
}
