package trace

import (
	"context"

	"gorgonia.org/tensor"

	"chainrule/internal/exec"
)

// Bind is autodiff.Function.Bind.
func (fn *Function) Bind(feeds ...any) (run func(context.Context) error, results []*tensor.Dense, err error) {
	c := MakeCall()
	if err := c.Read(fn, feeds); err != nil {
		return nil, nil, err
	}
	p, err := fn.program(c)
	if err != nil {
		return nil, nil, err
	}
	c.program = p
	dst := make([]exec.Value, len(p.Outputs))
	results = make([]*tensor.Dense, len(p.Outputs))
	for i, t := range p.Outputs {
		if k := p.donated[i]; k >= 0 {
			if results[i], err = c.donor(k); err != nil {
				return nil, nil, err
			}
			dst[i] = c.In[k]
			continue
		}
		dst[i] = exec.NewValue(t)
		results[i] = dst[i].Dense()
	}
	p.Code.Warm()
	for i, k := range p.donated {
		if k < 0 {
			exec.Warm(dst[i].Bytes())
		}
	}
	return func(ctx context.Context) error { return p.Run(ctx, dst, c.In) }, results, nil
}
