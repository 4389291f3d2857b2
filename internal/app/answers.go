package app

import (
	"context"
	"slices"
	"sync/atomic"

	"grenier/internal/catalog"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/web"
)

// answers is the follower that lets kept answers fall. A write of this node
// raises what it touched before it is answered; those of other nodes come by
// the log.
type answers struct {
	versions *web.Versions
	// zones reads the zones of the database again.
	zones func(context.Context) error
	// site lets fall what is kept of the settings of the site.
	site     func()
	position atomic.Int64
}

// Name implements event.Follower.
func (a *answers) Name() string { return "answers" }

// Position implements event.Follower.
func (a *answers) Position() int64 { return a.position.Load() }

// Apply implements event.Follower.
func (a *answers) Apply(ctx context.Context, events []event.Event) error {
	for _, e := range events {
		if e.ObjectKind == geo.ObjectKind {
			if err := a.zones(ctx); err != nil {
				return err
			}
			break
		}
	}
	a.raise(events)
	a.position.Store(events[len(events)-1].Seq)
	return nil
}

// raise lets fall what was made from the changed objects and from lists of
// their kinds.
func (a *answers) raise(events []event.Event) {
	if slices.ContainsFunc(events, func(e event.Event) bool { return e.ObjectKind == catalog.KindSite }) {
		a.site()
	}
	keys := make([]web.Key, 0, len(events)+4)
	kinds := make(map[string]bool, 4)
	for _, e := range events {
		keys = append(keys, web.Object(e.ObjectKind, e.Object))
		if !kinds[e.ObjectKind] {
			kinds[e.ObjectKind] = true
			keys = append(keys, web.Epoch(e.ObjectKind))
		}
	}
	a.versions.Raise(keys...)
}

// searched lets fall what was found in the index before it changed.
func (a *answers) searched(kinds []string) {
	keys := make([]web.Key, len(kinds))
	for i, kind := range kinds {
		keys[i] = web.Epoch("search/" + kind)
	}
	a.versions.Raise(keys...)
}
