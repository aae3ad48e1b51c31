package dump

import "chainrule/internal/exec"

// Stay is what a dump says of a value in the arena.
type Stay struct{ Offset, Bytes, Born, Last int }

// Stays returns the stays of a plan's values, and the peak of their bytes.
func Stays(steps []exec.Step) (stays []Stay, most int) {
	all := lives(steps)
	for _, l := range all {
		stays = append(stays, Stay{l.slot.Offset, l.bytes, l.born, l.last})
	}
	return stays, peak(all, len(steps))
}

// Flops and Traffic are what a dump counts for a step.
func Flops(s exec.Step) float64 { return flops(s) }
func Traffic(s exec.Step) int   { return traffic(s) }
