package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/nn/data"
)

func TestDescription(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), nil, &out))
	for _, want := range []string{"FLOAT[1, 64]", "MatMul ×2", "4 tensors, 2410 numbers", "4820 operations", "time"} {
		assert.Contains(t, out.String(), want)
	}
}

func TestTraining(t *testing.T) {
	path := filepath.Join(t.TempDir(), "again.onnx")
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-train", path}, &out))
	var right, of int
	_, err := fmt.Sscanf(out.String(), "%d of %d", &right, &of)
	require.NoError(t, err)
	assert.Greater(t, float64(right)/float64(of), 0.9)
	require.NoError(t, run(context.Background(), []string{path}, &out))
}

// TestAnswers asks for digits that the network was not trained on, and makes mistakes.
func TestAnswers(t *testing.T) {
	m, err := load("")
	require.NoError(t, err)
	r, err := newRunner(m, 1)
	require.NoError(t, err)
	s := httptest.NewServer(r)
	defer s.Close()
	set := data.Digits()
	right, first := 0, set.Len()-100
	for i := first; i < set.Len(); i++ {
		body, err := json.Marshal(map[string]any{"x1": [][]float64{set.X[i*set.Dim : (i+1)*set.Dim]}})
		require.NoError(t, err)
		q, err := http.Post(s.URL, "application/json", bytes.NewReader(body))
		require.NoError(t, err)
		var answer struct{ Y [][]float64 }
		require.NoError(t, json.NewDecoder(q.Body).Decode(&answer))
		q.Body.Close()
		best := 0
		for k, p := range answer.Y[0] {
			if p > answer.Y[0][best] {
				best = k
			}
		}
		if best == set.Labels[i] {
			right++
		}
	}
	assert.Greater(t, right, 85)

	for body, status := range map[string]int{
		`{}`: 400, `{"x1": [[1, 2]]}`: 400, `{"x1": [[1], 2]}`: 400, `{"x1": "a"}`: 400, `[`: 400, `{"x1": []}`: 400,
		`{"x1": [` + strings.Repeat(" ", maxBody) + `]}`: 413,
	} {
		q, err := http.Post(s.URL, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		q.Body.Close()
		assert.Equal(t, status, q.StatusCode, body[:min(len(body), 20)])
	}
	q, err := http.Get(s.URL)
	require.NoError(t, err)
	q.Body.Close()
	assert.Equal(t, 405, q.StatusCode)
}

// TestEnd: a server ends when it is told to.
func TestEnd(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-serve", "127.0.0.1:0"}, &bytes.Buffer{}) }()
	time.Sleep(500 * time.Millisecond)
	stop()
	select {
	case err := <-done:
		if err != nil {
			assert.ErrorIs(t, err, context.Canceled)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the server goes on")
	}
}
