package reference

import (
	"math"
	"math/cmplx"
)

// LeastSquares is ½ Σᵢ (sign tᵢ − Σⱼ xⱼtᵢʲ)² over n points t from −1 to 1.
func LeastSquares(x []complex128, n int) complex128 {
	var sum complex128
	for i := range n {
		t := -1 + float64(i)*2/float64(n-1)
		residual := complex(0, 0)
		switch {
		case t > 0:
			residual = 1
		case t < 0:
			residual = -1
		}
		power := 1.0
		for _, c := range x {
			residual -= c * complex(power, 0)
			power *= t
		}
		sum += residual * residual
	}
	return sum / 2
}

// LogSumExp is log Σ exp xᵢ.
func LogSumExp(x []complex128) complex128 {
	most := math.Inf(-1)
	for _, v := range x {
		most = max(most, real(v))
	}
	var sum complex128
	for _, v := range x {
		sum += cmplx.Exp(v - complex(most, 0))
	}
	return complex(most, 0) + cmplx.Log(sum)
}

// Determinant is that of the n×n matrix a, in row-major order, by expansion along first rows.
func Determinant(a []complex128, n int) complex128 {
	columns := make([]int, n)
	for j := range columns {
		columns[j] = j
	}
	return minor(a, n, 0, columns)
}

// minor is the determinant of the rows from the given one on and of the given columns.
func minor(a []complex128, n, row int, columns []int) complex128 {
	if len(columns) == 0 {
		return 1
	}
	var sum complex128
	rest := make([]int, len(columns)-1)
	for j, c := range columns {
		copy(rest, columns[:j])
		copy(rest[j:], columns[j+1:])
		term := a[row*n+c] * minor(a, n, row+1, rest)
		if j%2 == 1 {
			term = -term
		}
		sum += term
	}
	return sum
}

// ClusterCost is the sum over the points of the least squared distance to one of the centroids, whose coordinates stand
// one after the other.
func ClusterCost(points [][]float64, centroids []complex128) complex128 {
	var sum complex128
	for _, p := range points {
		d := len(p)
		best := complex(math.Inf(1), 0)
		for j := 0; j < len(centroids); j += d {
			var distance complex128
			for i, v := range p {
				delta := complex(v, 0) - centroids[j+i]
				distance += delta * delta
			}
			if real(distance) < real(best) {
				best = distance
			}
		}
		sum += best
	}
	return sum
}
