//go:build race

package gemm

// raceEnabled makes tests smaller: the race detector slows them a hundredfold, and concerns only the cut into parts.
const raceEnabled = true
