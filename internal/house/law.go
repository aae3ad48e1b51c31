package house

import (
	"fmt"
	"strings"
)

// A Law is the parsed table of arrows.
type Law struct {
	name   string // of the file, for messages
	allow  []rule
	forbid []rule
}

// A rule is one line of the table: what stands left and right of its arrow.
type rule struct {
	line      int
	text      string
	imported  []string
	importers []string
}

// ParseLaw reads the table; name is what messages call it. Two "<" lines for one importer,
// and a line that is not an arrow, are errors.
func ParseLaw(name, text string) (*Law, error) {
	law := &Law{name: name}
	seen := map[string]int{}
	for i, s := range strings.Split(text, "\n") {
		s, _, _ = strings.Cut(s, "#")
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		left, right, ok := strings.Cut(s, "<")
		left, never := strings.CutSuffix(left, "!")
		r := rule{line: i + 1, text: s, imported: splitPaths(left), importers: splitPaths(right)}
		if !ok || len(r.imported) == 0 || len(r.importers) == 0 {
			return nil, fmt.Errorf("%s:%d: want \"a, b < c\" or \"a !< c\", have %q", name, r.line, s)
		}
		if never {
			law.forbid = append(law.forbid, r)
			continue
		}
		for _, p := range r.importers {
			if seen[p] != 0 {
				return nil, fmt.Errorf("%s:%d: %s has a line already: line %d", name, r.line, p, seen[p])
			}
			seen[p] = r.line
		}
		law.allow = append(law.allow, r)
	}
	return law, nil
}

// splitPaths returns the paths of one side of an arrow, or nil if one of them is empty.
func splitPaths(s string) []string {
	paths := strings.Split(s, ",")
	for i, p := range paths {
		paths[i] = strings.TrimSpace(p)
		if paths[i] == "" {
			return nil
		}
	}
	return paths
}

// Forbids says why importer may not import imported (paths relative to the module), or "".
func (law *Law) Forbids(importer, imported string) string {
	for _, r := range law.forbid {
		if matchAny(r.importers, importer) && matchAny(r.imported, imported) {
			return law.cite(r)
		}
	}
	r, ok := law.lineFor(importer)
	if !ok {
		return fmt.Sprintf("%s has no line for %s", law.name, importer)
	}
	if matchAny(r.imported, imported) {
		return ""
	}
	return law.cite(r)
}

// Names reports whether a "<" line speaks of the importer.
func (law *Law) Names(importer string) bool {
	_, ok := law.lineFor(importer)
	return ok
}

// lineFor returns the "<" line with the most exact pattern for the importer: an exact path
// wins over any wildcard, a longer wildcard over a shorter one.
func (law *Law) lineFor(importer string) (best rule, ok bool) {
	weight := -1
	for _, r := range law.allow {
		for _, p := range r.importers {
			w := len(p)
			if p == importer {
				w = len(importer) + 2 // longer than any wildcard that matches it
			}
			if match(p, importer) && w > weight {
				best, ok, weight = r, true, w
			}
		}
	}
	return best, ok
}

func (law *Law) cite(r rule) string {
	return fmt.Sprintf("%s:%d forbids it: %s", law.name, r.line, r.text)
}

func matchAny(patterns []string, path string) bool {
	for _, p := range patterns {
		if match(p, path) {
			return true
		}
	}
	return false
}

// match holds for "*" and any path, "x/*" and any path below x, and equal paths.
func match(pattern, path string) bool {
	if below, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(path, below)
	}
	return pattern == path
}
