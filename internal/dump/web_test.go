package dump_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/dump"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

// pageOf compiles a unit with a record, runs it on values if there are any, and reads the page.
func pageOf(t *testing.T, u rewrite.Unit, opts compile.Options, in []exec.Value) (dump.Page, *web) {
	t.Helper()
	page := dump.Page{Title: "f", Record: &compile.Record{}}
	opts.Record = page.Record
	p, err := compile.Compile(u, opts)
	require.NoError(t, err)
	page.Plan = p.Plan()
	if in != nil {
		page.Profile, err = p.Profile(context.Background(), in)
		require.NoError(t, err)
	}
	var b bytes.Buffer
	require.NoError(t, page.Write(&b))
	return page, read(t, b.String())
}

// web is a page as an XML reader sees it.
type web struct {
	source string
	text   map[string]string // of elements with an identity
	links  []string          // identities that elements speak of
	rows   map[string]int    // how many elements are for each row of the plan
}

func read(t *testing.T, source string) *web {
	t.Helper()
	w := &web{source: source, text: map[string]string{}, rows: map[string]int{}}
	d := xml.NewDecoder(strings.NewReader(source))
	var open []string // identities of the elements around, "" for those without
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return w
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			id := ""
			for _, a := range token.Attr {
				switch a.Name.Local {
				case "id":
					id = a.Value
					require.NotContains(t, w.text, id, "an identity is used twice")
					w.text[id] = ""
				case "data-to":
					w.links = append(w.links, strings.Fields(a.Value)...)
				case "data-ref":
					w.links = append(w.links, a.Value)
				case "data-row":
					w.links = append(w.links, a.Value)
					w.rows[a.Value]++
				}
			}
			open = append(open, id)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, id := range open {
				if id != "" {
					w.text[id] += string(token)
				}
			}
		}
	}
}

// check holds a page to what it is about: every node of every stage, every step and member, and no loose links.
func (w *web) check(t *testing.T, page dump.Page) {
	t.Helper()
	for k, stage := range page.Record.Stages {
		require.Equal(t, graph.Topo(stage.Unit.Outputs...), stage.Nodes)
		for i, n := range stage.Nodes {
			row := w.text[fmt.Sprintf("p%dn%d", k, i)]
			require.Contains(t, row, fmt.Sprintf("%%%d = %s", i, n.Op().Name), "stage %s", stage.Name)
			require.Contains(t, row, n.Type().String())
			require.Contains(t, row, n.Source())
		}
		require.NotContains(t, w.text, fmt.Sprintf("p%dn%d", k, len(stage.Nodes)))
	}
	for i, s := range page.Plan.Steps {
		require.Contains(t, w.text, fmt.Sprintf("s%d", i))
		for j, m := range s.Members {
			require.Contains(t, w.text[fmt.Sprintf("s%dm%d", i, j)], m.Node.Op().Name)
		}
	}
	for _, id := range w.links {
		require.Contains(t, w.text, id, "a link leads nowhere")
	}
	// Every node of the last stage has its place in the plan.
	last := len(page.Record.Stages) - 1
	for i := range page.Record.Stages[last].Nodes {
		_, rest, _ := strings.Cut(w.source, fmt.Sprintf(`id="p%dn%d" data-to="`, last, i))
		to, _, _ := strings.Cut(rest, `"`)
		require.NotEmpty(t, to, "node %d has no row in the plan", i)
	}
	for _, outside := range []string{"http", "@import", "url("} {
		require.False(t, strings.Contains(w.source, outside), "the page has %s, but can be read offline", outside)
	}
	require.Equal(t, 1, strings.Count(w.source, "<script"))
}
