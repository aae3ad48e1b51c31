package ops

import (
	"slices"
	"strings"

	"chainrule/graph"
)

// labelled is a tensor with a letter for each axis.
type labelled struct {
	x    *graph.Node
	axes string
}

// Einsum sums products of the operands as a formula in Einstein's notation says, such as "ij,jk->ik" for a matrix
// product and "bij,bj->bi" for a batch of products with a vector: a letter for each axis, and after the arrow those
// that the result has; over the others it sums. A letter that an operand has twice takes its diagonal; one that the result
// has twice puts a diagonal there, among zeros. "..." stands for the axes that are left, which broadcast from the last on
// as in NumPy, and must be in the result if an operand has them. Without an arrow the result has those, then the letters
// that occur once, in alphabetical order. Operands are combined in pairs, in the order that takes the fewest products: for
// up to six of them it is found by trying all (Pfeifer et al. 2014), beyond by taking the best pair each time.
func Einsum(formula string, operands ...*graph.Node) *graph.Node {
	mustExist("einsum", operands...)
	terms, result := parseEinsum(formula, operands)
	for i, t := range terms {
		terms[i] = t.diagonals()
	}
	var once string
	for i := range result {
		if strings.IndexByte(result[:i], result[i]) < 0 {
			once += result[i : i+1]
		}
	}
	y := contract(terms, once).summed(once).arranged(once).x
	if once == result {
		return y
	}
	return onDiagonals(y, once, result)
}

// onDiagonals puts what has the axes once on the diagonals of axes with the same letter.
func onDiagonals(y *graph.Node, once, result string) *graph.Node {
	shape := make([]int, len(result))
	var mask *graph.Node
	places := func(axis, length int) *graph.Node {
		shape := slices.Repeat([]int{1}, len(result))
		shape[axis] = length
		return Reshape(Arange(y.Graph(), length), shape...)
	}
	perm := make([]int, 0, len(once))
	for i := range result {
		first := strings.IndexByte(result, result[i])
		length := y.Shape()[strings.IndexByte(once, result[i])]
		if shape[i] = 1; first == i {
			shape[i] = length
			perm = append(perm, strings.IndexByte(once, result[i]))
			continue
		}
		mask = both(mask, Eq(places(first, length), places(i, length)))
	}
	return Where(mask, Reshape(Permute(y, perm...), shape...), 0)
}

