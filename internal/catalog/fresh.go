package catalog

import (
	"context"
	"sync"
	"time"
)

// freshShare bounds what keeping a value fresh costs: a value that takes t to
// compute is kept for freshShare times t, and for freshLeast at least.
const (
	freshShare = 20
	freshLeast = time.Second
)

// freshPatience is what computing may cost a caller who could have the former
// value; longer work goes on behind them.
const freshPatience = 10 * time.Millisecond

// freshTimeout bounds work that goes on behind a caller.
const freshTimeout = time.Minute

// fresh keeps a value that is costly to compute. One caller computes it anew
// once its time is over; the others have the former value meanwhile.
type fresh[T any] struct {
	computing sync.Mutex

	mu    sync.Mutex
	value T
	known bool
	until time.Time
	cost  time.Duration
}

func (f *fresh[T]) kept() (value T, known, valid bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.value, f.known, f.known && time.Now().Before(f.until)
}

// get returns the value, computed by the function when its time is over. An
// error is the caller's and leaves the former value as it was.
func (f *fresh[T]) get(ctx context.Context, compute func(context.Context) (T, error)) (T, error) {
	value, known, valid := f.kept()
	if valid {
		return value, nil
	}
	if !known {
		f.computing.Lock()
		if value, _, valid := f.kept(); valid {
			f.computing.Unlock()
			return value, nil
		}
	} else if !f.computing.TryLock() {
		return value, nil
	}
	if known && f.last() > freshPatience {
		go func() {
			defer f.computing.Unlock()
			behind, cancel := context.WithTimeout(context.WithoutCancel(ctx), freshTimeout)
			defer cancel()
			_, _ = f.renew(behind, compute) // the next caller tries again
		}()
		return value, nil
	}
	defer f.computing.Unlock()
	return f.renew(ctx, compute)
}

// last is what computing cost the last time.
func (f *fresh[T]) last() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cost
}

// renew computes the value; the caller holds computing.
func (f *fresh[T]) renew(ctx context.Context, compute func(context.Context) (T, error)) (T, error) {
	started := time.Now()
	value, err := compute(ctx)
	if err != nil {
		return value, err
	}
	took := time.Since(started)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.value, f.known, f.cost, f.until = value, true, took, time.Now().Add(max(freshLeast, freshShare*took))
	return value, nil
}
