package emit

import (
	"math"
	"slices"

	"chainrule/graph"
)

// writer writes a node, given the names of its inputs, and returns the name of its result.
type writer func(e *emitter, n *graph.Node, in []string) string

// table says how each op is written.
var table map[string]writer

// as writes an op as one operator on the same inputs.
func as(op string) writer {
	return func(e *emitter, n *graph.Node, in []string) string { return e.op(op, nil, in...) }
}

// over writes a reduction of axes, which the result lacks. Some operators take axes as an input.
func over(op string, input bool) writer {
	return func(e *emitter, n *graph.Node, in []string) string {
		axes := intsOf(n, "Axes")
		if len(axes) == 0 {
			return e.op("Identity", nil, in...)
		}
		if input {
			return e.op(op, attrs{"keepdims": 0}, in[0], e.ints(axes...))
		}
		return e.op(op, attrs{"keepdims": 0, "axes": axes}, in[0])
	}
}

// rows writes an operator of one axis: several neighbouring ones become one for it. The result has them again if back
// is set, and lacks them if not.
func rows(op string, a attrs, back bool) writer {
	return func(e *emitter, n *graph.Node, in []string) string {
		axes, s := slices.Sorted(slices.Values(intsOf(n, "Axes"))), n.In()[0].Shape()
		if len(axes) == 0 { // a scalar
			x := e.op(op, with(a, "axis", 0), e.op("Reshape", nil, in[0], e.ints(1)))
			return e.op("Reshape", nil, x, e.ints(n.Shape()...))
		}
		first := axes[0]
		flat := slices.Concat(s[:first], []int{graph.Size(s[first : first+len(axes)])}, s[first+len(axes):])
		x := in[0]
		if len(axes) > 1 {
			x = e.op("Reshape", nil, x, e.ints(flat...))
		}
		y := e.op(op, with(a, "axis", first), x)
		if back && len(axes) > 1 {
			y = e.op("Reshape", nil, y, e.ints(s...))
		}
		return y
	}
}

func with(a attrs, key string, v any) attrs {
	b := attrs{key: v}
	for k, v := range a {
		b[k] = v
	}
	return b
}

