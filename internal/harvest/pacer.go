package harvest

import (
	"context"
	"sync"
	"time"
)

// Pacer lets the requests to one host start one after the other, whichever
// sources they are for, and a few of them run at once.
type Pacer struct {
	// Clock replaces time in tests.
	Clock Clock

	pause time.Duration
	mu    sync.Mutex
	hosts map[string]*lane
}

// lane is the queue of a host. All of it is guarded by the pacer's mutex.
type lane struct {
	next    time.Time // before which nothing starts
	running int
	// queue are those who wait, in their order; each channel is closed when the one
	// before has started or gone.
	queue []chan struct{}
	// freed is closed when a request ends.
	freed chan struct{}
}

// maxIdleLanes is how many hosts are remembered that nobody asks.
const maxIdleLanes = 256

// NewPacer returns a pacer with a pause between starts.
func NewPacer(pause time.Duration) *Pacer {
	return &Pacer{pause: pause, hosts: make(map[string]*lane)}
}

// Wait waits for the turn of a request to the host of an address: those who came
// before have started, fewer than parallel (at least 1) run, and the pause (that of
// the pacer when it is 0) since the last start is over. done ends the request; it
// may be called more than once.
func (p *Pacer) Wait(ctx context.Context, address string, pause time.Duration, parallel int) (done func(), err error) {
	if pause == 0 {
		pause = p.pause
	}
	l, turn := p.queue(hostOf(address))
	if err := p.reach(ctx, l, turn, max(parallel, 1)); err != nil {
		p.leave(l, turn)
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l.running++
	l.next = later(l.next, p.Clock.now().Add(pause))
	l.pop(turn)
	return sync.OnceFunc(func() { p.free(l) }), nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// reach waits until the turn is the first, a request may run, and the pause is over.
func (p *Pacer) reach(ctx context.Context, l *lane, turn chan struct{}, parallel int) error {
	if err := until(ctx, turn); err != nil {
		return err
	}
	for {
		p.mu.Lock()
		full, freed, pause := l.running >= parallel, l.freed, l.next.Sub(p.Clock.now())
		p.mu.Unlock()
		switch {
		case full:
			if err := until(ctx, freed); err != nil {
				return err
			}
		case pause > 0:
			if err := p.Clock.sleep(ctx, pause); err != nil {
				return err
			}
		default:
			return context.Cause(ctx)
		}
	}
}

func until(ctx context.Context, closed chan struct{}) error {
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// queue takes the last place of a host's queue.
func (p *Pacer) queue(host string) (*lane, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.hosts[host]
	if l == nil {
		p.sweep()
		l = &lane{freed: make(chan struct{})}
		p.hosts[host] = l
	}
	turn := make(chan struct{})
	if l.queue = append(l.queue, turn); len(l.queue) == 1 {
		close(turn)
	}
	return l, turn
}

// sweep forgets hosts that nobody asks and that may be asked at once.
func (p *Pacer) sweep() {
	if len(p.hosts) < maxIdleLanes {
		return
	}
	now := p.Clock.now()
	for host, l := range p.hosts {
		if l.running == 0 && len(l.queue) == 0 && !l.next.After(now) {
			delete(p.hosts, host)
		}
	}
}

// pop takes a turn out of the queue and lets the next one be the first.
func (l *lane) pop(turn chan struct{}) {
	for i, waiting := range l.queue {
		if waiting != turn {
			continue
		}
		l.queue = append(l.queue[:i], l.queue[i+1:]...)
		if i == 0 && len(l.queue) > 0 {
			close(l.queue[0])
		}
		return
	}
}

func (p *Pacer) leave(l *lane, turn chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.pop(turn)
}

func (p *Pacer) free(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.running--
	close(l.freed)
	l.freed = make(chan struct{})
}

// hold lets nothing start at the host of an address for some time.
func (p *Pacer) hold(address string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.hosts[hostOf(address)]; l != nil {
		l.next = later(l.next, p.Clock.now().Add(d))
	}
}
