package programs

import (
	"flag"
	"testing"
	"time"
)

var (
	duration = flag.Duration("for", 0, "how long to make programs, instead of a fixed number of seeds")
	first    = flag.Uint64("first", 0, "the first seed")
	faults   = flag.Int("faults", 1, "after how many faults to stop")
)

// most is how many statements a program has at most, those of inner blocks and those that fit shapes apart.
const most = 16

// TestPrograms compares programs of seeds, small ones among them first. Those that say nothing are not counted.
func TestPrograms(t *testing.T) {
	count, found, start := 0, 0, time.Now()
	for seed := *first; found < *faults; seed++ {
		if *duration == 0 && seed == *first+1000 || *duration > 0 && time.Since(start) >= *duration {
			break
		}
		p, trial := Seeded(seed, 1+int(seed%most))
		told, err := Check(p, trial)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			found++
		}
		if told {
			count++
		}
	}
	t.Logf("%d programs compared", count)
}

// FuzzPrograms compares programs that bytes describe, the first one their size.
func FuzzPrograms(f *testing.F) {
	for seed := range uint64(100) {
		data := make([]byte, 8+2*seed)
		c := seeded(seed, most)
		for i := range data {
			data[i] = byte(c.upTo(256))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || len(data) > 256 {
			return
		}
		p, trial := Read(data[1:], 1+int(data[0])%most)
		if _, err := Check(p, trial); err != nil {
			t.Error(err)
		}
	})
}
