package autodiff

import (
	"context"
	"fmt"
	"slices"
	"unsafe"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/sparsity"
	"chainrule/internal/trace"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// SparseFunction computes a sparse matrix of derivatives. It is made by SparseJacobian or SparseHessian, and safe for
// concurrent use. The pattern is found, the columns are coloured and the program is compiled when it first meets values
// of new types.
type SparseFunction struct {
	fn       *trace.Function
	settings settings
	make     func(t trace.Trace) (sparsity.Matrix, []*graph.Node)

	programs trace.Cache[*sparseProgram]
}

// sparseProgram computes a matrix for one combination of input types.
type sparseProgram struct {
	*trace.Program
	withValues bool
	pattern    *Pattern
	colors     int
}

// SparseJacobian returns the Jacobian of f by its first argument. f is a function as Compile takes it, such as
// func(x, data *graph.Node) *graph.Node; its arguments and results are trees of nodes, and those of its results and of
// the first argument are floats. There is a row for each element of the results' leaves, one leaf after the other,
// and a column for each element of the first argument's.
//
// Indices that f takes elements by should be constants of the graph, graph.Const(x.Graph(), index, n): those that are
// fed are not known when the pattern is found, and a matrix is no sparser than for the worst of them.
//
// ForwardMode and ReverseMode choose columns or rows, AllowUnreachable permits empty columns for a whole leaf. See
// CompressedJacobian for the method.
func SparseJacobian(f any, opts ...MatrixOption) *SparseFunction {
	const op = "sparse jacobian"
	s := newSparse(f, opts)
	s.make = func(t trace.Trace) (sparsity.Matrix, []*graph.Node) {
		e := byFirst(op, t)
		for i, y := range e.outputs {
			if !y.DType().IsFloat() {
				graph.Fail(op, nil, "only f32 and f64 have derivatives, not result %d, %v", i, y)
			}
		}
		c := sparsity.Jacobian(op, e.outputs, e.wrt, s.settings.mode)
		e.needReached(op, s.settings, func(i int) bool { return c.Reaches(e.wrt, i) })
		return c, e.outputs
	}
	return s
}

// SparseHessian returns the Hessian by its first argument of f, a function as Compile takes it with a float scalar as
// its result. There is a row and a column for each element of the first argument's leaves; entries are given on both
// sides of the diagonal. See SparseJacobian for indices and options, and CompressedHessian for the method.
func SparseHessian(f any, opts ...MatrixOption) *SparseFunction {
	const op = "sparse hessian"
	s := newSparse(f, opts)
	s.make = func(t trace.Trace) (sparsity.Matrix, []*graph.Node) {
		e := byFirst(op, t)
		if len(e.outputs) != 1 {
			graph.Fail(op, e.outputs, "the result must be a float scalar")
		}
		scalarOf(op, e.outputs[0])
		grads := e.gradient(op, s.settings)
		return sparsity.Hessian(op, grads, e.wrt, s.settings.mode), append(e.outputs, grads...)
	}
	return s
}

func newSparse(f any, opts []MatrixOption) *SparseFunction {
	o := apply(opts)
	s := &SparseFunction{fn: trace.New(f, o.Options), settings: o}
	s.programs.Most = s.fn.Kept()
	return s
}

// byFirst is what was traced as an expression in the leaves of the first argument.
func byFirst(op string, t trace.Trace) expression[*graph.Node] {
	if len(t.ArgLeaves) == 0 || t.ArgLeaves[0][0] == t.ArgLeaves[0][1] {
		graph.Fail(op, nil, "the first argument has no node to differentiate by")
	}
	e := expression[*graph.Node]{wrt: t.Inputs[t.ArgLeaves[0][0]:t.ArgLeaves[0][1]], outputs: t.Nodes}
	for _, x := range e.wrt {
		if !x.DType().IsFloat() {
			graph.Fail(op, nil, "only f32 and f64 have derivatives, not %v", x)
		}
		e.args = append(e.args, tree.Leaf{Node: x})
	}
	return e
}

// Eval feeds one value or tree of values for each argument, as Function.Run does, and returns the matrix.
func (s *SparseFunction) Eval(ctx context.Context, feeds ...any) (*CSR, error) {
	m, _, err := s.eval(ctx, false, feeds)
	return m, err
}

// EvalWithValues is Eval that returns too what the same program computes on the way: for a Jacobian the leaves of f's
// results, for a Hessian f's value and its gradient, leaf by leaf.
func (s *SparseFunction) EvalWithValues(ctx context.Context, feeds ...any) (*CSR, []*tensor.Dense, error) {
	return s.eval(ctx, true, feeds)
}

// eval runs the program for what is fed, into a new matrix and new tensors.
func (s *SparseFunction) eval(ctx context.Context, withValues bool, feeds []any) (*CSR, []*tensor.Dense, error) {
	p, c, err := s.prepare(withValues, feeds)
	if err != nil {
		return nil, nil, err
	}
	m := p.matrix()
	dst := []exec.Value{p.entries(m)}
	var out []*tensor.Dense
	for _, t := range p.Outputs[1:] {
		v := exec.NewValue(t)
		dst, out = append(dst, v), append(out, v.Dense())
	}
	if err := p.Run(ctx, dst, c.In); err != nil {
		return nil, nil, err
	}
	return m, out, nil
}

// Pattern returns where the entries are for values of the types that are fed, and how many colours it takes to compute
// them.
func (s *SparseFunction) Pattern(feeds ...any) (p *Pattern, colors int, err error) {
	program, _, err := s.prepare(false, feeds)
	if err != nil {
		return nil, 0, err
	}
	return program.pattern, program.colors, nil
}

// EvalInto is Eval into a matrix that Eval has returned for values of the same types, and allocates nothing: in has
// the leaves of the arguments. If values is not empty, it has contiguous tensors for what EvalWithValues returns, which
// must have been called before.
func (s *SparseFunction) EvalInto(ctx context.Context, dst *CSR, values, in []*tensor.Dense) error {
	c := trace.NewCall()
	defer c.Done()
	if err := c.Ingest(in); err != nil {
		return err
	}
	p := s.find(len(values) > 0, c, nil)
	if p == nil {
		return fmt.Errorf("autodiff: no matrix has been made for inputs of these types")
	}
	if !p.fits(dst) {
		return fmt.Errorf("autodiff: the matrix has another pattern than the %d × %d one with %d entries",
			p.pattern.Rows, p.pattern.Cols, p.pattern.NNZ())
	}
	if len(values) > 0 && len(values) != len(p.Outputs)-1 {
		return fmt.Errorf("autodiff: %d tensors for %d values", len(values), len(p.Outputs)-1)
	}
	c.Out = append(c.Out, p.entries(dst))
	for i, d := range values {
		v, err := trace.Destination(d)
		if err != nil {
			return fmt.Errorf("autodiff: tensor %d for values: %w", i, err)
		}
		c.Out = append(c.Out, v)
	}
	for i, v := range c.Out {
		if exec.Overlaps(v, c.In, c.Out[:i]) {
			return fmt.Errorf("autodiff: results share memory with inputs or with each other")
		}
	}
	return p.Run(ctx, c.Out, c.In)
}

// prepare finds or makes the program for what is fed.
func (s *SparseFunction) prepare(withValues bool, feeds []any) (*sparseProgram, *trace.Call, error) {
	c := trace.MakeCall()
	if err := c.Read(s.fn, feeds); err != nil {
		return nil, nil, err
	}
	if p := s.find(withValues, c, c.Reader.Structure); p != nil {
		return p, c, nil
	}
	if err := s.fn.Lock(); err != nil {
		return nil, nil, err
	}
	defer s.fn.Unlock()
	if p := s.find(withValues, c, c.Reader.Structure); p != nil {
		return p, c, nil // built while this goroutine waited
	}
	p, err := s.build(withValues, c)
	if err != nil {
		return nil, nil, err
	}
	s.programs.Add(p)
	return p, c, nil
}

// build traces, finds the pattern and compiles, for values of new types.
func (s *SparseFunction) build(withValues bool, c *trace.Call) (*sparseProgram, error) {
	t, err := s.fn.Trace(c)
	if err != nil {
		return nil, err
	}
	p := &sparseProgram{withValues: withValues}
	err = graph.Try(func() {
		c, more := s.make(t)
		p.pattern, p.colors = c.Pattern, c.Colors
		t.Nodes = []*graph.Node{ops.Cast(c.Values, graph.Float64)}
		if withValues {
			t.Nodes = append(t.Nodes, more...)
		}
	})
	if err != nil {
		return nil, err
	}
	p.Program, err = s.fn.Build(t, nil)
	return p, err
}

// find looks a program up; no structure matches any.
func (s *SparseFunction) find(withValues bool, c *trace.Call, structure tree.Structure) *sparseProgram {
	p, _ := s.programs.Find(func(p *sparseProgram) bool {
		return p.withValues == withValues && p.Accepts(c.In, structure)
	})
	return p
}

// matrix returns a matrix of zeros with the pattern.
func (p *sparseProgram) matrix() *CSR {
	return &CSR{p.pattern.Rows, p.pattern.Cols, p.pattern.RowPtr, p.pattern.ColIdx, make([]float64, p.pattern.NNZ())}
}

// fits reports whether m has the pattern.
func (p *sparseProgram) fits(m *CSR) bool {
	if m == nil || m.Rows != p.pattern.Rows || m.Cols != p.pattern.Cols || len(m.Values) != p.pattern.NNZ() {
		return false
	}
	same := func(a, b []int) bool {
		return len(a) == len(b) && (unsafe.SliceData(a) == unsafe.SliceData(b) || slices.Equal(a, b))
	}
	return same(m.RowPtr, p.pattern.RowPtr) && same(m.ColIdx, p.pattern.ColIdx)
}

// entries are those of m, where the program writes them.
func (p *sparseProgram) entries(m *CSR) exec.Value {
	return exec.Value{Type: p.Outputs[0], Buf: graph.BufferOf(m.Values)}
}
