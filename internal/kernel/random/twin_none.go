//go:build !amd64 || noasm

package random

func bitsTwin([]int64, Key, uint64) int             { return 0 }
func uniformTwin[T Float]([]T, Key, uint64) int     { return 0 }
func normalTwin[T Float]([]T, Key, uint64) int      { return 0 }
func exponentialTwin[T Float]([]T, Key, uint64) int { return 0 }
func gumbelTwin[T Float]([]T, Key, uint64) int      { return 0 }
func laplaceTwin[T Float]([]T, Key, uint64) int     { return 0 }
