package search

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNoSnapshot is returned by Open when there is no snapshot file: build one with a Builder.
var ErrNoSnapshot = errors.New("search: no snapshot")

// ErrUnusableSnapshot is wrapped by the errors of Open for a file that is damaged, of another version or of another
// machine type: build a new one with a Builder, which replaces it.
var ErrUnusableSnapshot = errors.New("search: unusable snapshot")

// Engine answers queries over a snapshot file and the changes applied since.
//
// What searches read is one unchanging state, replaced as a whole by each change: they never wait.
type Engine struct {
	path  string
	state atomic.Pointer[state]

	// writing guards what follows, and the replacement of state.
	writing  sync.Mutex
	registry *registry
	position int64
	// frozen are the parts that a checkpoint under way is writing: they are not merged meanwhile.
	frozen map[*part]bool
	// replaced are the documents replaced or removed since that checkpoint began.
	replaced []Ref

	// saving lets one checkpoint or build write the snapshot file at a time.
	saving sync.Mutex

	// scratch and counts keep memory for the next search.
	scratch, counts sync.Pool
}

// state is what searches see.
type state struct {
	// kinds are the parts by kind: the one of the snapshot first, then those in memory.
	kinds  [lastKind + 1][]*livePart
	owners *owners
}

// New gives an empty engine whose checkpoints are written to path.
func New(path string) *Engine {
	e := &Engine{path: path, registry: newRegistry()}
	e.state.Store(&state{owners: e.registry.snapshot()})
	removeLeftovers(path)
	return e
}

// Open gives the engine of the snapshot file at path. The file is used in place: only an engine may replace it.
func Open(path string) (*Engine, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoSnapshot
	}
	if err := verifyChecksum(path); err != nil {
		return nil, err
	}
	e := New(path)
	bases, position, err := openParts(path)
	if err != nil {
		return nil, err
	}
	e.adopt(bases, position)
	return e, nil
}

// openParts maps a snapshot file and reads the part of each kind in it.
func openParts(path string) (bases [lastKind + 1]*part, position int64, err error) {
	file, err := mapFile(path)
	if err != nil {
		return bases, 0, err
	}
	s, position, err := readSections(file.bytes)
	if err != nil {
		return bases, 0, err
	}
	for kind := Dataset; kind <= lastKind; kind++ {
		if _, ok := s[kind.String()+"/ids.offsets"]; !ok {
			continue
		}
		if bases[kind], err = readPart(kind, s, file); err != nil {
			return bases, 0, err
		}
	}
	return bases, position, nil
}

// adopt makes the parts of a snapshot all that the engine knows.
func (e *Engine) adopt(bases [lastKind + 1]*part, position int64) {
	e.writing.Lock()
	defer e.writing.Unlock()
	e.registry = newRegistry()
	next := &state{}
	for kind, base := range bases {
		if base == nil {
			continue
		}
		p := e.livePart(base)
		next.kinds[kind] = []*livePart{p}
		if base.kind == Dataset {
			for row := range base.n {
				e.registry.count(p, row, 1)
			}
		}
	}
	e.position = position
	e.publish(next)
}

// livePart completes a part for searching.
func (e *Engine) livePart(p *part) *livePart {
	p.complete()
	live := &livePart{part: p, ownerNumbers: e.registry.numbersOf(&p.owners.values)}
	if p.kind == Organization {
		live.organizations = e.registry.numbersOf(&p.ids)
	}
	return live
}

func (e *Engine) publish(next *state) {
	next.owners = e.registry.snapshot()
	e.state.Store(next)
}

// Position is the position given to the checkpoint or build of the snapshot this engine stands on.
func (e *Engine) Position() int64 {
	e.writing.Lock()
	defer e.writing.Unlock()
	return e.position
}

// Apply makes documents findable, or replaces those of the same kind and id, and removes others. It is visible to
// every search that starts after it returns. A document both given and removed is removed; of two with the same kind
// and id the later one counts. With an error nothing has changed.
func (e *Engine) Apply(upserts []Document, deletions []Ref) error {
	for i := range upserts {
		if err := upserts[i].check(); err != nil {
			return err
		}
	}
	documents, refs := latest(upserts, deletions)
	e.writing.Lock()
	defer e.writing.Unlock()
	next := &state{kinds: e.state.Load().kinds}
	var added []*livePart
	for kind, list := range documents {
		if len(list) > 0 {
			p, err := buildPart(Kind(kind), list)
			if err != nil {
				return err
			}
			added = append(added, e.livePart(p))
		}
	}
	for _, dead := range kill(next, refs) {
		if dead.part.kind == Dataset {
			e.registry.count(dead.part, dead.row, -1)
		}
	}
	for _, p := range added {
		next.kinds[p.kind] = append(slices.Clip(next.kinds[p.kind]), p)
		if p.kind == Dataset {
			for row := range p.n {
				e.registry.count(p, row, 1)
			}
		}
		if err := e.compact(next, p.kind); err != nil {
			return err
		}
	}
	if e.frozen != nil {
		e.replaced = append(e.replaced, refs...)
	}
	e.publish(next)
	return nil
}

// latest gives the documents to add by kind, and all that is replaced or removed.
func latest(upserts []Document, deletions []Ref) (documents [lastKind + 1][]*Document, refs []Ref) {
	seen := make(map[Ref]bool, len(upserts)+len(deletions))
	for _, ref := range deletions {
		if ref.Kind.Valid() && !seen[ref] {
			seen[ref] = true
			refs = append(refs, ref)
		}
	}
	for i := len(upserts) - 1; i >= 0; i-- {
		d := &upserts[i]
		ref := Ref{d.Kind, d.ID}
		if !seen[ref] {
			seen[ref] = true
			refs = append(refs, ref)
			documents[d.Kind] = append(documents[d.Kind], d)
		}
	}
	return documents, refs
}

