package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mlp runs the program and decodes its JSON line, if it printed one.
func mlp(t *testing.T, ctx context.Context, args ...string) (r result, stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(ctx, args, &out, &errs)
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); strings.HasPrefix(lines[len(lines)-1], "{") {
		require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &r))
	}
	return r, out.String(), errs.String(), status
}

func TestDigits(t *testing.T) {
	r, out, _, status := mlp(t, context.Background(), "-json")
	require.Zero(t, status)
	assert.Equal(t, 1, strings.Count(out, "\n"), "with -json standard output is one line")
	assert.GreaterOrEqual(t, r.TestAccuracy, 0.95)
	assert.LessOrEqual(t, r.BackpropMaxRelErr, 1e-12)
	assert.Positive(t, r.BackpropMaxRelErr, "a difference of exactly 0 means that nothing was compared")
	assert.Equal(t, 30, r.Epochs)
	assert.Equal(t, 30*144, r.Iterations, "1437 samples in batches of 10, the last of 7")
}

func TestEveryVariantLearns(t *testing.T) {
	for _, activation := range []string{"sigmoid", "tanh", "relu", "leaky_relu"} {
		for _, cost := range []string{"quadratic", "cross-entropy"} {
			for _, precision := range []string{"f32", "f64"} {
				t.Run(activation+"/"+cost+"/"+precision, func(t *testing.T) {
					rate := map[string]string{"sigmoid": "1"}[activation]
					if rate == "" {
						rate = "0.1"
					}
					r, _, errs, status := mlp(t, context.Background(), "-json", "-activation", activation,
						"-cost", cost, "-precision", precision, "-layers", "64,24,16,10", "-epochs", "20", "-rate", rate)
					require.Zero(t, status, errs)
					assert.Greater(t, r.TestAccuracy, 0.8)
					// Rounding of the sums on a way there and back: at most 64 terms in each of three layers.
					limit := map[string]float64{"f64": 1e-12, "f32": 3 * 64 * 0x1p-24}[precision]
					assert.LessOrEqual(t, r.BackpropMaxRelErr, limit)
				})
			}
		}
	}
}

func TestRegimes(t *testing.T) {
	for _, c := range []struct {
		batch, name string
		iterations  int
	}{{"1437", "batch gradient descent", 1}, {"1", "stochastic gradient descent", 1437}, {"256", "mini-batch", 6}} {
		r, out, _, status := mlp(t, context.Background(), "-batch", c.batch, "-epochs", "1")
		require.Zero(t, status)
		assert.Contains(t, out, c.name)
		assert.Zero(t, r, "no JSON line without -json")
		r, _, _, _ = mlp(t, context.Background(), "-json", "-batch", c.batch, "-epochs", "1")
		assert.Equal(t, c.iterations, r.Iterations)
	}
}

// interruptAfter is a context that is done once a number of lines have been written.
type interruptAfter struct {
	bytes.Buffer
	lines  int
	cancel context.CancelFunc
}

func (w *interruptAfter) Write(p []byte) (int, error) {
	if w.lines -= bytes.Count(p, []byte("\n")); w.lines <= 0 {
		w.cancel()
	}
	return w.Buffer.Write(p)
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	log := &interruptAfter{lines: 6, cancel: cancel} // four lines of description, two epochs
	var out bytes.Buffer
	require.Zero(t, run(ctx, []string{"-json"}, &out, log))
	var r result
	require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	assert.True(t, r.Interrupted)
	assert.Equal(t, 2, r.Epochs)
	assert.Equal(t, 2*144, r.Iterations)
	assert.Contains(t, log.String(), "interrupted in epoch 3 after 288 iterations")
	assert.LessOrEqual(t, r.BackpropMaxRelErr, 1e-12)
}

func TestDOT(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mlp.dot")
	_, _, errs, status := mlp(t, context.Background(), "-epochs", "0", "-dot", file)
	require.Zero(t, status, errs)
	dot, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, want := range []string{"digraph", "W1", "b2", "∂C/∂W1", "matmul", "cost"} {
		assert.Contains(t, string(dot), want)
	}
}

// writeIDX writes an IDX file of bytes.
func writeIDX(t *testing.T, path string, zip bool, payload []byte, dims ...uint32) {
	t.Helper()
	var b bytes.Buffer
	b.Write([]byte{0, 0, 8, byte(len(dims))})
	for _, d := range dims {
		require.NoError(t, binary.Write(&b, binary.BigEndian, d))
	}
	b.Write(payload)
	raw := b.Bytes()
	if zip {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		_, err := w.Write(raw)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		raw = z.Bytes()
	}
	require.NoError(t, os.WriteFile(path, raw, 0o644))
}

