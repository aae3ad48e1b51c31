package exec

import (
	"runtime"
	"sync"
	"sync/atomic"

	"chainrule/graph"
)

// Space is where a slot lies.
type Space uint8

const (
	// Arena slots hold what steps leave for each other.
	Arena Space = iota
	// Constant slots are fixed.
	Constant
	// Input slots are the caller's.
	Input
	// Output slots are the caller's too.
	Output
)

// Slot is a place for a value: a number of elements at a byte offset from the start of the arena, or of the
// constant, input or output with the given index.
type Slot struct {
	Space  Space
	Index  int
	Offset int
	Len    int
}

// Step computes one node, or a group of members, or copies its input slot if it has neither.
type Step struct {
	Node *graph.Node
	// Program is that of a node that holds functions.
	Program graph.Program
	Members []Member
	Out     Slot
	In      []Slot
	// Bytes is the size of a copy.
	Bytes int
	// Copies are what a group of scalars does after all else.
	Copies []Copy
}

// ofOne reports whether all members are Maps of one element.
func (s Step) ofOne() bool {
	for _, m := range s.Members {
		if m.Node.Type().Size() != 1 || m.Node.Op().Class != graph.Map {
			return false
		}
	}
	return true
}

// Plan is what the compiler hands over.
type Plan struct {
	Inputs    []*graph.Node
	Outputs   []graph.Type
	Constants []graph.Buffer
	Steps     []Step
	// Commit is the index of the first step that writes to a donated input.
	Commit int
	// Arena is the memory that the steps need, in bytes.
	Arena int
	// Donated gives for each output the index of the input that it overwrites, or −1.
	Donated []int
	// Workers is the number of cores for one step.
	Workers int
}

// Program is a Plan ready to run, from any number of goroutines at once.
type Program struct {
	plan Plan
	// one holds an idle machine, for callers that run one at a time; more holds the others.
	one  atomic.Pointer[machine]
	mu   sync.Mutex
	more []*machine
	// idle is the number of machines to keep there: one for each core that can be running.
	idle int
}

// NewProgram prepares a plan.
func NewProgram(plan Plan) *Program {
	p := &Program{plan: plan, idle: runtime.GOMAXPROCS(0)}
	p.release(newMachine(&p.plan))
	return p
}

// Plan returns the plan, which must not be modified.
func (p *Program) Plan() *Plan { return &p.plan }

// Spoil fills the arena of an idle machine with a pattern, so that a test finds steps that read what none has written.
func (p *Program) Spoil(pattern byte) {
	m := p.acquire()
	for i := range m.arena {
		m.arena[i] = pattern
	}
	p.release(m)
}

func (p *Program) acquire() *machine {
	if m := p.one.Swap(nil); m != nil {
		return m
	}
	p.mu.Lock()
	if n := len(p.more); n > 0 {
		m := p.more[n-1]
		p.more = p.more[:n-1]
		p.mu.Unlock()
		return m
	}
	p.mu.Unlock()
	return newMachine(&p.plan)
}

func (p *Program) release(m *machine) {
	if p.one.CompareAndSwap(nil, m) {
		return
	}
	p.mu.Lock()
	if len(p.more) < p.idle {
		p.more = append(p.more, m)
	}
	p.mu.Unlock()
}
