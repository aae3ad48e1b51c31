package workload

import (
	"fmt"
	"math"
)

// AnswerSteps is the number of training steps of an answer.
const AnswerSteps = 3

// A Sum is one entry of an answer: the sum of some terms, and the square root of the sum of their squares.
type Sum struct{ Value, Norm float64 }

// Number is the entry of a single number.
func Number[T Float](v T) Sum { return Sum{float64(v), math.Abs(float64(v))} }

// Check is Σ vᵢ·rᵢ, with r the check stream. The value notices a wrong sign or order, the norm a wrong factor.
func Check[T Float](v []T) Sum { return Moved(v, nil) }

// Moved is Check of after − before. It tells of a gradient, to which the parameters themselves are large.
func Moved[T Float](after, before []T) Sum {
	var value, squares float64
	for i, v := range after {
		d := float64(v)
		if before != nil {
			d -= float64(before[i])
		}
		d *= At(CheckStream, i)
		value += d
		squares += d * d
	}
	return Sum{value, math.Sqrt(squares)}
}

// An Expected is an entry of a reference, and how far rounding may take an answer from it.
type Expected struct {
	Sum
	Within  float64 // of the value and of the norm, absolute
	AnyNorm bool    // the norm is not compared
	What    string  // what the entry is about, for messages
}

// epsilon is the distance from 1 to the next number of the case's element type.
func (c Case) epsilon() float64 {
	if c.DType == "f32" {
		return 0x1p-23
	}
	return 0x1p-52
}

// roundings in a row are more than any case has; they mostly cancel, so that few of them remain.
const roundings = 1000

// expect is an entry whose terms are rounded independently of each other: the errors add up as the norm does.
func (c Case) expect(what string, s Sum) Expected {
	return Expected{Sum: s, Within: roundings * c.epsilon() * s.Norm, What: what}
}

// expectMoved is the entry of parameters. Each step rounds the parameter itself by up to half of epsilon, which is
// much of what it moves by. And an activation that is 0 but for rounding may lie on either side of a rectifier's
// corner, which takes one sample's share out of the gradient of one unit or puts it in: the fiftieth part of the
// norm is several of those for the smallest batches.
func (c Case) expectMoved(what string, after, before []float64) Expected {
	e := c.expect(what, Moved(after, before))
	e.Within += AnswerSteps * c.epsilon() * Check(after).Norm
	if c.Kind == MLP && c.DType == "f32" {
		e.Within += e.Norm / 50
	}
	return e
}

// Agree says how an answer differs from the reference by more than rounding: nil if it does not.
func (c Case) Agree(answer []Sum, reference []Expected) error {
	if len(answer) != len(reference) {
		return fmt.Errorf("the answer has %d sums, not %d", len(answer), len(reference))
	}
	for i, want := range reference {
		got := answer[i]
		// Written so that NaN does not agree.
		if !(math.Abs(got.Value-want.Value) <= want.Within) {
			return fmt.Errorf("%s: the sum is %.9g, not %.9g; %.1g off, of a norm of %.3g, with %.1g allowed",
				want.What, got.Value, want.Value, math.Abs(got.Value-want.Value), want.Norm, want.Within)
		}
		if !want.AnyNorm && !(math.Abs(got.Norm-want.Norm) <= want.Within) {
			return fmt.Errorf("%s: the norm is %.9g, not %.9g; %.1g off, with %.1g allowed",
				want.What, got.Norm, want.Norm, math.Abs(got.Norm-want.Norm), want.Within)
		}
	}
	return nil
}
