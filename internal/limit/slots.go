// Package limit holds what bounds how much one client, or all together, may ask for.
package limit

import (
	"net/netip"
	"sync"
	"time"

	"grenier/internal/fault"
)

// Slots let so many long works run at once, and so many for one client address.
type Slots struct {
	total, each int
	retry       time.Duration

	mu   sync.Mutex
	used int
	by   map[netip.Prefix]int
}

// NewSlots lets total works run at once and each of them per client address. Who is refused is asked
// to come back after retry.
func NewSlots(total, each int, retry time.Duration) *Slots {
	return &Slots{total: total, each: each, retry: retry, by: map[netip.Prefix]int{}}
}

// Take takes a slot for a client and returns the function that gives it back, or a TooMany fault with
// the time to wait. An IPv6 client is its /64 network: hosts there have addresses at will.
func (s *Slots) Take(client netip.Addr) (release func(), err error) {
	who := clientNetwork(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[who] >= s.each {
		return nil, fault.New(fault.TooMany, "A download of this kind is already running for your address. Wait for its end, then try again.").After(s.retry)
	}
	if s.used >= s.total {
		return nil, fault.New(fault.TooMany, "Too many downloads of this kind are running. Try again in a moment.").After(s.retry)
	}
	s.used++
	s.by[who]++
	return sync.OnceFunc(func() { s.release(who) }), nil
}

func (s *Slots) release(who netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	if s.by[who]--; s.by[who] == 0 {
		delete(s.by, who)
	}
}

// InUse is the number of slots taken.
func (s *Slots) InUse() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// clientNetwork is what counts as one client.
func clientNetwork(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: all such clients are one
	}
	return p
}
