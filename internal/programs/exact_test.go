package programs

import (
	"context"
	"testing"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/optest"
	"chainrule/internal/rewrite"
)

// TestExactPrograms compares programs of seeds, compiled with exact rules, with the reference executor, which computes what
// was traced, and bodies in it, node by node: bit for bit, with every pass and with each left out in turn.
func TestExactPrograms(t *testing.T) {
	count, passes := 0, append(compile.Pipeline[:len(compile.Pipeline):len(compile.Pipeline)], rewrite.Pass{})
	for seed := *first; seed < *first+400; seed++ {
		p, trial := Seeded(seed, 1+int(seed%most))
		if told, _ := Check(p, trial); !told {
			continue
		}
		count++
		off := map[string]bool{"fast": true}
		if name := passes[int(seed)%len(passes)].Name; name != "" {
			off[name] = true
		}
		if err := trial.exact(p, off); err != nil {
			t.Errorf("seed %d, without %v: %v\n%v\n%v", seed, off, err, trial, p)
			return
		}
	}
	t.Logf("%d programs compared", count)
}

// exact compares one program with the reference.
func (t Trial) exact(p *Program, off map[string]bool) error {
	args := t.arguments(p)
	g := graph.New()
	u, feeds, in := rewrite.Unit{}, map[*graph.Node]exec.Value{}, make([]exec.Value, len(args))
	for i, a := range args {
		v, err := exec.Ingest(dense(a, t.dtype))
		if err != nil {
			return err
		}
		x := g.Input("", t.dtype, a.shape...)
		u.Inputs, feeds[x], in[i] = append(u.Inputs, x), v, v
	}
	u.Outputs = modes[t.mode].built(t, p.built)(u.Inputs)
	want, err := exec.Reference(u.Outputs, feeds)
	if err != nil {
		return err
	}
	program, err := compile.Compile(u, compile.Options{Off: off, Verify: true})
	if err != nil {
		return err
	}
	got := make([]exec.Value, len(want))
	for i, w := range want {
		got[i] = exec.NewValue(w.Type)
	}
	if err := program.Run(context.Background(), got, in); err != nil {
		return err
	}
	for i := range got {
		if err := optest.Differ(got[i], want[i]); err != nil {
			return err
		}
	}
	return nil
}
