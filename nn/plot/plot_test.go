package plot_test

import (
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	_ "image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	gonum "gonum.org/v1/plot"
	"gorgonia.org/tensor"

	"chainrule/nn/plot"
)

// pixels writes a plot as PNG and counts its pixels of a colour.
func pixels(t *testing.T, p *gonum.Plot, is func(r, g, b uint32) bool) int {
	path := filepath.Join(t.TempDir(), "a.png")
	require.NoError(t, plot.Save(path, p, 10, 8))
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	picture, _, err := image.Decode(file)
	require.NoError(t, err)
	n := 0
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			if r, g, b, _ := picture.At(x, y).RGBA(); is(r>>8, g>>8, b>>8) {
				n++
			}
		}
	}
	return n
}

// svg is a plot's words.
func svg(t *testing.T, p *gonum.Plot) string {
	path := filepath.Join(t.TempDir(), "a.svg")
	require.NoError(t, plot.Save(path, p, 10, 8))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for in := xml.NewDecoder(strings.NewReader(string(text))); ; {
		if _, err := in.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return string(text)
}

func TestCurves(t *testing.T) {
	p, err := plot.Curves("training", "epoch", "loss",
		plot.Line{Name: "train", Y: []float64{3, 2, math.NaN(), 1, math.Inf(1)}},
		plot.Line{Name: "test", X: []float64{1, 4}, Y: []float64{2, 1}},
		plot.Line{Name: "dots", X: []float64{1, 4}, Y: []float64{1, 2}, Points: true},
		plot.Line{Name: "nothing"})
	require.NoError(t, err)
	text := svg(t, p)
	for _, word := range []string{"training", "epoch", "loss", "train", "test", "dots"} {
		require.Contains(t, text, ">"+word+"<")
	}
	require.Positive(t, pixels(t, p, func(r, g, b uint32) bool { return r == 0 && g == 114 && b == 178 }))
	require.Positive(t, pixels(t, p, func(r, g, b uint32) bool { return r == 213 && g == 94 && b == 0 }))
	require.Equal(t, [4]float64{1, 4, 1, 3}, [4]float64{p.X.Min, p.X.Max, p.Y.Min, p.Y.Max})
	_, err = plot.Curves("", "", "", plot.Line{X: []float64{1}, Y: []float64{1, 2}})
	require.Error(t, err)
	require.Error(t, plot.Save(filepath.Join(t.TempDir(), "a.txt"), p, 1, 1))
}

func TestConfusion(t *testing.T) {
	p, err := plot.Confusion([][]int{{11, 2}, {0, 0}}, []string{"cat", "dog"})
	require.NoError(t, err)
	text := svg(t, p)
	for _, word := range []string{"cat", "dog", "11", "2", "0", "true", "predicted"} {
		require.Contains(t, text, ">"+word+"<")
	}
	_, err = plot.Confusion([][]int{{1, 2}}, nil)
	require.Error(t, err)
	_, err = plot.Confusion([][]int{{1}}, []string{"a", "b"})
	require.Error(t, err)
}

// Left is one class and right another: each has its half, pale, and the samples lie on it.
func TestRegions(t *testing.T) {
	xy := [][2]float64{{-1, 0}, {1, 1}, {1, 0}}
	p, err := plot.Regions("halves", xy, []int{0, 1, 1}, func(places [][2]float64) (out []int, _ error) {
		for _, at := range places {
			class := 0
			if at[0] > 0 {
				class = 1
			}
			out = append(out, class)
		}
		return out, nil
	})
	require.NoError(t, err)
	left := pixels(t, p, func(r, g, b uint32) bool { return r == 191 && g == 191+114/4 && b == 191+178/4 })
	right := pixels(t, p, func(r, g, b uint32) bool { return r == 191+213/4 && g == 191+94/4 && b == 191 })
	require.InEpsilon(t, left, right, 0.1)
	require.Greater(t, left, 10000)
	broken := errors.New("no model")
	_, err = plot.Regions("", xy, []int{0, 1, 1}, func([][2]float64) ([]int, error) { return nil, broken })
	require.ErrorIs(t, err, broken)
	_, err = plot.Regions("", xy, []int{0}, nil)
	require.Error(t, err)
}

func TestSheet(t *testing.T) {
	d := tensor.New(tensor.WithShape(3, 1, 2), tensor.WithBacking([]float32{0, 1, -4, 4, float32(math.NaN()), 7}))
	sheet, err := plot.Sheet(d, 2)
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 5, 3), sheet.Bounds())
	white, black, red := color.RGBA{255, 255, 255, 255}, color.RGBA{0, 0, 0, 255}, color.RGBA{255, 0, 0, 255}
	for at, want := range map[[2]int]color.RGBA{
		{0, 0}: black, {1, 0}: white, {2, 0}: white, {3, 0}: black, {4, 0}: white, {0, 1}: white, {0, 2}: red, {4, 2}: white,
	} {
		require.Equal(t, want, sheet.At(at[0], at[1]), at)
	}
	colours := tensor.New(tensor.WithShape(1, 3, 1, 2), tensor.WithBacking([]float64{0, 1, 0.5, 0, 1, 0.2}))
	sheet, err = plot.Sheet(colours, 4)
	require.NoError(t, err)
	require.Equal(t, color.RGBA{0, 128, 255, 255}, sheet.At(0, 0))
	require.Equal(t, color.RGBA{255, 0, 51, 255}, sheet.At(1, 0))
	p, err := plot.Images("weights", d, 2)
	require.NoError(t, err)
	require.Positive(t, pixels(t, p, func(r, g, b uint32) bool { return r == 255 && g == 0 && b == 0 }))
	svg(t, p)
	_, err = plot.Sheet(tensor.New(tensor.WithShape(1, 2, 1, 1), tensor.WithBacking([]float64{1, 2})), 1)
	require.Error(t, err)
}
