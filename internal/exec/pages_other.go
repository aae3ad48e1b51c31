//go:build !linux

package exec

func advise([]byte) {}
