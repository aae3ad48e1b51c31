package vec

// ScatterAdd is the transpose of Take: with src [outer, len(idx), inner] and dst [outer, axisLen, inner], it does
// dst[o, idx[k], :] += src[o, k, :] for k = 0, 1, … in order, so an index that repeats adds up in a fixed order. It
// reports false, and writes nothing, if an index is negative or not below axisLen.
func ScatterAdd[T Num](dst, src []T, idx []int64, outer, axisLen, inner int) (ok bool) {
	k := len(idx)
	checkTake(len(src), len(dst), k, outer, axisLen, inner)
	if !inRange(idx, axisLen) {
		return false
	}
	for o := range outer {
		d, s := dst[o*axisLen*inner:(o+1)*axisLen*inner], src[o*k*inner:(o+1)*k*inner]
		if scatterTwin(d, s, idx, inner) {
			continue
		}
		if inner == 1 {
			for i, at := range idx {
				d[at] += s[i]
			}
			continue
		}
		for i, at := range idx {
			row, from := d[int(at)*inner:][:inner], s[i*inner:(i+1)*inner]
			if inner > shortRow {
				Add(row, row, from)
				continue
			}
			for j, v := range from {
				row[j] += v
			}
		}
	}
	return true
}

// ScatterRun is how many entries may be added to one place one after another: their sum is as good as a short one.
const ScatterRun = 32

// ScatterMany is a plan for adding very many entries of src [len(idx), inner] to dst [axisLen, inner]. Sums of many numbers
// that are added up one by one lose digits. So after each ScatterRun entries, what places with more entries than that have
// got moves to sums of pairs, see addPair.
type ScatterMany[T Num] struct {
	Slot        []int32 // for each place how many entries it gets, then −1 less its number among those with many
	Moved       []int32 // for each place with many, at which run its sum was moved last
	High, Low   []T     // their sums, inner elements each
	Axis, Inner int
}

// Heavy is how many places can get more than ScatterRun of the given number of entries.
func Heavy(entries int) int { return entries / (ScatterRun + 1) }

// Prepare counts the entries for each place, all of them in range, and reports whether any gets many.
func (m *ScatterMany[T]) Prepare(idx []int64) bool {
	clear(m.Slot)
	for _, at := range idx {
		m.Slot[at]++
	}
	heavy := int32(0)
	for at, n := range m.Slot {
		if m.Slot[at] = 0; n > ScatterRun {
			heavy++
			m.Slot[at] = -heavy
		}
	}
	return heavy > 0
}

// Add adds the entries to zeros, unless stop is closed before it has.
func (m *ScatterMany[T]) Add(stop <-chan struct{}, dst, src []T, idx []int64) {
	clear(m.Moved)
	clear(m.High)
	clear(m.Low)
	for run := int32(1); len(idx) > 0; run++ {
		if run%1024 == 0 && closed(stop) {
			return
		}
		n := min(ScatterRun, len(idx))
		ScatterAdd(dst, src[:n*m.Inner], idx[:n], 1, m.Axis, m.Inner)
		for _, at := range idx[:n] {
			if slot := ^m.Slot[at]; slot >= 0 && m.Moved[slot] != run {
				m.Moved[slot] = run
				m.move(dst, int(at), int(slot))
			}
		}
		src, idx = src[n*m.Inner:], idx[n:]
	}
	for at, slot := range m.Slot {
		if slot >= 0 {
			continue
		}
		k := int(^slot) * m.Inner
		Add(dst[at*m.Inner:][:m.Inner], m.High[k:][:m.Inner], m.Low[k:][:m.Inner])
	}
}

// move adds what a place has got to its sum.
func (m *ScatterMany[T]) move(dst []T, at, slot int) {
	row, high, low := dst[at*m.Inner:][:m.Inner], m.High[slot*m.Inner:][:m.Inner], m.Low[slot*m.Inner:][:m.Inner]
	for i, b := range row {
		sum, lost := addPair(high[i], b)
		high[i], row[i] = sum, 0
		low[i] += lost
	}
}

// InRange reports whether all indices are in 0 … axisLen−1.
func InRange(idx []int64, axisLen int) bool { return inRange(idx, axisLen) }

// Wrap counts indices in −axisLen … −1 from the end. It reports false if one is neither in that range nor in 0 … axisLen−1.
func Wrap(dst, idx []int64, axisLen int) bool {
	for i, at := range idx {
		if at < 0 {
			at += int64(axisLen)
		}
		if at < 0 || at >= int64(axisLen) {
			return false
		}
		dst[i] = at
	}
	return true
}
