package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/examples/notes/figure"
)

// Both languages have the same chapters with the same formulas, and every figure has its chapter.
func TestTexts(t *testing.T) {
	en, keys, err := texts("en")
	require.NoError(t, err)
	zh, others, err := texts("zh")
	require.NoError(t, err)
	assert.Equal(t, keys, others)
	for _, f := range figure.All() {
		assert.Contains(t, keys, f.Name)
	}
	assert.Len(t, keys, len(figure.All())+1, "the title, and a chapter for each figure")
	formulas := func(c chapter) []string {
		list := regexp.MustCompile(`<math>.*?</math>`).FindAllString(c.Prose, -1)
		slices.Sort(list)
		return list
	}
	for _, key := range keys {
		assert.NotEmpty(t, en[key].Title)
		assert.NotEmpty(t, zh[key].Title)
		assert.Greater(t, len(en[key].Prose), 80, key)
		assert.Greater(t, len(zh[key].Prose), 80, key)
		assert.Equal(t, formulas(en[key]), formulas(zh[key]), key)
	}
	for _, term := range strings.Fields("神经元 阈值 激活函数 前馈神经网络 代价函数 梯度下降 反向传播 误差 批量 随机 小批量 迭代 期 权重 偏置 学习率 链式法则 万能近似") {
		found := slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(zh[key].Title+zh[key].Prose, term) })
		assert.True(t, found, "the term %s is not explained", term)
	}
}

// The page reads without scripts: text, formulas, computed pictures and numbers are in it, and nothing is loaded from elsewhere.
func TestPage(t *testing.T) {
	html, err := render()
	require.NoError(t, err)
	page := string(html)
	assert.Equal(t, len(figure.All()), strings.Count(page, "<figure data-figure="))
	assert.GreaterOrEqual(t, strings.Count(page, "<svg "), len(figure.All()))
	assert.Contains(t, page, `<dd data-key="iterations">10,000</dd>`)
	assert.NotContains(t, page, "ZgotmplZ", "something that the template refused")
	for _, attribute := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		assert.NotContains(t, attribute[1], "//", "a link elsewhere")
	}
	assert.NotContains(t, page, "$", "a formula that was not closed")
	again, err := render()
	require.NoError(t, err)
	strip := func(b []byte) string { // times differ
		return regexp.MustCompile(`[0-9.]+ ms`).ReplaceAllString(string(b), "")
	}
	assert.Equal(t, strip(html), strip(again), "the page is the same each time")
}

// The support script is the toolchain's own, and its name says which.
func TestWasmExec(t *testing.T) {
	name, content, err := wasmExec(t.Context())
	require.NoError(t, err)
	out, err := goCommand(t.Context(), "env", "GOROOT").Output()
	require.NoError(t, err)
	own, err := os.ReadFile(strings.TrimSpace(string(out)) + "/lib/wasm/wasm_exec.js")
	require.NoError(t, err)
	assert.Equal(t, own, content)
	assert.Regexp(t, `^wasm_exec\.go1\.\d+.*\.js$`, name)
	script, err := workerScript(name, 123)
	require.NoError(t, err)
	assert.Contains(t, string(script), `importScripts("`+name+`")`)
}

// The program prints the address at which it serves the page, until it is ended.
func TestServe(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the page")
	}
	ctx, end := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"-addr", "localhost:0"}, write, os.Stderr)
		write.Close()
	}()
	said, err := bufio.NewReader(read).ReadString('\n')
	require.NoError(t, err)
	address := regexp.MustCompile(`http://\S+`).FindString(said)
	for name, begins := range map[string]string{"": "<!doctype html>", "page.css": ":root", "page.js": "//", "worker.js": "//",
		"notes.wasm": "\x00asm", "notes.wasm.gz": "\x1f\x8b"} {
		response, err := http.Get(address + "/" + name)
		require.NoError(t, err)
		content, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assert.True(t, bytes.HasPrefix(content, []byte(begins)), name)
		require.NoError(t, response.Body.Close())
	}
	end()
	assert.Zero(t, <-done)
}

func TestFlags(t *testing.T) {
	for args, want := range map[string]int{"-h": 0, "-what": 2, "more": 2, "-addr no:port:here": 1} {
		var out, err bytes.Buffer
		assert.Equal(t, want, run(t.Context(), strings.Fields(args), &out, &err), args)
		assert.NotEmpty(t, err.String())
	}
}

// Words can be read on what is behind them, light and dark: a contrast of 4.5 at least (WCAG 2.1, success criterion 1.4.3).
func TestContrast(t *testing.T) {
	css, err := files.ReadFile("page/page.css")
	require.NoError(t, err)
	schemes := strings.SplitN(string(css), "prefers-color-scheme: dark", 2)
	for k, scheme := range schemes {
		colours := map[string]float64{} // their luminance
		for _, m := range regexp.MustCompile(`--(\w+): #(\w\w)(\w\w)(\w\w);`).FindAllStringSubmatch(scheme, -1) {
			for i, share := range []float64{0.2126, 0.7152, 0.0722} {
				v, err := strconv.ParseUint(m[2+i], 16, 8)
				require.NoError(t, err)
				colours[m[1]] += share * math.Pow((float64(v)/255+0.055)/1.055, 2.4)
			}
		}
		require.Len(t, colours, 11)
		for _, word := range []string{"ink", "soft", "a", "b", "c", "warm"} {
			for _, behind := range []string{"paper", "card"} {
				x, y := colours[word], colours[behind]
				assert.GreaterOrEqual(t, (max(x, y)+0.05)/(min(x, y)+0.05), 4.5, "%s on %s in scheme %d", word, behind, k)
			}
		}
	}
}

// Between the library and the page only text crosses: a view of WebAssembly's memory would die when that grows.
func TestOnlyTextCrosses(t *testing.T) {
	for _, pattern := range []string{"wasm/*.go", "page/*.js"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, name := range files {
			source, err := os.ReadFile(name)
			require.NoError(t, err)
			for _, view := range []string{"CopyBytes", "Int8Array", "Uint8", "Float32Array", "Float64Array", "DataView", ".buffer"} {
				assert.NotContains(t, string(source), view, name)
			}
		}
	}
}
