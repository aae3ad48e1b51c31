package figure

import (
	"fmt"
	"math"

	"chainrule/examples/notes/course"
)

// digitsState is the network and how far its training has come.
type digitsState struct {
	net *course.Digits
}

const digitEpochs = 20

func digits() *Figure {
	d := &digitsState{}
	examples := []Option{{"drawn", T("my drawing", "我画的")}}
	var labels []Option
	for k := range 10 {
		examples = append(examples, Option{fmt.Sprint(k), T(fmt.Sprintf("a %d of the data", k), fmt.Sprintf("数据中的 %d", k))})
		labels = append(labels, Option{fmt.Sprint(k), Same(fmt.Sprint(k))})
	}
	examples = append(examples[1:], examples[0])
	return &Figure{
		Name: "digits",
		Caption: T("Train the network, then draw a digit in the square, or take one that it has never seen.",
			"先训练网络，再在方框里画一个数字，或选一个它没见过的数字。"),
		Controls: []Control{
			choice("image", T("image", "图像"), examples...),
			{Name: "ink", Kind: Ink, Label: T("draw a digit in the square", "在方框中画一个数字")},
			choice("label", T("what it should be", "正确答案"), labels...),
			slider("digit", T("one weight: to digit", "某个权重：到数字"), 0, 9, 1, 0),
			slider("unit", T("from hidden neuron", "来自隐层神经元"), 1, course.HiddenNeurons, 1, 1),
			slider("change", T("change it by", "改变量"), -3, 3, 0.1, 0),
		},
		Draw:  d.draw,
		Work:  d.work,
		Start: T("train", "训练"),
	}
}

func (d *digitsState) ready() error {
	if d.net != nil {
		return nil
	}
	net, err := course.NewDigits(1)
	d.net = net
	return err
}

// image is the drawing, or the first image of the chosen digit among the test images.
func (d *digitsState) image(s State) []float64 {
	word := s.word("image")
	if word == "drawn" || word == "" {
		return course.Pixels(s.ink("ink"))
	}
	for i, label := range d.net.Test.Labels {
		if fmt.Sprint(label) == word {
			return d.net.Test.Row(i)
		}
	}
	return make([]float64, 64)
}

func (d *digitsState) draw(s State) (View, error) {
	if err := d.ready(); err != nil {
		return View{}, err
	}
	image := d.image(s)
	label := int(s.word("label")[0]-'0') % 10
	r, err := d.net.Read(image, label)
	if err != nil {
		return View{}, err
	}
	i, j := s.int("digit"), s.int("unit")-1
	c, err := d.net.Change(image, label, i, j, s.num("change"))
	if err != nil {
		return View{}, err
	}
	best := course.Best(c.After.P)
	v := View{
		Pictures: []string{imagePicture(image), layersPicture(c.After, r, label)},
		Numbers: []Number{
			{"says", T("it says", "网络说"), fmt.Sprint(best)},
			value("sure", T("with probability", "概率"), c.After.P[best]),
			{"epochs", T("epochs of training", "训练期数"), fmt.Sprint(d.net.Epochs)},
			value("accuracy", T("right on 297 unseen images", "297 张未见图像的正确率"), d.net.Accuracy),
			value("cost", T("cost for this image", "这张图的代价"), r.Cost),
			value("slope", T("∂C/∂w of the weight, δa", "该权重的 ∂C/∂w = δa"), c.Slope),
			value("predicted", T("change of the cost by ∂C/∂w·Δw", "预测的代价变化 ∂C/∂w·Δw"), c.Predicted),
			value("actual", T("change when it is run", "实际的代价变化"), c.Actual),
		},
		Note: T("Press “train”: the network starts with random weights and guesses.", "请按“训练”：网络的权重起初是随机的，只能乱猜。"),
	}
	if d.net.Epochs > 0 {
		v.Note = T("One small square for each neuron: its activation a, and below its error δ. Red is positive, blue negative. Orange: the digit that it should be.",
			"每个小方格是一个神经元：上为激活值 a，下为误差 δ。红为正，蓝为负。橙色柱：正确答案。")
	}
	return v, nil
}

// imagePicture is the pad: the image's pixels in a square.
func imagePicture(image []float64) string {
	p := newSVG(260, T("The image as the network sees it", "网络看到的图像"))
	p.square()
	const side, left, top = 30.0, 10.0, 10.0
	p.rect(left, top, 8*side, 8*side, "frame pad")
	for k, v := range image {
		if v > 0 {
			p.tint(left+side*float64(k%8), top+side*float64(k/8), side, side, v, "ink")
		}
	}
	return p.String()
}

// layersPicture shows both layers: a after the change of a weight, δ before it.
func layersPicture(after, before *course.Reading, label int) string {
	p := newSVG(278, T("Activations and errors of the layers", "各层的激活值与误差"))
	p.words(4, 14, "label start", T("hidden layer: a", "隐层：a"))
	p.words(4, 76, "label start", T("hidden layer: δ", "隐层：δ"))
	cells := func(values []float64, top, scale float64) {
		for k, v := range values {
			x, y := 4+22*float64(k%16), top+20*float64(k/16)
			p.rect(x, y, 20, 18, "cell")
			p.shade(x, y, 20, 18, v/scale)
		}
	}
	cells(after.A1, 20, 1)
	cells(before.D1, 82, largest(before.D1))
	p.words(4, 140, "label start", T("output layer: p", "输出层：p"))
	for k, v := range after.P {
		x := 8 + 35*float64(k)
		class := "bar"
		if k == label {
			class = "bar chosen"
		}
		p.rect(x, 205-50*v, 24, 50*v, class)
		p.write(x+12, 218, "label mid", fmt.Sprint(k))
	}
	p.line(4, 205, 356, 205, "axis")
	p.words(4, 240, "label start", T("output layer: δ = p − y", "输出层：δ = p − y"))
	for k, v := range before.D2 {
		x := 8 + 35*float64(k)
		p.rect(x, 248, 24, 18, "cell")
		p.shade(x, 248, 24, 18, v/largest(before.D2))
	}
	return p.String()
}

func largest(values []float64) float64 {
	m := 1e-12
	for _, v := range values {
		m = math.Max(m, math.Abs(v))
	}
	return m
}

func (d *digitsState) work(s State, p Pace) error {
	net, err := course.NewDigits(1)
	if err != nil {
		return err
	}
	d.net = net
	for net.Epochs < digitEpochs {
		if err := net.Epoch(0.5, p.Pause); err != nil {
			return err
		}
		if err := p.Show(); err != nil {
			return err
		}
	}
	return nil
}
