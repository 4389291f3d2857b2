package event

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// Follower reacts to the log on this node and keeps its own position.
type Follower interface {
	// Name is shown in metrics and logs.
	Name() string
	// Position is the last event the follower has dealt with.
	Position() int64
	// Apply deals with events in order and moves the position. An error
	// is tried again with the same events.
	Apply(ctx context.Context, events []Event) error
}

const (
	followBatch = 1000
	// followPoll is how often the log is read without having been woken.
	followPoll = time.Second
	// gather is how long a follower lets events come together after it has
	// dealt with some: under many writes a handful of rounds a second does the
	// work of hundreds.
	gather = 50 * time.Millisecond
	// followPauseMax bounds the growing pause after errors.
	followPauseMax = 30 * time.Second
)

// Wake tells the followers of this node that there may be news.
func (l *Log) Wake() { l.bell.Ring() }

// WatchOthers wakes the followers of this node when another process has
// written. It runs until the context ends; failed is told of lost connections,
// which are opened again.
func (l *Log) WatchOthers(ctx context.Context, failed func(error)) { l.bell.Watch(ctx, failed) }

// Follow runs a follower until the context ends. A notification is a hint, the
// poll each second is the truth. failed is told of errors; the follower goes on
// after a pause that grows to half a minute.
func (l *Log) Follow(ctx context.Context, f Follower, failed func(error)) {
	pause := time.Second
	for ctx.Err() == nil {
		news := l.bell.News()
		applied, err := l.step(ctx, f)
		switch {
		case err != nil && ctx.Err() == nil:
			failed(fmt.Errorf("follower %s: %w", f.Name(), err))
			wait(ctx, nil, pause)
			pause = min(pause*2, followPauseMax)
		case err == nil:
			pause = time.Second
			switch applied {
			case 0:
				wait(ctx, news, followPoll)
			case followBatch: // behind
			default:
				wait(ctx, nil, gather)
			}
		}
	}
}

// CatchUp applies everything that is in the log now.
func (l *Log) CatchUp(ctx context.Context, f Follower) error {
	for {
		applied, err := l.step(ctx, f)
		if err != nil || applied == 0 {
			return err
		}
	}
}

// step applies the next events and tells how many there were. A panic of the
// follower is an error: the others and the server go on.
func (l *Log) step(ctx context.Context, f Follower) (applied int, err error) {
	events, err := l.Since(ctx, f.Position(), followBatch)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic at events %d to %d: %v\n%s", events[0].Seq, events[len(events)-1].Seq, cause, debug.Stack())
		}
	}()
	return len(events), f.Apply(ctx, events)
}

func wait(ctx context.Context, news <-chan struct{}, at time.Duration) {
	timer := time.NewTimer(at)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-news:
	case <-timer.C:
	}
}
