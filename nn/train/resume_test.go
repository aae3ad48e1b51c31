package train_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/loss"
	"chainrule/nn/optim"
	"chainrule/nn/save"
	"chainrule/nn/train"
	"chainrule/ops"
)

// withChance is a net whose training uses all that a checkpoint must keep: dropout's keys, running statistics, moments, a
// schedule, a rate that looks at the loss, means of parameters.
type withChance struct {
	In   *nn.Linear
	Norm *nn.BatchNorm
	Drop *nn.Dropout
	Out  *nn.Linear
}

func (m *withChance) Apply(x *graph.Node) *graph.Node {
	return m.Out.Apply(m.Drop.Apply(ops.Tanh(m.Norm.Apply(m.In.Apply(x)))))
}

func chanceTrainer(t testing.TB) (*withChance, *train.Trainer) {
	rng := rand.New(rand.NewPCG(seed, 0))
	m := &withChance{
		nn.NewLinear(graph.Float32, 2, 8, nn.Xavier, rng), nn.NewBatchNorm(graph.Float32, 8), &nn.Dropout{P: .25},
		nn.NewLinear(graph.Float32, 8, 3, nn.Xavier, rng),
	}
	rule := optim.EMA{Rule: optim.Chain(optim.AdamW{Rate: optim.WarmupCosine(.02, 5, 200, .1)}, optim.ClipGlobalNorm(1))}
	trainer, err := train.NewWithMetrics(m, func(m *withChance, b train.XY) (*graph.Node, train.Metrics) {
		y := m.Apply(b.X)
		return loss.CrossEntropy(y, b.Y), train.Metrics{"accuracy": ops.Mean(ops.Cast(ops.Eq(ops.ArgMax(y, -1), ops.ArgMax(b.Y, -1)), graph.Float32))}
	}, rule)
	if err != nil {
		t.Fatal(err)
	}
	return m, trainer
}

// everything is the model's and the state's numbers.
func everything(m any, trainer *train.Trainer) (all []float64) {
	tensors, err := save.Tensors(m)
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"in.weight", "in.bias", "norm.mean", "norm.var", "out.weight", "out.bias"} {
		if d := tensors[name]; d != nil {
			all = append(all, wide(d)...)
		}
	}
	for _, d := range trainer.State().Values {
		if d.Dtype().Name() != "int64" {
			all = append(all, wide(d)...)
		}
	}
	return all
}

// Training that is stopped anywhere, in the midst of epochs too, and gone on with by another Trainer, ends with the same bits.
func TestResume(t *testing.T) {
	plan := train.Plan{Epochs: 4, Stop: &train.EarlyStopping{Patience: 10}}
	want, wantTrainer := chanceTrainer(t)
	whole, err := wantTrainer.Fit(context.Background(), source(t, blobs(50), 8, seed, graph.Float32), plan)
	if err != nil {
		t.Fatal(err)
	}
	plan.Checkpoint = filepath.Join(t.TempDir(), "net.safetensors")
	for _, after := range []int{3, 7, 15, 24} { // of 28 iterations; 7 is an epoch
		m, trainer := chanceTrainer(t)
		ctx, cancel := context.WithCancelCause(context.Background())
		plan.Each = func(p train.Progress) error {
			if p.Iterations == after {
				cancel(errEnough)
			}
			return nil
		}
		p, err := trainer.Fit(ctx, source(t, blobs(50), 8, seed, graph.Float32), plan)
		if !errors.Is(err, errEnough) || p.Iterations != after || len(everything(m, trainer)) == 0 {
			t.Fatalf("stopped after %d: %+v, %v", after, p, err)
		}
	}
	m, trainer := chanceTrainer(t)
	plan.Each = nil
	p, err := trainer.Fit(context.Background(), source(t, blobs(50), 8, seed, graph.Float32), plan)
	if err != nil || p.Iterations != 28 || p.Loss != whole.Loss || fmt.Sprint(p.Metrics) != fmt.Sprint(whole.Metrics) {
		t.Errorf("resumed: %+v, %v, want %+v", p, err, whole)
	}
	if !slices.Equal(everything(m, trainer), everything(want, wantTrainer)) {
		t.Error("the bits differ")
	}
}

