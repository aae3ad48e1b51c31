package workload

// Float is an element type.
type Float interface{ float32 | float64 }

// The streams of inputs. The weights of layer l are stream WeightStream+l.
const (
	CheckStream  = 0 // the factors of the terms of an answer
	AStream      = 1 // Gemm's left operand, the batch of MLP and Nielsen, Chain's x
	BStream      = 2 // Gemm's right operand, Chain's w
	CStream      = 3 // Chain's b
	WeightStream = 16
)

// The scales of inputs, powers of two: every input is exact in float32.
const (
	WeightScale = 1.0 / 16
	ChainScale  = 2 // of Chain's x
)

// The inputs of Scalar.
const (
	ScalarX = 0.5
	ScalarK = 0.999
)

// At is element i of a stream, in [−1, 1), a multiple of 2⁻²³: SplitMix64 (Steele, Lea, Flood 2014) of
// stream·2³² + i.
func At(stream, i int) float64 {
	z := (uint64(stream)<<32 + uint64(i) + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>40)/(1<<23) - 1
}

// Fill returns n elements of a stream times scale.
func Fill[T Float](stream, n int, scale float64) []T {
	v := make([]T, n)
	for i := range v {
		v[i] = T(scale * At(stream, i))
	}
	return v
}

// Weights returns the first parameters of layer l, of shape [in, out]. Biases begin at 0.
func Weights[T Float](l, in, out int) []T { return Fill[T](WeightStream+l, in*out, WeightScale) }

// Batch returns the inputs of MLP and Nielsen, of shape [batch, 784].
func Batch[T Float](batch int) []T { return Fill[T](AStream, batch*784, 1) }

// Label is the class of a sample.
func Label(sample int) int { return sample % 10 }

// OneHot returns the targets of MLP and Nielsen, of shape [batch, 10].
func OneHot[T Float](batch int) []T {
	v := make([]T, batch*10)
	for i := range batch {
		v[i*10+Label(i)] = 1
	}
	return v
}
