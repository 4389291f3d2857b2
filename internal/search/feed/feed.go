// Package feed makes documents for the search index out of rows and keeps the
// index in step with the event log. A file per kind of object.
package feed

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/search"
)

// loader makes the documents of one kind.
type loader struct {
	kind search.Kind
	// all is the query for the identifiers of the public objects after one
	// identifier, in order.
	all string
	// load makes the documents of those of the objects that are public.
	load func(ctx context.Context, read bun.IDB, ids []string) ([]search.Document, error)
}

var loaders = []loader{
	{search.Organization, "SELECT id FROM organizations WHERE deleted_at IS NULL AND id > ? ORDER BY id LIMIT ?", organizations},
	{search.Dataset, "SELECT id FROM datasets WHERE visible = TRUE AND id > ? ORDER BY id LIMIT ?", datasets},
	{search.Reuse, "SELECT id FROM reuses WHERE visible = TRUE AND id > ? ORDER BY id LIMIT ?", reuses},
	{search.Dataservice, "SELECT id FROM dataservices WHERE visible = TRUE AND id > ? ORDER BY id LIMIT ?", dataservices},
	{search.Topic, "SELECT id FROM topics WHERE (private IS NULL OR private = FALSE) AND id > ? ORDER BY id LIMIT ?", topics},
	{search.Post, "SELECT id FROM posts WHERE published_at IS NOT NULL AND id > ? ORDER BY id LIMIT ?", posts},
}

// batch is how many objects are read at a time.
const batch = 500

