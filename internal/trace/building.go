package trace

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"chainrule/graph"
)

// building lets one goroutine at a time call a Function's f and compile. A function that runs itself while it is called
// so would wait for itself: that is an error where it can be seen, from the goroutine that calls it, directly or by other
// functions that it runs, and from goroutines that f has started and waits for.
type building struct {
	free   chan struct{} // has an element while nobody builds
	holder atomic.Int64  // the number of the goroutine that builds, 0 for none
}

func newBuilding() *building {
	b := &building{free: make(chan struct{}, 1)}
	b.free <- struct{}{}
	return b
}

// lock waits for its turn.
func (b *building) lock() error {
	self := goroutine(stackOf(false))
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		select {
		case <-b.free:
			b.holder.Store(self)
			return nil
		default:
		}
		if b.holder.Load() == self {
			return runsItself()
		}
		select {
		case <-b.free:
			b.holder.Store(self)
			return nil
		case <-time.After(wait):
		}
		if holder := b.holder.Load(); holder != 0 && isAwaited(holder) {
			return runsItself()
		}
	}
}

func (b *building) unlock() {
	b.holder.Store(0)
	b.free <- struct{}{}
}

// runsItself is the error, at the line of the call.
func runsItself() error {
	return graph.Try(func() {
		graph.Fail("run", nil, "a function that is traced runs itself, and would wait for its own end")
	})
}

// isAwaited reports whether the calling goroutine was started, directly or by others, by what the holder runs within a
// trace: by a function that is at work there, or by another method of something whose method is, such as Wait of a
// sync.WaitGroup.
func isAwaited(holder int64) bool {
	stacks := map[int64]string{}
	for _, s := range strings.Split(string(stackOf(true)), "\n\n") {
		stacks[goroutine([]byte(s))] = s
	}
	own := string(stackOf(false))
	for range len(stacks) {
		_, by, found := strings.Cut(own, "\ncreated by ")
		if !found {
			return false
		}
		by, _, _ = strings.Cut(by, "\n")
		name, number, _ := strings.Cut(by, " in goroutine ")
		parent, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return false
		}
		if parent == holder {
			at, _, traced := strings.Cut(stacks[holder], "trace.(*Function).Trace(")
			receiver := name[:strings.LastIndex(name, ".")+1]
			return traced && (strings.Contains(at, name+"(") ||
				strings.HasSuffix(receiver, ").") && strings.Contains(at, receiver))
		}
		own = stacks[parent]
	}
	return false
}

// goroutine is the number in the first line of a stack, as in "goroutine 7 [running]:".
func goroutine(stack []byte) int64 {
	rest, _ := bytes.CutPrefix(stack, []byte("goroutine "))
	number, _, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// stackOf is the stack of the calling goroutine, or those of all.
func stackOf(all bool) []byte {
	for size := 1 << 12; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, all); n < size || size > 1<<26 {
			return buf[:n]
		}
	}
}

// needLeaves refuses a result with a leaf that is nil: what follows would take its place.
func needLeaves(op string, number int, nils []string) {
	if len(nils) == 0 {
		return
	}
	name := fmt.Sprintf("result %d", number)
	if nils[0] != "" {
		name += ", " + nils[0] + ","
	}
	graph.Fail(op, nil, "%s is nil", name)
}