func sortedKeys(a attrs) (keys []string) {
	for k := range a {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func init() {
	table = map[string]writer{
		"abs": as("Abs"), "acos": as("Acos"), "acosh": as("Acosh"), "add": as("Add"), "and": as("And"), "asin": as("Asin"),
		"asinh": as("Asinh"), "atan": as("Atan"), "atanh": as("Atanh"), "ceil": as("Ceil"), "cos": as("Cos"), "cosh": as("Cosh"),
		"det": as("Det"), "div": as("Div"), "eq": as("Equal"), "erf": as("Erf"), "exp": as("Exp"), "floor": as("Floor"),
		"ge": as("GreaterOrEqual"), "gt": as("Greater"), "le": as("LessOrEqual"), "log": as("Log"), "lt": as("Less"),
		"maximum": as("Max"), "minimum": as("Min"), "mul": as("Mul"), "neg": as("Neg"), "not": as("Not"), "or": as("Or"),
		"pow": as("Pow"), "reciprocal": as("Reciprocal"), "relu": as("Relu"), "round": as("Round"), "sigmoid": as("Sigmoid"),
		"sign": as("Sign"), "sin": as("Sin"), "sinh": as("Sinh"), "softplus": as("Softplus"), "sqrt": as("Sqrt"), "sub": as("Sub"),
		"tan": as("Tan"), "tanh": as("Tanh"), "where": writeWhere, "xor": as("Xor"), "alias": as("Identity"),
		"stop_gradient": as("Identity"), "finite": as("Identity"),

		"sum": over("ReduceSum", true), "prod": over("ReduceProd", false), "max": over("ReduceMax", false),
		"min": over("ReduceMin", false), "norm": over("ReduceL2", false), "logsumexp": over("ReduceLogSumExp", false),
		"argmax": rows("ArgMax", attrs{"keepdims": 0}, false), "argmin": rows("ArgMin", attrs{"keepdims": 0}, false),
		"softmax": rows("Softmax", nil, true), "log_softmax": rows("LogSoftmax", nil, true),
		"slope_log_sum_exp": func(e *emitter, n *graph.Node, in []string) string { // 0 where all are −∞
			f, y := formula{e, n.DType()}, rows("Softmax", nil, true)(e, n, in)
			return f.op("Where", f.op("Equal", in[0], f.k(math.Inf(-1))), f.k(0), y)
		},

		"cast": func(e *emitter, n *graph.Node, in []string) string { return e.cast(in[0], n.DType()) },
		"broadcast_to": func(e *emitter, n *graph.Node, in []string) string {
			return e.op("Expand", nil, in[0], e.ints(n.Shape()...))
		},
		"reshape": func(e *emitter, n *graph.Node, in []string) string {
			return e.op("Reshape", attrs{"allowzero": 1}, in[0], e.ints(n.Shape()...))
		},
		"permute": func(e *emitter, n *graph.Node, in []string) string {
			return e.op("Transpose", attrs{"perm": intsOf(n, "Perm")}, in[0])
		},
		"concat": func(e *emitter, n *graph.Node, in []string) string {
			return e.op("Concat", attrs{"axis": intOf(n, "Axis")}, in...)
		},
		"slice": writeSlice, "pad": writePad, "matmul": writeMatMul, "cumsum": writeCumSum,
		"matmul_add": func(e *emitter, n *graph.Node, in []string) string {
			return e.op("Add", nil, in[0], e.product(n, 1, in[1:]))
		},
		"clamp": func(e *emitter, n *graph.Node, in []string) string {
			return e.op("Min", nil, e.op("Max", nil, in[0], in[1]), in[2])
		},
		"leaky_relu": func(e *emitter, n *graph.Node, in []string) string {
			return e.op("LeakyRelu", attrs{"alpha": field(n, "Alpha").Float()}, in[0])
		},
		"take": writeTake, "scatter_add": writeScatterAdd, "argsort": writeArgSort,
		"one_hot": func(e *emitter, n *graph.Node, in []string) string {
			values := e.given(tensorOf(graph.BufferOf([]int64{0, 1}), graph.T(graph.Int64, 2)))
			label := e.op("Reshape", nil, in[0], e.ints(-1)) // ONNX Runtime wants an axis
			y := e.cast(e.op("OneHot", nil, label, e.ints(n.Shape()[n.Rank()-1]), values), n.DType())
			return e.op("Reshape", nil, y, e.ints(n.Shape()...))
		},
	}
	for name, w := range composed {
		table[name] = w
	}
	for name, w := range windows {
		table[name] = w
	}
	for name, w := range controls {
		table[name] = w
	}
}

func (e *emitter) cast(x string, d graph.DType) string {
	return e.op("Cast", attrs{"to": int(ElemOf(d))}, x)
}

// writeWhere chooses truth values by logic: ONNX Runtime has no Where for them.
func writeWhere(e *emitter, n *graph.Node, in []string) string {
	if n.DType() != graph.Bool {
		return e.op("Where", nil, in...)
	}
	return e.op("Or", nil, e.op("And", nil, in[0], in[1]), e.op("And", nil, e.op("Not", nil, in[0]), in[2]))
}

func writeSlice(e *emitter, n *graph.Node, in []string) string {
	start, stop, step := intsOf(n, "Start"), intsOf(n, "Stop"), intsOf(n, "Step")
	axes := make([]int, len(start))
	for i := range axes {
		axes[i] = i
		if step[i] < 0 && stop[i] < 0 { // before the first entry: ONNX counts −1 from the end
			stop[i] = math.MinInt / 2
		}
	}
	return e.op("Slice", nil, in[0], e.ints(start...), e.ints(stop...), e.ints(axes...), e.ints(step...))
}

// writePad puts zeros between elements by a new axis after each, which is padded and then joined.
func writePad(e *emitter, n *graph.Node, in []string) string {
	lo, hi, gap := intsOf(n, "Lo"), intsOf(n, "Hi"), intsOf(n, "Gap")
	x, s := in[0], slices.Clone(n.In()[0].Shape())
	zero := e.number(n.DType(), 0)
	for a, g := range gap {
		if g == 0 || s[a] < 2 {
			continue
		}
		wide := slices.Insert(slices.Clone(s), a+1, 1)
		pads := make([]int, 2*len(wide))
		pads[len(wide)+a+1] = g
		x = e.op("Pad", nil, e.op("Reshape", nil, x, e.ints(wide...)), e.ints(pads...), zero)
		whole := s[a] * (g + 1)
		s[a] = whole - g
		joined := slices.Clone(s)
		joined[a] = whole
		x = e.op("Reshape", nil, x, e.ints(joined...))
		x = e.op("Slice", nil, x, e.ints(0), e.ints(s[a]), e.ints(a))
	}
	return e.op("Pad", nil, x, e.ints(slices.Concat(lo, hi)...), zero)
}

func writeMatMul(e *emitter, n *graph.Node, in []string) string { return e.product(n, 0, in) }

// product multiplies two inputs of n, from the first-th on, transposed as its attributes say.
func (e *emitter) product(n *graph.Node, first int, in []string) string {
	turn := func(i int, name string) string {
		x := n.In()[first+i]
		if !boolOf(n, name) || x.Rank() < 2 {
			return in[i]
		}
		perm := make([]int, x.Rank())
		for k := range perm {
			perm[k] = k
		}
		slices.Reverse(perm[x.Rank()-2:])
		return e.op("Transpose", attrs{"perm": perm}, in[i])
	}
	return e.op("MatMul", nil, turn(0, "TransA"), turn(1, "TransB"))
}

func writeCumSum(e *emitter, n *graph.Node, in []string) string {
	reverse := 0
	if boolOf(n, "Reverse") {
		reverse = 1
	}
	axis := e.given(tensorOf(graph.BufferOf([]int64{int64(intOf(n, "Axis"))}), graph.T(graph.Int64)))
	return e.op("CumSum", attrs{"reverse": reverse}, in[0], axis)
}

// writeTake is Gather, or GatherElements-like over leading axes that index and input share.
func writeTake(e *emitter, n *graph.Node, in []string) string {
	axis, batch := intOf(n, "Axis"), intOf(n, "Batch")
	if batch == 0 {
		return e.op("Gather", attrs{"axis": axis}, in...)
	}
	index := n.In()[1]
	if axis != batch {
		e.refuse(n, "entries along an axis behind others, for each of a batch")
		return ""
	}
	tuples := e.op("Reshape", nil, in[1], e.ints(append(slices.Clone(index.Shape()), 1)...))
	return e.op("GatherND", attrs{"batch_dims": batch}, in[0], tuples)
}

// writeScatterAdd adds into zeros by tuples of indices, with the axis in front.
func writeScatterAdd(e *emitter, n *graph.Node, in []string) string {
	x, index, axis := n.In()[0], n.In()[1], intOf(n, "Axis")
	if intOf(n, "Batch") != 0 {
		e.refuse(n, "a sum by indices for each of a batch")
		return ""
	}
	k := index.Rank()
	perm, back := []int{}, []int{}
	for i := range k {
		perm = append(perm, axis+i)
	}
	for i := range x.Rank() {
		if i < axis || i >= axis+k {
			perm = append(perm, i)
		}
	}
	for i := range n.Rank() { // the axis, which is first, goes back
		switch {
		case i < axis:
			back = append(back, i+1)
		case i == axis:
			back = append(back, 0)
		default:
			back = append(back, i)
		}
	}
	front := []int{n.Shape()[axis]}
	for i, d := range n.Shape() {
		if i != axis {
			front = append(front, d)
		}
	}
	zeros := e.op("Expand", nil, e.number(n.DType(), 0), e.ints(front...))
	tuples := e.op("Reshape", nil, in[1], e.ints(append(slices.Clone(index.Shape()), 1)...))
	y := e.op("ScatterND", attrs{"reduction": "add"}, zeros, tuples, e.op("Transpose", attrs{"perm": perm}, in[0]))
	return e.op("Transpose", attrs{"perm": back}, y)
}

// writeArgSort takes all of the last axis in order.
func writeArgSort(e *emitter, n *graph.Node, in []string) string {
	largest := 0
	if boolOf(n, "Descending") {
		largest = 1
	}
	names := []string{e.fresh("values"), e.fresh("order")}
	e.several(names, "TopK", attrs{"axis": -1, "largest": largest}, in[0], e.ints(n.Shape()[n.Rank()-1]))
	return names[1]
}
