package graph_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// here is its caller's line.
func here() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

type built struct {
	n    *graph.Node
	line string
}

//go:noinline
func apart(x *graph.Node) built { return built{ops.Exp(x), here()} }

func merged(x *graph.Node) built { return built{ops.Tanh(x), here()} }

func recursive(x *graph.Node, depth int) built {
	if depth == 0 {
		return built{ops.Sin(x), here()}
	}
	return recursive(ops.Cos(x), depth-1)
}

// Every way from a node's maker to the user's line, taken three times: unwound, learnt, and followed.
func TestUsersLine(t *testing.T) {
	ways := map[string]func(x *graph.Node) built{
		"direct":        func(x *graph.Node) built { return built{ops.Sqrt(x), here()} },
		"two operands":  func(x *graph.Node) built { return built{ops.Mul(x, 3), here()} },
		"attributes":    func(x *graph.Node) built { return built{ops.BroadcastTo(x, 7, 2), here()} },
		"a method":      func(x *graph.Node) built { return built{x.Graph().Alias(x), here()} },
		"constant":      func(x *graph.Node) built { return built{x.Graph().Scalar(graph.Float64, 77), here()} },
		"another":       apart,
		"inlined":       merged,
		"recursive":     func(x *graph.Node) built { return recursive(x, 40) },
		"first of many": func(x *graph.Node) built { return recursive(x, 0) },
		"deferred": func(x *graph.Node) (b built) {
			defer func() { b = built{ops.Exp(x), here()} }()
			return b
		},
		"panicking": func(x *graph.Node) (b built) {
			defer func() {
				recover()
				b = built{ops.Log(x), here()}
			}()
			panic("away")
		},
		"by the standard library": func(x *graph.Node) (b built) {
			slices.SortFunc([]int{2, 1}, func(int, int) int {
				b = built{ops.Exp(x), here()}
				return 0
			})
			return b
		},
		"by reflection": func(x *graph.Node) built {
			call := reflect.ValueOf(func(x *graph.Node) built { return built{ops.Exp(x), here()} })
			return call.Call([]reflect.Value{reflect.ValueOf(x)})[0].Interface().(built)
		},
		"an op called by reflection": func(x *graph.Node) built {
			square := reflect.ValueOf(ops.Square).Call
			return built{square([]reflect.Value{reflect.ValueOf(x)})[0].Interface().(*graph.Node), here()}
		},
		"in a goroutine": func(x *graph.Node) (b built) {
			var done sync.WaitGroup
			done.Go(func() { b = built{ops.Exp(x), here()} })
			done.Wait()
			return b
		},
		"on a stack that grows": func(x *graph.Node) built {
			var wide func(depth int) built
			wide = func(depth int) built {
				var space [4096]byte
				if depth > 0 {
					b := wide(depth - 1)
					space[depth] = 1
					return b
				}
				return built{ops.Exp(x), here()}
			}
			return wide(100)
		},
	}
	known := graph.New()
	for name, way := range ways {
		for i := range 3 {
			for _, g := range []*graph.Graph{graph.New(), known} {
				x := g.Input("x", graph.Float64, 1, 2)
				before := g.Len()
				b := way(x)
				if b.n.ID() < before { // the constant, made by an earlier line
					continue
				}
				if b.n.Source() != b.line {
					t.Errorf("%s, time %d: the source is %s, want %s", name, i, b.n.Source(), b.line)
				}
			}
		}
	}
}
