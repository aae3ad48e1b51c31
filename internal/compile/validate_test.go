package compile_test

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

// memory is what a plan's steps have written so far, told symbolically: disjoint spans of bytes, each a stretch of
// one value. validate replays a plan on it, and so finds operands that are not there (never written, or overwritten
// too early), writes over an operand that the op still reads, and results that are not where they belong.
type memory struct {
	spans map[region][]span
}

// region is the arena, or one constant, input or output.
type region struct {
	space exec.Space
	index int
}

// span says that bytes from … to hold the value of node from its byte at on.
type span struct {
	from, to int
	node     *graph.Node
	at       int
}

// origin follows views whose elements lie in order to the node that they are a stretch of.
func origin(n *graph.Node) (*graph.Node, int) {
	at := 0
	for n.Op().Class == graph.View {
		l := n.Op().Layout(n)
		if !l.Contiguous(n.Shape()) {
			break
		}
		at += l.Offset * n.DType().Size()
		n = n.In()[0]
	}
	return n, at
}

func extent(s exec.Slot, bytes int) (region, int, int) {
	r := region{s.Space, s.Index}
	if s.Space == exec.Arena {
		r.index = 0
	}
	return r, s.Offset, s.Offset + bytes
}

// holds says whether the slot holds the value of n.
func (m *memory) holds(s exec.Slot, n *graph.Node) error {
	bytes := n.Type().Bytes()
	if s.Len != n.Type().Size() {
		return fmt.Errorf("%d elements for %v", s.Len, n)
	}
	root, at := origin(n)
	r, from, to := extent(s, bytes)
	for _, sp := range m.spans[r] {
		if sp.from <= from && to <= sp.to && sp.node == root && sp.at+from-sp.from == at {
			return nil
		}
	}
	if bytes == 0 {
		return nil
	}
	return fmt.Errorf("%v is not at bytes %d to %d of %v, which hold %v", n, from, to, r, m.spans[r])
}

// write puts the value of n, from its byte at on, into a slot.
func (m *memory) write(s exec.Slot, bytes int, n *graph.Node, at int) {
	r, from, to := extent(s, bytes)
	var kept []span
	for _, sp := range m.spans[r] {
		if left := sp; left.from < from {
			left.to = min(left.to, from)
			kept = append(kept, left)
		}
		if right := sp; right.to > to {
			shift := max(0, to-right.from)
			right.from, right.at = right.from+shift, right.at+shift
			kept = append(kept, right)
		}
	}
	m.spans[r] = append(kept, span{from, to, n, at})
}

