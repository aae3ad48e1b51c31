package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"chainrule/benchmarks/workload"
)

// A heading is what is said of a run before its results.
type heading struct {
	threads        int
	cpu, goVersion string
	date           time.Time
	peers          [][2]string
}

// A printer writes results as they come.
type printer interface {
	head(h heading)
	results(c workload.Case, results []*result)
	end()
}

// printers are several at once.
type printers []printer

func (ps printers) head(h heading) {
	for _, p := range ps {
		p.head(h)
	}
}

func (ps printers) results(c workload.Case, results []*result) {
	for _, p := range ps {
		p.results(c, results)
	}
}

func (ps printers) end() {
	for _, p := range ps {
		p.end()
	}
}

// objects prints one JSON object a line for each peer that was timed, and to the log what was not.
type objects struct{ out, log io.Writer }

func (o *objects) head(heading) {}
func (o *objects) end()         {}

// object is a line. Null says that there is no such figure.
type object struct {
	Case    string   `json:"case"`
	Threads int      `json:"threads"`
	Peer    string   `json:"peer"`
	Median  float64  `json:"median_us"`
	Least   float64  `json:"least_us"`
	Share   *float64 `json:"peak_share"`
	Allocs  *float64 `json:"allocs"`
}

func (o *objects) results(c workload.Case, results []*result) {
	for _, r := range results {
		if r.Status != statusTimed {
			if r.Status != statusAbsent { // that has been said once
				fmt.Fprintf(o.log, "%s: %s: %s\n", c.Name, r.Peer, statusOf(r))
			}
			continue
		}
		write(o.out, object{
			Case: c.Name, Threads: r.Threads, Peer: r.Peer, Median: round(r.Median(), 4), Least: round(r.Least(), 4),
			Share: orNull(round(r.Share(c), 3)), Allocs: orNull(r.Allocs),
		})
	}
}

// samples prints everything that was measured.
type samples struct{ out io.Writer }

func (s *samples) head(h heading) {
	write(s.out, map[string]any{
		"date": h.date.UTC().Format(time.RFC3339), "cpu": h.cpu, "go": h.goVersion, "threads": h.threads,
		"peers": h.peers,
	})
}

func (s *samples) results(c workload.Case, results []*result) {
	for _, r := range results {
		write(s.out, struct {
			Case    string      `json:"case"`
			Threads int         `json:"threads"`
			Peer    string      `json:"peer"`
			Status  status      `json:"status"`
			Why     string      `json:"why,omitempty"`
			Peak    float64     `json:"peak_flops"`
			Rounds  [][]float64 `json:"rounds_us"`
		}{c.Name, r.Threads, r.Peer, r.Status, r.Why, r.Peak, r.Rounds})
	}
}

func (s *samples) end() {}

// write prints a line of JSON. Its values always can be encoded.
func write(out io.Writer, v any) {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(out, "%s\n", line)
}

// orNull is nil for NaN, which JSON does not have.
func orNull(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}

// round keeps that many digits.
func round(x float64, digits int) float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	unit := math.Pow(10, float64(digits-1)-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*unit) / unit
}

// table prints for people.
type table struct{ out, log io.Writer }

func (t *table) head(h heading) {
	fmt.Fprintf(t.out, "%s, %s, %d thread(s)\n", h.cpu, h.goVersion, h.threads)
	for _, p := range h.peers {
		fmt.Fprintf(t.out, "  %-10s %s\n", p[0], p[1])
	}
	fmt.Fprintf(t.out, "Times in µs; × is the time divided by %s's: of the medians round by round, of the least times.\n",
		subject)
}

