package browser

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/examples/notes/figure"
)

// served serves the site, but for what change has answered itself.
func served(change func(w http.ResponseWriter, r *http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !change(w, r) {
			files().ServeHTTP(w, r)
		}
	})
}

// absent answers that a file is not there, if its path contains a text.
func absent(text string) http.Handler {
	return served(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, text) {
			return false
		}
		http.NotFound(w, r)
		return true
	})
}

// The page starts where a host knows nothing of WebAssembly: as text, as bytes, without the compressed file, or unpacking it.
func TestHosts(t *testing.T) {
	typed := func(kind, encoding string) http.Handler {
		return served(func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, ".wasm") {
				w.Header().Set("Content-Type", kind)
			}
			if strings.HasSuffix(r.URL.Path, ".gz") && encoding != "" {
				w.Header().Set("Content-Encoding", encoding)
			}
			return false
		})
	}
	for _, c := range []struct {
		name    string
		handler http.Handler
		loaded  []string
	}{
		{"as it is", files(), []string{"/notes.wasm.gz"}},
		{"text", typed("text/plain", ""), []string{"/notes.wasm.gz"}},
		{"bytes", typed("application/octet-stream", ""), []string{"/notes.wasm.gz"}},
		{"unpacked on the way", typed("application/wasm", "gzip"), []string{"/notes.wasm.gz", "/notes.wasm"}},
		{"no compressed file", absent(".gz"), []string{"/notes.wasm.gz", "/notes.wasm"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var loaded []string
			v := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, ".wasm") {
					loaded = append(loaded, r.URL.Path)
				}
				c.handler.ServeHTTP(w, r)
			}), 1000, 900)
			v.live()
			assert.Equal(t, c.loaded, loaded, "what was loaded")
			if c.name != "no compressed file" { // which is an error in the console
				v.quiet()
			}
		})
	}
}

// While the library loads, the page says how far it is.
func TestProgress(t *testing.T) {
	half := make(chan bool)
	v := open(t, served(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, ".gz") {
			return false
		}
		content, err := os.ReadFile(filepath.Join(site.dir, "notes.wasm.gz"))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		for k, part := range [][]byte{content[:len(content)/2], content[len(content)/2:]} {
			if k == 1 {
				<-half
			}
			if _, err := w.Write(part); err != nil {
				t.Error(err)
			}
			w.(http.Flusher).Flush()
		}
		return true
	}), 1000, 900)
	v.waitFor(`document.getElementById("status").textContent.includes("50 %")`)
	assert.Contains(t, v.numbers("regimes"), "iterations", "the page reads meanwhile")
	close(half)
	v.live()
	v.quiet()
}

// Without WebAssembly the page still reads, with pictures and numbers.
func TestWithoutWebAssembly(t *testing.T) {
	v := open(t, absent(".wasm"), 1000, 900)
	v.waitFor(`document.getElementById("status").textContent.includes("beforehand")`)
	for _, f := range figure.All() {
		s := f.Initial()
		if f.Work != nil {
			require.NoError(t, f.Work(s, figure.AtOnce()))
		}
		v.compare(f, s)
	}
}

// What a reader has to load: the limits leave little room, so that nothing large comes in unseen.
func TestSizes(t *testing.T) {
	for name, most := range map[string]int64{"notes.wasm": 16e6, "notes.wasm.gz": 4e6, "index.html": 1e6} {
		info, err := os.Stat(filepath.Join(site.dir, name))
		require.NoError(t, err)
		t.Logf("%s: %.2f MB", name, float64(info.Size())/1e6)
		assert.LessOrEqual(t, info.Size(), most, name)
	}
}
