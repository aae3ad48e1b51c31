package optest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
)

// checkVmap compares Vmap of the op with a loop over examples, for each set of inputs that differ between examples:
// values bit for bit, but for products of matrices, which may add up in another order, and cotangents within rounding.
func checkVmap(in Instance) error {
	for set := 1; set < 1<<min(len(in.args), 4); set++ {
		mapped := func(i int) bool { return set&(1<<i) != 0 }
		for _, size := range []int{0, 1, 3} {
			if m := in.many(size, mapped); m.check() != nil {
				return fmt.Errorf("%s: %d examples of inputs %v: %w", in.Op.Name, size, m.mapped, m.check())
			}
		}
	}
	return nil
}

// many is an instance with values for many examples.
type many struct {
	Instance
	size   int
	mapped []int        // the inputs that differ between examples
	inputs []exec.Value // those inputs with an axis of examples before their own, and the others as they are
}

// many draws values for size examples, which differ in the inputs that are mapped.
func (in Instance) many(size int, mapped func(i int) bool) many {
	m := many{Instance: in, size: size}
	rng := rand.New(rand.NewPCG(in.Seed(), 4))
	for i, t := range in.args {
		if !mapped(i) {
			m.inputs = append(m.inputs, draw(rng, in.Case.In[i], t))
			continue
		}
		m.mapped = append(m.mapped, i)
		all := exec.NewValue(graph.T(t.DType, append([]int{size}, t.Shape...)...))
		for k := range size {
			copy(part(all, k, size), draw(rng, in.Case.In[i], t).Bytes())
		}
		m.inputs = append(m.inputs, all)
	}
	return m
}

// part is the memory of one of the examples of v.
func part(v exec.Value, k, size int) []byte {
	n := len(v.Bytes()) / size
	return v.Bytes()[k*n:][:n]
}

// example is what the op's inputs are in one of the examples.
func (m many) example(k int) []exec.Value {
	values := slices.Clone(m.inputs)
	for _, i := range m.mapped {
		values[i] = exec.NewValue(m.args[i])
		copy(values[i].Bytes(), part(m.inputs[i], k, m.size))
	}
	return values
}

// check compares the op under Vmap, and its derivatives, with a loop over the examples.
func (m many) check() error {
	y, grads, err := m.vmapped()
	if err != nil {
		return err
	}
	wantY, wantGrads, err := m.looped()
	if err != nil {
		return err
	}
	if m.Op.Class != graph.Contract && !isBuilt(m.Op) {
		err = Differ(y, wantY)
	} else {
		err = m.near(y, wantY)
	}
	if err != nil {
		return err
	}
	for k, i := range m.wrt() {
		if err := m.near(grads[k], wantGrads[k]); err != nil {
			return fmt.Errorf("derivative by input %d: %w", i, err)
		}
	}
	return nil
}

// near allows for sums in another order. Any of them has no more terms than all examples together have elements, each
// term is rounded a few times, and carries the error of the largest.
func (m many) near(got, want exec.Value) error {
	if !got.Type.Equal(want.Type) {
		return fmt.Errorf("type %v, want %v", got.Type, want.Type)
	}
	terms := 1
	for _, v := range m.inputs {
		terms = max(terms, v.Buf.Len)
	}
	return near(got, want, float64(8+terms)*epsilon(got.Type.DType)*max(1, m.largest()))
}

// vmapped computes the op for all examples by Vmap, and its derivatives for random cotangents.
func (m many) vmapped() (exec.Value, []exec.Value, error) {
	types := make([]graph.Type, len(m.inputs))
	for i, v := range m.inputs {
		types[i] = v.Type
	}
	p := m.pullback(types, func(xs []*graph.Node) *graph.Node {
		return autodiff.Vmap(func(p []*graph.Node) *graph.Node {
			return m.apply(substitute(xs, m.mapped, p)...)
		})(choose(xs, m.mapped))
	})
	return p.run(m.inputs, m.cotangents(p.outputs[0].Type()))
}

// looped computes the same one example after the other.
func (m many) looped() (exec.Value, []exec.Value, error) {
	p := m.pullback(m.args, func(xs []*graph.Node) *graph.Node { return m.apply(xs...) })
	t := p.outputs[0].Type()
	y := exec.NewValue(graph.T(t.DType, append([]int{m.size}, t.Shape...)...))
	cts := m.cotangents(y.Type)
	grads := make([]exec.Value, len(p.wrt))
	for j, i := range p.wrt {
		grads[j] = exec.NewValue(m.inputs[i].Type)
	}
	for k := range m.size {
		ct := exec.NewValue(t)
		copy(ct.Bytes(), part(cts, k, m.size))
		one, pulled, err := p.run(m.example(k), ct)
		if err != nil {
			return y, nil, err
		}
		copy(part(y, k, m.size), one.Bytes())
		for j, i := range p.wrt {
			if slices.Contains(m.mapped, i) {
				copy(part(grads[j], k, m.size), pulled[j].Bytes())
				continue
			}
			for e := range pulled[j].Buf.Len {
				grads[j].Set(e, grads[j].At(e)+pulled[j].At(e))
			}
		}
	}
	return y, grads, nil
}

// pulled is a function with its pullback: the outputs are its value, and the cotangents of the inputs wrt for ct.
type pulled struct {
	inputs, outputs []*graph.Node
	ct              *graph.Node
	wrt             []int
}

// pullback makes a graph of f and its VJP, on inputs of the given types, by those that the op has a derivative by.
func (m many) pullback(types []graph.Type, f func([]*graph.Node) *graph.Node) pulled {
	g := graph.New()
	p := pulled{wrt: m.wrt()}
	for i, t := range types {
		p.inputs = append(p.inputs, g.Input(fmt.Sprintf("x%d", i), t.DType, t.Shape...))
	}
	if len(p.wrt) == 0 {
		p.outputs = []*graph.Node{f(p.inputs)}
		return p
	}
	y, pull := autodiff.VJP(func(xs []*graph.Node) *graph.Node { return f(substitute(p.inputs, p.wrt, xs)) },
		choose(p.inputs, p.wrt))
	p.ct = g.Input("ct", y.DType(), y.Shape()...)
	p.outputs = append([]*graph.Node{y}, pull(p.ct)...)
	return p
}

// run computes the value and the cotangents of the inputs.
func (p pulled) run(values []exec.Value, ct exec.Value) (exec.Value, []exec.Value, error) {
	feeds := map[*graph.Node]exec.Value{}
	for i, x := range p.inputs {
		feeds[x] = values[i]
	}
	if p.ct != nil {
		feeds[p.ct] = ct
	}
	results, err := exec.Reference(p.outputs, feeds)
	if err != nil {
		return exec.Value{}, nil, err
	}
	return results[0], results[1:], nil
}

func (m many) cotangents(t graph.Type) exec.Value {
	return directions(rand.New(rand.NewPCG(m.Seed(), 5)), t)
}
