// Notes makes an interactive course of the lecture notes: it builds the page, with the library as WebAssembly, and serves
// it on this machine, or writes it as a static site for any host.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("notes", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:8080", "`address` to serve the page at; port 0 takes a free one")
	out := flags.String("out", "", "write the site to this `folder` instead of serving it")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "notes: what is %q for?\n", flags.Arg(0))
		return 2
	}
	if err := publish(ctx, *addr, *out, stdout); err != nil {
		fmt.Fprintln(stderr, "notes:", err)
		return 1
	}
	return 0
}

// publish builds the site into a folder of the reader's, or into one of its own that it serves until ctx is done.
func publish(ctx context.Context, addr, out string, stdout io.Writer) error {
	if out != "" {
		if err := build(ctx, out); err != nil {
			return err
		}
		_, err := fmt.Fprintf(stdout, "the site is in %s\n", out)
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	dir, err := os.MkdirTemp("", "notes")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build(ctx, dir); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "the notes are at http://%s (Ctrl-C ends)\n", listener.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(dir)), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
