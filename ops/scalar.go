package ops

// One element of the commonest Map ops, for graphs of scalars. Functions of one number ignore the second.

type float interface{ float32 | float64 }

func addOne[T float](a, b T) T        { return a + b }
func subOne[T float](a, b T) T        { return a - b }
func mulOne[T float](a, b T) T        { return a * b }
func divOne[T float](a, b T) T        { return a / b }
func negOne[T float](a, _ T) T        { return -a }
func squareOne[T float](a, _ T) T     { return a * a }
func reciprocalOne[T float](a, _ T) T { return 1 / a }
