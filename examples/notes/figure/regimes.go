package figure

import (
	"fmt"
	"math"
	"strconv"

	"chainrule/examples/notes/course"
)

// raceState holds the last race.
type raceState struct {
	race *course.Race
	runs []*course.Run
}

const raceSamples = 200

func regimes() *Figure {
	r := &raceState{}
	return &Figure{
		Name:    "regimes",
		Caption: T("Three regimes race on 200 samples of a noisy line.", "三种方式在同一数据集（200 个带噪声的样本）上比赛。"),
		Controls: []Control{
			restarts(slider("batch", T("mini-batch size", "小批量大小"), 2, 100, 1, 20)),
			restarts(slider("epochs", T("epochs", "期（轮）"), 1, 20, 1, 6)),
			choice("axis", T("cost against", "横轴"), Option{"epochs", T("epochs", "期")},
				Option{"iterations", T("iterations", "迭代")}, Option{"time", T("time", "时间")}),
			choice("samples", T("to count: samples", "计数：样本数"), Option{"2560000", Same("2,560,000")},
				Option{"60000", Same("60,000")}, Option{"200", Same("200")}),
			slider("size", T("to count: batch size 2ᵏ, k", "计数：批量大小 2ᵏ，k"), 0, 12, 1, 8),
		},
		Draw:  r.draw,
		Work:  r.work,
		Start: T("race", "比赛"),
	}
}

func (r *raceState) draw(s State) (View, error) {
	samples, err := strconv.Atoi(s.word("samples"))
	if err != nil {
		return View{}, err
	}
	count := course.CountOf(samples, 1<<s.int("size"), 1)
	v := View{Numbers: []Number{
		{"samples", T("samples", "样本数"), thousands(count.Samples)},
		{"size", T("batch size", "批量大小"), thousands(count.Batch)},
		{"iterations", T("iterations in an epoch", "每期迭代次数"), thousands(count.PerEpoch)},
	}}
	if len(r.runs) == 0 {
		v.Note = T("Press “race”.", "请按“比赛”。")
		return v, nil
	}
	v.Pictures = []string{r.picture(s.word("axis"))}
	table := Table{Title: T("after the race", "比赛结果"), Head: []Text{T("regime", "方式"), T("batch size", "批量大小"),
		T("iterations", "迭代次数"), T("cost above the least", "与最小代价之差"), T("time", "时间")}}
	for k, run := range r.runs {
		end := len(run.Costs) - 1
		table.Rows = append(table.Rows, append([]Text{regimeNames[k]}, cells(fmt.Sprint(run.Batch), fmt.Sprint(run.Iterations[end]),
			fmt.Sprintf("%.2g", run.Costs[end]-r.race.Bottom), fmt.Sprintf("%.1f ms", 1e3*run.Seconds[end]))...))
	}
	v.Tables = []Table{table}
	v.Note = T("Batch: a smooth way to the least cost, but few steps. Stochastic: many quick steps, and no rest at the end. Mini-batch lies between.",
		"批量：曲线平滑、走向最小值，但步数少；随机：步子快而多，最后停不下来；小批量介于两者之间。")
	return v, nil
}

var regimeNames = []Text{T("batch", "批量"), T("mini-batch", "小批量"), T("stochastic", "随机")}

// picture draws how far above the least cost each regime is, by powers of ten.
func (r *raceState) picture(axis string) string {
	of := func(run *course.Run) []float64 {
		switch axis {
		case "iterations":
			xs := make([]float64, len(run.Iterations))
			for i, k := range run.Iterations {
				xs[i] = float64(k)
			}
			return xs
		case "time":
			xs := make([]float64, len(run.Seconds))
			for i, t := range run.Seconds {
				xs[i] = 1e3 * t
			}
			return xs
		}
		return run.Epochs
	}
	most := 1e-9
	for _, run := range r.runs {
		xs := of(run)
		most = math.Max(most, xs[len(xs)-1])
	}
	axes := map[string]Text{"epochs": T("epochs", "期"), "iterations": T("iterations", "迭代次数"), "time": T("milliseconds", "毫秒")}
	p := newPlot(T("The cost of three regimes", "三种方式的代价"), 0, most, -5, 1)
	p.axes(axes[axis], T("log₁₀ of cost above the least", "log₁₀(代价 − 最小代价)"))
	var names []entry
	for k, run := range r.runs {
		ys := make([]float64, len(run.Costs))
		for i, c := range run.Costs {
			ys[i] = math.Max(-5, math.Log10(math.Max(c-r.race.Bottom, 1e-9)))
		}
		class := string("abc"[k])
		p.curve(of(run), ys, "line "+class)
		names = append(names, entry{"line " + class, regimeNames[k]})
	}
	p.legend(p.left+p.width-92, names...)
	return p.String()
}

func (r *raceState) work(s State, p Pace) error {
	race, err := course.NewRace(raceSamples, 1)
	if err != nil {
		return err
	}
	*r = raceState{race: race}
	for _, c := range []struct {
		batch int
		rate  float64
	}{{raceSamples, 0.8}, {s.int("batch"), 0.4}, {1, 0.08}} {
		run, err := race.Descend(c.batch, c.rate, s.int("epochs"), 1, p.Pause)
		if err != nil {
			return err
		}
		r.runs = append(r.runs, run)
		if err := p.Show(); err != nil {
			return err
		}
	}
	return nil
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
