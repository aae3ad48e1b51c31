package main

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff/gonum"
)

// levenbergMarquardt minimises ½‖r(b)‖² from b. Every step s solves the damped linear problem
//
//	min ‖J·s + r‖² + λ‖D·s‖²,
//
// where D are the largest norms that the columns of the Jacobian J have had so far, by a QR factorisation of both rows
// (Moré, The Levenberg-Marquardt algorithm, 1978). λ follows the ratio of what a step gains to what the linear model
// promised (Nielsen, Damping parameter in Marquardt's method, 1999). It returns the number of steps tried.
func levenbergMarquardt(f *gonum.Residuals, b []float64) (steps int, err error) {
	m, n := f.Dims()
	r, next, trial := make([]float64, m), make([]float64, m), make([]float64, n)
	jac, nextJac := mat.NewDense(m, n, nil), mat.NewDense(m, n, nil)
	if err := f.Eval(r, jac, b); err != nil {
		return 0, err
	}
	scale := make([]float64, n)
	lambda, growth := 30.0, 2.0 // far from the minimum the linear model promises too much: begin with short steps
	for steps = 1; steps <= 2000; steps++ {
		for j := range scale {
			scale[j] = math.Max(scale[j], mat.Norm(jac.ColView(j), 2))
		}
		s, err := dampedStep(jac, r, scale, lambda)
		if err != nil {
			return steps, err
		}
		floats.AddTo(trial, b, s)
		if err := f.Eval(next, nextJac, trial); err != nil {
			return steps, err
		}
		gain := (floats.Dot(r, r) - floats.Dot(next, next)) / promised(jac, r, s)
		if !(gain > 0) {
			lambda, growth = lambda*growth, growth*2
			if lambda > 1e20 {
				return steps, polish(f, b) // no step is short enough to be better: the rounding of r decides
			}
			continue
		}
		lambda, growth = lambda*math.Max(1.0/3, 1-math.Pow(2*gain-1, 3)), 2
		converged := true
		for j := range s {
			converged = converged && math.Abs(s[j]) <= 1e-12*math.Abs(trial[j])
		}
		copy(b, trial)
		r, next, jac, nextJac = next, r, nextJac, jac
		if converged {
			return steps, polish(f, b)
		}
	}
	return steps, errors.New("no minimum after 2000 steps")
}

// promised is what the linear model gains by the step s, ‖r‖² − ‖r + J·s‖².
func promised(jac *mat.Dense, r, s []float64) float64 {
	var linear mat.VecDense
	linear.MulVec(jac, mat.NewVecDense(len(s), s))
	linear.AddVec(&linear, mat.NewVecDense(len(r), r))
	return floats.Dot(r, r) - mat.Dot(&linear, &linear)
}

// polish makes twelve steps of Gauss and Newton: close to the minimum they come closer than a comparison of norms, which
// hardly differ there, can tell.
func polish(f *gonum.Residuals, b []float64) error {
	m, n := f.Dims()
	r, jac := make([]float64, m), mat.NewDense(m, n, nil)
	for range 12 {
		if err := f.Eval(r, jac, b); err != nil {
			return err
		}
		s, err := dampedStep(jac, r, make([]float64, n), 0)
		if err != nil {
			return err
		}
		floats.Add(b, s)
	}
	return nil
}

// dampedStep solves for the step s.
func dampedStep(jac *mat.Dense, r, scale []float64, lambda float64) ([]float64, error) {
	m, n := jac.Dims()
	rows, right := mat.NewDense(m+n, n, nil), mat.NewVecDense(m+n, nil)
	rows.Slice(0, m, 0, n).(*mat.Dense).Copy(jac)
	for j := range n {
		rows.Set(m+j, j, math.Sqrt(lambda)*scale[j])
	}
	for i := range m {
		right.SetVec(i, -r[i])
	}
	var qr mat.QR
	qr.Factorize(rows)
	var s mat.VecDense
	if err := qr.SolveVecTo(&s, false, right); err != nil && !errors.As(err, new(mat.Condition)) {
		return nil, err
	}
	return s.RawVector().Data, nil
}

// deviations returns the standard deviations of the parameters at the minimum, √(s²·diag (JᵀJ)⁻¹) with
// s² = ‖r‖²/(m − n), by J = QR, where (JᵀJ)⁻¹ = R⁻¹R⁻ᵀ.
func deviations(f *gonum.Residuals, b []float64) (sd []float64, rss float64, err error) {
	m, n := f.Dims()
	r, jac := make([]float64, m), mat.NewDense(m, n, nil)
	if err := f.Eval(r, jac, b); err != nil {
		return nil, 0, err
	}
	rss = floats.Dot(r, r)
	scale := make([]float64, n) // columns of one length make R better to invert
	for j := range scale {
		scale[j] = mat.Norm(jac.ColView(j), 2)
		for i := range m {
			jac.Set(i, j, jac.At(i, j)/scale[j])
		}
	}
	var qr mat.QR
	qr.Factorize(jac)
	var upper mat.Dense
	qr.RTo(&upper)
	square := mat.NewTriDense(n, mat.Upper, nil)
	square.Copy(upper.Slice(0, n, 0, n))
	var inverse mat.TriDense
	if err := inverse.InverseTri(square); err != nil && !errors.As(err, new(mat.Condition)) {
		return nil, 0, err
	}
	sd = make([]float64, n)
	for j := range sd {
		sd[j] = floats.Norm(mat.Row(nil, j, &inverse), 2) / scale[j] * math.Sqrt(rss/float64(m-n))
	}
	return sd, rss, nil
}
