package reference

import (
	"math"
	"math/cmplx"
)

// Mixture is what the log posterior of a Gaussian mixture depends on beside its parameters: the points, of D
// dimensions, the number of components, and the prior.
type Mixture struct {
	D, K   int
	Points [][]float64
	M      int
	Gamma  float64
}

// Parameters is how many parameters there are.
func (m Mixture) Parameters() int { return m.K * (1 + 2*m.D + m.D*(m.D-1)/2) }

// LogPosterior takes the parameters as they stand in the eval's output: all alpha, then all mu, q and l.
func (m Mixture) LogPosterior(x []complex128) complex128 {
	alpha, x := x[:m.K], x[m.K:]
	mu, x := x[:m.K*m.D], x[m.K*m.D:]
	q, l := x[:m.K*m.D], x[m.K*m.D:]

	var likelihood complex128
	beta, centred := make([]complex128, m.K), make([]complex128, m.D)
	for _, point := range m.Points {
		for k := range m.K {
			for i, v := range point {
				centred[i] = complex(v, 0) - mu[k*m.D+i]
			}
			beta[k] = alpha[k] - m.distance(q[k*m.D:], l[k*m.below():], centred)/2
			for _, v := range q[k*m.D : (k+1)*m.D] {
				beta[k] += v
			}
		}
		likelihood += LogSumExp(beta) - LogSumExp(alpha) - complex(float64(m.D)/2*math.Log(2*math.Pi), 0)
	}
	var prior complex128
	for k := range m.K {
		prior += m.logWishart(q[k*m.D:(k+1)*m.D], l[k*m.below():(k+1)*m.below()])
	}
	return likelihood + prior
}

// below is the number of elements below the diagonal.
func (m Mixture) below() int { return m.D * (m.D - 1) / 2 }

// distance is ‖Qx‖², where Q has exp q on the diagonal and l below it, column by column.
func (m Mixture) distance(q, l, x []complex128) complex128 {
	var sum complex128
	for i := range m.D {
		y := cmplx.Exp(q[i]) * x[i]
		for j := range i {
			y += l[j*m.D-j*(j+1)/2+i-j-1] * x[j]
		}
		sum += y * y
	}
	return sum
}

// logWishart is the log of the Wishart density of QᵀQ with n = D + M + 1 degrees of freedom and the scale matrix γ⁻²·I,
// from its definition, with log det QᵀQ = 2 Σ q and tr QᵀQ = ‖Q‖².
func (m Mixture) logWishart(q, l []complex128) complex128 {
	d, n := float64(m.D), float64(m.D+m.M+1)
	logGamma := d * (d - 1) / 4 * math.Log(math.Pi)
	for j := range m.D {
		term, _ := math.Lgamma((n - float64(j)) / 2)
		logGamma += term
	}
	var logDet, trace complex128
	for _, v := range q {
		logDet += 2 * v
		trace += cmplx.Exp(2 * v)
	}
	for _, v := range l {
		trace += v * v
	}
	normal := n*d/2*math.Log(2) - n*d*math.Log(m.Gamma) + logGamma
	return complex((n-d-1)/2, 0)*logDet - complex(m.Gamma*m.Gamma/2, 0)*trace - complex(normal, 0)
}
