package autodiff

import (
	"chainrule/internal/exec"
)

// Plan is the plan of the program that ran last.
func (fn *Function) Plan() *exec.Plan { return fn.inner.Last().Code.Plan() }

// Ops lists the ops of the steps of the program that ran last.
func (fn *Function) Ops() []string {
	var list []string
	for _, s := range fn.Plan().Steps {
		if s.Node != nil {
			list = append(list, s.Node.Op().Name)
		}
		for _, m := range s.Members {
			list = append(list, m.Node.Op().Name)
		}
	}
	return list
}