// parseEinsum pairs operands with their letters and checks that equal letters have equal lengths.
func parseEinsum(formula string, operands []*graph.Node) (terms []labelled, result string) {
	fail := func(format string, args ...any) {
		graph.Fail("einsum", operands, "%q: "+format, append([]any{formula}, args...)...)
	}
	left, result, arrow := strings.Cut(strings.ReplaceAll(formula, " ", ""), "->")
	parts := strings.Split(left, ",")
	var wide string
	if len(parts) == len(operands) {
		parts, wide = unfoldDots(parts, operands)
		if arrow && wide != "" && !strings.Contains(result, "...") {
			fail("the result lacks the ... of an operand")
		}
		result = strings.Replace(result, "...", wide, 1)
		operands = narrowed(parts, operands)
	}
	if len(parts) != len(operands) || len(operands) == 0 {
		fail("it is for %d operands, %d given", len(parts), len(operands))
	}
	lengths := map[rune]int{}
	count := map[rune]int{}
	for i, letters := range parts {
		if len(letters) != operands[i].Rank() {
			fail("%d letters for operand %d of rank %d", len(letters), i, operands[i].Rank())
		}
		for k, c := range letters {
			d := operands[i].Shape()[k]
			switch old, known := lengths[c]; {
			case (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !isDot(c):
				fail("%q is no letter", c)
			case known && old != d:
				fail("%q has the lengths %d and %d", c, old, d)
			}
			lengths[c] = d
			count[c]++
		}
		terms = append(terms, labelled{operands[i], letters})
	}
	if !arrow {
		var once []rune
		for c, n := range count {
			if n == 1 || isDot(c) {
				once = append(once, c)
			}
		}
		slices.Sort(once)
		result = string(once)
	}
	for _, c := range result {
		if count[c] == 0 {
			fail("the result's %q is no letter of an operand", c)
		}
	}
	return terms, result
}

// diagonals takes the diagonal of axes with the same letter.
func (t labelled) diagonals() labelled {
	for i := 0; i < len(t.axes); i++ {
		j := strings.LastIndexByte(t.axes, t.axes[i])
		if j == i {
			continue
		}
		x := MoveAxis(MoveAxis(t.x, i, -1), j-1, -1)
		rest := t.axes[:i] + t.axes[i+1:j] + t.axes[j+1:]
		t = labelled{Diagonal(x), rest + t.axes[i:i+1]}
		i = -1
	}
	return t
}

// summed sums over the axes that are not needed.
func (t labelled) summed(needed string) labelled {
	var over []int
	var rest []byte
	for i := range len(t.axes) {
		if strings.IndexByte(needed, t.axes[i]) < 0 {
			over = append(over, i)
		} else {
			rest = append(rest, t.axes[i])
		}
	}
	if len(over) == 0 {
		return t
	}
	return labelled{Sum(t.x, over...), string(rest)}
}

// arranged brings the axes into an order.
func (t labelled) arranged(axes string) labelled {
	perm := make([]int, len(axes))
	for i := range perm {
		perm[i] = strings.IndexByte(t.axes, axes[i])
	}
	return labelled{Permute(t.x, perm...), axes}
}

// times multiplies two tensors and sums over the common axes that are not needed, as a batch of matrix products, or
// elementwise if there are none or the elements are integers.
func (t labelled) times(u labelled, needed string) labelled {
	var batch, inner, left, right string
	for _, c := range t.axes {
		switch common, kept := strings.ContainsRune(u.axes, c), strings.ContainsRune(needed, c); {
		case !common:
			left += string(c)
		case kept:
			batch += string(c)
		default:
			inner += string(c)
		}
	}
	for _, c := range u.axes {
		if !strings.ContainsRune(t.axes, c) {
			right += string(c)
		}
	}
	if inner == "" || !t.x.DType().IsFloat() {
		a, b := t.arranged(batch+inner+left).x, u.arranged(batch+inner+right).x
		for range right {
			a = ExpandDims(a, -1)
		}
		for range left {
			b = ExpandDims(b, len(batch)+len(inner))
		}
		return labelled{Mul(a, b), batch + inner + left + right}.summed(needed)
	}
	a, b := t.arranged(batch+left+inner), u.arranged(batch+inner+right)
	h, l := len(batch), len(batch)+len(left)
	k := graph.Size(a.x.Shape()[l:])
	rows, cols := graph.Size(a.x.Shape()[h:l]), graph.Size(b.x.Shape()[h+len(inner):])
	lead := a.x.Shape()[:h]
	y := MatMul(Reshape(a.x, slices.Concat(lead, []int{rows, k})...), Reshape(b.x, slices.Concat(lead, []int{k, cols})...))
	shape := slices.Concat(a.x.Shape()[:l], b.x.Shape()[h+len(inner):])
	return labelled{Reshape(y, shape...), batch + left + right}
}

// Tensordot returns the sums of products of a and b over pairs of axes: axesA of a with axesB of b, in order. The
// result has the other axes of a, then those of b.
func Tensordot(a, b *graph.Node, axesA, axesB []int) *graph.Node {
	mustExist("tensordot", a, b)
	if len(axesA) != len(axesB) || a.Rank()+b.Rank() > 52 {
		graph.Fail("tensordot", []*graph.Node{a, b}, "%d axes with %d", len(axesA), len(axesB))
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	la, lb := []byte(letters[:a.Rank()]), []byte(letters[a.Rank():][:b.Rank()])
	result := string(la) + string(lb)
	for i := range axesA {
		p, q := mustBeAxis("tensordot", axesA[i], a), mustBeAxis("tensordot", axesB[i], b)
		result = strings.ReplaceAll(strings.ReplaceAll(result, string(la[p]), ""), string(lb[q]), "")
		lb[q] = la[p]
	}
	return Einsum(string(la)+","+string(lb)+"->"+result, a, b)
}
