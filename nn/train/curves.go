package train

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

// CSV is a Curve that writes a table: a column for the step and one for each name, in their order, as they are at the first
// record. A value that is missing later is an empty field, and one with a new name is an error.
type CSV struct {
	w       *csv.Writer
	columns []string
}

// NewCSV is a CSV that writes to w.
func NewCSV(w io.Writer) *CSV { return &CSV{w: csv.NewWriter(w)} }

// Record implements Curve.
func (c *CSV) Record(step int, values map[string]float64) error {
	if c.columns == nil {
		c.columns = slices.Sorted(maps.Keys(values))
		if err := c.w.Write(append([]string{"step"}, c.columns...)); err != nil {
			return err
		}
	}
	row := []string{strconv.Itoa(step)}
	for _, name := range c.columns {
		field := ""
		if v, ok := values[name]; ok {
			field = strconv.FormatFloat(v, 'g', -1, 64)
		}
		row = append(row, field)
	}
	for name := range values {
		if _, found := slices.BinarySearch(c.columns, name); !found {
			return fmt.Errorf("csv: there is no column for %q", name)
		}
	}
	if err := c.w.Write(row); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}
