package emit

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
)

// controls are the ops that hold functions. A node with several results gets a stem for its name, and they are stem.0,
// stem.1 …
var controls map[string]writer

func init() { controls = map[string]writer{"cond": writeCond, "loop": writeLoop} }

// inner is a body's emitter: a graph of its own.
func (e *emitter) inner() *emitter {
	return &emitter{g: &pb.Graph{Name: proto.String(e.fresh("body"))}, names: map[*graph.Node]string{}, refused: e.refused, count: e.count}
}

// call writes a function's nodes into e's graph, for arguments of the given names, and returns the names of its results.
func (e *emitter) call(f *graph.Func, args []string) (out []string) {
	c := &emitter{g: e.g, names: map[*graph.Node]string{}, refused: e.refused, count: e.count}
	for i, n := range f.Inputs() {
		c.names[n] = args[i]
	}
	c.all(f.Outputs())
	for _, n := range f.Outputs() {
		out = append(out, c.names[n])
	}
	return out
}

// gives makes values the outputs of a body, each by a node of its own.
func (e *emitter) gives(names []string, nodes []*graph.Node) {
	for i, name := range names {
		e.g.Output = append(e.g.Output, infoOf(e.op("Identity", nil, name), nodes[i].Type()))
	}
}

func (e *emitter) takes(name string, t graph.Type) string {
	e.g.Input = append(e.g.Input, infoOf(name, t))
	return name
}

func results(stem string, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("%s.%d", stem, i))
	}
	return names
}

func funcOf(n *graph.Node, name string) *graph.Func { return field(n, name).Interface().(*graph.Func) }

// writeCond writes an If, whose bodies take their values from the outer graph.
func writeCond(e *emitter, n *graph.Node, in []string) string {
	branch := func(f *graph.Func) *pb.Graph {
		b := e.inner()
		b.gives(b.call(f, in[1:]), f.Outputs())
		return b.g
	}
	stem := e.fresh("if")
	e.several(results(stem, len(n.Parts())), "If",
		attrs{"then_branch": branch(funcOf(n, "Then")), "else_branch": branch(funcOf(n, "Else"))}, in[0])
	return stem
}

// loop is a loop's attributes and the names of its inputs: carries, slices, constants of the body and the condition.
type loop struct {
	body, cond          *graph.Func
	carries, xs, consts int
	steps               int
	back                bool
	in                  []string
}

func writeLoop(e *emitter, n *graph.Node, in []string) string {
	l := loop{funcOf(n, "Body"), funcOf(n, "Cond"), intOf(n, "Carries"), intOf(n, "Xs"), intOf(n, "Consts"),
		intOf(n, "Steps"), boolOf(n, "Back"), in}
	names := results(e.fresh("loop"), len(n.Parts()))
	switch {
	case l.cond != nil && len(names) > l.carries, l.back && l.xs == 0 && len(names) > l.carries:
		e.refuse(n, "a loop of so many steps as come, or backward over no slices, with results of its steps")
	case l.cond == nil && l.xs > 0:
		e.scan(l, names)
	default:
		e.loop(l, names)
	}
	return names[0][:len(names[0])-2]
}

// constants are the names of what the body takes besides.
func (l loop) constants() []string { return l.in[l.carries+l.xs:][:l.consts] }

// scan writes a loop over slices.
func (e *emitter) scan(l loop, names []string) {
	b := e.inner()
	var args []string
	for _, x := range l.body.Inputs()[:l.carries+l.xs] {
		args = append(args, b.takes(e.fresh("step"), x.Type()))
	}
	b.gives(b.call(l.body, append(args, l.constants()...)), l.body.Outputs())
	a := attrs{"body": b.g, "num_scan_inputs": l.xs}
	if l.back {
		a["scan_input_directions"] = slices.Repeat([]int{1}, l.xs)
		a["scan_output_directions"] = slices.Repeat([]int{1}, len(names)-l.carries)
	}
	e.several(names, "Scan", a, l.in[:l.carries+l.xs]...)
}

// loop writes a loop without slices, of a number of steps, a condition, or both.
func (e *emitter) loop(l loop, names []string) {
	conditionConsts := l.in[l.carries+l.xs+l.consts:]
	limit, again := "", ""
	if l.steps > 0 || l.cond == nil {
		limit = e.given(tensorOf(graph.BufferOf([]int64{int64(l.steps)}), graph.T(graph.Int64)))
	}
	if l.cond != nil {
		again = e.call(l.cond, slices.Concat(l.in[:l.carries], conditionConsts))[0]
	}
	b := e.inner()
	b.takes(e.fresh("i"), graph.T(graph.Int64))
	goOn := b.takes(e.fresh("again"), graph.T(graph.Bool))
	var args []string
	for _, x := range l.body.Inputs()[:l.carries] {
		args = append(args, b.takes(e.fresh("carry"), x.Type()))
	}
	out := b.call(l.body, append(args, l.constants()...))
	if l.cond != nil {
		goOn = b.call(l.cond, slices.Concat(out[:l.carries], conditionConsts))[0]
	}
	b.g.Output = append(b.g.Output, infoOf(b.op("Identity", nil, goOn), graph.T(graph.Bool)))
	b.gives(out, l.body.Outputs())
	e.several(names, "Loop", attrs{"body": b.g}, slices.Concat([]string{limit, again}, l.in[:l.carries])...)
}
