package golden_test

import (
	"testing"

	"chainrule/internal/golden"
)

// What is in the file arrives: counts, shapes that fit their values, and arguments of every kind.
func TestRead(t *testing.T) {
	f, err := golden.Read("../../nn/testdata/torch_nn.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string][2]int{
		"layers": {len(f.Layers), 192}, "sequences": {len(f.Sequences), 10}, "losses": {len(f.Losses), 128},
		"functions": {len(f.Functions), 20}, "optimisers": {len(f.Optimisers), 169}, "schedules": {len(f.Schedules), 23},
		"gains": {len(f.Gains), 8}, "fans": {len(f.Fans), 4}, "problems": {len(f.Problems), 3},
	} {
		if n[0] != n[1] {
			t.Errorf("%d %s, want %d", n[0], name, n[1])
		}
	}
	for _, c := range f.Layers {
		if len(c.Outputs) == 0 || len(c.Outputs) != len(c.GradOutputs) {
			t.Errorf("%s: %d outputs, %d gradients", c.Name, len(c.Outputs), len(c.GradOutputs))
		}
		for _, o := range c.Outputs {
			size := 1
			for _, n := range o.Shape {
				size *= n
			}
			if size != len(o.Values) {
				t.Errorf("%s: %d values of shape %v", c.Name, len(o.Values), o.Shape)
			}
		}
	}
	weighted := 0
	for _, c := range f.Losses {
		if w := c.Args.Tensor("weight"); w != nil && len(w.Values) > 0 {
			weighted++
		}
	}
	if weighted == 0 {
		t.Error("no loss has weights")
	}
	for _, c := range f.Optimisers {
		if len(c.Losses) != 21 || len(c.LRs) != 20 || len(c.Final) == 0 {
			t.Errorf("%s on %s: %d losses, %d rates, %d tensors", c.Optimiser, c.Problem, len(c.Losses), len(c.LRs), len(c.Final))
		}
	}
	if got := f.Layers[0].Args.Ints("in_features", 2); len(got) != 2 || got[1] != 3 {
		t.Errorf("one number for two: %v", got)
	}
}

func TestReadErrors(t *testing.T) {
	for _, name := range []string{"nowhere.gz", "golden.go"} {
		if _, err := golden.Read(name); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