// validate replays the plan of a unit that the passes have left.
func validate(u rewrite.Unit, plan exec.Plan) error {
	m := &memory{spans: map[region][]span{}}
	for i, n := range u.Inputs {
		m.write(exec.Slot{Space: exec.Input, Index: i}, n.Type().Bytes(), n, 0)
	}
	constants := 0
	for _, n := range graph.Topo(u.Outputs...) {
		if n.Op().Class == graph.Leaf && !n.IsInput() {
			m.write(exec.Slot{Space: exec.Constant, Index: constants}, n.Type().Bytes(), n, 0)
			constants++
		}
	}
	for i, s := range plan.Steps {
		if err := m.replay(s, i >= plan.Commit, plan); err != nil {
			return fmt.Errorf("step %d (%v): %w", i, describe(s), err)
		}
	}
	for i, n := range u.Outputs {
		s := exec.Slot{Space: exec.Output, Index: i, Len: n.Type().Size()}
		if input := plan.Donated[i]; input >= 0 {
			s = exec.Slot{Space: exec.Input, Index: input, Len: n.Type().Size()}
		}
		if err := m.holds(s, n); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

func describe(s exec.Step) (nodes []*graph.Node) {
	for _, m := range s.Members {
		nodes = append(nodes, m.Node)
	}
	if s.Node != nil {
		nodes = append(nodes, s.Node)
	}
	return nodes
}

func (m *memory) replay(s exec.Step, commit bool, plan exec.Plan) error {
	bytes := s.Bytes
	if s.Members != nil {
		return m.replayGroup(s.Members, commit, plan)
	}
	if s.Node != nil {
		bytes = s.Node.Type().Bytes()
		if s.Out.Len != s.Node.Type().Size() {
			return fmt.Errorf("room for %d elements", s.Out.Len)
		}
		for j, x := range s.Node.In() {
			if err := m.holds(s.In[j], x); err != nil {
				return fmt.Errorf("operand %d: %w", j, err)
			}
			if err := mayLie(s.Out, bytes, s.In[j], s.Node, j); err != nil {
				return err
			}
		}
	}
	if err := mayWriteTo(s.Out, bytes, commit, plan); err != nil {
		return err
	}
	if s.Node != nil {
		m.write(s.Out, bytes, s.Node, 0)
		return nil
	}
	r, from, to := extent(s.In[0], bytes)
	for _, sp := range m.spans[r] {
		if sp.from <= from && to <= sp.to {
			m.write(s.Out, bytes, sp.node, sp.at+from-sp.from)
			return nil
		}
	}
	if bytes == 0 {
		return nil
	}
	return fmt.Errorf("it copies bytes %d to %d of %v, which hold %v", from, to, r, m.spans[r])
}

// mayLie says whether operand j may lie where it does beside the result.
func mayLie(out exec.Slot, bytes int, in exec.Slot, n *graph.Node, j int) error {
	x := n.In()[j]
	outRegion, from, to := extent(out, bytes)
	inRegion, lo, hi := extent(in, x.Type().Bytes())
	if outRegion != inRegion || hi <= from || to <= lo {
		return nil
	}
	same := lo == from && hi == to && x.DType().Size() == n.DType().Size()
	if same && (n.Op().Class == graph.Map || n.Op().InPlace && j == 0) {
		return nil
	}
	return fmt.Errorf("it writes over its operand %d, %v", j, x)
}

// mayWriteTo says whether a step may write there at all.
func mayWriteTo(out exec.Slot, bytes int, commit bool, plan exec.Plan) error {
	switch {
	case out.Space == exec.Constant:
		return fmt.Errorf("it writes to a constant")
	case out.Space == exec.Input != commit:
		return fmt.Errorf("it writes to an input too early, or comes too late")
	case out.Space == exec.Arena && out.Offset%64 != 0:
		return fmt.Errorf("offset %d is not aligned", out.Offset)
	case out.Space == exec.Arena && (out.Offset < 0 || out.Offset+bytes > plan.Arena):
		return fmt.Errorf("bytes %d to %d lie outside of the arena of %d", out.Offset, out.Offset+bytes, plan.Arena)
	}
	return nil
}

// replayGroup replays a loop over tiles: in every tile the members follow each other, broadcast operands are read
// before the first, and reductions are written after the last tile.
func (m *memory) replayGroup(members []exec.Member, commit bool, plan exec.Plan) error {
	inside := map[*graph.Node]bool{}
	for i, member := range members {
		n := member.Node
		for j, x := range n.In() {
			if inside[x] {
				continue
			}
			if err := m.holds(member.In[j], x); err != nil {
				return fmt.Errorf("member %d, operand %d: %w", i, j, err)
			}
			for k, writer := range members {
				if err := mayLieInGroup(writer, member.In[j], x, k >= i); err != nil {
					return fmt.Errorf("members %d and %d: %w", k, i, err)
				}
			}
		}
		inside[n] = true
	}
	for i, member := range members {
		if !member.Kept {
			continue
		}
		bytes := member.Node.Type().Bytes()
		if err := mayWriteTo(member.Out, bytes, commit, plan); err != nil {
			return fmt.Errorf("member %d: %w", i, err)
		}
		for k, other := range members[:i] {
			r, from, to := extent(member.Out, bytes)
			q, lo, hi := extent(other.Out, other.Node.Type().Bytes())
			if other.Kept && r == q && from < hi && lo < to {
				return fmt.Errorf("members %d and %d are written to the same place", k, i)
			}
		}
		m.write(member.Out, bytes, member.Node, 0)
	}
	return nil
}

// mayLieInGroup says whether a member may be written where operand x lies, which a member reads: after is set if
// that one does not come after the writer.
func mayLieInGroup(writer exec.Member, in exec.Slot, x *graph.Node, after bool) error {
	if !writer.Kept {
		return nil
	}
	n := writer.Node
	outRegion, from, to := extent(writer.Out, n.Type().Bytes())
	inRegion, lo, hi := extent(in, x.Type().Bytes())
	if outRegion != inRegion || hi <= from || to <= lo {
		return nil
	}
	if after && lo == from && hi == to && x.DType().Size() == n.DType().Size() && n.Op().Class == graph.Map {
		return nil
	}
	return fmt.Errorf("%v is written over operand %v", n, x)
}
