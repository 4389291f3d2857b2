package search

import "errors"

// ErrNoSnapshot is returned by Open when there is no snapshot file: build one with a Builder.
var ErrNoSnapshot = errors.New("search: no snapshot")

// ErrUnusableSnapshot is wrapped by the errors of Open for a file that is damaged, of another version or of another
// machine type: build a new one with a Builder, which replaces it.
var ErrUnusableSnapshot = errors.New("search: unusable snapshot")

// Engine answers queries over a snapshot file and the changes applied since.
type Engine struct{}

// New gives an empty engine whose checkpoints are written to path.
func New(path string) *Engine { return &Engine{} }

// Open gives the engine of the snapshot file at path, which must not change under it but through this engine.
func Open(path string) (*Engine, error) { return nil, ErrNoSnapshot }

// Position is the position given to the checkpoint or build of the snapshot this engine stands on.
func (e *Engine) Position() int64 { return 0 }

// Apply makes documents findable, or replaces those of the same kind and id, and removes others. It is visible to
// every search that starts after it returns. A document both given and removed is removed.
func (e *Engine) Apply(upserts []Document, deletions []Ref) error { return nil }

// Checkpoint writes everything applied so far to the snapshot file, with the position of the log it stands for.
// Searches and Apply go on meanwhile; changes applied during a checkpoint may be in the file or not.
func (e *Engine) Checkpoint(position int64) error { return nil }

// Stats tells the size of the index.
func (e *Engine) Stats() Stats { return Stats{} }

// Close releases the snapshot file. Searches still running end normally.
func (e *Engine) Close() error { return nil }

// Search answers a query.
func (e *Engine) Search(q Query) Result { return Result{} }

// Suggest gives the objects that the person typing most probably wants, best first.
func (e *Engine) Suggest(q SuggestQuery) []Hit { return nil }

// Rebuild starts a full build. The engine goes on answering from what it has until Builder.Finish.
func (e *Engine) Rebuild() (*Builder, error) { return &Builder{}, nil }

// Stats are the sizes of an index.
type Stats struct {
	// Documents counts the documents by kind.
	Documents map[Kind]int
	// Pending counts the documents applied since the last checkpoint, Removed those replaced or removed since.
	Pending, Removed int
}

// Builder builds a whole index from a stream of documents, in bounded memory.
type Builder struct{}

// Add takes one document. A later document replaces an earlier one of the same kind and id.
func (b *Builder) Add(d Document) error { return nil }

// Finish writes the snapshot file with the position of the log it stands for, and makes the engine answer from it.
// Changes applied to the engine since Rebuild are dropped: apply again what follows the position.
func (b *Builder) Finish(position int64) error { return nil }

// Cancel ends a build without result. After Finish it does nothing.
func (b *Builder) Cancel() {}
