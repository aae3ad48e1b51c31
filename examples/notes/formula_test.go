package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMathML(t *testing.T) {
	for formula, want := range map[string]string{
		"x":              "<mi>x</mi>",
		"x^2":            "<msup><mi>x</mi><mn>2</mn></msup>",
		"w_{ij}^l":       "<msubsup><mi>w</mi><mrow><mi>i</mi><mi>j</mi></mrow><mi>l</mi></msubsup>",
		"{a/b}":          "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>",
		"{1/1 + e^{−x}}": "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>1</mn><mo>+</mo><msup><mi>e</mi><mrow><mo>−</mo><mi>x</mi></mrow></msup></mrow></mfrac>",
		"{e^{z_i}/Σ}":    "<mfrac><mrow><msup><mi>e</mi><mrow><msub><mi>z</mi><mi>i</mi></msub></mrow></msup></mrow><mrow><mi>Σ</mi></mrow></mfrac>",
		"x_1, y":         "<msub><mi>x</mi><mn>1</mn></msub><mo>,</mo><mi>y</mi>",
		"2,560,000":      "<mn>2,560,000</mn>",
		"σ′(z) < tanh x": "<mi>𝜎′</mi><mrow><mo>(</mo><mrow><mi>z</mi></mrow><mo>)</mo></mrow><mo>&lt;</mo><mi>tanh</mi><mi>x</mi>",
		"(a)^2":          "<msup><mrow><mo>(</mo><mrow><mi>a</mi></mrow><mo>)</mo></mrow><mn>2</mn></msup>",
		"‖ŷ‖_2":          "<msub><mrow><mo>‖</mo><mrow><mover><mi>y</mi><mo>^</mo></mover></mrow><mo>‖</mo></mrow><mn>2</mn></msub>",
		`\{W\}`:          "<mo>{</mo><mi>W</mi><mo>}</mo>",
		`"if" ½`:         "<mtext>if</mtext><mn>½</mn>",
		"x^":             "<msup><mi>x</mi><mrow></mrow></msup>",
		"{dz/dy} · {dy/dx}": "<mfrac><mrow><mi>d</mi><mi>z</mi></mrow><mrow><mi>d</mi><mi>y</mi></mrow></mfrac><mo>·</mo>" +
			"<mfrac><mrow><mi>d</mi><mi>y</mi></mrow><mrow><mi>d</mi><mi>x</mi></mrow></mfrac>",
	} {
		assert.Equal(t, "<math><mrow>"+want+"</mrow></math>", mathML(formula), formula)
	}
}
