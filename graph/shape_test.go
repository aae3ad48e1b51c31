package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chainrule/graph"
)

func TestBroadcastShapes(t *testing.T) {
	for _, c := range []struct {
		a, b, want []int // a nil want: they do not broadcast
	}{
		{[]int{}, []int{}, []int{}},
		{[]int{}, []int{2, 3}, []int{2, 3}},
		{[]int{3}, []int{3}, []int{3}},
		{[]int{1}, []int{3}, []int{3}},
		{[]int{3}, []int{2, 3}, []int{2, 3}},
		{[]int{2, 1}, []int{3}, []int{2, 3}},
		{[]int{4, 1, 3}, []int{2, 1}, []int{4, 2, 3}},
		{[]int{1, 1, 1}, []int{2}, []int{1, 1, 2}},
		{[]int{0}, []int{1}, []int{0}},
		{[]int{0, 3}, []int{3}, []int{0, 3}},
		{[]int{0, 1}, []int{1, 5}, []int{0, 5}},
		{[]int{2}, []int{3}, nil},
		{[]int{0}, []int{2}, nil},
		{[]int{2, 3}, []int{2}, nil},
		{[]int{2, 3}, []int{3, 3}, nil},
		{[]int{5, 2, 3}, []int{4, 1, 3}, nil},
	} {
		for _, swap := range []bool{false, true} {
			a, b := slices.Clone(c.a), slices.Clone(c.b)
			if swap {
				a, b = b, a
			}
			got, err := graph.BroadcastShapes(a, b)
			if (err != nil) != (c.want == nil) || err == nil && !slices.Equal(got, c.want) {
				t.Errorf("%v with %v is %v, %v, want %v", a, b, got, err, c.want)
			}
			want := fmt.Sprintf("shapes %s and %s", graph.FormatShape(c.a), graph.FormatShape(c.b))
			if err != nil && !swap && len(c.a) >= len(c.b) && !strings.Contains(err.Error(), want) {
				t.Errorf("%q, want … %s", err, want)
			}
			if swap && (!slices.Equal(a, c.b) || !slices.Equal(b, c.a)) {
				t.Errorf("%v and %v were changed to %v and %v", c.b, c.a, a, b)
			}
		}
	}
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		shape   []int
		size    int
		strides []int
		text    string
	}{
		{nil, 1, []int{}, "f32"},
		{[]int{7}, 7, []int{1}, "f32[7]"},
		{[]int{2, 3, 4}, 24, []int{12, 4, 1}, "f32[2,3,4]"},
		{[]int{2, 0, 4}, 0, []int{0, 4, 1}, "f32[2,0,4]"},
		{[]int{1, 1}, 1, []int{1, 1}, "f32[1,1]"},
	} {
		typ := graph.T(graph.Float32, c.shape...)
		if graph.Size(c.shape) != c.size || typ.Size() != c.size || typ.Bytes() != 4*c.size || typ.Rank() != len(c.shape) {
			t.Errorf("%v has size %d, %d bytes and rank %d", typ, typ.Size(), typ.Bytes(), typ.Rank())
		}
		if got := graph.Strides(c.shape); !slices.Equal(got, c.strides) {
			t.Errorf("%v has strides %v, want %v", typ, got, c.strides)
		}
		back, err := graph.ParseType(c.text)
		if typ.String() != c.text || err != nil || !back.Equal(typ) {
			t.Errorf("%v prints as %s, want %s, which parses as %v, %v", c.shape, typ, c.text, back, err)
		}
	}
	for _, c := range []struct {
		a, b graph.Type
		want bool
	}{
		{graph.T(graph.Float32), graph.Type{DType: graph.Float32, Shape: []int{}}, true},
		{graph.T(graph.Float32, 2), graph.T(graph.Float32, 2), true},
		{graph.T(graph.Float32, 2), graph.T(graph.Float64, 2), false},
		{graph.T(graph.Float32, 2), graph.T(graph.Float32, 2, 1), false},
		{graph.T(graph.Float32, 2), graph.T(graph.Float32, 3), false},
	} {
		if c.a.Equal(c.b) != c.want {
			t.Errorf("%v equals %v: %v", c.a, c.b, !c.want)
		}
	}
	for _, text := range []string{"", "f", "f32[", "f32]", "f32[]", "f32[1,]", "f32[-1]", "f32[a]", "f32 [2]", "F32",
		"f32[2][3]", "f64[9223372036854775807]", "bool[9223372036854775808]"} {
		if typ, err := graph.ParseType(text); err == nil {
			t.Errorf("ParseType(%q) is %v", text, typ)
		}
	}
}

func TestDTypes(t *testing.T) {
	for _, c := range []struct {
		d            graph.DType
		of           graph.DType
		text         string
		size         int
		float, valid bool
	}{
		{graph.Float32, graph.DTypeOf[float32](), "f32", 4, true, true},
		{graph.Float64, graph.DTypeOf[float64](), "f64", 8, true, true},
		{graph.Int64, graph.DTypeOf[int64](), "i64", 8, false, true},
		{graph.Bool, graph.DTypeOf[bool](), "bool", 1, false, true},
	} {
		back, err := graph.ParseDType(c.text)
		if c.of != c.d || c.d.String() != c.text || back != c.d || err != nil {
			t.Errorf("%v: of its Go type %v, parsed from %s %v, %v", c.d, c.of, c.text, back, err)
		}
		if c.d.Size() != c.size || c.d.IsFloat() != c.float || c.d.Valid() != c.valid {
			t.Errorf("%v: size %d, float %v, valid %v", c.d, c.d.Size(), c.d.IsFloat(), c.d.Valid())
		}
	}
	if d := (graph.DType{}); d.Valid() || d.IsFloat() || d.String() != "dtype(0)" {
		t.Errorf("%v is taken for an element type", d)
	}
	if back, err := graph.ParseDType("packed"); back != graph.Packed || err != nil || graph.Packed.Valid() {
		t.Errorf("packed is parsed as %v, %v, and may be fed: %v", back, err, graph.Packed.Valid())
	}
	for _, text := range []string{"", "F32", "f16", "float32", "f32 ", "dtype(1)"} {
		if d, err := graph.ParseDType(text); err == nil || !strings.Contains(err.Error(), "unknown element type") {
			t.Errorf("ParseDType(%q) is %v, %v", text, d, err)
		}
	}
}

func TestContiguous(t *testing.T) {
	for _, c := range []struct {
		name    string
		shape   []int
		strides []int
		want    bool
	}{
		{"row-major", []int{2, 3}, []int{3, 1}, true},
		{"scalar", nil, nil, true},
		{"transposed", []int{3, 2}, []int{1, 3}, false},
		{"stretched", []int{2, 3}, []int{0, 1}, false},
		{"every other", []int{3}, []int{2}, false},
		{"axes of length 1 lie anywhere", []int{1, 3, 1}, []int{99, 1, 7}, true},
		{"rows of a wider matrix", []int{2, 3}, []int{5, 1}, false},
		{"nothing", []int{0, 3}, []int{7, 2}, true},
		{"nothing, transposed", []int{3, 0}, []int{1, 3}, true},
	} {
		if got := (graph.Layout{Strides: c.strides}).Contiguous(c.shape); got != c.want {
			t.Errorf("%s: %v with strides %v is contiguous: %v", c.name, c.shape, c.strides, got)
		}
	}
}
