package optest

import (
	"strings"
	"testing"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// careless is a rule that guards nothing: it passes masks on, or leaves them behind, but multiplies as ever.
type careless struct{ graph.Derivative }

func (r careless) MaskedVJP(n *graph.Node, i int, ct, _ *graph.Node) (dzdx, mask *graph.Node) {
	return r.VJP(n, i, ct), nil
}

func (careless) MaskedJVP(*graph.Node, []*graph.Node, []*graph.Node) (tangent, mask *graph.Node) {
	return nil, nil
}

// forgetful is a rule that takes what is live for dead.
type forgetful struct{ graph.Derivative }

func (r forgetful) MaskedVJP(n *graph.Node, i int, ct, _ *graph.Node) (dzdx, mask *graph.Node) {
	return r.VJP(n, i, ct), graph.Const(n.Graph(), []bool{false})
}

func (forgetful) MaskedJVP(*graph.Node, []*graph.Node, []*graph.Node) (tangent, mask *graph.Node) {
	return nil, nil
}

// Careless proves that the sweep would notice an op that lets what where does not choose count, wherever that makes a
// difference: if zero times the op's partial derivative is not zero at a bad point. It would also notice a rule that
// takes something chosen for something not chosen.
func Careless(t *testing.T) {
	for _, op := range graph.Ops() {
		if isBuilt(op) || len(inputsOf(op)) == 0 {
			continue
		}
		t.Run(op.Name, func(t *testing.T) {
			noticed, differs, forgotten := 0, 0, 0
			for _, in := range Instances(op) {
				wrong := in.with(func(op *graph.Op) { op.Derivative = careless{op.Derivative} })
				if err := checkChosen(wrong); err != nil {
					noticed++
					if !strings.HasPrefix(err.Error(), op.Name+": with ") || !strings.Contains(err.Error(), " by input ") {
						t.Errorf("%v: the message does not name op and input: %v", in, err)
					}
				}
				if in.isSingular() {
					differs++
				}
				wrong = in.with(func(op *graph.Op) { op.Derivative = forgetful{op.Derivative} })
				if checkChosen(wrong) != nil {
					forgotten++
				}
			}
			if differs > 0 && noticed == 0 {
				t.Errorf("no case of %s notices that nothing is guarded", op.Name)
			}
			if forgotten == 0 {
				t.Errorf("no case of %s notices that what is chosen is forgotten", op.Name)
			}
		})
	}
}

// isSingular reports whether the op's VJP of zero is not zero when all its inputs are at one bad point or another.
func (in Instance) isSingular() bool {
	if len(in.wrt()) == 0 || in.Op.Class != graph.Map {
		return false
	}
	for _, x := range badPoints {
		values := in.values()
		for _, i := range in.wrt() {
			for e := range values[i].Buf.Len {
				values[i].Set(e, x)
			}
		}
		_, grads, err := in.gradient(values, exec.NewValue)
		for _, v := range grads {
			for e := range v.Buf.Len {
				if err == nil && v.At(e) != 0 {
					return true
				}
			}
		}
	}
	return false
}
