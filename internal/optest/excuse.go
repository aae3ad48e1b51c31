package optest

import (
	"fmt"
	"slices"
	"strings"

	"chainrule/graph"
)

// excused reports whether the case need not pass a check.
func (in Instance) excused(check string) bool { _, ok := in.Case.Excuses[check]; return ok }

// lintExcuses refuses excuses that say no reason, or are of checks that bear none, or of checks that the case passes in all
// types: those would hide the next fault.
func lintExcuses(op *graph.Op) []error {
	var faults []error
	for _, c := range op.Cases {
		for name, reason := range c.Excuses {
			k := slices.IndexFunc(checks, func(c check) bool { return c.name == name })
			switch {
			case k < 0:
				faults = append(faults, fmt.Errorf("case %s is excused from %q, which is no check", c.Name, name))
			case !checks[k].excusable:
				faults = append(faults, fmt.Errorf("case %s is excused from %q, which every case has to pass", c.Name, name))
			case strings.TrimSpace(reason) == "":
				faults = append(faults, fmt.Errorf("case %s is excused from %q without a reason", c.Name, name))
			case !slices.ContainsFunc(Instances(op), func(in Instance) bool {
				return in.Case.Name == c.Name && recovered(in, checks[k].run) != nil
			}):
				faults = append(faults, fmt.Errorf("case %s is excused from %q, which it passes", c.Name, name))
			}
		}
	}
	return faults
}
