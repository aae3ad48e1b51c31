package browser

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// site is the built page, and the browser that shows it.
var site struct {
	dir     string
	browser context.Context
}

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		fmt.Println("NOT RUN: no browser (chromium) on this machine")
		return 0
	}
	dir, err := os.MkdirTemp("", "notes-site")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "run", "-C", filepath.Join("..", "..", ".."), "./examples/notes", "-out", dir)
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	if err := build.Run(); err != nil {
		log.Print(err)
		return 1
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	defer end()
	browser, end := chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Do(browser); err != nil {
		log.Print(err)
		return 1
	}
	site.dir, site.browser = dir, browser
	return m.Run()
}

// visit is one tab that shows the page, and what went on in it.
type visit struct {
	*testing.T
	ctx      context.Context
	mu       sync.Mutex
	troubles []string
	hosts    map[string]bool
	url      string
}

// open serves the site by a handler and opens it in a tab of its own.
func open(t *testing.T, handler http.Handler, width, height int64) *visit {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	ctx, end := chromedp.NewContext(site.browser)
	t.Cleanup(end)
	v := &visit{T: t, ctx: ctx, hosts: map[string]bool{}, url: server.URL}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, v.listen); err != nil {
		t.Fatal(err)
	}
	call(v, network.Enable, network.EnableParams{})
	call(v, cdplog.Enable, cdp.Empty{})
	v.do(chromedp.EmulateViewport(width, height), chromedp.Navigate(server.URL))
	return v
}

func (v *visit) listen(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		v.troubles = append(v.troubles, fmt.Sprintf("exception: %+v", e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			v.troubles = append(v.troubles, fmt.Sprintf("console %s: %s", e.Type, e.Args[0].Value))
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == "error" {
			v.troubles = append(v.troubles, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" {
			v.hosts[u.Host] = true
		}
	}
}

// do runs actions and fails the test if one fails.
func (v *visit) do(actions ...chromedp.Action[chromedp.Void]) {
	v.Helper()
	if err := chromedp.Do(v.ctx, actions...); err != nil {
		v.Fatal(err)
	}
}

// call sends a command of the protocol.
func call[P, R any](v *visit, command cdp.Command[P, R], params P) {
	v.Helper()
	if _, err := chromedp.Call(v.ctx, command, params); err != nil {
		v.Fatal(err)
	}
}

// eval is the value of an expression in the page.
func eval[T any](v *visit, expression string) T {
	v.Helper()
	result, err := chromedp.Run(v.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		v.Fatalf("%s: %v", expression, err)
	}
	return result
}

// waitFor waits until an expression is true in the page.
func (v *visit) waitFor(expression string) {
	v.Helper()
	for begun := time.Now(); !eval[bool](v, "Boolean("+expression+")"); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 90*time.Second {
			v.Fatalf("waited in vain for %s; the page says %q; %v", expression,
				eval[string](v, `document.getElementById("status").textContent`), v.troubles)
		}
	}
}

// live waits until the library runs in the page.
func (v *visit) live() {
	v.Helper()
	v.waitFor(`document.documentElement.dataset.live`)
}

// quiet fails if there was an error in the console, or a request to another host.
func (v *visit) quiet() {
	v.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, trouble := range v.troubles {
		v.Error(trouble)
	}
	for host := range v.hosts {
		if !strings.Contains(v.url, host) {
			v.Errorf("a request to %s", host)
		}
	}
}

func files() http.Handler { return http.FileServer(http.Dir(site.dir)) }

// scheme makes the page light or dark.
func (v *visit) scheme(name string) {
	v.Helper()
	call(v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
}