// Rebuild builds the whole index from one state of the database and returns the
// position of the log that it stands for. progress is told of the documents
// made so far; it may be nil.
func Rebuild(ctx context.Context, d *db.DB, log *event.Log, engine *search.Engine, progress func(done int)) (int64, error) {
	builder := engine.Rebuild()
	defer builder.Cancel()
	var position int64
	err := d.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		var err error
		if position, err = log.Head(ctx, read); err != nil {
			return err
		}
		done := 0
		for _, kind := range loaders {
			err := kind.each(ctx, read, func(documents []search.Document) error {
				for _, document := range documents {
					if err := builder.Add(document); err != nil {
						return err
					}
				}
				done += len(documents)
				if progress != nil {
					progress(done)
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("documents of kind %s: %w", kind.kind, err)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return position, builder.Finish(position)
}

func (l loader) each(ctx context.Context, read bun.IDB, fn func([]search.Document) error) error {
	last := ""
	for {
		var ids []string
		if err := read.NewRaw(l.all, last, batch).Scan(ctx, &ids); err != nil {
			return err
		}
		if len(ids) == 0 {
			return nil
		}
		last = ids[len(ids)-1]
		documents, err := l.load(ctx, read, ids)
		if err != nil {
			return err
		}
		if err := fn(documents); err != nil {
			return err
		}
	}
}

// Follower keeps an index in step with the log.
type Follower struct {
	db       *db.DB
	engine   *search.Engine
	position atomic.Int64
	applied  func(kinds []string)
}

// NewFollower returns the follower of an index that stands at its engine's
// position. applied is told of the kinds that changed, once they can be found.
func NewFollower(d *db.DB, engine *search.Engine, applied func(kinds []string)) *Follower {
	f := &Follower{db: d, engine: engine, applied: applied}
	f.position.Store(engine.Position())
	return f
}

// Name implements event.Follower.
func (f *Follower) Name() string { return "search" }

// Position implements event.Follower.
func (f *Follower) Position() int64 { return f.position.Load() }

// Apply implements event.Follower: it reads the objects that changed and puts
// them as they are now into the index.
func (f *Follower) Apply(ctx context.Context, events []event.Event) error {
	changed := make(map[search.Kind]map[string]bool)
	add := func(kind search.Kind, id string) {
		if changed[kind] == nil {
			changed[kind] = make(map[string]bool)
		}
		changed[kind][id] = true
	}
	for _, e := range events {
		if kind, ok := search.ParseKind(e.ObjectKind); ok {
			add(kind, e.Object)
		}
	}
	if err := f.spread(ctx, changed, add, events); err != nil {
		return err
	}
	var kinds []string
	for _, l := range loaders {
		ids := changed[l.kind]
		if len(ids) == 0 {
			continue
		}
		if err := f.refresh(ctx, l, ids); err != nil {
			return err
		}
		kinds = append(kinds, l.kind.String())
	}
	f.position.Store(events[len(events)-1].Seq)
	if len(kinds) > 0 && f.applied != nil {
		f.applied(kinds)
	}
	return nil
}

// refresh puts objects of one kind into the index as they are now; those that
// are no longer public leave it.
func (f *Follower) refresh(ctx context.Context, l loader, changed map[string]bool) error {
	ids := make([]string, 0, len(changed))
	for id := range changed {
		ids = append(ids, id)
	}
	for len(ids) > 0 {
		part := ids[:min(batch, len(ids))]
		ids = ids[len(part):]
		documents, err := l.load(ctx, f.db.Read(), part)
		if err != nil {
			return err
		}
		found := make(map[string]bool, len(documents))
		for _, document := range documents {
			found[document.ID] = true
		}
		var gone []search.Ref
		for _, id := range part {
			if !found[id] {
				gone = append(gone, search.Ref{Kind: l.kind, ID: id})
			}
		}
		if err := f.engine.Apply(documents, gone); err != nil {
			return err
		}
	}
	return nil
}

// spread adds what shows a changed organisation or person: their objects carry
// the owner's name and badges.
func (f *Follower) spread(ctx context.Context, changed map[search.Kind]map[string]bool, add func(search.Kind, string), events []event.Event) error {
	var organizations, users []string
	for _, e := range events {
		switch {
		case e.ObjectKind == catalog.KindOrganization && shows(e, "name", "slug", "badges", "deleted"):
			organizations = append(organizations, e.Object)
		case e.ObjectKind == catalog.KindUser && shows(e, "first_name", "last_name", "deleted"):
			users = append(users, e.Object)
		}
	}
	for column, ids := range map[string][]string{"organization_id": organizations, "owner_id": users} {
		if len(ids) == 0 {
			continue
		}
		for kind, table := range map[search.Kind]string{
			search.Dataset: "datasets", search.Reuse: "reuses", search.Dataservice: "dataservices", search.Topic: "topics",
		} {
			var owned []string
			err := f.db.Read().NewRaw("SELECT id FROM ? WHERE ? IN (?)", bun.Ident(table), bun.Ident(column), bun.List(ids)).Scan(ctx, &owned)
			if err != nil {
				return err
			}
			for _, id := range owned {
				add(kind, id)
			}
		}
	}
	return nil
}

// shows tells whether an update touched one of the fields; a creation has none
// of its own to spread.
func shows(e event.Event, fields ...string) bool {
	if strings.HasSuffix(e.Kind, ".created") {
		return false
	}
	for _, changed := range e.Fields {
		for _, field := range fields {
			if changed == field {
				return true
			}
		}
	}
	return false
}

// Match is the index as faces and lists of the catalogue use it.
type Match struct {
	Engine *search.Engine
	// Ready tells why nothing can be searched now; nil when it always can.
	Ready func() error
}

func (m Match) ready() error {
	if m.Ready == nil {
		return nil
	}
	return m.Ready()
}

// Search answers a query.
func (m Match) Search(q search.Query) (search.Result, error) {
	if err := m.ready(); err != nil {
		return search.Result{}, err
	}
	return m.Engine.Search(q), nil
}

// Suggest gives the objects that somebody typing most probably wants.
func (m Match) Suggest(q search.SuggestQuery) ([]search.Hit, error) {
	if err := m.ready(); err != nil {
		return nil, err
	}
	return m.Engine.Suggest(q), nil
}

// Match returns the identifiers of the public objects that a query finds, best
// first, at most limit.
func (m Match) Match(_ context.Context, kind, query string, limit int) ([]string, error) {
	k, ok := search.ParseKind(kind)
	if !ok {
		return nil, fmt.Errorf("feed: nothing searches objects of kind %q", kind)
	}
	result, err := m.Search(search.Query{Kind: k, Text: query, Limit: min(limit, search.MaxWindow)})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(result.Hits))
	for i, hit := range result.Hits {
		ids[i] = hit.ID
	}
	return ids, nil
}

// Reset takes the position of the engine again, after a build.
func (f *Follower) Reset() { f.position.Store(f.engine.Position()) }
