// Command vs measures this library beside other programs that compute the same, in one run, by turns.
//
//	go run -C benchmarks/vs . [-json | -markdown] [-cases regexp/list] [-peers list] [-threads n] [-seconds s]
//
// Vocabulary. A peer is a program that is measured, a process of its own (package wire); the subject is the peer
// that the others are compared with, this library. A case is a computation (package workload). A round gives every
// peer of a case a slice of time, in an order that rotates; a slice is some samples, each the mean of enough
// iterations for the clock. A peer is absent if it cannot run on this machine, and WRONG if what it computes is not
// what the reference says: then it is not timed.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"chainrule/benchmarks/workload"
)

// serveFlag is the first argument of a process that is a peer. Users do not give it.
const serveFlag = "-serve-peer"

func main() {
	if len(os.Args) == 3 && os.Args[1] == serveFlag {
		serve(os.Args[2])
		return
	}
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(measure(os.Args[1:], out, os.Stderr), out.Flush()); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "vs:", err)
		os.Exit(1)
	}
}

// errWrong ends a run in which the subject's answer was wrong.
var errWrong = errors.New(subject + " computes something else than the reference")

// command is what the flags say.
type command struct {
	json, markdown, list bool
	cases, peers         string
	threads, rounds      int
	seconds              float64
	raw, python          string
}

func parseFlags(args []string, log io.Writer) (c command, err error) {
	flags := flag.NewFlagSet("vs", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.BoolVar(&c.json, "json", false, "print one object a line")
	flags.BoolVar(&c.markdown, "markdown", false, "print the table for README.md")
	flags.BoolVar(&c.list, "list", false, "print the names of the cases and end")
	flags.StringVar(&c.cases, "cases", "", "cases by name or regexp, separated by commas; none means all")
	flags.StringVar(&c.peers, "peers", "", "peers by name, separated by commas; all for every one that is known")
	flags.IntVar(&c.threads, "threads", 1, "threads for each peer")
	flags.IntVar(&c.rounds, "rounds", 15, "rounds for each case, at least 3")
	flags.Float64Var(&c.seconds, "seconds", 1, "time for each case and peer")
	flags.StringVar(&c.raw, "raw", "", "write every sample to this file, one object a line for each case and peer")
	flags.StringVar(&c.python, "python", "/usr/bin/python3", "Python for the peers that are written in it")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 || c.threads < 1 || c.rounds < 3 || c.seconds <= 0 {
		return c, errors.New("nothing but flags is taken; at least 1 thread, 3 rounds and some time")
	}
	return c, nil
}

// measure runs the command: results to out, all else to log.
func measure(args []string, out, log io.Writer) error {
	do, err := parseFlags(args, log)
	if err != nil {
		return err
	}
	cases, err := chooseCases(do.cases)
	if err != nil {
		return err
	}
	if do.list {
		for _, c := range cases {
			fmt.Fprintln(out, c.Name)
		}
		return nil
	}
	chosen, err := choosePeers(do.peers)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "vs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var p printer = &table{out: out, log: log}
	switch {
	case do.json:
		p = &objects{out: out, log: log}
	case do.markdown:
		p = &markdown{out: out, log: log}
	}
	if do.raw != "" {
		file, err := os.Create(do.raw)
		if err != nil {
			return err
		}
		defer file.Close()
		p = printers{p, &samples{out: file}}
	}
	entrants := start(&setting{threads: do.threads, python: do.python, folder: folder}, chosen, log)
	defer entrants.close()
	return do.all(entrants, cases, p)
}

// all measures the cases, one after the other.
func (do command) all(entrants *field, cases []workload.Case, p printer) error {
	p.head(heading{
		threads: do.threads, cpu: cpuName(), goVersion: runtime.Version(), date: time.Now(), peers: entrants.versions(),
	})
	turn := turns{rounds: do.rounds, slice: time.Duration(do.seconds / float64(do.rounds) * float64(time.Second))}
	wrong := false
	for _, c := range cases {
		results := entrants.measure(c, turn)
		for _, r := range results {
			wrong = wrong || r.Peer == subject && r.Status == statusWrong
		}
		p.results(c, results)
	}
	p.end()
	if wrong {
		return errWrong
	}
	return nil
}

// chooseCases returns the cases that a list asks for. A word that is a case's name means that case, another one
// the usual cases in whose names it is found.
func chooseCases(list string) ([]workload.Case, error) {
	var names []string
	for _, word := range strings.Split(list, ",") {
		if _, err := workload.Parse(word); err == nil {
			names = append(names, word)
			continue
		}
		pattern, err := regexp.Compile(word)
		if err != nil {
			return nil, err
		}
		found := false
		for _, name := range workload.Names() {
			if pattern.MatchString(name) {
				names, found = append(names, name), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no case is called %q or matches it; -list prints them", word)
		}
	}
	var cases []workload.Case
	for i, name := range names {
		if slices.Index(names, name) < i {
			continue
		}
		c, err := workload.Parse(name)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// choosePeers returns the peers that a list asks for. The subject is always one of them.
func choosePeers(list string) ([]peer, error) {
	words := strings.Split(list, ",")
	for _, w := range words {
		if w != "" && w != "all" && !slices.ContainsFunc(peers, func(p peer) bool { return p.name == w }) {
			return nil, fmt.Errorf("no peer is called %q", w)
		}
	}
	return slices.DeleteFunc(slices.Clone(peers), func(p peer) bool {
		asked := slices.Contains(words, p.name) || list == "all" || list == "" && !p.extra
		return !asked && p.name != subject
	}), nil
}

// cpuName is the processor's name, as far as the system tells.
func cpuName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		if found := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(text); found != nil {
			return fmt.Sprintf("%s, %d CPUs", found[1], runtime.NumCPU())
		}
	}
	return fmt.Sprintf("%s, %d CPUs", runtime.GOARCH, runtime.NumCPU())
}
