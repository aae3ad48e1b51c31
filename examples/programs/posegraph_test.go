package programs

import (
	"context"
	"fmt"
	"log"
	"math"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// between is where pose b is, seen from pose a: x, y and heading.
func between(a, b *graph.Node) *graph.Node {
	d := ops.Sub(b, a)
	dx, dy, turn := ops.Index(d, 0), ops.Index(d, 1), ops.Index(d, 2)
	c, s := ops.Cos(ops.Index(a, 2)), ops.Sin(ops.Index(a, 2))
	ahead := ops.Add(ops.Mul(c, dx), ops.Mul(s, dy))
	aside := ops.Sub(ops.Mul(c, dy), ops.Mul(s, dx))
	return ops.Stack([]*graph.Node{ahead, aside, turn}, 0)
}

// round is an angle between −π and π.
func round(p *graph.Node) *graph.Node {
	turn := ops.Index(p, 2)
	turn = ops.Atan2(ops.Sin(turn), ops.Cos(turn))
	return ops.Concat([]*graph.Node{ops.Slice(p, ops.Range{Stop: 2}), ops.Reshape(turn, 1)}, 0)
}

// A robot drives around an octagon and sees its start again. Its odometer turns too far, by 0.05 each time; closing the loop puts each
// pose into its place.
func Example_poseGraph() {
	const n = 8
	measured := []float64{1, 0, math.Pi/4 + 0.05} // each step: one ahead, an eighth of a turn, as the odometer has it
	type closed struct{ Step, Loop *graph.Node }
	residuals := func(m closed, poses *graph.Node) *graph.Node {
		rows := []*graph.Node{ops.Mul(10, ops.Index(poses, 0))} // the first pose is the origin
		for i := range n {
			from, to, seen := ops.Index(poses, i), ops.Index(poses, (i+1)%n), m.Step
			if i == n-1 {
				seen = m.Loop
			}
			rows = append(rows, round(ops.Sub(between(from, to), seen)))
		}
		return ops.Stack(rows, 0)
	}
	fit := autodiff.Compile(func(m closed, start *graph.Node) (poses, rss *graph.Node) {
		f := solve.LeastSquares(residuals)(m, ops.Reshape(start, n, 3))
		return f.X, f.RSS
	})
	var start []float64 // by the odometer alone
	x, y, heading := 0.0, 0.0, 0.0
	for range n {
		start = append(start, x, y, heading)
		x, y, heading = x+math.Cos(heading), y+math.Sin(heading), heading+measured[2]
	}
	found, err := fit.Run(context.Background(), map[string]any{"Step": measured, "Loop": measured}, start)
	if err != nil {
		log.Fatal(err)
	}
	poses := found[0].Float64s()
	fmt.Printf("odometer: the middle of the way at (%.2f, %.2f), the end at (%.2f, %.2f)\n", start[12], start[13], x, y)
	fmt.Printf("closed: the middle of the way at (%.2f, %.2f)\n", poses[12], poses[13])
	fmt.Printf("each turn is off by %.3f\n", math.Sqrt(found[1].Float64s()[0]/n))
	// Output:
	// odometer: the middle of the way at (0.77, 2.33), the end at (0.48, -0.11)
	// closed: the middle of the way at (1.00, 2.41)
	// each turn is off by 0.050
}
