package optest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// checkChosen checks the derivatives of where(mask, y, 0) for the op's result y. What the mask does not choose must not
// count, whatever the op's partial derivatives are there, and all else must count as if there were no masks. Rules are
// the same in f32.
func checkChosen(in Instance) error {
	y := in.node().Type()
	if len(in.wrt()) == 0 || y.Size() == 0 || !in.all(graph.Float64) {
		return nil
	}
	rng := rand.New(rand.NewPCG(in.Seed(), 6))
	none := fill(graph.T(graph.Bool, y.Shape...), func(int) float64 { return 0 })
	if err := in.annihilates(rng, none, func(int, int) bool { return false }); err != nil {
		return fmt.Errorf("%s: with nothing chosen: %w", in.Op.Name, err)
	}
	for round := range 4 {
		mask := fill(none.Type, func(i int) float64 {
			if round == 0 {
				return b2f(i == rng.IntN(y.Size()))
			}
			return float64(rng.IntN(2))
		})
		if err := in.counts(mask); err != nil {
			return fmt.Errorf("%s: with %v chosen: %w", in.Op.Name, mask.Bytes(), err)
		}
		if in.Op.Class == graph.Map {
			if err := in.annihilates(rng, mask, in.readBy(mask)); err != nil {
				return fmt.Errorf("%s: with %v chosen: %w", in.Op.Name, mask.Bytes(), err)
			}
		}
	}
	return nil
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// counts compares the gradient of what the mask chooses with that by a cotangent that is zero elsewhere, which has NaNs
// where that zero meets a partial derivative that is not finite.
func (in Instance) counts(mask exec.Value) error {
	got, err := in.choosing(in.values(), mask, true)
	if err != nil {
		return err
	}
	want, err := in.choosing(in.values(), mask, false)
	if err != nil {
		return err
	}
	for k, v := range want {
		for e := range v.Buf.Len {
			if g, w := got[k].At(e), v.At(e); g != w && !(math.IsNaN(w) && (g == 0 || math.IsNaN(g))) {
				return fmt.Errorf("%s at element %d is %v with a mask, %v without", in.derivativeName(k), e, g, w)
			}
		}
	}
	return nil
}

// badPoints are where partial derivatives are not finite, for one op or another.
var badPoints = []float64{0, 1, -1, 0.5, -2, 3, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)}

// annihilates replaces the elements of inputs that nothing chosen reads by bad points, in several ways. The derivatives
// by them must be zero, and those by the others unchanged.
func (in Instance) annihilates(rng *rand.Rand, mask exec.Value, isRead func(input, element int) bool) error {
	good, err := in.choosing(in.values(), mask, true)
	if err != nil {
		return err
	}
	wrt := in.wrt()
	for range 8 {
		values := in.values()
		for _, i := range wrt {
			for e := range values[i].Buf.Len {
				if !isRead(i, e) {
					values[i].Set(e, badPoints[rng.IntN(len(badPoints))])
				}
			}
		}
		got, err := in.choosing(values, mask, true)
		if err != nil {
			return nil // the op refuses such values
		}
		for k, v := range got {
			i := wrt[k%len(wrt)]
			for e := range v.Buf.Len {
				want := 0.0
				if isRead(i, e) {
					want = good[k].At(e)
				}
				if g := v.At(e); g != want && !(math.IsNaN(g) && math.IsNaN(want)) {
					return fmt.Errorf("%s at element %d, where it is %v, is %v, want %v",
						in.derivativeName(k), e, values[i].At(e), g, want)
				}
			}
		}
	}
	return nil
}

// readBy tells, for a Map, which elements of its inputs the chosen elements read.
func (in Instance) readBy(mask exec.Value) func(input, element int) bool {
	read := make([]map[int]bool, len(in.args))
	for i, t := range in.args {
		read[i] = map[int]bool{}
		numbers := fill(graph.T(graph.Int64, t.Shape...), func(e int) float64 { return float64(e) })
		numbers = stretch(numbers, mask.Type.Shape)
		for e := range mask.Buf.Len {
			if mask.At(e) != 0 {
				read[i][int(numbers.At(e))] = true
			}
		}
	}
	return func(input, element int) bool { return read[input][element] }
}

// choosing returns the derivatives of where(mask, y, 0), for a random cotangent, by all inputs: the gradient, and with
// masks also that of a random combination of its elements, by reverse and by forward mode. Inputs pass a product with
// ones on the way to the op. Without masks, it is the derivative of y by a cotangent that is zero where the mask is.
func (in Instance) choosing(values []exec.Value, mask exec.Value, masked bool) ([]exec.Value, error) {
	g := graph.New()
	feeds := map[*graph.Node]exec.Value{}
	input := func(v exec.Value) *graph.Node {
		x := g.Input("", v.Type.DType, v.Type.Shape...)
		feeds[x] = v
		return x
	}
	xs := make([]*graph.Node, len(values))
	for i, v := range values {
		xs[i] = input(v)
	}
	wrt := in.wrt()
	rng := rand.New(rand.NewPCG(in.Seed(), 7))
	var ones, along []*graph.Node
	for _, i := range wrt {
		ones = append(ones, input(fill(in.args[i], func(int) float64 { return 1 })))
		along = append(along, input(directions(rng, in.args[i])))
	}
	c, ct := input(mask), input(directions(rng, in.node().Type()))
	gradient := func(us []*graph.Node) []*graph.Node {
		y, pull := autodiff.VJP(func(us []*graph.Node) *graph.Node {
			scaled := make([]*graph.Node, len(us))
			for k := range us {
				scaled[k] = ops.Mul(us[k], ones[k])
			}
			y := in.apply(substitute(xs, wrt, scaled)...)
			if masked {
				y = ops.Where(c, y, 0)
			}
			return y
		}, us)
		if masked {
			return pull(ct)
		}
		return pull(ops.Where(c, ct, ops.BroadcastTo(g.Scalar(y.DType(), 0), y.Shape()...)))
	}
	us := choose(xs, wrt)
	outputs := gradient(us)
	if masked {
		outputs = append(outputs, autodiff.Grad(func(us []*graph.Node) *graph.Node {
			sum := g.Scalar(graph.Float64, 0)
			for k, x := range gradient(us) {
				sum = ops.Add(sum, ops.Cast(ops.Sum(ops.Mul(along[k], x)), graph.Float64))
			}
			return sum
		}, autodiff.AllowUnreachable())(us)...)
		_, pushed := autodiff.JVP(gradient, us, along)
		outputs = append(outputs, pushed...)
	}
	return exec.Reference(outputs, feeds)
}

// derivativeName says what number k of choosing's results is.
func (in Instance) derivativeName(k int) string {
	wrt := in.wrt()
	kind := [...]string{"derivative", "second derivative, reverse over reverse,", "second derivative, forward over reverse,"}
	return fmt.Sprintf("%s by input %d", kind[k/len(wrt)], wrt[k%len(wrt)])
}
