package par

import (
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// maxHelpers bounds the pool, whatever callers ask for.
	maxHelpers = 255
	// pauseCycles is the argument of pause between two looks at a counter: a fraction of a microsecond.
	pauseCycles = 8
	// helperSpins is how often an idle helper looks before it parks; it yields its thread between looks, so that
	// spinning never keeps another goroutine waiting. Some tens of microseconds in all.
	helperSpins = 200
	// waitSpins is how often a caller looks for its helpers' last parts before it parks.
	waitSpins = 200
)

// A helper is a goroutine of the pool.
type helper struct {
	mailbox atomic.Pointer[job] // nil: idle; busy: running; else the job on offer
	parked  atomic.Bool         // it sleeps, or is about to, until a token arrives at wake
	wake    chan struct{}
	_       [64]byte
}

// busy marks the mailbox of a helper that has accepted a job.
var busy = new(job)

// pool lists the helpers ever started; it only grows, as callers ask for more.
var pool struct {
	mu      sync.Mutex
	helpers atomic.Pointer[[]*helper]
}

// crew returns at least n helpers.
func crew(n int) []*helper {
	if have := pool.helpers.Load(); have != nil && len(*have) >= n {
		return *have
	}
	pool.mu.Lock()
	defer pool.mu.Unlock()
	var helpers []*helper
	if have := pool.helpers.Load(); have != nil {
		helpers = append(helpers, *have...)
	}
	for len(helpers) < n {
		h := &helper{wake: make(chan struct{}, 1)}
		helpers = append(helpers, h)
		go h.loop()
	}
	pool.helpers.Store(&helpers)
	return helpers
}

// offer puts j into the mailboxes of at most n idle helpers and returns those.
func offer(j *job, n int) []*helper {
	taken := j.taken[:0]
	for _, h := range crew(n) {
		if len(taken) == n {
			break
		}
		if h.mailbox.Load() == nil && h.mailbox.CompareAndSwap(nil, j) {
			taken = append(taken, h)
			if h.parked.CompareAndSwap(true, false) {
				h.wake <- struct{}{}
			}
		}
	}
	return taken
}

// loop accepts one job after another. If a part ends the goroutine, another takes its place.
func (h *helper) loop() {
	defer func() { go h.loop() }()
	for {
		j := h.next()
		if h.mailbox.CompareAndSwap(j, busy) {
			h.serve(j)
		}
	}
}

func (h *helper) serve(j *job) {
	defer func() {
		h.mailbox.Store(nil)
		if j.finished.Add(1) == 0 { // the caller has parked, and this was the last helper
			j.done <- struct{}{}
		}
	}()
	j.run()
}

// next waits for a job on offer.
func (h *helper) next() *job {
	for {
		for range helperSpins {
			if j := h.mailbox.Load(); j != nil {
				return j
			}
			pause(pauseCycles)
			runtime.Gosched()
		}
		h.parked.Store(true)
		if j := h.mailbox.Load(); j != nil && h.parked.CompareAndSwap(true, false) {
			return j
		}
		<-h.wake
	}
}
