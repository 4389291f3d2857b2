package fetch

import (
	"context"
	"errors"
	"sync"
)

// slots bound the requests that run at once, per host and in all. Who waits for a host holds none of
// the total, so that one slow host does not stop the others.
type slots struct {
	perHost int
	total   chan struct{}

	mu    sync.Mutex
	hosts map[string]*hostSlots // of hosts somebody uses or waits for
}

type hostSlots struct {
	free  chan struct{}
	users int
}

func newSlots(perHost, total int) *slots {
	return &slots{perHost: perHost, total: make(chan struct{}, total), hosts: map[string]*hostSlots{}}
}

// take waits for a turn at a host. The function it returns gives the turn back; call it once or more.
func (s *slots) take(ctx context.Context, host string) (func(), error) {
	h := s.enter(host)
	select {
	case h.free <- struct{}{}:
	case <-ctx.Done():
		s.leave(host, h)
		return nil, waited(ctx, host)
	}
	select {
	case s.total <- struct{}{}:
	case <-ctx.Done():
		<-h.free
		s.leave(host, h)
		return nil, waited(ctx, host)
	}
	return sync.OnceFunc(func() {
		<-s.total
		<-h.free
		s.leave(host, h)
	}), nil
}

func waited(ctx context.Context, host string) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) {
		return &Failure{Reason: Cancelled, Host: host, Err: cause}
	}
	return &Failure{Reason: Busy, Host: host, Err: cause}
}

func (s *slots) enter(host string) *hostSlots {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[host]
	if h == nil {
		h = &hostSlots{free: make(chan struct{}, s.perHost)}
		s.hosts[host] = h
	}
	h.users++
	return h
}

func (s *slots) leave(host string, h *hostSlots) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.users--
	if h.users == 0 {
		delete(s.hosts, host)
	}
}
