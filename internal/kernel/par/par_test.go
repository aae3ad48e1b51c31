package par

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// counts is a task whose parts count how often each was run.
type counts struct {
	seen  []atomic.Int32
	inner func(i int)
}

func (c *counts) Part(i int) {
	c.seen[i].Add(1)
	if c.inner != nil {
		c.inner(i)
	}
}

func newCounts(n int) *counts { return &counts{seen: make([]atomic.Int32, n)} }

func (c *counts) check(t *testing.T, what string) {
	t.Helper()
	for i := range c.seen {
		if got := c.seen[i].Load(); got != 1 {
			t.Fatalf("%s: part %d ran %d times", what, i, got)
		}
	}
}

func TestEveryPartOnce(t *testing.T) {
	for _, workers := range []int{-1, 0, 1, 2, 3, 8, 1000} {
		for _, n := range []int{0, 1, 2, 3, 7, 64, 1000} {
			for range 20 {
				c := newCounts(n)
				Do(n, workers, c)
				c.check(t, fmt.Sprintf("n=%d workers=%d", n, workers))
			}
		}
	}
}

func TestConcurrentCallers(t *testing.T) {
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for range 200 {
				c := newCounts(9)
				Do(9, 4, c)
				for i := range c.seen {
					if c.seen[i].Load() != 1 {
						t.Errorf("part %d ran %d times", i, c.seen[i].Load())
					}
				}
			}
		})
	}
	all.Wait()
}

func TestNested(t *testing.T) {
	var total atomic.Int32
	outer := newCounts(16)
	outer.inner = func(int) {
		middle := newCounts(8)
		middle.inner = func(int) {
			leaf := newCounts(4)
			leaf.inner = func(int) { total.Add(1) }
			Do(4, 4, leaf)
		}
		Do(8, 4, middle)
	}
	Do(16, 4, outer)
	if total.Load() != 16*8*4 {
		t.Errorf("%d leaves ran, want %d", total.Load(), 16*8*4)
	}
}

func TestHelpersJoin(t *testing.T) {
	// Each of three parts waits until all three have begun, so the call returns only if two helpers join.
	var begun sync.WaitGroup
	begun.Add(3)
	c := newCounts(3)
	c.inner = func(int) { begun.Done(); begun.Wait() }
	Do(3, 3, c)
}

func TestPanicReachesCaller(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		for _, guilty := range []int{0, 5, 31} {
			c := newCounts(32)
			c.inner = func(i int) {
				if i == guilty {
					panic(fmt.Errorf("part %d", i))
				}
			}
			func() {
				defer func() {
					err, _ := recover().(error)
					if want := fmt.Sprintf("part %d", guilty); err == nil || err.Error() != want {
						t.Errorf("workers=%d: recovered %v, want %s", workers, err, want)
					}
				}()
				Do(32, workers, c)
			}()
			after := newCounts(32)
			Do(32, workers, after)
			after.check(t, "after a panic")
		}
	}
}

func TestGoexitInPart(t *testing.T) {
	for range 20 {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer func() { recover() }() // a helper's Goexit reaches the caller as a panic
			c := newCounts(8)
			c.inner = func(int) { runtime.Goexit() }
			Do(8, 4, c)
		}()
		<-ended
		after := newCounts(8)
		Do(8, 4, after)
		after.check(t, "after Goexit")
	}
}

func TestNoAllocations(t *testing.T) {
	c := newCounts(16)
	Do(16, 4, c)
	if got := testing.AllocsPerRun(1000, func() { Do(16, 4, c) }); got != 0 {
		t.Errorf("%v allocations a call", got)
	}
}

func TestIdleHelpersPark(t *testing.T) {
	Do(8, 4, newCounts(8))
	deadline := time.Now().Add(10 * time.Second)
	for _, h := range *pool.helpers.Load() {
		for !h.parked.Load() {
			if time.Now().After(deadline) {
				t.Fatal("a helper still spins ten seconds after the last job")
			}
			time.Sleep(time.Millisecond)
		}
	}
}

func BenchmarkDo(b *testing.B) {
	for _, workers := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("parts=8/workers=%d", workers), func(b *testing.B) {
			c := newCounts(8)
			b.ReportAllocs()
			for b.Loop() {
				Do(8, workers, c)
			}
		})
	}
}
