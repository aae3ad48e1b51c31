package par

import (
	"sync"
	"sync/atomic"
)

// A Task is work in numbered parts, which may run in any order and at the same time. Tasks are pointers to
// structs that callers keep, so that no call allocates.
type Task interface {
	Part(i int)
}

// Do runs t.Part(0) … t.Part(n-1) on the calling goroutine and at most workers-1 idle helpers, and returns when all
// are done. If a part panics, parts not yet begun are given up and Do panics with the same value, once no part runs.
func Do(n, workers int, t Task) {
	if workers = min(workers, n, maxHelpers+1); workers <= 1 {
		for i := range n {
			t.Part(i)
		}
		return
	}
	j := newJob()
	j.task, j.n = t, int64(n)
	j.next.Store(0)
	j.finished.Store(0)
	j.taken = offer(j, workers-1)
	returned := false
	defer func() { // deferred for the sake of a part that ends the calling goroutine, runtime.Goexit
		if !returned {
			j.next.Store(j.n)
		}
		j.wait()
		failure := j.failure
		j.task, j.failure = nil, nil
		jobs.Put(j)
		if failure != nil && returned {
			panic(failure.value)
		}
	}()
	j.run()
	returned = true
}

// A job is one call of Do while it runs.
type job struct {
	task     Task
	n        int64
	next     atomic.Int64 // the first part not yet claimed
	finished atomic.Int32 // helpers done; wait subtracts those taken, so that the last one brings it to zero
	done     chan struct{}
	taken    []*helper // helpers that were offered the job
	mu       sync.Mutex
	failure  *failure
	_        [64]byte // keeps the counters of two jobs off one cache line
}

// A failure is the value of the first panic among the parts.
type failure struct{ value any }

// run claims and runs parts until none is left, and keeps the first panic.
func (j *job) run() {
	completed := false
	defer func() {
		if completed {
			return
		}
		j.next.Store(j.n)
		if value := recover(); value != nil {
			j.fail(value)
		} else {
			j.fail("par: a part called runtime.Goexit")
		}
	}()
	for i := j.next.Add(1) - 1; i < j.n; i = j.next.Add(1) - 1 {
		j.task.Part(int(i))
	}
	completed = true
}

func (j *job) fail(value any) {
	j.mu.Lock()
	if j.failure == nil {
		j.failure = &failure{value}
	}
	j.mu.Unlock()
}

// wait withdraws the offers that no helper has accepted and waits for the helpers that have.
func (j *job) wait() {
	accepted := int32(0)
	for _, h := range j.taken {
		if !h.mailbox.CompareAndSwap(j, nil) {
			accepted++
		}
	}
	for range waitSpins {
		if j.finished.Load() == accepted {
			return
		}
		pause(pauseCycles)
	}
	if j.finished.Add(-accepted) != 0 {
		<-j.done
	}
}

// jobs holds the jobs not in use.
var jobs Freelist[job]

func newJob() *job {
	j := jobs.Get()
	if j.done == nil {
		j.done = make(chan struct{}, 1)
	}
	return j
}
