package optim

import (
	"fmt"
	"strconv"

	"chainrule/graph"
)

// Group is a rule for the parameters that Has chooses; nil chooses all.
type Group struct {
	Has  func(Param) bool
	Rule Rule
}

// Groups has a rule for each parameter: that of the first group that has it. A parameter that no group has is a mistake; see
// [Frozen] for those that shall stay as they are.
type Groups []Group

// Next implements Rule.
func (gs Groups) Next(s *Step, params []Param) []*graph.Node {
	members := make([][]int, len(gs))
	for i, p := range params {
		found := false
		for k, g := range gs {
			if found = g.Has == nil || g.Has(p); found {
				members[k] = append(members[k], i)
				break
			}
		}
		if !found {
			graph.Fail("groups", []*graph.Node{p.Value}, "no group has the parameter %s", p.Path)
		}
	}
	next := make([]*graph.Node, len(params))
	for k, g := range gs {
		if g.Rule == nil {
			graph.Fail("groups", nil, "group %d has no rule", k)
		}
		own := make([]Param, len(members[k]))
		for i, m := range members[k] {
			own[i] = params[m]
		}
		if len(own) == 0 {
			continue
		}
		got := g.Rule.Next(s.In("group"+strconv.Itoa(k)), own)
		if len(got) != len(own) {
			panic(fmt.Sprintf("optim: the rule of group %d returned %d of %d parameters", k, len(got), len(own)))
		}
		for i, m := range members[k] {
			next[m] = got[i]
		}
	}
	return next
}

// Frozen leaves parameters as they are.
type Frozen struct{}

// Next implements Rule.
func (Frozen) Next(_ *Step, params []Param) []*graph.Node {
	return each(params, func(p Param) *graph.Node { return p.Value })
}
