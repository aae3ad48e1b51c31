//go:build !unix

package save

import "os"

// mapFile reads a file where none is mapped.
func mapFile(file *os.File, size int64) ([]byte, error) { return wholeFile(file, size) }

func unmap([]byte) error { return nil }
