package train_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/loss"
	"chainrule/nn/optim"
	"chainrule/nn/train"
	"chainrule/ops"
)

// given is a model whose validation gives what a test says; its one parameter grows by 1 at every step.
func given(t *testing.T, values ...float64) (*nn.Param, *train.Trainer, train.Plan) {
	t.Helper()
	w := nn.NewParam(graph.Float64)
	trainer, err := train.New(w, func(w *nn.Param, x *graph.Node) *graph.Node { return ops.Neg(ops.Mul(w.Node(), x)) },
		optim.SGD{Rate: optim.Constant(1)})
	if err != nil {
		t.Fatal(err)
	}
	i := -1
	return w, trainer, train.Plan{Epochs: len(values), Validate: func(context.Context) (map[string]float64, error) {
		i++
		return map[string]float64{"loss": values[i]}, nil
	}}
}

func one() train.Batches {
	return train.Batches{{Feed: tensor.New(tensor.FromScalar(1.0)), Count: 1}}
}

func TestEarlyStopping(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		stop   train.EarlyStopping
		epochs int
		best   float64 // the epoch whose model is put back
	}{
		{"patience", []float64{3, 2, 2.5, 2.4, 1.9}, train.EarlyStopping{Patience: 2}, 4, 2},
		{"the epochs end", []float64{3, 2, 2.5}, train.EarlyStopping{Patience: 2}, 3, 2},
		{"too little", []float64{3, 2.95, 2.9, 1}, train.EarlyStopping{Patience: 2, MinDelta: .2}, 3, 1},
		{"largest", []float64{1, 3, 2, 2}, train.EarlyStopping{Patience: 2, Largest: true}, 4, 2},
		{"at once", []float64{1, 2, 0}, train.EarlyStopping{}, 2, 1},
	} {
		w, trainer, plan := given(t, c.values...)
		plan.Stop = &c.stop
		p, err := trainer.Fit(context.Background(), one(), plan)
		if err != nil || p.Epochs != c.epochs || wide(w.Value)[0] != c.best {
			t.Errorf("%s: %+v, %v, the model is of epoch %v, want %v", c.name, p, err, wide(w.Value), c.best)
		}
	}
	for _, stop := range []train.EarlyStopping{{Value: "accuracy"}, {}} {
		_, trainer, plan := given(t, math.NaN())
		plan.Stop = &stop
		if _, err := trainer.Fit(context.Background(), one(), plan); err == nil {
			t.Errorf("%+v: no error", stop)
		}
	}
}

// Batches of different sizes: the epoch's means are over samples.
func TestMeansOverSamples(t *testing.T) {
	w := nn.NewParam(graph.Float64)
	trainer, err := train.NewWithMetrics(w, func(w *nn.Param, x *graph.Node) (*graph.Node, train.Metrics) {
		return ops.Add(ops.Mul(0, w.Node()), x), train.Metrics{"twice": ops.Mul(2, x)}
	}, optim.Frozen{})
	if err != nil {
		t.Fatal(err)
	}
	var batches train.Batches
	for _, b := range []train.Batch{{Feed: 1., Count: 4}, {Feed: 2., Count: 4}, {Feed: 6., Count: 2}} {
		batches = append(batches, b)
	}
	e, err := train.NewEvaluator(w, func(_ *nn.Param, x *graph.Node) (*graph.Node, train.Metrics) {
		return ops.Mul(10, x), train.Metrics{"own": x}
	})
	if err != nil {
		t.Fatal(err)
	}
	validate := func(ctx context.Context) (map[string]float64, error) { return e.Run(ctx, batches) }
	var out, table bytes.Buffer
	plan := train.Plan{Epochs: 2, Validate: validate, Output: &out, Curves: []train.Curve{train.NewCSV(&table)}}
	p, err := trainer.Fit(context.Background(), batches, plan)
	if err != nil || math.Abs(p.Loss-2.4) > 1e-15 || p.Metrics["twice"] != 4.8 || p.Validation["loss"] != 24 || p.Validation["own"] != 2.4 {
		t.Errorf("%+v, %v", p, err)
	}
	want := `^epoch 1/2: loss 2\.4, twice 4\.8000, validation loss 24\.0000, validation own 2\.4000 \d+ samples/s
epoch 2/2: loss 2\.4, .* samples/s
$`
	if !regexp.MustCompile(want).Match(out.Bytes()) {
		t.Errorf("the lines are\n%s", &out)
	}
	if got := table.String(); got != "step,loss,twice,validation loss,validation own\n3,2.4,4.8,24,2.4\n6,2.4,4.8,24,2.4\n" {
		t.Errorf("the table is\n%s", got)
	}
	if err := plan.Curves[0].Record(7, map[string]float64{"new": 1}); err == nil {
		t.Error("a new column: no error")
	}
}

// An event file read back by the format's own rules.
func TestTensorBoard(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "1")
	b, err := train.NewTensorBoard(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Record(300, map[string]float64{"loss": .5, "accuracy": .25}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	events := records(t, data)
	if len(events) != 2 || !bytes.Contains(events[0], []byte("brain.Event:2")) {
		t.Fatalf("%q", events)
	}
	got := fields(t, events[1])
	if step, _ := protowire.ConsumeVarint(got[2]); step != 300 {
		t.Errorf("step %d", step)
	}
	text := string(events[1])
	first, second := strings.Index(text, "accuracy"), strings.Index(text, "loss")
	value := func(at int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32([]byte(text[at:]))) }
	if first < 0 || second < first || value(first+len("accuracy")+1) != .25 || value(second+len("loss")+1) != .5 {
		t.Errorf("%q", text)
	}
}