// The first Ctrl-C ends the training after the step at hand, with a checkpoint.
func TestInterrupt(t *testing.T) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "c.safetensors")
	_, trainer := chanceTrainer(t)
	plan := train.Plan{Epochs: 1000, Checkpoint: path, Interrupt: true, Each: func(p train.Progress) error {
		if p.Iterations == 10 {
			return self.Signal(os.Interrupt)
		}
		return nil
	}}
	p, err := trainer.Fit(context.Background(), source(t, blobs(50), 8, seed, graph.Float32), plan)
	if !errors.Is(err, context.Canceled) || p.Iterations < 10 || p.Epochs == 1000 {
		t.Fatalf("%+v, %v", p, err)
	}
	_, again := chanceTrainer(t)
	if err := again.Load(path); err != nil || again.Steps() != p.Iterations {
		t.Errorf("the checkpoint is of step %d, want %d: %v", again.Steps(), p.Iterations, err)
	}
}

// A checkpoint that does not fit is an error, and changes nothing.
func TestForeignCheckpoint(t *testing.T) {
	m, trainer := chanceTrainer(t)
	path := filepath.Join(t.TempDir(), "c.safetensors")
	before := everything(m, trainer)
	if err := trainer.Save(path); err != nil {
		t.Fatal(err)
	}
	if err := trainer.Load(path); err != nil || !slices.Equal(before, everything(m, trainer)) {
		t.Errorf("loaded what was saved: %v", err)
	}
	net, other := small(t, graph.Float32, sgd(.9))
	was := slices.Clone(numbers(net))
	var mismatch *save.MismatchError
	if err := other.Load(path); !errors.As(err, &mismatch) || !slices.Equal(was, numbers(net)) {
		t.Errorf("another net's: %v", err)
	}
	if err := save.Save(path, m, nil); err != nil {
		t.Fatal(err)
	}
	if err := trainer.Load(path); !errors.Is(err, save.ErrFormat) {
		t.Errorf("no checkpoint: %v", err)
	}
}

const killed = "CHAINRULE_TRAIN_CHECKPOINT" // names the checkpoint of a process that shall be killed

// TestMain trains if it is the process that shall be killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(killed); path != "" {
		fmt.Println("ready")
		if err := longTraining(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// longTraining makes 240 steps, with a checkpoint after each.
func longTraining(path string) error {
	m, trainer := chanceTrainer(new(testing.T))
	set, err := train.NewSet(blobs(50), graph.Float32, 10, seed)
	if err != nil {
		return err
	}
	plan := train.Plan{Epochs: 48, Checkpoint: path, CheckpointSteps: 1}
	if _, err := trainer.Fit(context.Background(), set, plan); err != nil {
		return err
	}
	fmt.Println(everything(m, trainer))
	return nil
}

// A process that is killed again and again, whatever it does at that moment, ends with the bits of one that is left alone.
func TestKilled(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kills := 20
	if testing.Short() {
		kills = 3
	}
	died := 0
	run := func(path string, kill bool) (last string) {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), killed+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		lines.Scan() // it is ready
		if kill {
			time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
			if err := cmd.Process.Kill(); err != nil {
				t.Log(err)
			}
		}
		for lines.Scan() {
			last = lines.Text()
		}
		err = cmd.Wait()
		if err != nil && !kill {
			t.Fatal(err)
		}
		if err != nil {
			died++
		}
		return last
	}
	dir := t.TempDir()
	want := run(filepath.Join(dir, "undisturbed"), false)
	path := filepath.Join(dir, "disturbed")
	for range kills {
		run(path, true)
	}
	t.Logf("%d of %d processes were killed before they were done", died, kills)
	if got := run(path, false); got != want || len(want) < 100 {
		t.Errorf("after %d kills the numbers are\n%.200s, undisturbed\n%.200s", kills, got, want)
	}
}
