package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	table := flag.Bool("table", false, "measure the evals and print a table, instead of speaking the protocol")
	memory := flag.Bool("memory", false, "print a table of first evaluations and memory, of a process for each case")
	only := flag.String("only", "", "with -table or -memory: a regular expression of the cases to measure")
	seconds := flag.Float64("seconds", 1, "with -table: the least time to spend on each function")
	flag.Parse()
	if err := run(*table, *memory, *only, *seconds); err != nil {
		fmt.Fprintln(os.Stderr, "gradbench:", err)
		os.Exit(1)
	}
}

func run(table, memory bool, only string, seconds float64) error {
	if memory {
		return footprints(os.Stdout, only)
	}
	if table {
		return tabulate(os.Stdout, only, seconds)
	}
	return serve(os.Stdin, os.Stdout)
}
