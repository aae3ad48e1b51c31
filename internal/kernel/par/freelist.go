package par

import (
	"sync"
	"sync/atomic"
)

// A Freelist keeps what calls leave behind for the next, so that they do not allocate: as many elements as were ever in use at
// once, one where a single exchange fetches it, and the rest under a lock.
type Freelist[E any] struct {
	first atomic.Pointer[E]
	mu    sync.Mutex
	rest  []*E
}

// Get returns an element that was put back, or a new one.
func (f *Freelist[E]) Get() *E {
	if e := f.first.Swap(nil); e != nil {
		return e
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if last := len(f.rest) - 1; last >= 0 {
		e := f.rest[last]
		f.rest = f.rest[:last]
		return e
	}
	return new(E)
}

// Put takes an element back.
func (f *Freelist[E]) Put(e *E) {
	if f.first.CompareAndSwap(nil, e) {
		return
	}
	f.mu.Lock()
	f.rest = append(f.rest, e)
	f.mu.Unlock()
}
