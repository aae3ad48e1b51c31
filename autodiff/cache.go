package autodiff

import (
	"slices"
	"sync"
)

// cache keeps programs, those used most recently first.
type cache[P any] struct {
	most int
	mu   sync.Mutex
	list []P
}

// find returns the first program that fits, and puts it first.
func (c *cache[P]) find(fits func(p P) bool) (found P, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.list, fits)
	if i < 0 {
		return found, false
	}
	found = c.list[i]
	copy(c.list[1:i+1], c.list[:i])
	c.list[0] = found
	return found, true
}

// add puts a program first. The one that was not used for longest goes if there are too many.
func (c *cache[P]) add(p P) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = slices.Insert(c.list, 0, p)
	if c.most > 0 && len(c.list) > c.most {
		c.list = slices.Delete(c.list, c.most, len(c.list))
	}
}
