package exec

import (
	"fmt"
	"math"
	"strings"

	"chainrule/graph"
)

// NaNError says where a value that is not a number, or not finite, was born: the op whose result had it although what
// it was computed from had none.
type NaNError struct {
	// Op is the name of the op, "input" if the value was fed, and "const" if it is a constant.
	Op string
	// Source is the user's line that built it, as in "model.go:41".
	Source string
	// Value is what was found: NaN, +Inf or −Inf.
	Value float64
	// Name is the name of the op's result, if it has one, or says which input it is, and Type its type.
	Name string
	Type graph.Type
	// Index says which element of the result it is.
	Index []int
	// Operands are the op's, with the values that made the element if they are known.
	Operands []NaNOperand
	// Derivative is the name of the op that this one belongs to the derivative of, and "" outside of derivatives.
	Derivative string
	// Backward says that it belongs to a cotangent, on the way back from the result; if it does not, but Derivative is
	// set, it belongs to a tangent.
	Backward bool
	// leaf says that no op made it, and fed that a feed has it.
	leaf, fed bool
	// Result is the number of the result that it has spread to, counted over the leaves of all results.
	Result int
}

// NaNOperand is an operand of the op that made a NaN.
type NaNOperand struct {
	Name string
	Type graph.Type
	// Index and Value are the element that was used and what it was. Known is false for ops that use more than one.
	Index []int
	Value float64
	Known bool
}

// Error is one line such as
//
//	log at model.go:41 gave NaN at element [3,2] from x[3,2] = -0.5 (forward)
func (e *NaNError) Error() string {
	var b strings.Builder
	at := ""
	if len(e.Index) > 0 {
		at = " at element " + graph.FormatShape(e.Index)
	}
	value := format(e.Value)
	switch {
	case e.fed:
		fmt.Fprintf(&b, "the value fed for %s has %s%s", e.Name, value, at)
	case e.leaf:
		fmt.Fprintf(&b, "the constant%s has %s%s", atLine(e.Source), value, at)
	default:
		if e.Derivative != "" {
			kind := "tangent"
			if e.Backward {
				kind = "derivative"
			}
			fmt.Fprintf(&b, "in the %s of %s%s: %s", kind, e.Derivative, atLine(e.Source), e.Op)
		} else {
			fmt.Fprintf(&b, "%s%s", e.Op, atLine(e.Source))
		}
		fmt.Fprintf(&b, " gave %s%s", value, at)
		for i, o := range e.Operands {
			b.WriteString([]string{" from ", ", "}[min(i, 1)] + o.String())
		}
		b.WriteString(" (" + e.phase() + ")")
	}
	fmt.Fprintf(&b, "; it reaches result %d", e.Result)
	return b.String()
}

func (e *NaNError) phase() string {
	switch {
	case e.Backward:
		return "backward"
	case e.Derivative != "":
		return "forward mode"
	}
	return "forward"
}

func (o NaNOperand) String() string {
	switch {
	case !o.Known:
		return strings.TrimSpace(o.Name + " " + o.Type.String())
	case o.Name == "":
		return format(o.Value)
	case len(o.Index) == 0:
		return o.Name + " = " + format(o.Value)
	}
	return o.Name + graph.FormatShape(o.Index) + " = " + format(o.Value)
}

func format(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return fmt.Sprint(v)
}

func atLine(source string) string {
	if source == "" {
		return ""
	}
	return " at " + source
}
