package image

import (
	"context"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// Shares of the memory for pictures, in pixels: however many are sent at once,
// those that are read, drawn and written at a time stay within roomPixels. A
// bigger one takes all of it. Each takes at least leastPixels: its file, and what
// is drawn of it, weigh too.
const (
	roomPixels  = 8_000_000
	leastPixels = 250_000
	// keptPixels is what a source keeps while others are made of it.
	keptPixels = 2_000_000
)

// room is the memory for pictures of the whole program.
var room = semaphore.NewWeighted(roomPixels)

// share is what a picture takes of the room.
type share struct{ pixels int64 }

// take waits for the share of a picture, as long as the context lets it.
func take(ctx context.Context, pixels int) (*share, error) {
	s := &share{int64(max(leastPixels, min(pixels, roomPixels)))}
	if err := room.Acquire(ctx, s.pixels); err != nil {
		return nil, err
	}
	if pixels > roomPixels {
		runtime.GC() // what the former big one left is as large as this one
	}
	return s, nil
}

// shrink gives back all but so many pixels.
func (s *share) shrink(pixels int64) {
	if s.pixels > pixels {
		room.Release(s.pixels - pixels)
		s.pixels = pixels
	}
}

// release gives all back; again does nothing.
func (s *share) release() { s.shrink(0) }
