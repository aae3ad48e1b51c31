package main

import "fmt"

// The size of theta, and how many bones a hand must have for it: the wrist, five fingers of four, of which the last
// three bend.
const (
	fingers   = 5
	thetaSize = 6 + 4*fingers
	fewest    = 1 + 4*fingers
)

// htInput is hand tracking's input.
type htInput struct {
	runs
	Theta []float64   `json:"theta"`
	Us    [][]float64 `json:"us,omitempty"`
	Data  struct {
		Model           htModel     `json:"model"`
		Correspondences []int64     `json:"correspondences"`
		Points          [][]float64 `json:"points"`
	} `json:"data"`
}

type htModel struct {
	Parents              []int         `json:"parents"`
	BaseRelatives        [][][]float64 `json:"base_relatives"`
	InverseBaseAbsolutes [][][]float64 `json:"inverse_base_absolutes"`
	BasePositions        [][]float64   `json:"base_positions"`
	Weights              [][]float64   `json:"weights"`
	Triangles            [][]int64     `json:"triangles,omitempty"`
	IsMirrored           bool          `json:"is_mirrored"`
}

func (in htInput) plan(f any, output func([]result) any) (plan, error) {
	if err := in.check(); err != nil {
		return plan{}, err
	}
	m := in.Data.Model
	var t tensors
	fed := track[any]{
		Hand: hand[any]{
			Relatives: t.transforms("base_relatives", m.BaseRelatives),
			Inverses:  t.transforms("inverse_base_absolutes", m.InverseBaseAbsolutes),
			Base:      t.columns("base_positions", m.BasePositions, 4),
			Weights:   t.columns("weights", m.Weights, len(m.Parents)),
		},
		Points:          t.matrix("points", in.Data.Points, 3),
		Correspondences: in.Data.Correspondences,
	}
	if len(in.Us) > 0 {
		fed.Surface = []surface[any]{{Us: t.matrix("us", in.Us, 2), Triangles: t.indices("triangles", m.Triangles, 3)}}
	}
	return plan{f, []any{in.Theta, fed}, output}, t.err
}

// check looks at what tensors cannot: sizes that belong together, and the tree of bones.
func (in htInput) check() error {
	m, bones, v := in.Data.Model, len(in.Data.Model.Parents), len(in.Data.Model.BasePositions)
	switch {
	case len(in.Theta) != thetaSize:
		return fmt.Errorf("theta has %d elements, not %d", len(in.Theta), thetaSize)
	case bones < fewest:
		return fmt.Errorf("a hand with %d bones: it has %d or more", bones, fewest)
	case len(m.BaseRelatives) != bones || len(m.InverseBaseAbsolutes) != bones:
		return fmt.Errorf("%d and %d transforms for %d bones", len(m.BaseRelatives), len(m.InverseBaseAbsolutes), bones)
	case v == 0 || len(m.Weights) != v:
		return fmt.Errorf("%d vertices, %d of them with weights", v, len(m.Weights))
	case len(in.Data.Points) == 0 || len(in.Data.Correspondences) != len(in.Data.Points):
		return fmt.Errorf("%d points, %d correspondences", len(in.Data.Points), len(in.Data.Correspondences))
	case len(in.Us) > 0 && (len(in.Us) != len(in.Data.Points) || len(m.Triangles) == 0):
		return fmt.Errorf("%d us for %d points and %d triangles", len(in.Us), len(in.Data.Points), len(m.Triangles))
	}
	for i, parent := range m.Parents {
		if parent < -1 || parent >= i {
			return fmt.Errorf("bone %d has the parent %d, which does not come before it", i, parent)
		}
	}
	return fits(max(v, len(in.Data.Points)), max(3*(thetaSize+2), 4*bones))
}
