//go:build !unix

package search

import (
	"fmt"
	"os"
)

// mapping is a file read into memory, on systems where it is not mapped.
type mapping struct{ bytes []byte }

func mapFile(path string) (*mapping, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: %s is empty", ErrUnusableSnapshot, path)
	}
	return &mapping{(&memoryBuffer{b}).aligned()}, nil
}

func syncDirectory(string) error { return nil }
