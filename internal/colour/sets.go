package colour

import "slices"

// Sets are sets of the numbers 0 … n−1, each kept once and called by a number of its own: equal sets have equal
// numbers, so that a million elements that depend on the same columns cost one set. Number 0 is the empty set, and
// number 1+i the set {i}.
type Sets struct {
	n        int
	start    []int // set s is elements[start[s]:start[s+1]], in order
	elements []int32
	table    []known // sets by hash
	recent   []union // unions made lately, by hash
	marks    []uint32
	mark     uint32
	ids      []int32 // scratch
}

type union struct{ a, b, of int32 }

// known is a set with its hash; no set is number 0.
type known struct {
	hash uint32
	set  int32
}

const recentUnions = 1 << 14

// NewSets returns the empty set and those of one number below n.
func NewSets(n int) *Sets {
	s := &Sets{n: n, start: make([]int, n+2), elements: make([]int32, n),
		table: make([]known, tableSize(n)), recent: make([]union, recentUnions), marks: make([]uint32, n)}
	for i := range n {
		s.start[i+2] = i + 1
		s.elements[i] = int32(i)
	}
	return s
}

// Single is the number of the set {i}.
func Single(i int) int32 { return int32(i) + 1 }

// IsSingle reports whether a set has one element at most.
func (s *Sets) IsSingle(set int32) bool { return int(set) <= s.n }

// Len returns the number of elements of all sets together.
func (s *Sets) Len() int { return len(s.elements) }

// Of returns the elements of a set, in order. They must not be modified, and are valid until the next union.
func (s *Sets) Of(set int32) []int32 { return s.elements[s.start[set]:s.start[set+1]] }

// Union returns a ∪ b.
func (s *Sets) Union(a, b int32) int32 {
	switch {
	case a == b || b == 0:
		return a
	case a == 0:
		return b
	case a > b:
		a, b = b, a
	}
	made := &s.recent[hashPair(a, b)%recentUnions]
	if made.a != a || made.b != b {
		*made = union{a, b, s.merge(a, b)}
	}
	return made.of
}

// merge is Union for two sets that are not empty and differ.
func (s *Sets) merge(a, b int32) int32 {
	x, y := s.Of(a), s.Of(b)
	if len(x) > len(y) {
		a, b, x, y = b, a, y, x
	}
	if len(x)*16 < len(y) && !slices.ContainsFunc(x, func(v int32) bool {
		_, in := slices.BinarySearch(y, v)
		return !in
	}) {
		return b
	}
	end := len(s.elements)
	for len(x) > 0 && len(y) > 0 {
		v := min(x[0], y[0])
		if x[0] == v {
			x = x[1:]
		}
		if y[0] == v {
			y = y[1:]
		}
		s.elements = append(s.elements, v)
	}
	s.elements = append(append(s.elements, x...), y...)
	if len(s.elements)-end == len(s.Of(b)) {
		s.elements = s.elements[:end]
		return b
	}
	return s.keep(end)
}

// UnionAll returns the union of all the sets.
func (s *Sets) UnionAll(sets []int32) int32 {
	if len(sets) <= 2 {
		switch len(sets) {
		case 0:
			return 0
		case 1:
			return sets[0]
		}
		return s.Union(sets[0], sets[1])
	}
	s.ids = append(s.ids[:0], sets...)
	slices.Sort(s.ids)
	s.ids = slices.Compact(s.ids)
	if s.ids[0] == 0 {
		s.ids = s.ids[1:]
	}
	if len(s.ids) <= 2 {
		return s.UnionAll(slices.Clone(s.ids))
	}
	s.mark++
	end := len(s.elements)
	for _, set := range s.ids {
		for k := s.start[set]; k < s.start[set+1]; k++ {
			if v := s.elements[k]; s.marks[v] != s.mark {
				s.marks[v] = s.mark
				s.elements = append(s.elements, v)
			}
		}
	}
	slices.Sort(s.elements[end:])
	return s.keep(end)
}

// keep returns the set whose elements have been appended from end on, which are dropped if it is known.
func (s *Sets) keep(end int) int32 {
	fresh := s.elements[end:]
	switch len(fresh) {
	case 0:
		return 0
	case 1:
		v := fresh[0]
		s.elements = s.elements[:end]
		return Single(int(v))
	}
	if 2*(len(s.start)-s.n) > len(s.table) {
		s.grow()
	}
	h := hash(fresh)
	at := int(h) & (len(s.table) - 1)
	for s.table[at].set != 0 {
		if s.table[at].hash == h && slices.Equal(s.Of(s.table[at].set), fresh) {
			s.elements = s.elements[:end]
			return s.table[at].set
		}
		at = (at + 1) & (len(s.table) - 1)
	}
	id := int32(len(s.start) - 1)
	s.start = append(s.start, len(s.elements))
	s.table[at] = known{h, id}
	return id
}

// tableSize is a power of two, for a few sets for each element.
func tableSize(n int) int {
	size := 1024
	for size < 4*n {
		size *= 2
	}
	return size
}

// grow doubles the table.
func (s *Sets) grow() {
	old := s.table
	s.table = make([]known, 2*len(old))
	for _, k := range old {
		if k.set == 0 {
			continue
		}
		at := int(k.hash) & (len(s.table) - 1)
		for s.table[at].set != 0 {
			at = (at + 1) & (len(s.table) - 1)
		}
		s.table[at] = k
	}
}

func hash(set []int32) uint32 {
	h := uint64(len(set))
	for _, v := range set {
		h = (h ^ uint64(uint32(v))) * 0x9e3779b97f4a7c15
		h ^= h >> 32
	}
	return uint32(h * 0x9e3779b97f4a7c15 >> 32)
}

func hashPair(a, b int32) uint64 {
	h := (uint64(uint32(a))<<32 | uint64(uint32(b))) * 0x9e3779b97f4a7c15
	return h >> 32
}
