package db

import (
	"context"
	"sync"
)

// Lane tells who waits for a write. On SQLite there is one writer at a time:
// people go before background work, whose transactions stay short.
type Lane int

// The two lanes.
const (
	People Lane = iota
	Background
)

// lanes hands one turn at a time, to people first.
type lanes struct {
	mu      sync.Mutex
	busy    bool
	waiting [2][]chan struct{}
}

// enter waits for the turn; the caller must leave afterwards.
func (l *lanes) enter(ctx context.Context, lane Lane) error {
	l.mu.Lock()
	if !l.busy {
		l.busy = true
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.waiting[lane] = append(l.waiting[lane], turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		l.abandon(lane, turn)
		return ctx.Err()
	}
}

// abandon takes a waiter out; a turn that came meanwhile is passed on.
func (l *lanes) abandon(lane Lane, turn chan struct{}) {
	l.mu.Lock()
	for i, other := range l.waiting[lane] {
		if other == turn {
			l.waiting[lane] = append(l.waiting[lane][:i], l.waiting[lane][i+1:]...)
			l.mu.Unlock()
			return
		}
	}
	l.mu.Unlock()
	l.leave()
}

func (l *lanes) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for lane := range l.waiting {
		if queue := l.waiting[lane]; len(queue) > 0 {
			l.waiting[lane] = queue[1:]
			close(queue[0])
			return
		}
	}
	l.busy = false
}
