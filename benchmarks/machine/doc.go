// Package machine measures the limits of the machine that a benchmark runs on, so that its figures can be shares.
//
// Vocabulary. The peak is the rate of fused multiply-adds on registers, two operations each; the triad is
// a = b + 3·c over arrays that lie in one level of the memory, 12 bytes an element; a burst is some work between two
// looks at the clock, short enough that the best of many bursts has not been disturbed.
//
// The loops are assembly where there is some. Elsewhere (Exact is false) plain Go stands in; it reaches neither
// limit, and shares of it mean nothing.
package machine
