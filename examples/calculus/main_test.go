package main

import "os"

// The README shows these functions, and what they print.
func Example() {
	if err := run(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// step 1: x = [-1.175281  1.380674]
	// step 2: x = [ 0.763115 -3.175034]
	// step 3: x = [ 0.763430  0.582825]
	// step 4: x = [ 0.999995  0.944027]
	// step 5: x = [ 0.999996  0.999991]
	// step 6: x = [ 1.000000  1.000000]
	// [1.000000000000 0.500000000000 0.250000000000 0.005000000000]
	// 100000 × 100000, 299998 entries
}
