package main

import (
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"chainrule/graph"
	"chainrule/nn/data"
)

// config is what the flags say.
type config struct {
	network
	dir, dot string
	dump     string
	batch    int
	rate     float64
	epochs   int
	seed     uint64
	json     bool
}

func parse(args []string, stderr io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("mlp", flag.ContinueOnError)
	flags.SetOutput(stderr)
	layers := flags.String("layers", "64,30,10", "widths of the layers, inputs first, outputs last")
	precision := flags.String("precision", "f64", "f32 or f64")
	flags.StringVar(&c.activation, "activation", "sigmoid", "sigmoid, tanh, relu or leaky_relu")
	flags.StringVar(&c.cost, "cost", "quadratic", "quadratic, or cross-entropy with a softmax output")
	flags.StringVar(&c.init, "init", "auto", "initial weights: normal, N(0, 1); xavier; he; auto is normal for sigmoid with quadratic "+
		"cost on -data, as Nielsen's book has it, and else what suits the activation")
	flags.StringVar(&c.dir, "data", "", "directory of MNIST-format IDX files; without it, the UCI digits")
	flags.StringVar(&c.dot, "dot", "", "write the graph of cost and gradient to this Graphviz file")
	flags.StringVar(&c.dump, "dump", "", "write a page about the compiled training step, with times, to this HTML file")
	flags.IntVar(&c.batch, "batch", 10, "batch size: 1 is stochastic, the number of samples is batch gradient descent")
	flags.Float64Var(&c.rate, "rate", 0, "learning rate; 0 chooses 3 for sigmoid with quadratic cost and 0.1 otherwise")
	flags.IntVar(&c.epochs, "epochs", 30, "passes over the training data")
	flags.Uint64Var(&c.seed, "seed", 1, "seed of the split, the initial weights and the order of the samples")
	flags.BoolVar(&c.json, "json", false, "print the result as one JSON line, everything else on standard error")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for f := range strings.SplitSeq(*layers, ",") {
		width, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil || width < 1 {
			return c, fmt.Errorf("-layers %s: %q is no width", *layers, f)
		}
		c.widths = append(c.widths, width)
	}
	return c, c.check(*layers, *precision)
}

// mostWeights are 2 GB in double precision, and as much again for the gradient.
const mostWeights = 1 << 28

// weights counts those of all layers, as a float64: a product of two widths may be too large for an int.
func (c *config) weights() (n float64) {
	for i, width := range c.widths[1:] {
		n += float64(c.widths[i]) * float64(width)
	}
	return n
}

func (c *config) check(layers, precision string) error {
	switch precision {
	case "f32":
		c.dtype = graph.Float32
	case "f64":
		c.dtype = graph.Float64
	default:
		return fmt.Errorf("-precision %s: want f32 or f64", precision)
	}
	if _, ok := activations[c.activation]; !ok {
		return fmt.Errorf("-activation %s: want sigmoid, tanh, relu or leaky_relu", c.activation)
	}
	if _, ok := initialisers[c.init]; !ok && c.init != "auto" {
		return fmt.Errorf("-init %s: want normal, xavier, he or auto", c.init)
	}
	textbook := c.activation == "sigmoid" && c.cost == "quadratic"
	if c.init == "auto" && textbook && c.dir != "" {
		c.init = "normal"
	}
	if c.rate == 0 {
		c.rate = 0.1
		if textbook {
			c.rate = 3
		}
	}
	switch {
	case len(c.widths) < 2:
		return fmt.Errorf("-layers %s: want at least inputs and outputs", layers)
	case c.weights() > mostWeights:
		return fmt.Errorf("-layers %s: %.3g weights, want up to %d", layers, c.weights(), mostWeights)
	case c.cost != "quadratic" && c.cost != "cross-entropy":
		return fmt.Errorf("-cost %s: want quadratic or cross-entropy", c.cost)
	case c.batch < 1:
		return fmt.Errorf("-batch %d: want 1 or more", c.batch)
	case c.epochs < 0:
		return fmt.Errorf("-epochs %d: want 0 or more", c.epochs)
	case !(c.rate > 0) || c.rate > 1e6:
		return fmt.Errorf("-rate %v: want a positive number up to a million", c.rate)
	}
	return nil
}

// load returns training and test data that fit the layers. A fifth of the digits is held back for the test.
func (c config) load() (train, test *data.Set, err error) {
	if c.dir != "" {
		train, test, err = data.OpenMNIST(c.dir)
	} else {
		digits := data.Digits()
		train, test, err = digits.Split(digits.Len()*4/5, c.seed)
	}
	if err != nil {
		return nil, nil, err
	}
	switch in, out := c.widths[0], c.widths[len(c.widths)-1]; {
	case in != train.Dim:
		err = fmt.Errorf("the first layer is %d wide, but the samples have %d features", in, train.Dim)
	case out != train.Classes:
		err = fmt.Errorf("the last layer is %d wide, but the data has %d classes", out, train.Classes)
	case test.Dim != train.Dim || test.Classes != train.Classes:
		err = fmt.Errorf("test samples have %d features, training samples %d", test.Dim, train.Dim)
	case c.batch > train.Len():
		err = fmt.Errorf("batches of %d from %d training samples: %w", c.batch, train.Len(), data.ErrBatchTooLarge)
	}
	return train, test, err
}
