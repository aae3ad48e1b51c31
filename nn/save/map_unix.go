//go:build unix

package save

import (
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a file so that what is written to its memory stays there (copy on write).
func mapFile(file *os.File, size int64) ([]byte, error) {
	if size == 0 || size > math.MaxInt {
		return nil, wrong("a file of %d bytes cannot be mapped", size)
	}
	whole, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		return wholeFile(file, size) // a file system that maps nothing
	}
	return whole, nil
}

func unmap(m []byte) error {
	if err := unix.Munmap(m); err != nil && err != unix.EINVAL { // which is memory that was read
		return err
	}
	return nil
}
