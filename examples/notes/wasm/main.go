//go:build js && wasm

// Wasm answers the page: it runs in a worker, takes states of figures as messages and posts views.
package main

import (
	"context"
	"encoding/json"
	"syscall/js"
	"time"

	"chainrule/examples/notes/figure"
)

// host holds the figures and the last state of each. Everything runs on one thread: goroutines change places only where
// one sleeps.
type host struct {
	figures map[string]*figure.Figure
	states  map[string]figure.State
	work    map[string]work // at hand
}

// work is something longer that has not ended, and what ends it.
type work struct {
	ctx context.Context
	end context.CancelFunc
}

func main() {
	h := host{map[string]*figure.Figure{}, map[string]figure.State{}, map[string]work{}}
	for _, f := range figure.All() {
		h.figures[f.Name] = f
	}
	// The callback returns at once: what it starts may wait for timers, which need the event loop.
	js.Global().Set("answer", js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, name, state, order := args[0].Int(), args[1].String(), args[2].String(), args[3].String()
		go h.answer(id, name, []byte(state), order)
		return nil
	}))
	post(map[string]any{"ready": true})
	for _, f := range h.figures { // compiled before the reader touches it
		if _, asked := h.states[f.Name]; asked {
			continue
		}
		if _, err := f.Draw(f.Initial()); err != nil {
			post(map[string]any{"figure": f.Name, "error": err.Error()})
		}
		time.Sleep(time.Millisecond)
	}
	select {}
}

// answer draws a figure; order is "start", "stop" or "".
func (h host) answer(id int, name string, text []byte, order string) {
	f := h.figures[name]
	s, err := f.ParseState(text)
	if err != nil {
		post(map[string]any{"id": id, "figure": name, "error": err.Error(), "working": false})
		return
	}
	h.states[name] = s
	if old, ok := h.work[name]; ok && order != "" {
		old.end()
	}
	if order != "start" {
		h.draw(f, id)
		return
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	h.work[name] = work{ctx, end}
	err = f.Work(s, h.pace(ctx, f))
	if ctx.Err() == nil {
		if err != nil {
			post(map[string]any{"figure": name, "error": err.Error()})
		}
		h.draw(f, id)
	}
	if h.work[name].ctx == ctx { // no other work has begun since
		post(map[string]any{"figure": name, "working": false})
	}
}

// pace draws, and lets messages in every ten milliseconds.
func (h host) pace(ctx context.Context, f *figure.Figure) figure.Pace {
	last := time.Now()
	pause := func() error {
		if time.Since(last) > 10*time.Millisecond {
			time.Sleep(time.Microsecond)
			last = time.Now()
		}
		return ctx.Err()
	}
	return figure.Pace{Pause: pause, Show: func() error {
		h.draw(f, 0)
		return pause()
	}}
}

func (h host) draw(f *figure.Figure, id int) {
	v, err := f.Draw(h.states[f.Name])
	if err != nil {
		post(map[string]any{"id": id, "figure": f.Name, "error": err.Error()})
		return
	}
	post(map[string]any{"id": id, "figure": f.Name, "view": v})
}

func post(message map[string]any) {
	text, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	js.Global().Call("postMessage", string(text))
}
