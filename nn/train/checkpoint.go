package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/nn/save"
)

// mark is what a checkpoint says beside tensors. Floats go to JSON and back to the same bits.
type mark struct {
	Version               int
	Epochs, Iterations    int
	Within, Samples       int // of the epoch at hand
	Steps                 int
	Loss                  float64 // sums over the samples of the epoch
	Metrics               []float64
	LastLoss              float64
	LastMetrics, LastVali map[string]float64
	Best                  *float64
	Since                 int
	Stopped               bool
}

const markName, version = "chainrule.train", 1

// Save writes the model and the state of the rule to a file that Load reads, which takes its place when it is whole.
func (t *Trainer) Save(path string) error { return t.write(path, mark{}, nil) }

// Load reads what Save, or Fit, wrote. Tensors are matched by their names, and unless all fit, names, shapes and types,
// nothing changes and a *save.MismatchError lists what does not.
func (t *Trainer) Load(path string) error {
	_, err := t.read(path, nil)
	return err
}

// write writes a checkpoint.
func (t *Trainer) write(path string, m mark, best map[string]*tensor.Dense) error {
	all, err := t.tensors(best)
	if err != nil {
		return err
	}
	m.Version, m.Steps = version, t.steps
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return save.Replace(path, func(w io.Writer) error { return save.Write(w, all, map[string]string{markName: string(text)}) })
}

// tensors are those of the model, the rule's state and the best model.
func (t *Trainer) tensors(best map[string]*tensor.Dense) (map[string]*tensor.Dense, error) {
	model, err := save.Tensors(t.model)
	if err != nil {
		return nil, err
	}
	all := map[string]*tensor.Dense{}
	add := func(prefix string, from map[string]*tensor.Dense) {
		for name, d := range from {
			all[prefix+name] = d
		}
	}
	add("model/", model)
	add("best/", best)
	for i, name := range t.state.Names {
		all["state/"+name] = t.state.Values[i]
	}
	return all, nil
}

// read reads a checkpoint into the model and the state, and the best model, if there is one, into stop.
func (t *Trainer) read(path string, stop *stopper) (mark, error) {
	var m mark
	found, meta, err := save.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("train: checkpoint: %w", err)
	}
	if err := json.Unmarshal([]byte(meta[markName]), &m); err != nil || m.Version != version {
		return m, fmt.Errorf("train: %s is no checkpoint of version %d: %w", path, version, errors.Join(err, save.ErrFormat))
	}
	best := map[string]*tensor.Dense{}
	for _, name := range slices.Collect(maps.Keys(found)) {
		if inner, ok := strings.CutPrefix(name, "best/"); ok {
			best[inner] = found[name]
			delete(found, name)
		}
	}
	places, err := t.tensors(nil)
	if err != nil {
		return m, err
	}
	if err := save.Assign(places, found); err != nil {
		return m, fmt.Errorf("train: checkpoint %s: %w", path, err)
	}
	t.steps = m.Steps
	if stop != nil && len(best) > 0 {
		stop.model = best
		stop.best, stop.since = m.Best, m.Since
	}
	return m, nil
}

// resume goes on from the plan's checkpoint, if it is there.
func (l *loop) resume() error {
	if l.plan.Checkpoint == "" {
		return nil
	}
	if _, err := os.Stat(l.plan.Checkpoint); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	m, err := l.read(l.plan.Checkpoint, l.stop)
	if err != nil {
		return err
	}
	l.within, l.loss, l.sums = m.Within, m.Loss, m.Metrics
	l.done = Progress{
		Epochs: m.Epochs, Iterations: m.Iterations, PerEpoch: l.done.PerEpoch, Samples: m.Samples, Loss: m.LastLoss,
		Metrics: m.LastMetrics, Validation: m.LastVali, Stopped: m.Stopped,
	}
	return nil
}

// save writes the plan's checkpoint, if it has one.
func (l *loop) save() error {
	if l.plan.Checkpoint == "" {
		return nil
	}
	m := mark{
		Epochs: l.done.Epochs, Iterations: l.done.Iterations, Within: l.within, Samples: l.done.Samples, Loss: l.loss,
		Metrics: l.sums, LastLoss: l.done.Loss, LastMetrics: l.done.Metrics, LastVali: l.done.Validation, Stopped: l.done.Stopped,
	}
	var best map[string]*tensor.Dense
	if l.stop != nil {
		m.Best, m.Since, best = l.stop.best, l.stop.since, l.stop.model
	}
	return l.write(l.plan.Checkpoint, m, best)
}

// saveStep writes a checkpoint within an epoch.
func (l *loop) saveStep() error {
	if n := l.plan.CheckpointSteps; n > 0 && l.done.Iterations%n == 0 {
		return l.save()
	}
	return nil
}
