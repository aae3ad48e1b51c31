//go:build race

package autodiff_test

const raceEnabled = true
