package dump

import (
	"fmt"
	"time"

	"chainrule/graph"
)

// The picture of a plan: time above, memory below, one column for each step.
const (
	pictureWidth  = 1240.0
	pictureLeft   = 64.0
	timeHeight    = 70.0
	arenaHeight   = 220.0
	mostPictured  = 20000
	widestStep    = 46.0
	pictureMargin = 8.0
)

// arena draws the time of every step and the stay of every value in the arena.
func (v *view) arena(s sheet) {
	steps := len(v.Plan.Steps)
	if steps < 2 || steps > mostPictured || len(v.lives) > mostPictured {
		return
	}
	timed := v.Profile != nil && v.most > 0
	x := min(widestStep, (pictureWidth-pictureLeft-pictureMargin)/float64(steps))
	width := pictureLeft + pictureMargin + x*float64(steps)
	top := pictureMargin
	if timed {
		top += timeHeight + pictureMargin
	}
	height, bottom := top+pictureMargin+10, top
	if v.Plan.Arena > 0 {
		height, bottom = height+arenaHeight, bottom+arenaHeight
	}
	s.put("<figure><figcaption>One column for each step. ")
	if timed {
		s.put("Above, its <b>time</b>, up to %s. ", timeText(v.most))
	}
	if v.Plan.Arena > 0 {
		s.put("Below, the <b>arena</b> of %s: a block for each value, from the step that makes it to the last that reads it.",
			byteText(v.Plan.Arena))
		for c := graph.Map; c <= graph.Opaque; c++ {
			s.put(`<i class="%s"></i>%s`, c, c)
		}
	}
	s.put("</figcaption>\n")
	s.put(`<svg width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">`+"\n", width, height, width, height)
	if timed {
		v.times(s, x)
	}
	if v.Plan.Arena > 0 {
		v.blocks(s, x, top)
	}
	for i := 0; i < steps; i += max(1, int(40/x)) {
		s.put(`<text x="%.1f" y="%.1f">%d</text>`+"\n", pictureLeft+x*float64(i), bottom+12, i)
	}
	s.put("</svg></figure>\n")
}

// times draws a bar for the time of each step.
func (v *view) times(s sheet, x float64) {
	s.put(`<text x="4" y="%.0f">%s</text>`+"\n", pictureMargin+8, timeText(v.most))
	s.put(`<line x1="%.0f" x2="%.1f" y1="%.0f" y2="%.0f"/>`+"\n", pictureLeft,
		pictureLeft+x*float64(len(v.Plan.Steps)), pictureMargin+timeHeight, pictureMargin+timeHeight)
	for i, t := range v.Profile.Steps {
		h := timeHeight * float64(t.Least) / float64(max(time.Nanosecond, v.most))
		s.put(`<rect class="time" data-row="%s" x="%.2f" y="%.2f" width="%.2f" height="%.2f"><title>%s</title></rect>`+"\n",
			stepRow(i), pictureLeft+x*float64(i), pictureMargin+timeHeight-h, x, h,
			fmt.Sprintf("step %d, %s, %s", i, v.title(i), timeText(t.Least)))
	}
}

// blocks draws each value of the arena as a rectangle: its steps from left to right, its bytes from top to bottom.
func (v *view) blocks(s sheet, x, top float64) {
	y := arenaHeight / float64(v.Plan.Arena)
	s.put(`<text x="4" y="%.0f">0</text><text x="4" y="%.0f">%s</text>`+"\n", top+8, top+arenaHeight,
		byteText(v.Plan.Arena))
	s.put(`<line x1="%.0f" x2="%.1f" y1="%.0f" y2="%.0f"/>`+"\n", pictureLeft,
		pictureLeft+x*float64(len(v.Plan.Steps)), top+arenaHeight, top+arenaHeight)
	for _, l := range v.lives {
		class, name := "copy", "copy"
		if l.node != nil {
			class = l.node.Op().Class.String()
			name = fmt.Sprintf("%%%d = %s %v", v.at[l.node.ID()], l.node.Op().Name, l.node.Type())
		}
		s.put(`<rect class="%s" data-row="%s" x="%.2f" y="%.2f" width="%.2f" height="%.2f"><title>%s</title></rect>`+"\n",
			markup(class), v.rowOf(l), pictureLeft+x*float64(l.born), top+y*float64(l.slot.Offset),
			x*float64(l.last-l.born+1), max(1, y*float64(l.bytes)),
			fmt.Sprintf("%s, %s, steps %d–%d", name, byteText(l.bytes), l.born, l.last))
	}
}
