package ops

import (
	"math"

	"chainrule/graph"
)

// Reductions that leave NaNs out, as NumPy's of these names do. No derivative goes to a NaN.

// NaNSum is Sum of what is not NaN.
func NaNSum(x *graph.Node, axes ...int) *graph.Node {
	mustExist("nan_sum", x)
	return Sum(Where(IsNaN(x), 0, x), axes...)
}

// NaNMean is Mean of what is not NaN, and NaN where everything is.
func NaNMean(x *graph.Node, axes ...int) *graph.Node {
	mustExist("nan_mean", x)
	return Div(NaNSum(x, axes...), Sum(Cast(Not(IsNaN(x)), x.DType()), axes...))
}

// NaNMin is Min of what is not NaN, and NaN where everything is.
func NaNMin(x *graph.Node, axes ...int) *graph.Node {
	mustExist("nan_min", x)
	return nanExtreme(Min, x, highest(x), axes)
}

// NaNMax is Max of what is not NaN, and NaN where everything is.
func NaNMax(x *graph.Node, axes ...int) *graph.Node {
	mustExist("nan_max", x)
	return nanExtreme(Max, x, lowest(x), axes)
}

// nanExtreme puts what loses against every number in the place of NaNs.
func nanExtreme(f func(*graph.Node, ...int) *graph.Node, x, loses *graph.Node, axes []int) *graph.Node {
	missing := IsNaN(x)
	return Where(Every(missing, axes...), like(x, math.NaN()), f(Where(missing, loses, x), axes...))
}

// NaNMedian is Median of what is not NaN, and NaN where everything is.
func NaNMedian(x *graph.Node, axis int) *graph.Node {
	a := sortable("nan_median", x, axis)
	sorted := Sort(x, a)
	count := KeepDims(Sum(Cast(Not(IsNaN(x)), graph.Int64), a), x, a)
	at := func(i *graph.Node) *graph.Node { return Squeeze(TakeAlong(sorted, Maximum(i, 0), a), a) }
	return midpoint(at(Div(Sub(count, 1), 2)), at(Div(count, 2)))
}
