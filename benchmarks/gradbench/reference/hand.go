package reference

import "math/cmplx"

// Hand is what the errors of hand tracking depend on beside their parameters, as the eval describes it. Of a hand
// without Triangles the correspondences are vertices.
type Hand struct {
	Parents             []int
	Relatives, Inverses [][][]float64
	Base, Weights       [][]float64
	Triangles           [][]int64
	Mirrored            bool
	Correspondences     []int64
	Points              [][]float64
}

type matrix [4][4]complex128

func (a matrix) times(b matrix) (c matrix) {
	for i := range 4 {
		for j := range 4 {
			for k := range 4 {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return c
}

func constant(rows [][]float64) (m matrix) {
	for i, row := range rows {
		for j, v := range row {
			m[i][j] = complex(v, 0)
		}
	}
	return m
}

// around is the rotation by an angle that leaves an axis as it is: 0, 1 or 2.
func around(axis int, angle complex128) (m matrix) {
	i, j := (axis+1)%3, (axis+2)%3
	m[axis][axis], m[3][3] = 1, 1
	m[i][i], m[j][j] = cmplx.Cos(angle), cmplx.Cos(angle)
	m[j][i], m[i][j] = cmplx.Sin(angle), -cmplx.Sin(angle)
	return m
}

// Errors are three for each point, one after the other. Us, two for each point, are not looked at without triangles.
func (h Hand) Errors(theta, us []complex128) []complex128 {
	transforms := h.transforms(theta)
	known := map[int64][3]complex128{}
	vertex := func(v int64) [3]complex128 {
		p, ok := known[v]
		if !ok {
			p = h.vertex(v, theta, transforms)
			known[v] = p
		}
		return p
	}
	var errors []complex128
	for i, at := range h.Correspondences {
		var place [3]complex128
		if len(h.Triangles) == 0 {
			place = vertex(at)
		} else {
			share := [3]complex128{us[2*i], us[2*i+1], 1 - us[2*i] - us[2*i+1]}
			for corner, v := range h.Triangles[at] {
				for k, x := range vertex(v) {
					place[k] += share[corner] * x
				}
			}
		}
		for k, x := range place {
			errors = append(errors, complex(h.Points[i][k], 0)-x)
		}
	}
	return errors
}

// transforms take a vertex from where it was when the model was made to where each bone moves it.
func (h Hand) transforms(theta []complex128) []matrix {
	bend := make([][2]complex128, len(h.Parents)) // around x and z
	next := 6
	for finger := range 5 {
		for joint := 2; joint <= 4; joint++ {
			bone := 4*finger + joint
			bend[bone][0] = theta[next]
			next++
			if joint == 2 {
				bend[bone][1] = theta[next]
				next++
			}
		}
	}
	places, moves := make([]matrix, len(h.Parents)), make([]matrix, len(h.Parents))
	for b, parent := range h.Parents {
		places[b] = constant(h.Relatives[b]).times(around(2, bend[b][1])).times(around(0, bend[b][0]))
		if parent >= 0 {
			places[b] = places[parent].times(places[b])
		}
		moves[b] = places[b].times(constant(h.Inverses[b]))
	}
	return moves
}

// vertex is where a vertex is: moved by the bones, mirrored, turned and shifted.
func (h Hand) vertex(v int64, theta []complex128, transforms []matrix) (p [3]complex128) {
	for b, t := range transforms {
		for i := range p {
			for k, x := range h.Base[v] {
				p[i] += complex(h.Weights[v][b]*x, 0) * t[i][k]
			}
		}
	}
	if h.Mirrored {
		p[0] = -p[0]
	}
	angle := cmplx.Sqrt(theta[0]*theta[0] + theta[1]*theta[1] + theta[2]*theta[2])
	if real(angle) >= 1e-4 {
		p = rotated(theta[:3], p)
	}
	for i := range p {
		p[i] += theta[3+i]
	}
	return p
}
