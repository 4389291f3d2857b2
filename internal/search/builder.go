package search

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// What a builder holds in memory before it puts it aside on the disk.
const (
	batchDocuments = 8192
	batchBytes     = 24 << 20
)

// Builder builds a whole index from a stream of documents, in bounded memory. It is used by one goroutine.
type Builder struct {
	engine  *Engine
	pending []Document
	size    int
	parts   [lastKind + 1][]*part
	done    bool
}

// Rebuild starts a full build. The engine goes on answering from what it has until Builder.Finish.
func (e *Engine) Rebuild() *Builder { return &Builder{engine: e} }

// Add takes one document, whose memory must not change until Finish. A later document replaces an earlier one of the
// same kind and id.
func (b *Builder) Add(d Document) error {
	if err := d.check(); err != nil {
		return err
	}
	b.pending = append(b.pending, d)
	b.size += len(d.Title) + len(d.Description) + 500
	for _, extra := range d.ExtraText {
		b.size += len(extra)
	}
	if len(b.pending) >= batchDocuments || b.size >= batchBytes {
		return b.putAside()
	}
	return nil
}

// putAside writes the documents held to a part in a file without name.
func (b *Builder) putAside() error {
	documents, _ := latest(b.pending, nil)
	for kind, list := range documents {
		if len(list) == 0 {
			continue
		}
		p, err := buildPartOnDisk(Kind(kind), list, filepath.Dir(b.engine.path), filepath.Base(b.engine.path))
		if err != nil {
			return err
		}
		b.parts[kind] = append(b.parts[kind], p)
	}
	clear(b.pending)
	b.pending, b.size = b.pending[:0], 0
	return nil
}

func buildPartOnDisk(kind Kind, documents []*Document, directory, name string) (*part, error) {
	f, err := os.CreateTemp(directory, name+".new-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	w := newSectionWriter(f)
	newSortedPart(kind, documents).write(w)
	if err := w.finish(0); err != nil {
		f.Close()
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	file, err := mapFile(f.Name())
	if err != nil {
		return nil, err
	}
	s, _, err := readSections(file.bytes)
	if err != nil {
		return nil, err
	}
	return readPart(kind, s, file)
}

// Finish writes the snapshot file with the position of the log it stands for, and makes the engine answer from it.
// Changes applied to the engine since Rebuild are dropped: apply again what follows the position.
func (b *Builder) Finish(position int64) error {
	if b.done {
		return errors.New("search: this build has ended already")
	}
	if err := b.putAside(); err != nil {
		return err
	}
	e := b.engine
	e.saving.Lock()
	defer e.saving.Unlock()
	err := writeFileAtomically(e.path, func(out io.Writer) error {
		w := newSectionWriter(out)
		for kind, parts := range b.parts {
			if len(parts) > 0 {
				mergeParts(w, Kind(kind), lastOfEach(parts))
			}
		}
		return w.finish(position)
	})
	b.Cancel()
	if err != nil {
		return err
	}
	bases, _, err := openParts(e.path)
	if err != nil {
		return err
	}
	e.adopt(bases, position)
	return nil
}

// Cancel ends a build and lets go of what it holds. After Finish it does nothing.
func (b *Builder) Cancel() {
	b.pending, b.done = nil, true
	clear(b.parts[:])
}

// lastOfEach marks as dead, of documents that are in several parts, all but the one in the last part.
func lastOfEach(parts []*part) []*livePart {
	list := make([]*livePart, len(parts))
	ids := make([]*stringColumn, len(parts))
	for i, p := range parts {
		list[i] = &livePart{part: p, dead: make(rowSet, (p.n+63)/64)}
		ids[i] = &p.ids
	}
	mergeDictionaries(ids, func(_ []byte, places []place) {
		for _, at := range places[:len(places)-1] {
			p := list[at.part]
			p.dead[at.ordinal>>6] |= 1 << (at.ordinal & 63)
			p.deadCount++
		}
	})
	return list
}
