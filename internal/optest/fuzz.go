package optest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

// specials are the floats at which kernels and rules go wrong, if they do. Integers get them truncated, or an extreme
// for an infinity.
var specials = []float64{
	math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1, 0.5, 2,
	math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat32, 0x1p-126, 0x1p-1022, 1e-30, -1e-300, 1e30, -1e300,
	math.MaxFloat32, -math.MaxFloat64, 88.8, -104, 709.8, -746, 1e6, math.Pi,
}

// Fuzz compares compiled programs, first and second order gradients included, with the reference executor on
// arbitrary data. The corpus starts with every instance of every op, plain and with special values in it.
func Fuzz(f *testing.F) {
	var all []Instance
	for _, op := range graph.Ops() {
		all = append(all, Instances(op)...)
	}
	every := make([]byte, 0, 2*len(specials))
	for i := range specials {
		every = append(every, byte(3*i), byte(i))
	}
	for i, in := range all {
		f.Add(uint16(i), in.Seed(), []byte(nil))
		f.Add(uint16(i), in.Seed(), every)
	}
	compiled := map[int][]*fuzzed{}
	f.Fuzz(func(t *testing.T, which uint16, seed uint64, data []byte) {
		i := int(which) % len(all)
		if compiled[i] == nil {
			compiled[i] = newFuzzed(t, all[i])
		}
		for _, c := range compiled[i] {
			feeds := c.feeds(seed)
			spoil(feeds[:len(all[i].args)], data)
			if err := c.compare(feeds); err != nil {
				t.Errorf("%v: %v\n%s", all[i], err, graph.Text(c.outputs...))
			}
		}
	})
}

// spoil puts special values into the feeds: pairs of bytes say where, and which.
func spoil(feeds []exec.Value, data []byte) {
	total := 0
	for _, v := range feeds {
		total += v.Buf.Len
	}
	for ; len(data) >= 2 && total > 0; data = data[2:] {
		place, x := int(data[0])%total, specials[int(data[1])%len(specials)]
		for _, v := range feeds {
			if place < v.Buf.Len {
				if v.Type.DType == graph.Int64 {
					graph.Elements[int64](v.Buf)[place] = whole(x)
				} else {
					v.Set(place, x)
				}
				break
			}
			place -= v.Buf.Len
		}
	}
}

// whole is x as an integer, the same on every machine.
func whole(x float64) int64 {
	switch {
	case math.IsNaN(x):
		return 3
	case x >= 1<<62:
		return math.MaxInt64
	case x <= -1<<62:
		return math.MinInt64
	}
	return int64(x)
}

// fuzzed is a circuit with its programs. The one that is also made by rules that are not exact is nil for loops: in another
// order, a sum may overflow or not.
type fuzzed struct {
	*circuit
	programs []*exec.Program
	fast     *exec.Program
}

// newFuzzed compiles the op alone and among others, each with memory used again and not.
func newFuzzed(t *testing.T, in Instance) []*fuzzed {
	var list []*fuzzed
	exact := map[string]bool{"fast": true}
	for _, c := range []*circuit{in.alone(), in.busy(busy{keep: func(i int) bool { return i == 0 }})} {
		fz := &fuzzed{circuit: c}
		compiled := func(opts compile.Options) *exec.Program {
			p, err := compile.Compile(rewrite.Unit{Inputs: c.inputs, Outputs: c.outputs}, opts)
			if err != nil {
				t.Fatalf("%v: %v", in, err)
			}
			return p
		}
		fz.programs = []*exec.Program{compiled(compile.Options{Off: exact}), compiled(compile.Options{Off: exact, NoReuse: true})}
		if !isBuilt(in.Op) {
			fz.fast = compiled(compile.Options{})
		}
		list = append(list, fz)
	}
	return list
}

// isModerate reports whether products of a few of the floats stay far from the ends of their range, where those in another
// order may overflow or vanish.
func isModerate(feeds []exec.Value) bool {
	for _, v := range feeds {
		most := 0x1p255
		if v.Type.DType == graph.Float32 {
			most = 0x1p31
		}
		for i := range v.Buf.Len {
			if x := math.Abs(v.At(i)); v.Type.DType.IsFloat() && x != 0 && !(x <= most && x >= 1/most) && !math.IsNaN(x) && !math.IsInf(x, 0) {
				return false
			}
		}
	}
	return true
}

func mayFail(n *graph.Node) bool { return n.Op().Fails }

// before is the circuit of all nodes that are stopped by none for which stops holds. Derivatives hold ops that their
// op's record does not speak of: that of a logarithm of a determinant holds an inverse, which may fail.
func (c *circuit) before(stops func(*graph.Node) bool) *circuit {
	reached := &circuit{inputs: c.inputs}
	stopped := map[*graph.Node]bool{}
	for _, n := range graph.Topo(c.outputs...) {
		stopped[n] = stops(n) || slices.ContainsFunc(n.In(), func(x *graph.Node) bool { return stopped[x] })
		if !stopped[n] {
			reached.outputs = append(reached.outputs, n)
		}
	}
	return reached
}

// compare expects the programs to give what the reference gives, or to fail where it fails, and to run again
// afterwards.
func (fz *fuzzed) compare(feeds []exec.Value) error {
	want, wantErr := fz.reference(feeds)
	if wantErr != nil {
		if _, err := fz.before(mayFail).reference(feeds); err != nil {
			return fmt.Errorf("an op fails whose record does not say that it may: %w", err)
		}
	}
	programs := fz.programs
	if fz.fast != nil && isModerate(feeds) {
		programs = append(slices.Clone(programs), fz.fast)
	}
	for k, p := range programs {
		if wantErr == nil {
			if err := agree(p, feeds, want, slack{}); err != nil {
				return fmt.Errorf("program %d: %w", k, err)
			}
			continue
		}
		dst := make([]exec.Value, len(fz.outputs))
		for i, n := range fz.outputs {
			dst[i] = exec.NewValue(n.Type())
		}
		if err := p.Run(context.Background(), dst, feeds); err == nil {
			return fmt.Errorf("program %d runs, the reference says: %w", k, wantErr)
		}
	}
	return nil
}
