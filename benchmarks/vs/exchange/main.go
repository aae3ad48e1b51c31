// Command exchange shows that files of weights mean the same to this library and to others.
//
//	go run -C benchmarks/vs ./exchange [-python /usr/bin/python3] [-node node -package dir]
//
// It saves a small network, has PyTorch load it and compute with it, and compares the outputs; then it loads what PyTorch's side
// wrote, in float16 and bfloat16, in two shards and as npz, and compares the elements. With -package, the folder of the npm package
// safetensors, the reader there is held to the same elements. Python reads through the package safetensors where it is
// installed, and by the words of the format where it is not; it says which.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/save"
)

//go:embed exchange.py
var pythonSide string

//go:embed exchange.mjs
var nodeSide string

func main() {
	python := flag.String("python", "/usr/bin/python3", "interpreter with PyTorch and NumPy")
	node := flag.String("node", "node", "interpreter of JavaScript")
	pack := flag.String("package", "", "folder of the npm package safetensors")
	flag.Parse()
	dir, err := os.MkdirTemp("", "exchange")
	if err == nil {
		defer os.RemoveAll(dir)
		err = run(dir, *python, *node, *pack)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "exchange:", err)
		os.Exit(1)
	}
}

// names are what PyTorch calls the parameters of its Sequential of two layers; its weights are [out, in].
var names = []save.Option{save.Rename(`^(\d+)\.(weight|bias)$`, "net.$1.$2"), save.Transpose(`weight$`)}

func run(dir, python, node, pack string) error {
	rng := rand.New(rand.NewPCG(1, 2))
	model := nn.NewMLP(graph.Float32, []int{5, 7, 3}, nn.Tanh, nn.Xavier, rng)
	x := nn.NewParam(graph.Float32, 4, 5).Fill(rng.NormFloat64).Value
	want, err := autodiff.Compile(func(m nn.Sequential, x *graph.Node) *graph.Node { return m.Apply(x) }).
		Run(context.Background(), model, x)
	if err != nil {
		return err
	}
	ours := filepath.Join(dir, "ours.safetensors")
	if err := save.Save(ours, model, map[string]string{"format": "pt"}, names...); err != nil {
		return err
	}
	plain := filepath.Join(dir, "plain.safetensors") // the npm package does not expect metadata
	if err := save.Save(plain, model, nil, names...); err != nil {
		return err
	}
	if err := save.WriteFile(filepath.Join(dir, "x.npz"), map[string]*tensor.Dense{"x": x}, nil); err != nil {
		return err
	}
	if err := call(python, "-c", pythonSide, dir); err != nil {
		return err
	}
	theirs, _, err := save.ReadFile(filepath.Join(dir, "output.npz"))
	if err != nil {
		return err
	}
	if err := compare("PyTorch's output", theirs["y"], want[0], 1e-6); err != nil {
		return err
	}
	return back(dir, node, pack, model)
}

// back compares what Python wrote, of the same network, with what it was given.
func back(dir, node, pack string, model nn.Sequential) error {
	given, err := save.Tensors(model)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		file string
		tol  float64
	}{
		{"theirs.safetensors", 0}, {"theirs.npz", 0}, {"model.safetensors.index.json", 0},
		{"half.safetensors", 0x1p-11}, {"brain.safetensors", 0x1p-8},
	} {
		other := nn.NewMLP(graph.Float32, []int{5, 7, 3}, nn.Tanh, nn.Zeros, nil)
		err := save.Load(filepath.Join(dir, c.file), other, save.Rename(`^net\.`, ""), save.Transpose(`weight$`))
		if err != nil {
			return err
		}
		got, err := save.Tensors(other)
		if err != nil {
			return err
		}
		for name, d := range given {
			if err := compare(c.file+": "+name, got[name], d, c.tol); err != nil {
				return err
			}
		}
		fmt.Println("ok:", c.file)
	}
	if pack == "" {
		fmt.Println("not run: the reader in JavaScript needs -package")
		return nil
	}
	script := filepath.Join(dir, "exchange.mjs")
	if err := os.WriteFile(script, []byte(nodeSide), 0o600); err != nil {
		return err
	}
	return javascript(dir, node, script, pack, given)
}

// javascript holds what the npm package reads from our file to what was saved.
func javascript(dir, node, script, pack string, given map[string]*tensor.Dense) error {
	if err := call(node, script, pack, dir); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "read.json"))
	if err != nil {
		return err
	}
	var read map[string][]float64
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	for name, d := range given {
		values, transposed := read["net."+name], d.Clone().(*tensor.Dense)
		if d.Dims() == 2 {
			if err := transposed.T(); err != nil {
				return err
			}
			if err := transposed.Transpose(); err != nil {
				return err
			}
		}
		for i, v := range transposed.Float32s() {
			if len(values) != d.Shape().TotalSize() || values[i] != float64(v) {
				return fmt.Errorf("JavaScript reads %s as %v", name, values)
			}
		}
	}
	fmt.Println("ok: the npm package safetensors reads plain.safetensors")
	return nil
}

func call(name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c.Run()
}

// compare compares elements of about 1 and less.
func compare(what string, got, want *tensor.Dense, tol float64) error {
	if got == nil || !got.Shape().Eq(want.Shape()) {
		return fmt.Errorf("%s: have %v, want the shape %v", what, got, want.Shape())
	}
	for i, v := range want.Float32s() {
		if d := math.Abs(float64(got.Float32s()[i]) - float64(v)); !(d <= tol*max(1, math.Abs(float64(v)))) {
			return fmt.Errorf("%s: element %d is %v, want %v", what, i, got.Float32s()[i], v)
		}
	}
	return nil
}
