package random

func bitsTwin([]int64, Key, uint64) bool        { return false }
func uniform32Twin([]float32, Key, uint64) bool { return false }
func uniform64Twin([]float64, Key, uint64) bool { return false }
func normalTwin[T Float]([]T, Key, uint64) bool { return false }
