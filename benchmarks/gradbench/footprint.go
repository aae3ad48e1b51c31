package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// heavy are the cases whose memory is worth a look, by the suite's own names and sizes.
func heavy() []sample {
	g := newGenerator(2)
	return []sample{
		g.ba(49, 7776, 31843), g.ba(356, 226730, 1255268),
		g.ht(544, 51200, true), g.ht(10000, 25600, true), g.ht(10000, 51200, true),
		g.ode(10000, 100), g.ode(100000, 100),
		g.kmeans(10, 1000, 8), g.kmeans(1000, 10000, 16), g.gmm(64, 25, 1000), g.lstm(4, 4096),
	}
}

// footprints runs each case that matches in a process of its own, which speaks the protocol and is asked once, as by the
// suite, and prints its first evaluation, the later ones and its largest resident memory.
func footprints(w io.Writer, only string) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	const head = "| eval | case | function | prepare, ms | first, ms | later, ms: least (median) | first/later | MiB |\n"
	if _, err := fmt.Fprint(w, head+"| --- | --- | --- | --- | --- | --- | --- | --- |\n"); err != nil {
		return err
	}
	for _, s := range heavy() {
		for _, function := range []string{s.primal, s.gradient} {
			if function == "" || !wanted.MatchString(s.module+" "+s.name+" "+function) {
				continue
			}
			row, err := s.footprint(function)
			if err != nil {
				return fmt.Errorf("%s %s: %w", s.module, s.name, err)
			}
			if _, err := fmt.Fprintln(w, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// footprint asks a new process for a function of the case.
func (s sample) footprint(function string) (row string, err error) {
	const fewest = 8
	var input map[string]any
	if err := json.Unmarshal(s.text(), &input); err != nil {
		return "", err
	}
	input["min_runs"] = fewest
	m, err := json.Marshal(map[string]any{
		"id": 1, "kind": "evaluate", "module": s.module, "function": function, "input": input,
	})
	if err != nil {
		return "", err
	}
	tool := exec.Command(os.Args[0])
	tool.Stderr = os.Stderr
	in, err := tool.StdinPipe()
	if err != nil {
		return "", err
	}
	out, err := tool.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := tool.Start(); err != nil {
		return "", err
	}
	if _, err := in.Write(append(m, '\n')); err != nil {
		return "", err
	}
	var a answer
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&a); err != nil {
		return "", err
	}
	memory := peakMemory(tool.Process.Pid)
	if err := in.Close(); err != nil {
		return "", err
	}
	if err := tool.Wait(); err != nil {
		return "", err
	}
	if a.Success == nil || !*a.Success {
		return "", fmt.Errorf("the tool says: %s", a.Error)
	}
	times := make([]time.Duration, len(a.Timings))
	for i, t := range a.Timings {
		times[i] = time.Duration(t.Nanoseconds)
	}
	prepare, first, later := times[0], times[1], times[2:]
	slices.Sort(later)
	sum := newSummary(later)
	return fmt.Sprintf("| %s | %s | %s | %.1f | %.3g | %v | %.2f | %s |", s.module, s.name, function,
		milliseconds(prepare), milliseconds(first), sum, milliseconds(first)/sum.median, memory), nil
}

// peakMemory is the largest resident memory of a process so far, where the system tells. What getrusage tells of a child
// has the memory of its parent in it.
func peakMemory(pid int) string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, after, ok := strings.Cut(string(status), "VmHWM:")
	var kilobytes float64
	if _, scanned := fmt.Sscan(after, &kilobytes); err != nil || !ok || scanned != nil {
		return "–"
	}
	return fmt.Sprintf("%.0f", kilobytes/1024)
}
