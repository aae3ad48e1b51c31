//go:build !race

package gonum_test

const raceEnabled = false
