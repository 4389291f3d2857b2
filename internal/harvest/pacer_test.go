package harvest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestPacerKeepsPauses(t *testing.T) {
	clock := &slept{at: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	p := NewPacer(200 * time.Millisecond)
	p.Clock = clock.clock()
	begin := clock.at
	for i := range 5 {
		for _, host := range []string{"https://a.example/x", "https://A.example/y"} {
			done, err := p.Wait(t.Context(), host, 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			done()
			done()
		}
		done, err := p.Wait(t.Context(), fmt.Sprintf("https://h%d.example", i), 0, 1) // nobody waits for another host
		if err != nil {
			t.Fatal(err)
		}
		done()
	}
	if got := clock.at.Sub(begin); got != 9*200*time.Millisecond {
		t.Errorf("waited %s", got)
	}
	for i := range 2000 {
		clock.at = clock.at.Add(time.Second)
		done, err := p.Wait(t.Context(), fmt.Sprintf("https://many%d.example", i), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		done()
	}
	if len(p.hosts) > maxIdleLanes {
		t.Errorf("%d hosts are remembered", len(p.hosts))
	}
}

func TestPacerBoundsWhatRuns(t *testing.T) {
	for _, parallel := range []int{0, 1, 4} {
		p := NewPacer(0)
		var running, most atomic.Int64
		var group sync.WaitGroup
		for range 40 {
			group.Go(func() {
				done, err := p.Wait(t.Context(), "https://a.example", 0, parallel)
				if err != nil {
					t.Error(err)
					return
				}
				now := running.Add(1)
				for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
				}
				time.Sleep(time.Millisecond)
				running.Add(-1)
				done()
			})
		}
		group.Wait()
		if want := int64(max(parallel, 1)); most.Load() != want {
			t.Errorf("%d ran at once, want %d", most.Load(), want)
		}
	}
}

func TestPacerForgetsThoseWhoLeave(t *testing.T) {
	p := NewPacer(0)
	done, err := p.Wait(t.Context(), "https://a.example", 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stopped")
	for range 3 {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Millisecond, func() { cancel(stop) })
		if _, err := p.Wait(ctx, "https://a.example", 0, 1); !errors.Is(err, stop) {
			t.Errorf("%v", err)
		}
	}
	var order []int
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() {
			free, err := p.Wait(t.Context(), "https://a.example", 0, 1)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			free()
		})
		for queued := 0; queued != i+1; {
			p.mu.Lock()
			queued = len(p.hosts["a.example"].queue)
			p.mu.Unlock()
			time.Sleep(time.Millisecond)
		}
	}
	done()
	group.Wait()
	if !slices.Equal(order, []int{0, 1, 2}) {
		t.Errorf("order %v", order)
	}
}
