package optest

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"chainrule/graph"
	"chainrule/ops"
)

var opName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// lint says what is missing from an op's record or contradicts itself.
func lint(op *graph.Op) []error {
	var faults []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	leaf := op.Class == graph.Leaf
	require(opName.MatchString(op.Name), "the name %q is not in lower case with underscores", op.Name)
	require(op.Doc != "" && !strings.ContainsAny(op.Doc, "\n") && utf8.RuneCountInString(op.Doc) <= 80,
		"Doc is not one line of at most 80 characters")
	require(!strings.HasSuffix(op.Doc, "."), "Doc ends in a full stop")
	require(op.Infer != nil, "no Infer")
	require((op.Kernel != nil || op.Program != nil) == (!leaf && op.Class != graph.View), "a %v op with or without a Kernel", op.Class)
	require(op.Program == nil || op.Kernel == nil && op.Workspace == nil && op.Class == graph.Opaque,
		"Program stands in the place of Kernel and Workspace")
	require((op.Layout != nil) == (op.Class == graph.View), "a %v op with or without a Layout", op.Class)
	require(!op.InPlace || op.Kernel != nil && op.Class != graph.Map, "InPlace says nothing of a %v op", op.Class)
	require(op.Arity == graph.Variadic || (op.Arity > 0) == !leaf, "arity %d", op.Arity)
	require((op.Derivative != nil) == !leaf, "a derivative is wanted from every op but leaves")
	require((op.Batch != nil) == !leaf || isBuilt(op), "a batching rule is wanted from every op but leaves")
	if reason, ok := op.Derivative.(ops.NonDiff); ok {
		require(strings.TrimSpace(string(reason)) != "", "NonDiff without a reason")
	}
	require(leaf || len(op.Cases) > 0, "no case")
	require(leaf || len(op.BadCases) > 0, "no bad case")
	require(lintAttrs(op) == nil, "%v", lintAttrs(op))
	return append(faults, lintCases(op)...)
}

// lintAttrs checks that attributes compare and print.
func lintAttrs(op *graph.Op) error {
	if op.Attrs == nil {
		return nil
	}
	t := reflect.TypeOf(op.Attrs)
	if t.Kind() != reflect.Struct || !reflect.ValueOf(op.Attrs).IsZero() {
		return errors.New("the record's attributes are not the zero value of a struct")
	}
	for i := range t.NumField() {
		switch reflect.Zero(t.Field(i).Type).Interface().(type) {
		case graph.Ints, int, bool, float64, graph.DType, string, *graph.Func:
		case fmt.Stringer: // code: it has a name alone
		default:
			return fmt.Errorf("the attribute %s is a %v, which has no text form", t.Field(i).Name, t.Field(i).Type)
		}
	}
	return nil
}

// isBuilt reports whether the op's cases are built by functions of package autodiff: its attributes hold functions, it
// has several results, or is one of these. Its rules then are autodiff's own.
func isBuilt(op *graph.Op) bool {
	return len(op.Cases) > 0 && !slices.ContainsFunc(op.Cases, func(c graph.Case) bool { return c.Build == nil })
}

// holdsCode reports whether the attributes of a node, or of one that it is computed from, hold code, which has no text
// form.
func holdsCode(n *graph.Node) bool {
	return slices.ContainsFunc(graph.Topo(n), func(n *graph.Node) bool {
		v := reflect.ValueOf(n.Attrs())
		if v.Kind() != reflect.Struct {
			return false
		}
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Pointer && f.Type() != reflect.TypeFor[*graph.Func]() && f.CanInterface() && !f.IsNil() {
				if _, is := f.Interface().(fmt.Stringer); is {
					return true
				}
			}
		}
		return false
	})
}

// lintCases checks that cases can be told apart and have the op's attributes and number of arguments.
func lintCases(op *graph.Op) []error {
	var faults []error
	seen := map[string]bool{}
	attrs := reflect.TypeOf(op.Attrs)
	for _, c := range op.Cases {
		if c.Name == "" || seen[c.Name] {
			faults = append(faults, fmt.Errorf("two cases are called %q", c.Name))
		}
		seen[c.Name] = true
		if c.Build == nil && reflect.TypeOf(c.Attrs) != attrs {
			faults = append(faults, fmt.Errorf("case %s has attributes %T, not %v", c.Name, c.Attrs, attrs))
		}
		if c.Build == nil && op.Arity != graph.Variadic && len(c.In) != op.Arity {
			faults = append(faults, fmt.Errorf("case %s has %d arguments", c.Name, len(c.In)))
		}
		for i, a := range c.In {
			if a.Data != nil && len(a.Data) != graph.Size(a.Shape) {
				faults = append(faults, fmt.Errorf("case %s, argument %d: %d elements for %v", c.Name, i, len(a.Data), a.Shape))
			}
		}
	}
	for i, c := range op.BadCases {
		if c.Want == "" {
			faults = append(faults, fmt.Errorf("bad case %d does not say what is wanted", i))
		}
		if c.Attrs != nil && reflect.TypeOf(c.Attrs) != attrs {
			faults = append(faults, fmt.Errorf("bad case %d has attributes %T, not %v", i, c.Attrs, attrs))
		}
	}
	return faults
}

// checkBadCase expects an op to refuse the types, with the message that is wanted.
func checkBadCase(op *graph.Op, c graph.BadCase) error {
	g := graph.New()
	in := make([]*graph.Node, len(c.In))
	for i, t := range c.In {
		in[i] = g.Input("", t.DType, t.Shape...)
	}
	err := graph.Try(func() { g.Apply(op, c.Attrs, in...) })
	var refused *graph.Error
	if !errors.As(err, &refused) {
		return fmt.Errorf("%v are not refused, want %q", c.In, c.Want)
	}
	if !strings.Contains(refused.Reason, c.Want) || refused.Op != op.Name {
		return fmt.Errorf("%v are refused with %q, want %q", c.In, refused, op.Name+": … "+c.Want)
	}
	return nil
}

// checkText prints the op's node and parses it back.
func checkText(in Instance) error {
	n := in.node()
	text := graph.Text(n)
	_, outputs, err := graph.Parse(text)
	if holdsCode(n) {
		if err == nil {
			return fmt.Errorf("code has a text form\n%s", text)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	again := outputs[0]
	if isBuilt(in.Op) {
		if back := graph.Text(again); back != text {
			return fmt.Errorf("\n%s\ncame back as\n%s", text, back)
		}
		return nil
	}
	if again.Op() != n.Op() || again.Attrs() != n.Attrs() || !again.Type().Equal(n.Type()) {
		return fmt.Errorf("%v with %+v came back as %v with %+v", n, n.Attrs(), again, again.Attrs())
	}
	return nil
}
