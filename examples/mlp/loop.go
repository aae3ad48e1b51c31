package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/data"
	"chainrule/nn/train"
)

// loop runs the epochs.
type loop struct {
	config
	layers             []layer[*tensor.Dense]
	set, test          *data.Set
	batches            *data.Batches
	step, predict      *autodiff.Function
	log                io.Writer
	epochs, iterations int
}

// run trains until the epochs are done or ctx is; then it ends after the batch at hand.
func (l *loop) run(ctx context.Context, terminal io.Writer) error {
	bar := newBar(terminal, l.config.epochs*l.batches.Iterations())
	defer bar.Close()
	for epoch := range l.config.epochs {
		seen, sum := 0, 0.0
		for batch := range l.batches.Epoch(epoch) {
			if ctx.Err() != nil {
				bar.Clear()
				fmt.Fprintf(l.log, "interrupted in epoch %d after %d iterations\n", epoch+1, l.iterations)
				return nil
			}
			cost, err := l.iterate(batch)
			if err != nil {
				return err
			}
			seen += len(batch)
			sum += cost * float64(len(batch))
			bar.Add(1)
		}
		l.epochs++
		accuracy, err := l.accuracy()
		if err != nil {
			return err
		}
		bar.Clear()
		fmt.Fprintf(l.log, "epoch %3d: cost %.6f, test accuracy %.4f\n", l.epochs, sum/float64(seen), accuracy)
	}
	return nil
}

// iterate makes one update and returns the batch's cost before it.
func (l *loop) iterate(batch []int) (float64, error) {
	x, y, err := train.Tensors(l.set, batch, l.dtype)
	if err != nil {
		return 0, err
	}
	out, err := l.step.Run(context.Background(), l.layers, x, y, l.feedRate())
	if err != nil {
		return 0, err
	}
	l.iterations++
	return floats(out[0])[0], nil
}

// feedRate is the learning rate in the network's precision.
func (l *loop) feedRate() any {
	if l.dtype == graph.Float32 {
		return float32(l.rate)
	}
	return l.rate
}

// writeDump writes the page about the training step, if one is asked for. No parameter changes.
func (l *loop) writeDump(ctx context.Context) error {
	if l.dump == "" {
		return nil
	}
	x, y, err := train.Tensors(l.set, rows(l.batch), l.dtype)
	if err != nil {
		return err
	}
	f, err := os.Create(l.dump)
	if err != nil {
		return err
	}
	return errors.Join(l.step.Dump(ctx, f, l.layers, x, y, l.feedRate()), f.Close())
}

// accuracy is the share of test samples that are classified as they are labelled.
func (l *loop) accuracy() (float64, error) {
	const most = 2000 // samples at a time, to bound the memory
	right := 0
	all := rows(l.test.Len())
	for from := 0; from < len(all); from += most {
		part := all[from:min(from+most, len(all))]
		x, _, err := train.Tensors(l.test, part, l.dtype)
		if err != nil {
			return 0, err
		}
		out, err := l.predict.Run(context.Background(), l.layers, x)
		if err != nil {
			return 0, err
		}
		for i, class := range out[0].Int64s() {
			if int(class) == l.test.Labels[part[i]] {
				right++
			}
		}
	}
	return float64(right) / float64(len(all)), nil
}

// newBar shows progress on a terminal, and nothing elsewhere.
func newBar(w io.Writer, total int) *progressbar.ProgressBar {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return progressbar.DefaultSilent(int64(total))
	}
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString("iterations"), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(30))
}
