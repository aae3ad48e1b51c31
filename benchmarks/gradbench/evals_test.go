package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/benchmarks/gradbench/reference"
)

// small are cases of every eval that a test can check element by element.
func small() []sample {
	g := newGenerator(4)
	mixture := g.gmm(4, 3, 9)
	prior := mixture.input.(gmmInput)
	prior.M, prior.Gamma = 2, 0.7
	still := g.ba(2, 3, 4).input.(baInput)
	copy(still.Cam, []float64{0, 0, 0}) // not turned
	mirrored := g.ht(12, 4, false).input.(htInput)
	mirrored.Data.Model.IsMirrored = true
	return slices.Concat([]sample{
		helloCase(1.5), helloCase(-3),
		g.llsq(2, 1), g.llsq(17, 5), g.llsq(40, 16), g.llsq(33, 128),
		g.lse(1), g.lse(50), lseCase([]float64{-1000, 1000, 999, 1000.5}),
		g.gmm(1, 2, 3), g.gmm(2, 1, 3), mixture, gmmCase(prior),
		g.kmeans(1, 2, 1), g.kmeans(3, 40, 2), g.kmeans(5, 600, 7),
		g.det(1), g.det(2), g.det(3), g.det(7),
		g.ba(2, 3, 1), g.ba(3, 2, 5), baCase(still), g.ba(3, 2, 2*1024), g.ba(3, 2, 2*1024+7),
		g.ht(12, 5, false), g.ht(12, 5, true), htCase(mirrored),
		g.ode(1, 3), g.ode(2, 1), g.ode(7, 5),
		g.lstm(1, 2), g.lstm(2, 9), g.lstm(3, 5),
	},
		allModes(func(modes string) sample { return particleCase(modes, 0) }),
		allModes(func(modes string) sample { return saddleCase(modes, []float64{1, 1}) }),
		allModes(func(modes string) sample { return saddleCase(modes, []float64{0.3, -0.7}) }))
}

// Every eval, through the protocol, gives what the reference gives: each element of every value and derivative to 1e-9
// of itself. The reference's own error is rounding in sums of a few hundred terms.
func TestEvals(t *testing.T) {
	p := newTool(t)
	for _, s := range small() {
		t.Run(fmt.Sprintf("%s %s", s.module, s.name), func(t *testing.T) {
			p.t = t
			for function, want := range map[string]func(int) float64{s.primal: s.value, s.gradient: s.slope} {
				if function == "" {
					continue // saddle and particle have no primal
				}
				for i, got := range elements(p.evaluate(s.module, function, s.text())) {
					right := want(i)
					require.LessOrEqual(t, distance(got, right), mostError, "%s: element %d is %v", function, i, got)
				}
			}
		})
	}
}

// elements are the numbers of an output, by their place in the results that it was made of.
func elements(output any) map[int]float64 {
	if o, ok := output.(map[string]any); ok && o["vals"] != nil {
		first, rows := numbers(o["vals"]), numbers(o["rows"])
		all := maps.Collect(slices.All(first[:2*blockSize]))
		all[int(rows[len(rows)-1])-1] = first[2*blockSize]
		return all
	} else if ok && o["w_err"] != nil {
		e, w := o["reproj_error"].(map[string]any), o["w_err"].(map[string]any)
		all := maps.Collect(slices.All(numbers(e["elements"])))
		all[2*int(w["repeated"].(float64))] = w["element"].(float64)
		return all
	}
	return maps.Collect(slices.All(numbers(output)))
}

// numbers lists those of an output, gmm's in the order of its parameters.
func numbers(output any) (all []float64) {
	switch o := output.(type) {
	case float64:
		return []float64{o}
	case []any:
		for _, e := range o {
			all = append(all, numbers(e)...)
		}
	case map[string]any:
		for _, name := range []string{"alpha", "mu", "q", "l"} {
			all = append(all, numbers(o[name])...)
		}
	}
	return all
}

// The indices of the compressed matrix are those of the whole one's first two rows and last element.
func TestSparseForm(t *testing.T) {
	in := newGenerator(5).ba(2, 3, 4).input.(baInput)
	var j csr
	output := newTool(t).evaluate("ba", "jacobian", baCase(in).text())
	line, err := json.Marshal(output)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(line, &j))
	columns, rows := []int{}, []int{}
	for range 2 {
		for k := range 11 {
			columns = append(columns, k)
		}
		columns = append(columns, 22, 23, 24, 31)
	}
	for i := range 9 {
		rows = append(rows, 15*i)
	}
	require.Equal(t, append(columns, 34), j.Cols)
	require.Equal(t, append(rows, 121, 122, 123, 124, 124), j.Rows, "all of them, fewer than 30, and the last again")
	require.Len(t, j.Vals, 31)
}

// Every observation has a Jacobian of its own, of its own camera, point and feature.
func TestBundleBlocksDiffer(t *testing.T) {
	const n, m, p = 3, 4, 10
	g := newGenerator(6)
	cams, points, features, weights := g.uniform(11*n), g.uniform(3*m), g.uniform(2*p), g.uniform(p)
	camera, point := make([]int64, p), make([]int64, p)
	for i := range p {
		camera[i], point[i] = g.Int64N(n), g.Int64N(m)
	}
	out, err := autodiff.Compile(bundleJacobian).Run(context.Background(), bundle[any]{
		Cams: dense(cams, n, 11), Points: dense(points, m, 3), Weights: weights, Features: dense(features, p, 2),
		Camera: camera, Point: point,
	})
	require.NoError(t, err)
	blocks := out[0].Float64s()
	for i := range p {
		x := slices.Concat(cams[11*camera[i]:][:11], points[3*point[i]:][:3], weights[i:i+1])
		for row := range 2 {
			for column := range blockSize {
				want := reference.Slope(func(z []complex128) complex128 {
					return reference.Observation(z, features[2*i:2*i+2])[row]
				}, x, column)
				got := blocks[(2*i+row)*blockSize+column]
				require.LessOrEqual(t, distance(got, want), mostError, "observation %d, entry %d, %d", i, row, column)
			}
		}
	}
}

// The reference knows derivatives that can be told without it.
func TestReference(t *testing.T) {
	share := math.E / (math.E + 1)
	require.InDelta(t, share, reference.Slope(reference.LogSumExp, []float64{2, 1}, 0), 1e-15)
	det := func(z []complex128) complex128 { return reference.Determinant(z, 2) }
	require.Equal(t, -3.0, reference.Slope(det, []float64{1, 2, 3, 4}, 1))
	cost := func(z []complex128) complex128 { return reference.ClusterCost([][]float64{{0}, {1}, {9}}, z) }
	require.Equal(t, 2.0, reference.Slope(cost, []float64{1, 8}, 0), "2·(1 − 0) + 2·(1 − 1)")
}

// A table has a row for every case asked for, and no wrong answer passes.
func TestTable(t *testing.T) {
	s := newGenerator(7).det(3)
	row, err := s.measure(0)
	require.NoError(t, err)
	require.Contains(t, row, "| det | 3 |")
	right := s.slope
	s.slope = func(i int) float64 { return right(i) * (1 + 1e-8) }
	_, err = s.measure(0)
	require.ErrorContains(t, err, "off by")
}
