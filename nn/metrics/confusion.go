package metrics

import (
	"fmt"
	"strings"
)

// Confusion counts predictions: At[i][j] samples of class i were said to be of class j.
type Confusion struct{ At [][]int }

// NewConfusion is a confusion matrix of no samples.
func NewConfusion(classes int) *Confusion {
	c := &Confusion{At: make([][]int, classes)}
	for i := range c.At {
		c.At[i] = make([]int, classes)
	}
	return c
}

// Add counts a batch. Unless all are classes and there are as many labels as predictions, nothing is counted and that is an
// error.
func (c *Confusion) Add(labels, predictions []int) error {
	if len(labels) != len(predictions) {
		return fmt.Errorf("metrics: %d labels with %d predictions", len(labels), len(predictions))
	}
	for i := range labels {
		if n := len(c.At); labels[i] < 0 || labels[i] >= n || predictions[i] < 0 || predictions[i] >= n {
			return fmt.Errorf("metrics: label %d with prediction %d, there are %d classes", labels[i], predictions[i], n)
		}
	}
	for i := range labels {
		c.At[labels[i]][predictions[i]]++
	}
	return nil
}

// counts are the true positives, false positives and false negatives of a class.
func (c *Confusion) counts(class int) (tp, fp, fn int) {
	for i := range c.At {
		if i != class {
			fp += c.At[i][class]
			fn += c.At[class][i]
		}
	}
	return c.At[class][class], fp, fn
}

// Accuracy is the share of samples on the diagonal, 0 without samples.
func (c *Confusion) Accuracy() float64 {
	right, all := 0, 0
	for i, row := range c.At {
		for j, n := range row {
			if all += n; i == j {
				right += n
			}
		}
	}
	return ratio(right, all)
}

// Precision is tp/(tp + fp) of a class.
func (c *Confusion) Precision(class int) float64 {
	tp, fp, _ := c.counts(class)
	return ratio(tp, tp+fp)
}

// Recall is tp/(tp + fn) of a class.
func (c *Confusion) Recall(class int) float64 {
	tp, _, fn := c.counts(class)
	return ratio(tp, tp+fn)
}

// F1 is 2·tp/(2·tp + fp + fn) of a class.
func (c *Confusion) F1(class int) float64 {
	tp, fp, fn := c.counts(class)
	return ratio(2*tp, 2*tp+fp+fn)
}

// Macro is the mean over classes of one of the above, such as c.F1: each class counts alike.
func (c *Confusion) Macro(of func(class int) float64) float64 {
	sum := 0.0
	for class := range c.At {
		sum += of(class)
	}
	if len(c.At) == 0 {
		return 0
	}
	return sum / float64(len(c.At))
}

// String is the matrix as a table.
func (c *Confusion) String() string {
	width := 1
	for _, row := range c.At {
		for _, n := range row {
			width = max(width, len(fmt.Sprint(n)))
		}
	}
	var b strings.Builder
	for _, row := range c.At {
		for j, n := range row {
			if j > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%*d", width, n)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
