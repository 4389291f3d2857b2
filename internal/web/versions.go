package web

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

const (
	objectSlots = 1 << 16
	epochSlots  = 1 << 8
	epochBit    = 1 << 31
	// epochPause is the shortest time between two moves of one epoch.
	epochPause = time.Second
)

var keySeed = maphash.MakeSeed()

// Key names what an answer was made from: one object, or all objects of a kind (its epoch). It holds
// for this process alone. Two names may share a key: that only makes an answer fall sooner.
type Key uint32

// Object is the key of one object: Object("dataset", id).
func Object(kind, id string) Key {
	var h maphash.Hash
	h.SetSeed(keySeed)
	h.WriteString(kind)
	h.WriteByte(0)
	h.WriteString(id)
	return Key(h.Sum64() % objectSlots)
}

// Epoch is the key of all lists and searches of a kind. It moves at most once a second.
func Epoch(kind string) Key {
	return Key(maphash.String(keySeed, kind)%epochSlots) | epochBit
}

func (k Key) isEpoch() bool { return k&epochBit != 0 }

// Versions tells whether what was made earlier still holds. Every change raises the keys it touches
// after its commit and before it is answered; what was made as of an earlier moment then falls.
// Reading takes no lock.
type Versions struct {
	clock   atomic.Uint64
	objects [objectSlots]atomic.Uint64
	epochs  [epochSlots]epoch
}

// NewVersions starts a clock. One for the whole program.
func NewVersions() *Versions { return &Versions{} }

// Now is the moment to note before reading the data that an answer is made from.
func (v *Versions) Now() uint64 { return v.clock.Load() }

// Raise makes everything fall that was made from these keys before now. Call it after the commit (or,
// for what is read from an index, after the index took the change in). An epoch moves at once when it
// last moved a second ago or earlier, otherwise at the end of that second.
func (v *Versions) Raise(keys ...Key) {
	at := v.clock.Add(1)
	for _, k := range keys {
		if k.isEpoch() {
			v.epochs[k%epochSlots].raise(at)
			continue
		}
		storeMax(&v.objects[k%objectSlots], at)
	}
}

// Holds tells whether nothing that keys name was raised after asOf.
func (v *Versions) Holds(asOf uint64, keys []Key) bool {
	for _, k := range keys {
		if k.isEpoch() {
			if v.epochs[k%epochSlots].slot.Load() > asOf {
				return false
			}
		} else if v.objects[k%objectSlots].Load() > asOf {
			return false
		}
	}
	return true
}

// epoch is the version of a kind, which moves at most once in epochPause.
type epoch struct {
	slot atomic.Uint64

	mu      sync.Mutex
	moved   time.Time
	wanted  uint64
	pending bool
}

func (e *epoch) raise(at uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wanted = max(e.wanted, at)
	if e.pending {
		return
	}
	now := time.Now()
	if wait := epochPause - now.Sub(e.moved); !e.moved.IsZero() && wait > 0 {
		e.pending = true
		time.AfterFunc(wait, e.move)
		return
	}
	e.moved = now
	storeMax(&e.slot, e.wanted)
}

// move ends the pause. It stores the latest change asked for, not the present moment: lists made
// since that change have seen it and go on.
func (e *epoch) move() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pending = false
	e.moved = time.Now()
	storeMax(&e.slot, e.wanted)
}

func storeMax(slot *atomic.Uint64, at uint64) {
	for {
		old := slot.Load()
		if old >= at || slot.CompareAndSwap(old, at) {
			return
		}
	}
}