// deadRow is a row just marked as dead.
type deadRow struct {
	part *livePart
	row  int
}

// kill marks the rows of documents as dead in s, whose parts are replaced and not changed. It gives those that were
// alive.
func kill(s *state, refs []Ref) []deadRow {
	var killed []deadRow
	copied := map[*livePart]bool{}
	for _, ref := range refs {
		for i, p := range s.kinds[ref.Kind] {
			row, ok := p.rowOf(ref.ID)
			if !ok || p.dead.has(row) {
				continue
			}
			if !copied[p] {
				parts := slices.Clone(s.kinds[ref.Kind])
				changed := *p
				changed.dead = make(rowSet, (p.n+63)/64)
				copy(changed.dead, p.dead)
				p, parts[i] = &changed, &changed
				copied[p] = true
				s.kinds[ref.Kind] = parts
			}
			p.dead[row>>6] |= 1 << (row & 63)
			p.deadCount++
			killed = append(killed, deadRow{p, row})
		}
	}
	return killed
}

// compactRatio is how many times larger than the part after it a part in memory must be to be left alone.
const compactRatio = 3

// compact merges the last parts in memory of a kind until each is several times larger than the next, so that there
// are few of them and each document is rewritten only a few times.
func (e *Engine) compact(s *state, kind Kind) error {
	parts := slices.Clone(s.kinds[kind])
	for len(parts) >= 2 {
		before, last := parts[len(parts)-2], parts[len(parts)-1]
		if before.file != nil || e.frozen[before.part] || before.live() > compactRatio*last.live() {
			break
		}
		sections, err := memorySections(func(w *sectionWriter) error {
			mergeParts(w, kind, []*livePart{before, last})
			return nil
		})
		if err != nil {
			return err
		}
		merged, err := readPart(kind, sections, nil)
		if err != nil {
			return err
		}
		parts = append(parts[:len(parts)-2], e.livePart(merged))
	}
	s.kinds[kind] = parts
	return nil
}

// Checkpoint writes everything applied so far to the snapshot file, with the position of the log it stands for: all
// changes up to that position must have been applied. Searches and Apply go on meanwhile.
func (e *Engine) Checkpoint(position int64) error {
	e.saving.Lock()
	defer e.saving.Unlock()
	snapshot := e.freeze()
	err := writeFileAtomically(e.path, func(out io.Writer) error {
		w := newSectionWriter(out)
		for kind, parts := range snapshot.kinds {
			if len(parts) > 0 {
				mergeParts(w, Kind(kind), parts)
			}
		}
		return w.finish(position)
	})
	var bases [lastKind + 1]*part
	if err == nil {
		bases, _, err = openParts(e.path)
	}
	e.writing.Lock()
	defer e.writing.Unlock()
	if err == nil {
		e.position = position
		e.replaceFrozen(bases)
	}
	e.frozen, e.replaced = nil, nil
	return err
}

// freeze begins a checkpoint: it gives the state to write, whose parts stay as they are.
func (e *Engine) freeze() *state {
	e.writing.Lock()
	defer e.writing.Unlock()
	snapshot := e.state.Load()
	e.frozen = map[*part]bool{}
	for _, parts := range snapshot.kinds {
		for _, p := range parts {
			e.frozen[p.part] = true
		}
	}
	return snapshot
}

// replaceFrozen puts the parts just written in the place of those they were made of.
func (e *Engine) replaceFrozen(bases [lastKind + 1]*part) {
	current, next := e.state.Load(), &state{}
	var written state
	for kind := range current.kinds {
		if base := bases[kind]; base != nil && base.n > 0 {
			written.kinds[kind] = []*livePart{e.livePart(base)}
		}
	}
	kill(&written, e.replaced) // the counters of the owners know of it already
	for kind, parts := range current.kinds {
		next.kinds[kind] = written.kinds[kind]
		for _, p := range parts {
			if !e.frozen[p.part] {
				next.kinds[kind] = append(next.kinds[kind], p)
			}
		}
	}
	e.publish(next)
}

// Stats are the sizes of an index.
type Stats struct {
	// Documents counts the documents by kind.
	Documents map[Kind]int
	// Pending counts the documents held in memory since the last checkpoint, Removed those of the snapshot that were
	// replaced or removed since.
	Pending, Removed int
}

// Stats tells the size of the index.
func (e *Engine) Stats() Stats {
	stats := Stats{Documents: map[Kind]int{}}
	for kind, parts := range e.state.Load().kinds {
		for _, p := range parts {
			stats.Documents[Kind(kind)] += p.live()
			if p.file == nil {
				stats.Pending += p.live()
			} else {
				stats.Removed += p.deadCount
			}
		}
	}
	return stats
}

// Close forgets everything. Searches still running end normally; later ones find nothing.
func (e *Engine) Close() error {
	e.saving.Lock()
	defer e.saving.Unlock()
	e.adopt([lastKind + 1]*part{}, e.Position())
	return nil
}

// removeLeftovers removes the unfinished files of a program that was killed while it wrote a snapshot.
func removeLeftovers(path string) {
	names, _ := filepath.Glob(path + ".new-*")
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(name)
		}
	}
}
