package limit

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"grenier/internal/fault"
)

func TestSlots(t *testing.T) {
	s := NewSlots(2, 1, 5*time.Second)
	addr := netip.MustParseAddr
	first, err := s.Take(addr("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Take(addr("::ffff:192.0.2.1")); !fault.Is(err, fault.TooMany) || fault.Of(err).Retry != 5*time.Second {
		t.Errorf("a second work of one address: %v", err)
	}
	second, err := s.Take(addr("2001:db8::1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Take(addr("192.0.2.3")); !fault.Is(err, fault.TooMany) {
		t.Errorf("a third work: %v", err)
	}
	second()
	second()
	if s.InUse() != 1 {
		t.Errorf("in use after one release, asked twice: %d", s.InUse())
	}
	third, err := s.Take(addr("2001:db8::2"))
	if err != nil {
		t.Fatal(err)
	}
	first()
	if _, err := s.Take(addr("2001:db8::3")); !fault.Is(err, fault.TooMany) {
		t.Errorf("another address of the same /64: %v", err)
	}
	third()
	if s.InUse() != 0 || len(s.by) != 0 {
		t.Errorf("left behind: %d, %v", s.InUse(), s.by)
	}
}

func TestSlotsTogether(t *testing.T) {
	s := NewSlots(3, 3, time.Second)
	var wg sync.WaitGroup
	var mu sync.Mutex
	most, refused := 0, 0
	for range 50 {
		wg.Go(func() {
			release, err := s.Take(netip.Addr{})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refused++
				return
			}
			most = max(most, s.InUse())
			defer release()
		})
	}
	wg.Wait()
	if most > 3 || s.InUse() != 0 {
		t.Errorf("at most %d at once, %d left, %d refused", most, s.InUse(), refused)
	}
}
