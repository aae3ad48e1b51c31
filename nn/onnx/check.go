package onnx

import (
	"fmt"
	"slices"

	"chainrule/nn/onnx/internal/pb"
)

// check finds what breaks the rules of the format, and collects what is not supported.
func (f *file) check() error {
	var reasons []string
	if v := f.opset[""]; v > newest {
		reasons = append(reasons, fmt.Sprintf("operator set %d: the newest here is %d", v, newest))
	}
	seen := map[string]bool{}
	f.eachNode(func(n *pb.Node) {
		key := domainOf(n.GetDomain()) + "." + n.GetOpType()
		if _, ok := f.functions[key]; ok {
			return
		}
		why := "no such operator here"
		if op, ok := operators[key]; ok {
			if why = op.refuses; why == "" {
				why = f.old(n)
			}
			if why == "" {
				return
			}
		}
		if line := label(n) + ": " + why; !seen[line] {
			seen[line] = true
			reasons = append(reasons, line)
		}
	})
	for _, v := range slices.Concat(f.graph.Input, f.graph.Output) {
		if t := v.GetType().GetTensorType(); t != nil {
			if _, err := stands(elem(t.GetElemType())); err != nil {
				reasons = append(reasons, fmt.Sprintf("%q: %v", v.GetName(), err))
			}
		}
	}
	_ = f.eachGraph(func(g *pb.Graph) error {
		for _, s := range g.GetSparseInitializer() {
			reasons = append(reasons, fmt.Sprintf("sparse initialiser %q", s.GetValues().GetName()))
		}
		return nil
	})
	if err := f.checkNames(f.graph, nil, 0); err != nil {
		return err
	}
	for _, fn := range f.functions {
		if err := f.checkNodes(fn.GetNode(), slices.Clone(fn.GetInput()), 0); err != nil {
			return err
		}
		if f.callsItself(fn, nil) {
			return malformed("function %q calls itself", fn.GetName())
		}
	}
	if reasons != nil {
		return &UnsupportedError{reasons}
	}
	return nil
}

// newest is the last set of operators whose documents were read.
const newest = 21

// old says why a node of an operator set before 7 cannot be had: shapes were brought together by attributes then.
func (f *file) old(n *pb.Node) string {
	if v, given := f.opset[domainOf(n.GetDomain())]; given && v < 7 && n.GetDomain() == "" {
		for _, a := range n.GetAttribute() {
			if a.GetName() == "broadcast" && a.GetI() != 0 {
				return fmt.Sprintf("broadcasting of operator set %d", v)
			}
		}
	}
	return ""
}

// checkNames checks that values are made once, and before they are used. Nodes in a circle never are.
func (f *file) checkNames(g *pb.Graph, outer []string, depth int) error {
	names := slices.Clone(outer)
	for _, v := range g.GetInput() {
		names = append(names, v.GetName())
	}
	for _, t := range g.GetInitializer() {
		names = append(names, t.GetName())
	}
	if err := f.checkNodes(g.GetNode(), names, depth); err != nil {
		return err
	}
	made := map[string]bool{}
	for _, name := range names {
		made[name] = true
	}
	for _, n := range g.GetNode() {
		for _, name := range n.GetOutput() {
			made[name] = true
		}
	}
	for _, o := range g.GetOutput() {
		if !made[o.GetName()] {
			return malformed("output %q is not made", o.GetName())
		}
	}
	return nil
}

func (f *file) checkNodes(nodes []*pb.Node, names []string, depth int) error {
	known, here := map[string]bool{"": true}, map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	for _, n := range nodes {
		for _, in := range n.GetInput() {
			if !known[in] {
				return malformed("%s: %q is used before it is made", label(n), in)
			}
		}
		for _, a := range n.GetAttribute() {
			for _, body := range append(a.GetGraphs(), a.GetG()) {
				if body == nil {
					continue
				}
				if err := f.checkNames(body, keys(known), depth+1); err != nil {
					return err
				}
			}
		}
		for _, out := range n.GetOutput() {
			if out != "" && here[out] {
				return malformed("%s: %q is made twice", label(n), out)
			}
			known[out], here[out] = true, true
		}
	}
	return nil
}

func keys(m map[string]bool) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

// callsItself says whether a function leads back to itself.
func (f *file) callsItself(fn *pb.Function, above []*pb.Function) bool {
	if slices.Contains(above, fn) {
		return true
	}
	above = append(above, fn)
	calls := func(nodes []*pb.Node) bool {
		return slices.ContainsFunc(nodes, func(n *pb.Node) bool {
			next := f.functions[domainOf(n.GetDomain())+"."+n.GetOpType()]
			return next != nil && f.callsItself(next, above)
		})
	}
	return calls(fn.GetNode())
}
