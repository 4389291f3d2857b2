package db

import (
	"context"
	"sync"
	"time"
)

// Lane tells who waits for a write. On SQLite there is one writer at a time:
// people go before background work, whose transactions stay short.
type Lane int

// The two lanes.
const (
	People Lane = iota
	Background
)

// patience is how long background work lets people go first. Beyond it takes
// every other turn, so that heartbeats and jobs go on while people write
// without a pause.
const patience = time.Second

// lanes hands one turn at a time, to people first.
type lanes struct {
	mu      sync.Mutex
	busy    bool
	waiting [2][]waiter
	// yielded tells that the last turn went to background work although
	// people were waiting.
	yielded bool
}

type waiter struct {
	turn  chan struct{}
	since time.Time
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
	l.waiting[lane] = append(l.waiting[lane], waiter{turn, time.Now()})
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
		if other.turn == turn {
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
	lane, any := l.next()
	if !any {
		l.busy = false
		return
	}
	turn := l.waiting[lane][0].turn
	l.waiting[lane] = l.waiting[lane][1:]
	close(turn)
}

// next chooses whose turn it is.
func (l *lanes) next() (lane Lane, any bool) {
	people, background := l.waiting[People], l.waiting[Background]
	switch {
	case len(people) == 0:
		l.yielded = false
		return Background, len(background) > 0
	case len(background) > 0 && !l.yielded && time.Since(background[0].since) > patience:
		l.yielded = true
		return Background, true
	}
	l.yielded = false
	return People, true
}
