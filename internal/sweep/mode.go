package sweep

// Mode is the direction in which a matrix of derivatives is computed.
type Mode uint8

const (
	ByShape     Mode = iota
	ForwardMode      // column by column
	ReverseMode      // row by row
)
