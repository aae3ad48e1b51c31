package autodiff

import (
	"context"

	"gorgonia.org/tensor"

	"chainrule/internal/exec"
)

// Bind traces and compiles f for the types of the feeds, which are those of Run, without running it, if there is no
// program for them yet. It returns the leaves of the results, in new tensors (a donated argument's own), and a function
// that computes them anew from what the feeds then hold, and allocates nothing. The memory for it is there when Bind returns: the first run takes no longer than later ones.
//
// Feeds of which Run would take a copy, such as views that are not contiguous, keep the values that they have now. The
// run may be called again and again, but by one goroutine at a time, since all calls write the same tensors.
func (fn *Function) Bind(feeds ...any) (run func(context.Context) error, results []*tensor.Dense, err error) {
	c := makeCall()
	if err := c.read(fn, feeds); err != nil {
		return nil, nil, err
	}
	p, err := fn.program(c)
	if err != nil {
		return nil, nil, err
	}
	c.program = p
	dst := make([]exec.Value, len(p.outputs))
	results = make([]*tensor.Dense, len(p.outputs))
	for i, t := range p.outputs {
		if k := p.donated[i]; k >= 0 {
			if results[i], err = c.donor(k); err != nil {
				return nil, nil, err
			}
			dst[i] = c.in[k]
			continue
		}
		dst[i] = exec.NewValue(t)
		results[i] = dst[i].Dense()
	}
	p.code.Warm()
	for i, k := range p.donated {
		if k < 0 {
			exec.Warm(dst[i].Bytes())
		}
	}
	return func(ctx context.Context) error { return p.run(ctx, dst, c.in) }, results, nil
}
