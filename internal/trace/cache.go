package trace

import (
	"slices"
	"sync"
)

// Cache keeps programs, those used most recently first.
type Cache[P any] struct {
	Most int
	mu   sync.Mutex
	list []P
}

// Find returns the first program that fits, and puts it first.
func (c *Cache[P]) Find(fits func(p P) bool) (found P, ok bool) {
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

// Add puts a program first. The one that was not used for longest goes if there are too many.
func (c *Cache[P]) Add(p P) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = slices.Insert(c.list, 0, p)
	if c.Most > 0 && len(c.list) > c.Most {
		c.list = slices.Delete(c.list, c.Most, len(c.list))
	}
}

// Len counts the programs.
func (c *Cache[P]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.list)
}
