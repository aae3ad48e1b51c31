package ops

import (
	"math/bits"
	"slices"
	"strings"

	"chainrule/graph"
)

// The axes of "..." get letters of their own, below those that a formula has: the last axis lastDot, the others below it.
const lastDot = 31

func isDot(c rune) bool { return c <= lastDot }

// unfoldDots puts letters in the place of the dots of each operand, as many as it has axes left, and lists all of them.
func unfoldDots(parts []string, operands []*graph.Node) (unfolded []string, wide string) {
	dots := func(n int) string {
		letters := make([]byte, n)
		for i := range letters {
			letters[i] = byte(lastDot + 1 - n + i)
		}
		return string(letters)
	}
	for i, p := range parts {
		if before, behind, ok := strings.Cut(p, "..."); ok {
			n := min(max(0, operands[i].Rank()-len(before)-len(behind)), lastDot)
			p = before + dots(n) + behind
			if n > len(wide) {
				wide = dots(n)
			}
		}
		unfolded = append(unfolded, p)
	}
	return unfolded, wide
}

// narrowed drops axes of dots that have length 1 where another operand's is longer, so that they broadcast. It drops their
// letters too.
func narrowed(parts []string, operands []*graph.Node) []*graph.Node {
	length := map[byte]int{}
	fits := func(i int) bool { return len(parts[i]) == operands[i].Rank() }
	for i, p := range parts {
		for k := 0; fits(i) && k < len(p); k++ {
			if d := operands[i].Shape()[k]; isDot(rune(p[k])) && (length[p[k]] <= 1 || d == 0) {
				length[p[k]] = d
			}
		}
	}
	out := slices.Clone(operands)
	for i := range parts {
		for k := len(parts[i]) - 1; k >= 0 && len(parts[i]) == out[i].Rank(); k-- {
			if c := parts[i][k]; isDot(rune(c)) && out[i].Shape()[k] == 1 && length[c] != 1 {
				out[i] = Squeeze(out[i], k)
				parts[i] = parts[i][:k] + parts[i][k+1:]
			}
		}
	}
	return out
}

// contract combines terms in pairs, and keeps the axes of the result.
func contract(terms []labelled, result string) labelled {
	c := contraction{terms, result, map[byte]float64{}}
	for _, t := range terms {
		for k := range len(t.axes) {
			c.length[t.axes[k]] = float64(t.x.Shape()[k])
		}
	}
	if len(terms) <= 6 {
		return c.best()
	}
	for len(c.terms) > 1 {
		c.greedy()
	}
	return c.terms[0]
}

type contraction struct {
	terms  []labelled
	result string
	length map[byte]float64
}

// axes lists the axes of the terms of a set, or of those that are not in it and of the result.
func (c contraction) axes(set uint, inside bool) string {
	var all string
	if !inside {
		all = c.result
	}
	for i, t := range c.terms {
		if (set>>i&1 == 1) == inside {
			all += t.axes
		}
	}
	return all
}

// size is the number of elements with each of the given axes once, of those that are kept.
func (c contraction) size(axes, kept string) float64 {
	n := 1.0
	for i := range len(axes) {
		if strings.IndexByte(axes[:i], axes[i]) < 0 && strings.IndexByte(kept, axes[i]) >= 0 {
			n *= c.length[axes[i]]
		}
	}
	return n
}

// left is what a set of terms leaves when they are combined: the axes that others or the result need.
func (c contraction) left(set uint) string {
	var kept []byte
	needed := c.axes(set, false)
	axes := c.axes(set, true)
	for i := range len(axes) {
		if strings.IndexByte(needed, axes[i]) >= 0 && slices.Index(kept, axes[i]) < 0 {
			kept = append(kept, axes[i])
		}
	}
	return string(kept)
}

// join combines two parts of the set that they make up.
func (c contraction) join(a, b labelled, set uint) labelled {
	needed := c.axes(set, false)
	return a.summed(needed+b.axes).times(b.summed(needed+a.axes), needed)
}

// best finds, for each set of terms, the two parts whose combination takes the fewest products in all.
func (c contraction) best() labelled {
	all := uint(1)<<len(c.terms) - 1
	cost, part := make([]float64, all+1), make([]uint, all+1)
	for set := uint(1); set <= all; set++ {
		if bits.OnesCount(set) == 1 {
			continue
		}
		for a := (set - 1) & set; a > 0; a = (a - 1) & set {
			if a&-a != set&-set { // the first term is in the first part
				continue
			}
			axes := c.left(a) + c.left(set&^a)
			total := cost[a] + cost[set&^a] + c.size(axes, axes)
			if part[set] == 0 || total < cost[set] {
				cost[set], part[set] = total, a
			}
		}
	}
	var build func(set uint) labelled
	build = func(set uint) labelled {
		if part[set] == 0 {
			return c.terms[bits.TrailingZeros(set)]
		}
		return c.join(build(part[set]), build(set&^part[set]), set)
	}
	return build(all)
}

// greedy combines the pair whose result is smallest, beside what it takes the place of.
func (c *contraction) greedy() {
	bestI, bestJ, least := 0, 1, 0.0
	for j := range c.terms {
		for i := range j {
			a, b := c.terms[i].axes, c.terms[j].axes
			gain := c.size(c.left(1<<i|1<<j), a+b) - c.size(a, a) - c.size(b, b)
			if i == 0 && j == 1 || gain < least {
				bestI, bestJ, least = i, j, gain
			}
		}
	}
	joined := c.join(c.terms[bestI], c.terms[bestJ], 1<<bestI|1<<bestJ)
	c.terms = slices.Delete(slices.Clone(c.terms), bestJ, bestJ+1)
	c.terms[bestI] = joined
}
