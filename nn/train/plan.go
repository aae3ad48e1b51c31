package train

import (
	"context"
	"io"
)

// Plan says how to train. Everything but Epochs may be left out.
type Plan struct {
	Epochs int
	// Validate is called after every epoch, and what it returns is reported: see Evaluator.
	Validate func(ctx context.Context) (map[string]float64, error)
	Stop     *EarlyStopping
	// Each is called after every iteration, EachEpoch after every epoch; an error ends the training.
	Each      func(Progress) error
	EachEpoch func(Progress) error
	// Output shows the progress: as a bar with loss, samples a second and the time that is left on a terminal, as a line an
	// epoch elsewhere.
	Output io.Writer
	// Curves get the loss and the metrics after every epoch.
	Curves []Curve
	// Checkpoint is a file that training can go on from, written after every epoch, and when ctx is done. If it is there when
	// Fit begins, Fit goes on where it was written.
	Checkpoint string
	// CheckpointSteps is the number of iterations after which it is written too; 0 for none.
	CheckpointSteps int
	// Interrupt lets the first Ctrl-C end the training after the step at hand, as a context that is done does.
	Interrupt bool
}

// Curve takes values by their names at a step.
type Curve interface {
	Record(step int, values map[string]float64) error
}
