// Command perexample looks at the gradient of every example by itself, which Vmap(Grad(loss)) gives in one run. A
// network learns to read handwritten digits, of which some have a wrong label. The gradient of each example is cut to
// length 1, and noise is added to their sum, as differentially private training does (Abadi et al. 2016, Deep learning
// with differential privacy, algorithm 1), so that no single example decides much; how private that is, is not computed.
// At the end most of the longest gradients are those of wrong labels.
//
//	go run ./examples/perexample
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/nn/data"
)

const (
	hidden = 32
	wrong  = 40 // labels among 1000
	epochs = 30
	batch  = 100
	rate   = 2.0
)

var (
	starts = [4]float64{1. / 8, 0, 0.18, 0} // deviations of weights: one over √inputs
	noise  = [4]float64{1, 1, 1, 1}
)

func pixels(s *data.Set) *tensor.Dense {
	return tensor.New(tensor.WithShape(s.Len(), s.Dim), tensor.WithBacking(s.X))
}

// mislabel changes some labels of the set and reports which.
func mislabel(rng *rand.Rand, s *data.Set) (changed map[int]bool) {
	changed = map[int]bool{}
	for _, i := range rng.Perm(s.Len())[:wrong] {
		s.Labels[i] = (s.Labels[i] + 1 + rng.IntN(9)) % 10
		changed[i] = true
	}
	return changed
}

// train makes steps down noisy gradients from net on, and returns where they lead.
func train(rng *rand.Rand, net []*tensor.Dense, s *data.Set) ([]*tensor.Dense, error) {
	batches, err := data.NewBatches(s.Len(), batch, 1)
	if err != nil {
		return nil, err
	}
	next := autodiff.Compile(step)
	xs, labels := tensor.New(tensor.WithShape(batch, s.Dim), tensor.Of(tensor.Float64)), make([]int, batch)
	for epoch := range epochs {
		for rows := range batches.Epoch(epoch) {
			if err := data.Fill(xs.Float64s(), nil, s, rows); err != nil {
				return nil, err
			}
			for k, i := range rows {
				labels[k] = s.Labels[i]
			}
			if net, err = next.Run(context.Background(), net, xs, labels, draw(rng, noise)); err != nil {
				return nil, err
			}
		}
	}
	return net, nil
}

func run(w io.Writer) error {
	ctx, rng := context.Background(), rand.New(rand.NewPCG(1, 0))
	set, test, err := data.Digits().Split(1000, 1)
	if err != nil {
		return err
	}
	changed := mislabel(rng, set)
	net, look := draw(rng, starts), autodiff.Compile(survey)
	before, err := look.Run(ctx, net, pixels(set), set.Labels)
	if err != nil {
		return err
	}
	if net, err = train(rng, net, set); err != nil {
		return err
	}
	after, err := look.Run(ctx, net, pixels(set), set.Labels)
	if err != nil {
		return err
	}
	guess, err := autodiff.Compile(digit).Run(ctx, net, pixels(test))
	if err != nil {
		return err
	}
	right := 0
	for i, d := range guess[0].Int64s() {
		if int(d) == test.Labels[i] {
			right++
		}
	}
	fmt.Fprintf(w, "noise scale: batches of %.0f at first, of %.0f after training\n",
		before[1].ScalarValue(), after[1].ScalarValue())
	fmt.Fprintf(w, "%.0f %% of %d other digits are read right\n", 100*float64(right)/float64(test.Len()), test.Len())
	report(w, set, after[0].Float64s(), changed)
	return nil
}

// report prints what the examples with the longest gradients are.
func report(w io.Writer, s *data.Set, lengths []float64, changed map[int]bool) {
	order := make([]int, s.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(lengths[b], lengths[a]) })
	found := 0
	for _, i := range order[:wrong] {
		if changed[i] {
			found++
		}
	}
	fmt.Fprintf(w, "of the %d longest gradients, %d belong to the %d wrong labels among %d\n", wrong, found, wrong, s.Len())
	fmt.Fprintf(w, "lengths: %.1f the longest, %.2f the median\n", lengths[order[0]], lengths[order[s.Len()/2]])
	k := slices.IndexFunc(order, func(i int) bool { return !changed[i] })
	fmt.Fprintf(w, "the longest with a label that nobody changed is that of this %d:\n", s.Labels[order[k]])
	for y := range 8 {
		var line strings.Builder
		for _, v := range s.Row(order[k])[8*y : 8*y+8] {
			line.WriteString(strings.Repeat(string(" .:oO@"[int(v*5)]), 2))
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

func main() {
	log.SetFlags(0)
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(run(out), out.Flush()); err != nil {
		log.Fatal(err)
	}
}
