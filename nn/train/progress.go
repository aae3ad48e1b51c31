package train

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"
)

// display shows progress: a line that is written over on a terminal, a line an epoch elsewhere.
type display struct {
	w        io.Writer
	terminal bool
	epochs   int
	perEpoch int
	began    time.Time // of the epoch, later by pauses
	first    time.Time // of all
	from     int       // iterations before the first
	shown    time.Time
	width    int // of the line on the terminal
}

func newDisplay(plan Plan, perEpoch int) *display {
	now := time.Now()
	d := &display{w: plan.Output, epochs: plan.Epochs, perEpoch: perEpoch, began: now, first: now, from: -1}
	if f, ok := plan.Output.(*os.File); ok {
		d.terminal = term.IsTerminal(int(f.Fd()))
	}
	return d
}

// pause leaves time out of the samples per second.
func (d *display) pause(t time.Duration) { d.began = d.began.Add(t) }

// iteration shows the bar, ten times a second at most.
func (d *display) iteration(p Progress, within int) {
	if !d.terminal {
		return
	}
	if d.from < 0 {
		d.from = p.Iterations - 1
	}
	now := time.Now()
	if now.Sub(d.shown) < 100*time.Millisecond {
		return
	}
	d.shown = now
	d.over(bar(p, within, d.epochs, d.perEpoch) + rate(p.Samples, now.Sub(d.began)) + d.left(p, now))
}

// bar is as in "epoch 2/10 [=====>    ] 60% loss 0.1234".
func bar(p Progress, within, epochs, perEpoch int) string {
	text := fmt.Sprintf("epoch %d/%d ", p.Epochs+1, epochs)
	if perEpoch > 0 {
		const width = 20
		done := width * within / perEpoch
		mark := ">"
		if done == width {
			mark = ""
		}
		text += fmt.Sprintf("[%-*s] %3d%% ", width, strings.Repeat("=", done)+mark, 100*within/perEpoch)
	} else {
		text += fmt.Sprintf("iteration %d ", within)
	}
	return text + fmt.Sprintf("loss %.4g", p.Loss)
}

func rate(samples int, t time.Duration) string {
	if t <= 0 {
		return ""
	}
	return fmt.Sprintf(" %.0f samples/s", float64(samples)/t.Seconds())
}

// left is the time to the end of the last epoch, at the pace so far.
func (d *display) left(p Progress, now time.Time) string {
	if d.perEpoch == 0 {
		return ""
	}
	remaining := d.epochs*d.perEpoch - p.Iterations
	each := now.Sub(d.first) / time.Duration(max(p.Iterations-d.from, 1))
	return fmt.Sprintf(" %v left", (time.Duration(remaining) * each).Round(time.Second))
}

// over writes a line over the last one.
func (d *display) over(text string) {
	pad := max(d.width-len(text), 0)
	d.width = len(text)
	fmt.Fprintf(d.w, "\r%s%s", text, strings.Repeat(" ", pad))
}

// epoch writes the line of an epoch that is finished.
func (d *display) epoch(p Progress) {
	d.perEpoch = p.PerEpoch
	if d.w == nil {
		return
	}
	if d.terminal {
		d.over("")
		fmt.Fprint(d.w, "\r")
	}
	fmt.Fprintf(d.w, "epoch %d/%d: %s%s\n", p.Epochs, d.epochs, p, rate(p.Samples, time.Since(d.began)))
	d.began = time.Now()
}

// String has the loss and all metrics, as in "loss 0.1234, accuracy 0.9712".
func (p Progress) String() string {
	values := p.values()
	text := fmt.Sprintf("loss %.4g", p.Loss)
	delete(values, "loss")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := values[name]
		if math.Abs(v) < 1e5 && math.Abs(v) >= 1e-3 {
			text += fmt.Sprintf(", %s %.4f", name, v)
			continue
		}
		text += fmt.Sprintf(", %s %.4g", name, v)
	}
	return text
}

// close ends the line on the terminal.
func (d *display) close() {
	if d.terminal && d.width > 0 {
		d.over("")
		fmt.Fprint(d.w, "\r")
	}
}
