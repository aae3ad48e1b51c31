//go:build !amd64 || noasm

package vec

func unaryTwin[T Num](op, []T, []T) bool             { return false }
func binaryTwin[T Num](op, []T, []T, []T) bool       { return false }
func ternaryTwin[T Num](op, []T, []T, []T, []T) bool { return false }
func rowsTwin[T Num](op, []T, []T, int) bool         { return false }
func columnsTwin[T Num]([]T, []T, int, int) bool     { return false }

func guardedTwin[T Float](op, []T, []T, func(float64) float64) bool { return false }

func compareTwin[T Num](op, []bool, []T, []T) bool { return false }
func whereTwin[T any]([]T, []bool, []T, []T) bool  { return false }
func castFloatTwin[D, S Float]([]D, []S) bool      { return false }
func castFromIntTwin[D Float]([]D, []int64) bool   { return false }
func castToIntTwin[S Float]([]int64, []S) bool     { return false }

func transposeTwin[T any]([]T, []T, int, int, int, int) (int, int) { return 0, 0 }

func fillTwin[T any]([]T, *T) bool                   { return false }
func takeTwin[T any]([]T, []T, []int64, int) bool    { return false }
func scatterTwin[T Num]([]T, []T, []int64, int) bool { return false }

func softTwin[T Float](op, []T, []T, int, int) bool { return false }