// writeStripes makes a data set of n images of 2×2 pixels, in which the brightest pixel is the class.
func writeStripes(t *testing.T, dir, name string, n int, zip bool) {
	pixels, labels := make([]byte, 4*n), make([]byte, n)
	for i := range n {
		labels[i] = byte(i % 4)
		pixels[4*i+i%4] = 255
	}
	suffix := map[bool]string{true: ".gz"}[zip]
	writeIDX(t, filepath.Join(dir, name+"-images-idx3-ubyte"+suffix), zip, pixels, uint32(n), 2, 2)
	writeIDX(t, filepath.Join(dir, name+"-labels-idx1-ubyte"+suffix), zip, labels, uint32(n))
}

func TestIDX(t *testing.T) {
	for _, zip := range []bool{false, true} {
		dir := t.TempDir()
		writeStripes(t, dir, "train", 40, zip)
		writeStripes(t, dir, "t10k", 12, zip)
		r, _, errs, status := mlp(t, context.Background(), "-json", "-data", dir, "-layers", "4,8,10", "-epochs", "200")
		require.Zero(t, status, errs)
		assert.Equal(t, 1.0, r.TestAccuracy)
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	writeStripes(t, dir, "train", 8, false)
	writeStripes(t, dir, "t10k", 8, false)
	cut := t.TempDir()
	writeStripes(t, cut, "train", 8, false)
	writeStripes(t, cut, "t10k", 8, false)
	require.NoError(t, os.Truncate(filepath.Join(cut, "train-images-idx3-ubyte"), 30))

	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"-layers 64", 2, "at least inputs and outputs"},
		{"-layers 64,1000000000,10", 2, "7.4e+10 weights, want up to 268435456"},
		{"-layers 64,x,10", 2, `"x" is no width`},
		{"-layers 60,10", 1, "the first layer is 60 wide, but the samples have 64 features"},
		{"-layers 64,30,9", 1, "the last layer is 9 wide, but the data has 10 classes"},
		{"-batch 5000", 1, "batch is larger than the data"},
		{"-batch 0", 2, "-batch 0"},
		{"-rate -1", 2, "-rate -1"},
		{"-rate NaN", 2, "-rate NaN"},
		{"-rate 1e300", 2, "up to a million"},
		{"-epochs -1", 2, "-epochs -1"},
		{"-precision f16", 2, "want f32 or f64"},
		{"-activation gelu", 2, "want sigmoid"},
		{"-cost hinge", 2, "want quadratic"},
		{"-data " + filepath.Join(dir, "absent"), 1, "does not exist"},
		{"-data " + cut + " -layers 4,10", 1, "train-images"},
		{"-dot " + filepath.Join(dir, "absent", "x.dot"), 1, "absent"},
		{"-unknown", 2, "flag provided but not defined"},
		{"stray", 2, `unexpected argument "stray"`},
	} {
		t.Run(c.args, func(t *testing.T) {
			_, out, errs, status := mlp(t, context.Background(), strings.Fields(c.args)...)
			assert.Equal(t, c.status, status)
			assert.Contains(t, out+errs, c.want)
		})
	}
}

func TestDump(t *testing.T) {
	file := filepath.Join(t.TempDir(), "step.html")
	_, _, errs, status := mlp(t, context.Background(), "-epochs", "0", "-dump", file)
	require.Zero(t, status, errs)
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, want := range []string{".network.step<", "network.go:", "hottest steps", "</html>"} {
		assert.True(t, bytes.Contains(page, []byte(want)), want)
	}
	_, _, errs, status = mlp(t, context.Background(), "-epochs", "0", "-dump", filepath.Join(file, "nowhere"))
	assert.Equal(t, 1, status)
	assert.Contains(t, errs, "not a directory")
}

// TestHugeArguments: messages do not grow with what they are about.
func TestHugeArguments(t *testing.T) {
	huge := strings.Repeat("é", 1<<20)
	for _, args := range [][]string{{huge}, {"-layers", huge}, {"-layers", "2," + huge}, {"-activation", huge}, {"-precision", huge},
		{"-cost", huge}, {"-batch", huge}, {"-rate", huge}, {"-" + huge}, {"-data", huge}, {"-dot", huge}} {
		_, _, errs, status := mlp(t, context.Background(), append(args, "-epochs", "0")...)
		require.NotZero(t, status)
		require.Less(t, len(errs), 4000, "%.20s", args)
		require.Contains(t, errs, "bytes")
	}
}
