package main

// The README shows this program and its output.
func Example() {
	main()
	// Output:
	// step   0: loss 0.257498, ∂loss/∂w [-0.1069 -0.1356], ∂loss/∂b -0.1175
	// step 250: loss 0.006358, ∂loss/∂w [-0.0025 -0.0025], ∂loss/∂b 0.0013
	// step 500: loss 0.002896, ∂loss/∂w [-0.0012 -0.0012], ∂loss/∂b 0.0006
}
