package web

import (
	"context"
	"hash/maphash"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

const (
	// maxKeptAnswer is the largest body kept; longer answers are streamed and made each time.
	maxKeptAnswer = 2 << 20
	// maxKeptAddress bounds path, query and headers of a kept answer.
	maxKeptAddress = 2048
	// ownWrites is how long who has written is shown no list older than the write.
	ownWrites = 2 * time.Second
	// writerSlots bounds the addresses remembered to have written.
	writerSlots = 4096
	keptCost    = 256
)

// Kept keeps whole answers to anonymous callers, weighed by bytes, and gives them back as long as they
// hold. Several callers who miss the same answer at once wait for the first one's.
type Kept struct {
	versions  *Versions
	cache     *otter.Cache[uint64, *keptEntry]
	seed      maphash.Seed
	maxAnswer int
	writers   [writerSlots]writer
	lastWrite atomic.Int64

	mu      sync.Mutex
	flights map[keptKey]*flight
	hits    atomic.Uint64
	misses  atomic.Uint64
}

// keptKey is what makes two requests the same: the site, the address, and the headers that change an
// answer. The language is part of the address.
type keptKey struct {
	base string
	uri  string
	mask string
	full string
}

// keptEntry is an answer under its normal address, or the way from another spelling to it.
type keptEntry struct {
	key    keptKey
	answer *answer // nil for another spelling
	normal keptKey
}

// NewKept makes a store of at most maxBytes, the compressed forms counted in; 0 keeps nothing.
func NewKept(versions *Versions, maxBytes uint64) *Kept {
	k := &Kept{versions: versions, seed: maphash.MakeSeed(), maxAnswer: maxKeptAnswer, flights: map[keptKey]*flight{}}
	if maxBytes > 0 {
		k.cache = otter.Must(&otter.Options[uint64, *keptEntry]{
			MaximumWeight: maxBytes,
			Weigher:       func(_ uint64, e *keptEntry) uint32 { return uint32(e.weight()) },
		})
	}
	return k
}

func (e *keptEntry) weight() int {
	n := keptCost + e.key.size()
	if e.answer != nil {
		n += e.answer.weight()
	}
	return n
}

func (k keptKey) size() int { return len(k.uri) + len(k.mask) + len(k.full) }

// Weight is the weight of what is kept, in bytes.
func (k *Kept) Weight() uint64 {
	if k.cache == nil {
		return 0
	}
	return k.cache.WeightedSize()
}

// Counts are the answers given from memory and those that had to be made, since the start.
func (k *Kept) Counts() (hits, misses uint64) { return k.hits.Load(), k.misses.Load() }

// Clear forgets everything: after a restore, or when settings that answers show have changed.
func (k *Kept) Clear() {
	if k.cache != nil {
		k.cache.InvalidateAll()
	}
}

func (k *Kept) hash(key *keptKey) uint64 {
	var h maphash.Hash
	h.SetSeed(k.seed)
	h.WriteString(key.base)
	h.WriteString(key.uri)
	h.WriteByte(0)
	h.WriteString(key.mask)
	h.WriteByte(0)
	h.WriteString(key.full)
	return h.Sum64()
}

// rawKey is the key of a request as it was spelled. ok is false when it cannot have a kept answer.
func rawKey(r *http.Request, base string) (key keptKey, ok bool) {
	mask, full := r.Header["X-Fields"], r.Header["X-Get-Datasets-Full-Objects"]
	if len(mask) > 1 || len(full) > 1 || len(r.RequestURI) == 0 {
		return key, false
	}
	key.base, key.uri = base, r.RequestURI
	if mask != nil {
		key.mask = mask[0]
	}
	if full != nil {
		key.full = full[0]
	}
	return key, key.size() <= maxKeptAddress
}

// normalKey is the key of a request without the accidents of spelling: arguments in one order, those
// that nobody reads left out unless the answer shows them in its paging links.
func normalKey(c *Call, raw keptKey) keptKey {
	args := make([]arg, 0, len(c.query))
	for _, a := range c.query {
		if c.Route.paged || a.name == "lang" || a.name == "flash" && c.Route.People || c.Route.args.knows(a.name) {
			args = append(args, a)
		}
	}
	slices.SortStableFunc(args, func(a, b arg) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	b.WriteString(c.R.URL.EscapedPath())
	for i, a := range args {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(url.QueryEscape(a.name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(a.value))
	}
	raw.uri = b.String()
	return raw
}

// find gives the kept answer for a key when it holds and the caller has not written after it was made.
func (k *Kept) find(key keptKey, peer netip.Addr, now time.Time) *answer {
	e, ok := k.cache.GetIfPresent(k.hash(&key))
	if !ok || e.key != key {
		return nil
	}
	if e.answer == nil {
		normal := e.normal
		if e, ok = k.cache.GetIfPresent(k.hash(&normal)); !ok || e.key != normal || e.answer == nil {
			return nil
		}
	}
	a := e.answer
	if !a.holds(k.versions, now) || (a.lists && k.wroteAfter(peer, a.asOf, now)) {
		return nil
	}
	return a
}

// put keeps an answer under its normal key, unless it fell while it was made.
func (k *Kept) put(key keptKey, a *answer) {
	if key.size() > maxKeptAddress || !a.holds(k.versions, time.Now()) {
		return
	}
	k.cache.Set(k.hash(&key), &keptEntry{key: key.clone(), answer: a})
}

// alias leads another spelling to the normal key.
func (k *Kept) alias(raw, normal keptKey) {
	if raw != normal {
		k.cache.Set(k.hash(&raw), &keptEntry{key: raw.clone(), normal: normal})
	}
}

// clone lets go of the request's memory.
func (k keptKey) clone() keptKey {
	k.uri, k.mask, k.full = strings.Clone(k.uri), strings.Clone(k.mask), strings.Clone(k.full)
	return k
}

// writer remembers when, and at which version, an address last wrote. Two addresses may share one:
// both are then shown fresh lists.
type writer struct {
	asOf atomic.Uint64
	at   atomic.Int64
}

// Wrote notes that an address has just written, so that it is shown its own change in lists although
// their epoch has not moved yet. The handler calls it for every write that succeeds.
func (k *Kept) Wrote(peer netip.Addr) {
	w, now := k.writer(peer), time.Now().UnixNano()
	storeMax(&w.asOf, k.versions.Now())
	w.at.Store(now)
	k.lastWrite.Store(now)
}

func (k *Kept) wroteAfter(peer netip.Addr, asOf uint64, now time.Time) bool {
	since := now.Add(-ownWrites).UnixNano()
	if k.lastWrite.Load() < since {
		return false
	}
	w := k.writer(peer)
	return w.at.Load() >= since && w.asOf.Load() > asOf
}

func (k *Kept) writer(peer netip.Addr) *writer {
	return &k.writers[maphash.Comparable(k.seed, peer)%writerSlots]
}

// flight is the making of one answer that others wait for.
type flight struct{ done chan struct{} }

// join makes the caller the maker of an answer (land must be called at the end), or waits until its
// maker is done and returns nil.
func (k *Kept) join(ctx context.Context, key keptKey) *flight {
	k.mu.Lock()
	f, busy := k.flights[key]
	if !busy {
		f = &flight{done: make(chan struct{})}
		k.flights[key] = f
		k.mu.Unlock()
		return f
	}
	k.mu.Unlock()
	select {
	case <-f.done:
	case <-ctx.Done():
	}
	return nil
}

func (k *Kept) land(key keptKey, f *flight) {
	k.mu.Lock()
	if k.flights[key] == f {
		delete(k.flights, key)
		close(f.done)
	}
	k.mu.Unlock()
}
