package blob

import (
	"hash/crc32"
	"io"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// PartSum sums up a part (CRC-32C) while it is read, so that it is known again
// when the parts are put together.
type PartSum struct {
	In  io.Reader
	sum uint32
}

// Read implements io.Reader.
func (s *PartSum) Read(p []byte) (int, error) {
	n, err := s.In.Read(p)
	s.sum = crc32.Update(s.sum, castagnoli, p[:n])
	return n, err
}

// Sum is that of all that was read.
func (s *PartSum) Sum() uint32 { return s.sum }

// partSums sums up the parts of a whole as it passes by.
type partSums struct {
	parts []Part
	check func(number int, sum uint32) error
	left  int64
	sum   uint32
}

func newPartSums(parts []Part, check func(int, uint32) error) *partSums {
	s := &partSums{parts: parts, check: check}
	if len(parts) > 0 {
		s.left = parts[0].Size
	}
	return s
}

func (s *partSums) add(chunk []byte) error {
	for len(chunk) > 0 && len(s.parts) > 0 {
		n := min(s.left, int64(len(chunk)))
		s.sum = crc32.Update(s.sum, castagnoli, chunk[:n])
		chunk, s.left = chunk[n:], s.left-n
		for s.left == 0 && len(s.parts) > 0 {
			if err := s.check(s.parts[0].Number, s.sum); err != nil {
				return err
			}
			s.sum, s.parts = 0, s.parts[1:]
			if len(s.parts) > 0 {
				s.left = s.parts[0].Size
			}
		}
	}
	return nil
}
