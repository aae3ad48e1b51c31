package plot

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// Save writes a plot of a width and a height in centimetres to a file whose name ends in .png, .svg or .pdf.
func Save(path string, p *plot.Plot, width, height float64) error {
	kind := strings.TrimPrefix(filepath.Ext(path), ".")
	out, err := p.WriterTo(vg.Length(width)*vg.Centimeter, vg.Length(height)*vg.Centimeter, kind)
	if err != nil {
		return fmt.Errorf("plot: %s: %w", path, err)
	}
	var text bytes.Buffer
	if _, err := out.WriteTo(&text); err != nil {
		return fmt.Errorf("plot: %s: %w", path, err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	return nil
}
