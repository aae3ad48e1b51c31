package compile

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

// bodies is the graph.Compiler of a program: the functions that its nodes hold are compiled as the program is.
type bodies struct {
	opts Options
	memo map[any]any
}

// Compiler is the compiler for functions that nodes of the program hold.
func (o Options) Compiler() graph.Compiler { return o.begun().bodies }

// begun is o with a compiler for the functions that nodes hold.
func (o Options) begun() Options {
	if o.bodies == nil {
		o.bodies = &bodies{opts: o, memo: map[any]any{}}
		o.bodies.opts.bodies, o.bodies.opts.Record = o.bodies, nil
	}
	return o
}

// Memo implements graph.Compiler.
func (b *bodies) Memo(f *graph.Func, key any, compute func() any) any {
	type memoKey struct {
		f   *graph.Func
		key any
	}
	k := memoKey{f, key}
	if v, ok := b.memo[k]; ok {
		return v
	}
	v := compute() // may use the memo itself
	b.memo[k] = v
	return v
}

// Code implements graph.Compiler. Scalars of a body are joined: a step of it consists of little else if what the loop
// carries are numbers.
func (b *bodies) Code(f *graph.Func, overwrites ...int) (graph.Code, error) {
	type codeKey struct{ overwrites string }
	made := b.Memo(f, codeKey{fmt.Sprint(overwrites)}, func() any {
		u := rewrite.Unit{Inputs: f.Inputs(), Outputs: f.Outputs(), Donated: make([]int, len(f.Outputs()))}
		for i := range u.Donated {
			u.Donated[i] = -1
			if i < len(overwrites) {
				u.Donated[i] = overwrites[i]
			}
		}
		if len(u.Outputs) == 0 { // a step that has nothing to record
			return &exec.Plan{Inputs: u.Inputs}
		}
		plan, err := Plan(u, b.opts)
		if err != nil {
			return err
		}
		plan = exec.JoinScalars(plan)
		return &plan
	})
	if err, failed := made.(error); failed {
		return nil, err
	}
	return made.(*exec.Plan), nil
}

// Simplified implements graph.Compiler.
func (b *bodies) Simplified(f *graph.Func) *graph.Func {
	if len(f.Outputs()) == 0 {
		return f
	}
	type simplifiedKey struct{}
	return b.Memo(f, simplifiedKey{}, func() any {
		u := rewrite.Unit{Inputs: f.Inputs(), Outputs: f.Outputs()}
		for _, p := range Pipeline {
			if p.Simplifies && !b.opts.Off[p.Name] {
				u = p.Run(u, b.opts.Passes())
			}
		}
		return u.Graph().Func(u.Inputs, u.Outputs)
	}).(*graph.Func)
}