// records cuts a file of records, and checks both sums of each.
func records(t *testing.T, data []byte) (events [][]byte) {
	sum := func(b []byte) uint32 {
		c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
		return (c>>15 | c<<17) + 0xa282ead8
	}
	for len(data) > 0 {
		n := binary.LittleEndian.Uint64(data)
		if sum(data[:8]) != binary.LittleEndian.Uint32(data[8:]) {
			t.Fatal("the sum of a length is wrong")
		}
		body := data[12 : 12+n]
		if sum(body) != binary.LittleEndian.Uint32(data[12+n:]) {
			t.Fatal("the sum of an event is wrong")
		}
		events, data = append(events, body), data[16+n:]
	}
	return events
}

// fields are the values of a message by their numbers, without their tags.
func fields(t *testing.T, b []byte) map[protowire.Number][]byte {
	out := map[protowire.Number][]byte{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal("a tag is wrong")
		}
		m := protowire.ConsumeFieldValue(number, kind, b[n:])
		if m < 0 {
			t.Fatal("a field is wrong")
		}
		out[number], b = b[n:n+m], b[n+m:]
	}
	return out
}

// A step whose gradient's norm is infinite is refused, and a loss that is NaN says where it was born.
func TestRefusedStep(t *testing.T) {
	w := nn.NewParam(graph.Float64)
	trainer, err := train.New(w, func(w *nn.Param, x *graph.Node) *graph.Node { return ops.Mul(w.Node(), x) },
		optim.Chain(optim.Adam{}, optim.ClipGlobalNorm(1)))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if _, err := trainer.Step(ctx, 2.); err != nil {
		t.Fatal(err)
	}
	before := wide(w.Value)[0]
	for _, c := range []struct {
		feed float64
		want string
	}{{math.Inf(1), "loss of step 2 is "}, {math.NaN(), "loss of step 2 is NaN"}} {
		_, err := trainer.Step(ctx, c.feed)
		var infinite *autodiff.NotFiniteError
		if !errors.As(err, &infinite) || !strings.Contains(err.Error(), c.want) || wide(w.Value)[0] != before || trainer.Steps() != 1 {
			t.Errorf("%v: error %v, parameter %v, want %v", c.feed, err, wide(w.Value), before)
		}
	}
	root := nn.NewParam(graph.Float64)
	trainer, err = train.New(root, func(w *nn.Param, _ *graph.Node) *graph.Node { return ops.Sqrt(w.Node()) },
		optim.Chain(optim.SGD{Rate: optim.Constant(1)}, optim.ClipGlobalNorm(1)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = trainer.Step(ctx, 1.) // the slope of a root at 0 is infinite
	if err == nil || !strings.Contains(err.Error(), "the rule refuses step 1") || wide(root.Value)[0] != 0 {
		t.Errorf("error %v, parameter %v", err, wide(root.Value))
	}
}

// Two networks that train against each other: each has a Trainer, and is an argument of the other's loss.
func TestTwoNetworks(t *testing.T) {
	rng := rand.New(rand.NewPCG(seed, 3))
	type fakes struct {
		Judge *nn.Linear
		Noise *graph.Node
	}
	type real struct {
		Maker       *nn.Linear
		Noise, Data *graph.Node
	}
	maker := nn.NewLinear(graph.Float64, 1, 1, nn.Normal, rng)
	judge := nn.NewLinear(graph.Float64, 1, 1, nn.Normal, rng)
	rule := optim.Adam{Rate: optim.Constant(.02), Beta1: .5}
	logit := func(judge *nn.Linear, x *graph.Node, want float64) *graph.Node {
		y := judge.Apply(x)
		return loss.BCEWithLogits(y, ops.FullLike(y, want))
	}
	makes, err := train.New(maker, func(m *nn.Linear, b fakes) *graph.Node { return logit(b.Judge, m.Apply(b.Noise), 1) }, rule)
	if err != nil {
		t.Fatal(err)
	}
	judges, err := train.New(judge, func(j *nn.Linear, b real) *graph.Node {
		return ops.Add(logit(j, b.Data, 1), logit(j, b.Maker.Apply(b.Noise), 0))
	}, optim.Adam{Rate: optim.Constant(.02), Beta1: .5, WeightDecay: .01})
	if err != nil {
		t.Fatal(err)
	}
	noise, data := nn.NewParam(graph.Float64, 64, 1), nn.NewParam(graph.Float64, 64, 1)
	for range 800 {
		noise.Fill(rng.NormFloat64)
		data.Fill(func() float64 { return 3 + rng.NormFloat64() })
		if _, err := judges.Step(context.Background(), struct {
			Maker       *nn.Linear
			Noise, Data *tensor.Dense
		}{maker, noise.Value, data.Value}); err != nil {
			t.Fatal(err)
		}
		if _, err := makes.Step(context.Background(), struct {
			Judge *nn.Linear
			Noise *tensor.Dense
		}{judge, noise.Value}); err != nil {
			t.Fatal(err)
		}
	}
	if mean := wide(maker.Bias.Value)[0]; math.Abs(mean-3) > 1 {
		t.Errorf("what is made has the mean %v, the data 3", mean)
	}
}
