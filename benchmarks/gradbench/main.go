package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	table := flag.Bool("table", false, "measure the evals and print a table, instead of speaking the protocol")
	only := flag.String("only", "", "with -table: a regular expression of the cases to measure")
	seconds := flag.Float64("seconds", 1, "with -table: the least time to spend on each function")
	flag.Parse()
	if err := run(*table, *only, *seconds); err != nil {
		fmt.Fprintln(os.Stderr, "gradbench:", err)
		os.Exit(1)
	}
}

func run(table bool, only string, seconds float64) error {
	if table {
		return tabulate(os.Stdout, only, seconds)
	}
	return serve(os.Stdin, os.Stdout)
}
