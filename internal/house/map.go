package house

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// mapHeading begins the map of a package: the part of its comment that says what each file holds.
const mapHeading = "# Where things are\n"

// mapLine is a line of a map: names of files, as in "reverse, loop*", then what is in them.
var mapLine = regexp.MustCompile(`(?m)^\t([\w*]+(?:, [\w*]+)*)  +\S`)

// checkMap fails on a file that the map does not name and on a name that no file has. Names are without .go; a star
// stands for any end. A package without a map needs none, and doc.go, which holds it, is not in it.
func (h *checker) checkMap(dir, doc string, files []string) {
	_, text, ok := strings.Cut(doc, mapHeading)
	if !ok {
		return
	}
	var names []string
	for _, line := range mapLine.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.Split(line[1], ", ")...)
	}
	fits := func(name, file string) bool {
		ok, _ := path.Match(name+".go", file)
		return ok
	}
	for _, file := range files {
		if file != "doc.go" && !slices.ContainsFunc(names, func(name string) bool { return fits(name, file) }) {
			h.fail("%s: the map in the package comment does not say what is in %s", dir, file)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(files, func(file string) bool { return fits(name, file) }) {
			h.fail("%s: the map in the package comment names %s, which is not there", dir, name)
		}
	}
}
