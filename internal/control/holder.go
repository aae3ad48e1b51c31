package control

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/sweep"
)

// Holder is the attribute of an op that holds functions, for whoever looks through a node into them. An op that is new
// says what it holds, and nothing else has to know of it.
type Holder interface{ Held() Held }

// Held is what an op's attributes hold.
type Held struct {
	// Runs are the functions that computing a node runs, but for conditions.
	Runs []*graph.Func
	// MayFail says that it may fail, or not end, whatever they do.
	MayFail bool
	// Chooses says that derivatives have masks that do not come from them.
	Chooses bool
	// Derives are the functions that derivatives are made of. Unknown says that there may be others, written in Go.
	Derives []*graph.Func
	Unknown bool
	// Enter, if there is one to look into, gives the function that runs first where the inputs have these values, and what
	// it takes.
	Enter func(in []exec.Value) (*graph.Func, []exec.Value)
}

// HeldBy is what n holds, and whether it is a node that holds functions.
func HeldBy(n *graph.Node) (Held, bool) {
	h, ok := n.Attrs().(Holder)
	if !ok {
		return Held{}, false
	}
	return h.Held(), true
}

func (a Loop) Held() Held {
	body := []*graph.Func{a.Body}
	h := Held{Runs: body, Derives: body, MayFail: a.Cond != nil}
	if a.Cond != nil || a.Steps > 0 {
		h.Enter = func(in []exec.Value) (*graph.Func, []exec.Value) { return a.Body, a.firstStep(in) }
	}
	return h
}

// firstStep returns what the body takes in the first step of a loop, of the values of the loop's inputs.
func (a Loop) firstStep(in []exec.Value) []exec.Value {
	first := make([]exec.Value, a.bodyInputs())
	for i, x := range a.Body.Inputs() {
		first[i] = in[i]
		if a.isX(i) {
			first[i] = exec.NewValue(x.Type())
			bytes := x.Type().Bytes()
			copy(first[i].Bytes(), in[i].Bytes()[a.slot(0)*bytes:][:bytes])
		}
	}
	return first
}

func (a gradAttrs) Held() Held {
	body := []*graph.Func{a.Body}
	return Held{Runs: body, Derives: body, MayFail: a.Cond != nil, Chooses: len(a.LiveMasks.Slice())+len(a.YMasks.Slice()) > 0}
}

func (a condAttrs) Held() Held {
	both := []*graph.Func{a.Then, a.Else}
	enter := func(in []exec.Value) (*graph.Func, []exec.Value) {
		if graph.Elements[bool](in[0].Buf)[0] {
			return a.Then, in[1:]
		}
		return a.Else, in[1:]
	}
	return Held{Runs: both, Derives: both, Chooses: true, Enter: enter}
}

// Held has nothing to enter: the derivative of a custom function is another than that of what it computes.
func (a Custom) Held() Held {
	h := Held{Runs: []*graph.Func{a.Body}, Unknown: a.Later != nil}
	for _, f := range []*graph.Func{a.Pull, a.Push} {
		if f != nil {
			h.Derives = append(h.Derives, f)
		}
	}
	return h
}

func (goAttrs) Held() Held { return Held{MayFail: true, Unknown: true} }

// anyIn reports whether is holds for a node of f, and remembers that under a name.
func anyIn(f *graph.Func, name string, is func(n *graph.Node) bool) bool {
	return f.Memo(name, func() any { return slices.ContainsFunc(graph.Topo(f.Outputs()...), is) }).(bool)
}

// mayFail reports whether computing f may fail, or not end.
func mayFail(f *graph.Func) bool { return anyIn(f, "mayFail", nodeMayFail) }

func nodeMayFail(n *graph.Node) bool {
	if h, ok := HeldBy(n); ok {
		return h.MayFail || slices.ContainsFunc(h.Runs, mayFail)
	}
	return n.Op().Fails
}

// selects reports whether a function makes masks: it chooses between values, or branches.
func selects(f *graph.Func) bool { return anyIn(f, "selects", nodeSelects) }

func nodeSelects(n *graph.Node) bool {
	_, is := n.Op().Derivative.(graph.Selective)
	if h, ok := HeldBy(n); ok {
		is = h.Chooses || slices.ContainsFunc(h.Runs, selects)
	}
	return is && sweep.IsSmooth(n)
}

// holdsGo reports whether computing n calls functions in Go, which are then in the way of a derivative through n.
func holdsGo(n *graph.Node) bool {
	h, _ := HeldBy(n)
	return h.Unknown || slices.ContainsFunc(h.Derives, funcHoldsGo)
}

func funcHoldsGo(f *graph.Func) bool { return anyIn(f, "holdsGo", holdsGo) }

// Sources sends, for package sparsity, sets of sources through functions: those that the elements of inputs depend on,
// each element's by number, to those that the elements of results do.
type Sources interface {
	Call(f *graph.Func, in [][]int32) [][]int32
	Either(a, b []int32) []int32
	Loop(l Loop, in [][]int32) [][]int32
}

// Follower is the attribute of an op that holds functions and says which sources the elements of its results depend on, of
// those of its inputs.
type Follower interface {
	Follow(d Sources, in [][]int32) [][]int32
}

// Follow sends the sets of a branch's inputs through both functions.
func (a condAttrs) Follow(d Sources, in [][]int32) [][]int32 {
	parts := d.Call(a.Then, in[1:])
	for i, sets := range d.Call(a.Else, in[1:]) {
		parts[i] = d.Either(parts[i], sets)
	}
	return parts
}

// Follow sends the sets of a loop's inputs through its steps.
func (a Loop) Follow(d Sources, in [][]int32) [][]int32 { return d.Loop(a, in) }
