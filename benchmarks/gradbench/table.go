package main

import "io"

func tabulate(w io.Writer, only string, seconds float64) error { return nil }
