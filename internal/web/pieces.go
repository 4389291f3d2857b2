package web

import (
	"bytes"
	"time"

	"github.com/maypok86/otter/v2"
)

// Complete appends rendered bytes to dst with the site's base address in the place of each 0x00, which
// JSON text never holds.
func Complete(dst, piece []byte, base string) []byte {
	for {
		i := bytes.IndexByte(piece, 0)
		if i < 0 {
			return append(dst, piece...)
		}
		dst = append(dst, piece[:i]...)
		dst = append(dst, base...)
		piece = piece[i+1:]
	}
}

// Pieces keeps the rendered JSON of objects, with 0x00 for the base address of the site, so that
// details and lists, of every site, are put together without reading rows again.
type Pieces struct {
	versions *Versions
	cache    *otter.Cache[string, *piece]
	now      func() time.Time
}

type piece struct {
	validity
	bytes []byte
}

// pieceCost is what a piece weighs besides its bytes and key: the map's and the policy's share.
const pieceCost = 160

// NewPieces makes a store of at most maxBytes (weighed with keys and overhead); 0 keeps nothing.
func NewPieces(versions *Versions, maxBytes uint64) *Pieces {
	p := &Pieces{versions: versions, now: time.Now}
	if maxBytes > 0 {
		p.cache = otter.Must(&otter.Options[string, *piece]{
			MaximumWeight: maxBytes,
			Weigher: func(key string, v *piece) uint32 {
				return uint32(len(key) + len(v.bytes) + 8*len(v.keys) + pieceCost)
			},
		})
	}
	return p
}

// Get gives the bytes kept under a name that still hold. They are shared: never change them.
func (p *Pieces) Get(name string) ([]byte, bool) {
	if p.cache == nil {
		return nil, false
	}
	v, ok := p.cache.GetIfPresent(name)
	if !ok || !v.holds(p.versions, p.now()) {
		return nil, false
	}
	return v.bytes, true
}

// Put keeps bytes under a name: rendered from data read after the moment asOf (Versions.Now), made
// from these keys, holding until then (zero: as long as no key is raised). The bytes are the store's
// from now on. What fell meanwhile is not kept.
func (p *Pieces) Put(name string, asOf uint64, keys []Key, until time.Time, bytes []byte) {
	if p.cache == nil || !p.versions.Holds(asOf, keys) {
		return
	}
	v := &piece{bytes: bytes}
	v.asOf = asOf
	v.setDeps(keys, until)
	p.cache.Set(name, v)
}

// Weight is the weight of what is kept, in bytes.
func (p *Pieces) Weight() uint64 {
	if p.cache == nil {
		return 0
	}
	return p.cache.WeightedSize()
}
