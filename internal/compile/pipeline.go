package compile

import (
	"fmt"
	"slices"
	"strings"

	"chainrule/internal/control"
	"chainrule/internal/rewrite"
)

// Pipeline is every pass, in order.
var Pipeline = []rewrite.Pass{
	{Name: "unalias", Run: rewrite.Unalias, Simplifies: true},
	{Name: "simplify", Run: rewrite.Simplify, Simplifies: true},
	{Name: "merge", Run: control.Merge, OfFuncs: true},
	{Name: "unzip", Run: control.Unzip, OfFuncs: true},
	{Name: "fission", Run: control.Fission, OfFuncs: true},
	{Name: "pair", Run: pair},
	{Name: "fuse", Run: fuse},
}

// order lists pairs of passes of which the first has to come before the second, and why.
var order = []struct{ first, second, why string }{
	{"unalias", "simplify", "without aliases equal expressions meet, so that rules see them"},
	{"unalias", "merge", "loops are found by their inputs, and an alias would hide that two are equal"},
	{"simplify", "merge", "equal inputs of a loop and of its tangent have met"},
	{"merge", "unzip", "the loop that is left is the one that records for a gradient"},
	{"merge", "fission", "it knows a loop by its body, which fission changes"},
	{"unzip", "fission", "gradients have become loops, and which results are used is known"},
	{"fission", "pair", "products of rows that leave a loop become products of matrices"},
	{"simplify", "pair", "only products that are left are read together"},
	{"pair", "fuse", "groups take up what comes before and after a pair"},
	{"simplify", "fuse", "fewer and cheaper nodes are left to group"},
	{"fission", "fuse", "groups are lists of nodes, which a pass that makes a new graph would lose"},
}

func init() {
	if err := checkOrder(Pipeline); err != nil {
		panic("compile: " + err.Error())
	}
}

// checkOrder says which pair of passes is out of order, or is no pair of passes.
func checkOrder(passes []rewrite.Pass) error {
	at := func(name string) int {
		return slices.IndexFunc(passes, func(p rewrite.Pass) bool { return p.Name == name })
	}
	for _, o := range order {
		switch first, second := at(o.first), at(o.second); {
		case first < 0 || second < 0:
			return fmt.Errorf("there is no pass %s or no pass %s", o.first, o.second)
		case first > second:
			return fmt.Errorf("pass %s has to come before %s: %s", o.first, o.second, o.why)
		}
	}
	return nil
}

// reasons says why a pass stands where it does.
func reasons(pass string) string {
	var list []string
	for _, o := range order {
		switch pass {
		case o.first:
			list = append(list, "before "+o.second+": "+o.why)
		case o.second:
			list = append(list, "after "+o.first+": "+o.why)
		}
	}
	return strings.Join(list, "; ")
}
