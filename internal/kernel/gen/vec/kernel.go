package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// kernel is one assembly function to generate.
type kernel struct {
	name      string // of the function
	doc       string
	signature string
	level     level
	elem      dtype // of the inputs in memory
	out       dtype // of dst in memory
	wide      bool  // float32 in memory, float64 in registers
	unroll    int
	emit      func(l *loop)
}

// label is a name for a jump, unique in the function.
func (l *loop) label(name string) string {
	l.labels++
	return fmt.Sprintf("%s%d", name, l.labels)
}

// assemble runs the kernel's body into the context, dry first.
func (k *kernel) assemble(c *build.Context, data *dataSection, budget int) {
	arithmetic := k.elem
	if k.wide || k.out == f64 {
		arithmetic = f64
	}
	dry := &machine{
		Context: build.NewContext(), level: k.level, dtype: arithmetic, dry: true, single: k.wide, wanted: map[uint64]int{},
		data: &dataSection{mem: map[string]operand.Mem{}},
	}
	k.function(dry)
	k.function(&machine{
		Context: c, level: k.level, dtype: arithmetic, single: k.wide, uses: dry.uses, wanted: dry.wanted, budget: budget,
		pinned: map[uint64]value{}, data: data,
	})
}

func (k *kernel) function(m *machine) {
	m.Function(k.name)
	m.Attributes(attr.NOSPLIT)
	m.Pragma("noescape")
	m.Doc(k.doc)
	m.SignatureExpr("func" + k.signature)
	k.emit(&loop{machine: m, elem: k.elem, out: k.out, unroll: max(1, k.unroll)})
}

// reachable refuses an allocation that takes registers of AVX-512 for AVX2: avo knows only one file of registers.
func (k *kernel) reachable(f *ir.File) error {
	if k.level == avx512 {
		return nil
	}
	for _, function := range f.Functions() {
		for _, i := range function.Instructions() {
			for _, r := range i.Registers() {
				if v, ok := r.(reg.Physical); ok && v.Kind() == reg.KindVector && v.PhysicalIndex() > 15 {
					return fmt.Errorf("register %s is beyond AVX2", v.Asm())
				}
			}
		}
	}
	return nil
}

// compile generates one assembly file. It finds, for each kernel, the number of constants that fit into registers.
func compile(kernels []*kernel) (asm []byte, err error) {
	c := build.NewContext()
	c.ConstraintExpr("amd64,!noasm")
	data := &dataSection{mem: map[string]operand.Mem{}}
	for _, k := range kernels {
		budget := [...]int{avx2: 9, avx512: 24}[k.level]
		for ; ; budget-- {
			if budget < 0 {
				return nil, fmt.Errorf("%s: no register allocation: %w", k.name, err)
			}
			trial := build.NewContext()
			k.assemble(trial, &dataSection{mem: map[string]operand.Mem{}}, budget)
			f, e := trial.Result()
			if e != nil {
				return nil, fmt.Errorf("%s: %w", k.name, e)
			}
			if err = pass.Compile.Execute(f); err == nil {
				err = k.reachable(f)
			}
			if err == nil {
				break
			}
			if !strings.Contains(err.Error(), "register") {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
		}
		k.assemble(c, data, budget)
	}
	f, err := c.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(f); err != nil {
		return nil, err
	}
	return printer.NewGoAsm(printer.Config{Name: "gen/vec", Pkg: "vec"}).Print(f)
}