func (t *table) results(c workload.Case, results []*result) {
	limit := ""
	if len(results) > 0 && results[0].Peak > 0 {
		limit = fmt.Sprintf(" (peak %.4g GFLOP/s)", results[0].Peak/1e9)
	}
	fmt.Fprintf(t.out, "\n%s%s\n  %-10s %12s %12s %8s %8s %8s %8s\n", c.Name, limit,
		"", "median", "least", "× median", "× least", "of peak", "allocs")
	ours := of(subject, results)
	for _, r := range results {
		if r.Status != statusTimed {
			fmt.Fprintf(t.out, "  %-10s %s\n", r.Peer, statusOf(r))
			continue
		}
		times, least := "", ""
		if ours != nil && r != ours {
			times, least = figure(ratio(r, ours)), figure(r.Least()/ours.Least())
		}
		share := ""
		if s := r.Share(c); !math.IsNaN(s) {
			share = fmt.Sprintf("%.1f %%", 100*s)
		}
		fmt.Fprintf(t.out, "  %-10s %12s %12s %8s %8s %8s %8s\n", r.Peer, figure(r.Median()), figure(r.Least()),
			times, least, share, figure(r.Allocs))
	}
}

func (t *table) end() {}

// statusOf says what became of a peer that was not timed, and why unless it is absent: that has been said.
func statusOf(r *result) string {
	if r.Status == statusAbsent || r.Why == "" {
		return string(r.Status)
	}
	return string(r.Status) + ": " + strings.TrimPrefix(r.Why, string(r.Status)+": ")
}

// figure prints a number with four digits, a large one in full, and nothing for NaN.
func figure(x float64) string {
	switch {
	case math.IsNaN(x):
		return ""
	case x >= 1000:
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}

// markdown prints a table for README.md: a line for each case, a column for each peer.
type markdown struct {
	out, log io.Writer
	peers    []string
}

func (m *markdown) head(h heading) {
	fmt.Fprintf(m.out, "%s, %s, %s, %d thread(s).\n\n", h.date.Format(time.DateOnly), h.cpu, h.goVersion, h.threads)
	fmt.Fprint(m.out, "| case | least | median | of peak | allocs |")
	rule := "| --- | --- | --- | --- | --- |"
	for _, p := range h.peers {
		if p[0] == subject {
			continue
		}
		m.peers = append(m.peers, p[0])
		fmt.Fprintf(m.out, " %s |", p[0])
		rule += " --- |"
	}
	fmt.Fprintf(m.out, "\n%s\n", rule)
}

func (m *markdown) results(c workload.Case, results []*result) {
	ours := of(subject, results)
	fmt.Fprintf(m.out, "| %s |", c.Name)
	if ours == nil {
		fmt.Fprint(m.out, " – | – | – | – |")
	} else {
		share := "–"
		if s := ours.Share(c); !math.IsNaN(s) {
			share = fmt.Sprintf("%.0f %%", 100*s)
		}
		fmt.Fprintf(m.out, " %s | %s | %s | %s |",
			figure(ours.Least()), figure(ours.Median()), share, figure(ours.Allocs))
	}
	for _, name := range m.peers {
		r := of(name, results)
		switch {
		case r != nil && ours != nil:
			fmt.Fprintf(m.out, " %s (%s×, %s×) |",
				figure(r.Least()), figure(r.Least()/ours.Least()), figure(ratio(r, ours)))
		case r != nil:
			fmt.Fprintf(m.out, " %s |", figure(r.Least()))
		default:
			fmt.Fprintf(m.out, " %s |", briefly(name, results))
		}
	}
	fmt.Fprintln(m.out)
}

// briefly says in a word what became of a peer that was not timed.
func briefly(name string, results []*result) string {
	for _, r := range results {
		if r.Peer == name && (r.Status == statusWrong || r.Status == statusFailed) {
			return string(r.Status)
		}
	}
	return "–"
}

func (m *markdown) end() {
	fmt.Fprintf(m.out, "\nTimes in µs. The first columns are %s's; a peer has its least time, and in brackets how many times"+
		" that is\n%s's, for the least times and for the medians round by round.\n", subject, subject)
}
