// Command machine writes the assembly of package benchmarks/machine: loops that do nothing but reach a limit.
//
// Vocabulary. A level is the instruction set of a function, by the letter of its registers: Y for AVX2 with FMA, Z for
// AVX-512. A chain is a register that accumulates; enough of them in flight hide the latency of an instruction.
//
//	go run -C internal/kernel/gen ./machine          # write the files
//	go run -C internal/kernel/gen ./machine -check   # exit with status 1 if a file differs
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	flags := flag.NewFlagSet("machine", flag.ExitOnError) // avo has put flags of its own into the common set
	out := flags.String("out", filepath.Join("..", "..", "..", "benchmarks", "machine"), "directory of package machine")
	check := flags.Bool("check", false, "compare with the files in place instead of writing them")
	flags.Parse(os.Args[1:])
	drift := false
	for name, content := range files() {
		path := filepath.Join(*out, name)
		if !*check {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				fatal(err)
			}
			continue
		}
		committed, err := os.ReadFile(path)
		if err != nil {
			fatal(err)
		}
		if !bytes.Equal(committed, content) {
			drift = true
			fmt.Fprintf(os.Stderr, "%s differs from what the generator writes\n", path)
		}
	}
	if drift {
		os.Exit(1)
	}
}

// files returns the content of each generated file by its name.
func files() map[string][]byte {
	ctx := build.NewContext()
	ctx.Constraint(buildtags.Not("noasm"))
	for _, l := range []*level{avx2, avx512} {
		l.peak(ctx, "F32", ctx.VFMADD231PS)
		l.peak(ctx, "F64", ctx.VFMADD231PD)
		l.triad(ctx, "triad", func(from, to operand.Op) { ctx.VMOVUPS(from, to) })
		l.triad(ctx, "stream", ctx.VMOVNTPS)
	}
	file, err := ctx.Result()
	if err != nil {
		fatal(err)
	}
	if err := pass.Compile.Execute(file); err != nil {
		fatal(err)
	}
	config := printer.Config{Name: "internal/kernel/gen/machine", Pkg: "machine"}
	asm, err := printer.NewGoAsm(config).Print(file)
	if err != nil {
		fatal(err)
	}
	stubs, err := printer.NewStubs(config).Print(file)
	if err != nil {
		fatal(err)
	}
	return map[string][]byte{"limit_amd64.s": asm, "limit_amd64.go": stubs}
}

// A level is an instruction set.
type level struct {
	letter string
	bytes  int // of a vector
	regs   []reg.VecPhysical
}

var (
	avx2 = &level{"Y", 32, []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13}}
	avx512 = &level{"Z", 64, []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13}}
)

// chains hide four cycles of latency on two pipes, with half as many again to spare.
const chains = 12

// peak issues chains multiply-adds an iteration, on zeros: the rate does not depend on finite values.
func (l *level) peak(ctx *build.Context, elem string, fma func(ops ...operand.Op)) {
	ctx.Function("peak" + elem + l.letter)
	ctx.Attributes(build.NOSPLIT)
	ctx.SignatureExpr("func(n int)")
	ctx.Doc(fmt.Sprintf("peak%s%s does %d·n independent vector multiply-adds on registers.", elem, l.letter, chains))
	n := ctx.Load(ctx.Param("n"), ctx.GP64())
	for _, r := range l.regs {
		low := reg.Register(r.(reg.Vec).AsX())
		ctx.VXORPS(low, low, low) // clears the whole register
	}
	ctx.Label("loop")
	for _, r := range l.regs[:chains] {
		fma(l.regs[chains], l.regs[chains+1], r)
	}
	ctx.DECQ(n)
	ctx.JNZ(operand.LabelRef("loop"))
	ctx.VZEROUPPER()
	ctx.RET()
}

// triad computes a = b + s·c, four vectors an iteration, storing with the instruction given.
func (l *level) triad(ctx *build.Context, name string, store func(from, to operand.Op)) {
	const unroll = 4
	ctx.Function(name + l.letter)
	ctx.Attributes(build.NOSPLIT)
	ctx.Pragma("noescape")
	ctx.SignatureExpr("func(a, b, c *float32, n int)")
	how := "ordinary stores"
	if name == "stream" {
		how = "stores past the caches"
	}
	ctx.Doc(fmt.Sprintf("%s%s is a = b + 3·c with %s; n is a multiple of %d, a aligned to %d bytes.",
		name, l.letter, how, unroll*l.bytes/4, l.bytes))
	load := func(name string) reg.Register { return ctx.Load(ctx.Param(name), ctx.GP64()) }
	a, b, c, n := load("a"), load("b"), load("c"), load("n")
	s := l.regs[unroll]
	bits := ctx.GP32()
	low := s.(reg.Vec).AsX()
	ctx.MOVL(operand.U32(0x40400000), bits) // 3
	ctx.VMOVD(bits, low)
	ctx.VBROADCASTSS(low, s)
	ctx.Label("loop")
	for i, r := range l.regs[:unroll] {
		ctx.VMOVUPS(operand.Mem{Base: c, Disp: i * l.bytes}, r)
		ctx.VFMADD213PS(operand.Mem{Base: b, Disp: i * l.bytes}, s, r)
		store(r, operand.Mem{Base: a, Disp: i * l.bytes})
	}
	for _, p := range []reg.Register{a, b, c} {
		ctx.ADDQ(operand.I32(unroll*l.bytes), p)
	}
	ctx.SUBQ(operand.I32(unroll*l.bytes/4), n)
	ctx.JNZ(operand.LabelRef("loop"))
	if name == "stream" {
		ctx.SFENCE()
	}
	ctx.VZEROUPPER()
	ctx.RET()
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "machine:", err)
	os.Exit(1)
}
