package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/sweep"
)

// holder is the attribute of an op that holds functions, for whoever looks through a node into them. An op that is new
// says what it holds, and nothing else has to know of it.
type holder interface{ held() held }

// held is what an op's attributes hold.
type held struct {
	// runs are the functions that computing a node runs, but for conditions.
	runs []*graph.Func
	// mayFail says that it may fail, or not end, whatever they do.
	mayFail bool
	// chooses says that derivatives have masks that do not come from them.
	chooses bool
	// derives are the functions that derivatives are made of. Unknown says that there may be others, written in Go.
	derives []*graph.Func
	unknown bool
	// enter, if there is one to look into, gives the function that runs first where the inputs have these values, and what
	// it takes.
	enter func(in []exec.Value) (*graph.Func, []exec.Value)
}

// heldBy is what n holds, and whether it is a node that holds functions.
func heldBy(n *graph.Node) (held, bool) {
	h, ok := n.Attrs().(holder)
	if !ok {
		return held{}, false
	}
	return h.held(), true
}

func (a loopAttrs) held() held {
	body := []*graph.Func{a.Body}
	h := held{runs: body, derives: body, mayFail: a.Cond != nil}
	if a.Cond != nil || a.Steps > 0 {
		h.enter = func(in []exec.Value) (*graph.Func, []exec.Value) { return a.Body, a.firstStep(in) }
	}
	return h
}

func (a gradAttrs) held() held {
	body := []*graph.Func{a.Body}
	return held{runs: body, derives: body, mayFail: a.Cond != nil, chooses: len(a.LiveMasks.Slice())+len(a.YMasks.Slice()) > 0}
}

func (a condAttrs) held() held {
	both := []*graph.Func{a.Then, a.Else}
	enter := func(in []exec.Value) (*graph.Func, []exec.Value) {
		if graph.Elements[bool](in[0].Buf)[0] {
			return a.Then, in[1:]
		}
		return a.Else, in[1:]
	}
	return held{runs: both, derives: both, chooses: true, enter: enter}
}

// held has nothing to enter: the derivative of a custom function is another than that of what it computes.
func (a customAttrs) held() held {
	h := held{runs: []*graph.Func{a.Body}, unknown: a.Later != nil}
	for _, f := range []*graph.Func{a.Pull, a.Push} {
		if f != nil {
			h.derives = append(h.derives, f)
		}
	}
	return h
}

func (goAttrs) held() held { return held{mayFail: true, unknown: true} }

// anyIn reports whether is holds for a node of f, and remembers that under a name.
func anyIn(f *graph.Func, name string, is func(n *graph.Node) bool) bool {
	return f.Memo(name, func() any { return slices.ContainsFunc(graph.Topo(f.Outputs()...), is) }).(bool)
}

// mayFail reports whether computing f may fail, or not end.
func mayFail(f *graph.Func) bool { return anyIn(f, "mayFail", nodeMayFail) }

func nodeMayFail(n *graph.Node) bool {
	if h, ok := heldBy(n); ok {
		return h.mayFail || slices.ContainsFunc(h.runs, mayFail)
	}
	return n.Op().Fails
}

// selects reports whether a function makes masks: it chooses between values, or branches.
func selects(f *graph.Func) bool { return anyIn(f, "selects", nodeSelects) }

func nodeSelects(n *graph.Node) bool {
	_, is := n.Op().Derivative.(graph.Selective)
	if h, ok := heldBy(n); ok {
		is = h.chooses || slices.ContainsFunc(h.runs, selects)
	}
	return is && sweep.IsSmooth(n)
}

// holdsGo reports whether computing n calls functions in Go, which are then in the way of a derivative through n.
func holdsGo(n *graph.Node) bool {
	h, _ := heldBy(n)
	return h.unknown || slices.ContainsFunc(h.derives, funcHoldsGo)
}

func funcHoldsGo(f *graph.Func) bool { return anyIn(f, "holdsGo", holdsGo) }
