package data

import (
	"fmt"
	"math/rand/v2"
)

// Divide shuffles n samples and divides their numbers into parts of the given sizes, and what is left. The same seed gives the same parts.
// Each of the parts, the rest aside, must get a sample.
func Divide(n int, seed uint64, sizes ...int) ([][]int, error) {
	order := rand.New(rand.NewPCG(seed, 0)).Perm(max(n, 0))
	var parts [][]int
	for _, size := range sizes {
		if size < 1 || size > len(order) {
			return nil, fmt.Errorf("data: divide %d samples into parts of %v: %w", n, sizes, ErrShape)
		}
		parts = append(parts, order[:size:size])
		order = order[size:]
	}
	return append(parts, order), nil
}

// Fold is a division into samples to train with and to test with.
type Fold struct{ Train, Test []int }

// Folds divides n samples k times, so that each is in one Test; these differ by a sample in size at most. The same seed gives the
// same folds.
func Folds(n, k int, seed uint64) ([]Fold, error) {
	if k < 2 || k > n {
		return nil, fmt.Errorf("data: %d folds of %d samples: %w", k, n, ErrShape)
	}
	return foldsOf(rand.New(rand.NewPCG(seed, 0)).Perm(n), k), nil
}

// StratifiedFolds is Folds in which every Test has each class's share of samples, to a sample.
func StratifiedFolds(labels []int, k int, seed uint64) ([]Fold, error) {
	if k < 2 || k > len(labels) {
		return nil, fmt.Errorf("data: %d folds of %d samples: %w", k, len(labels), ErrShape)
	}
	byClass, classes := map[int][]int{}, []int{}
	for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(labels)) {
		if byClass[labels[i]] == nil {
			classes = append(classes, labels[i])
		}
		byClass[labels[i]] = append(byClass[labels[i]], i)
	}
	var order []int
	for _, c := range classes {
		order = append(order, byClass[c]...)
	}
	return foldsOf(order, k), nil
}

// foldsOf deals an order out to k hands.
func foldsOf(order []int, k int) []Fold {
	folds := make([]Fold, k)
	for at, i := range order {
		for f := range folds {
			if at%k == f {
				folds[f].Test = append(folds[f].Test, i)
			} else {
				folds[f].Train = append(folds[f].Train, i)
			}
		}
	}
	return folds
}
