package harvest

import (
	"context"
	"net/url"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// Trace is what is known of a record of a remote portal: the object that it is
// here, if any, and what its source came to last.
type Trace struct {
	// Source and its name; "" for an object whose source is not known any more.
	Source, SourceName string
	// Kind is dataset or dataservice.
	Kind                string
	RemoteID, RemoteURL string
	// Object is "" when there is none, or none that the viewer may read; Title,
	// Slug and Archived are those of the object.
	Object, Title, Slug string
	Archived            bool
	// LastSeen is when a job last listed the record, MissingSince since when none
	// did; zero when not known.
	LastSeen, MissingSince db.Time
	// Item is the newest item of a run about the record, nil when none is kept.
	Item *Item
}

// maxTraces bounds what a look-up gives.
const maxTraces = 20

// LookUp tells what became of a record of a remote portal, by its address there,
// its IRI or its identifier: the objects that came from it and the newest item of
// each source about it. Nothing of what the viewer may not read is told.
func (s *Store) LookUp(ctx context.Context, v account.Viewer, remote string) ([]Trace, error) {
	forms := formsOf(remote)
	if len(forms) == 0 {
		return nil, fault.At("Give the address or the identifier of the record on its portal.", "url")
	}
	var traces []Trace
	err := s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		var err error
		if traces, err = harvestedTraces(ctx, read, forms); err != nil {
			return err
		}
		items, err := itemTraces(ctx, read, forms)
		if err != nil {
			return err
		}
		traces = joinTraces(traces, items)
		return completeTraces(ctx, read, v, traces)
	})
	return traces, err
}

// formsOf are the ways in which a portal may write the same address: with and
// without a slash at its end, and by both schemes.
func formsOf(remote string) []string {
	remote = strings.TrimSpace(remote)
	if remote == "" || len(remote) > maxURL || strings.ContainsRune(remote, 0) {
		return nil
	}
	forms := []string{remote}
	u, err := url.Parse(remote)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return forms
	}
	u.Fragment = ""
	bare := strings.TrimSuffix(u.String(), "/")
	_, rest, _ := strings.Cut(bare, "://")
	for _, scheme := range []string{"https://", "http://"} {
		forms = append(forms, scheme+rest, scheme+rest+"/")
	}
	return forms
}

// harvestedTraces are the objects that came from a record.
func harvestedTraces(ctx context.Context, read bun.IDB, forms []string) ([]Trace, error) {
	var rows []struct {
		ObjectID, Kind, Source, RemoteID, RemoteURL string
		LastUpdate                                  db.Time
	}
	err := read.NewRaw(`SELECT h.object_id, h.kind, coalesce(h.source_id, '') AS source, coalesce(h.remote_id, '') AS remote_id,
		coalesce(h.remote_url, '') AS remote_url, h.last_update FROM harvests h
		WHERE h.remote_id IN (?0) OR h.remote_url IN (?0) OR h.uri IN (?0) ORDER BY h.object_id LIMIT ?1`, bun.List(forms), maxTraces).Scan(ctx, &rows)
	traces := make([]Trace, len(rows))
	for i, r := range rows {
		traces[i] = Trace{Source: r.Source, Kind: r.Kind, RemoteID: r.RemoteID, RemoteURL: r.RemoteURL, Object: r.ObjectID, LastSeen: r.LastUpdate}
	}
	return traces, err
}

// itemTraces are the newest items of runs about a record, one of each source.
func itemTraces(ctx context.Context, read bun.IDB, forms []string) ([]Trace, error) {
	var rows []struct {
		Item
		Source string
	}
	err := read.NewRaw(`SELECT hi.*, j.source_id AS source FROM harvest_items hi JOIN harvest_jobs j ON j.id = hi.job_id
		WHERE j.preview = FALSE AND (hi.remote_id IN (?0) OR hi.remote_url IN (?0)) ORDER BY j.created_at DESC, hi.seq DESC LIMIT 400`, bun.List(forms)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	var traces []Trace
	seen := map[[2]string]bool{}
	for i := range rows {
		item := &rows[i].Item
		key := [2]string{rows[i].Source, item.Kind}
		if seen[key] || len(traces) == maxTraces {
			continue
		}
		seen[key] = true
		traces = append(traces, Trace{
			Source: rows[i].Source, Kind: item.Kind, RemoteID: orEmpty(item.RemoteID), RemoteURL: orEmpty(item.RemoteURL),
			Object: orEmpty(item.ObjectID), Title: orEmpty(item.Title), LastSeen: item.EndedAt, Item: item,
		})
	}
	return traces, nil
}

// joinTraces puts the item of a source beside the object that it is about.
func joinTraces(objects, items []Trace) []Trace {
	for _, t := range items {
		joined := false
		for i := range objects {
			if objects[i].Source == t.Source && objects[i].Kind == t.Kind && (t.Object == "" || t.Object == objects[i].Object) {
				objects[i].Item, joined = t.Item, true
			}
		}
		if !joined {
			objects = append(objects, t)
		}
	}
	return objects[:min(len(objects), maxTraces)]
}

// completeTraces names sources and objects, and takes away what the viewer may
// not read.
func completeTraces(ctx context.Context, read bun.IDB, v account.Viewer, traces []Trace) error {
	objects, err := objectsOf(ctx, read, v, traces)
	if err != nil {
		return err
	}
	var sources []string
	for _, t := range traces {
		sources = append(sources, t.Source)
	}
	names := map[string]string{}
	var rows []struct{ ID, Name string }
	if len(sources) > 0 {
		if err := read.NewRaw("SELECT id, name FROM harvest_sources WHERE id IN (?)", bun.List(sources)).Scan(ctx, &rows); err != nil {
			return err
		}
	}
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	for i := range traces {
		t := &traces[i]
		t.SourceName = names[t.Source]
		if o, ok := objects[t.Object]; ok {
			t.Title, t.Slug, t.Archived = o.Title, o.Slug, o.Archived
		} else if t.Object != "" {
			t.Object, t.Title = "", ""
			if t.Item != nil {
				t.Item.ObjectID, t.Item.Title, t.Item.Difference = nil, nil, nil
			}
		}
	}
	return nil
}

// Object is what a list shows of a dataset or a dataservice.
type Object struct {
	ID, Title, Slug         string
	Acronym                 *string
	OrganizationID, OwnerID *string
	Hidden, Archived        bool
}

// Objects gives those of some datasets and dataservices that the viewer may read,
// by identifier, in one query.
func (s *Store) Objects(ctx context.Context, v account.Viewer, ids []string) (map[string]Object, error) {
	return readableObjects(ctx, s.db.Read(), v, ids)
}

// readableObjects gives those of some datasets and dataservices that the viewer
// may read, by identifier.
func readableObjects(ctx context.Context, read bun.IDB, v account.Viewer, ids []string) (map[string]Object, error) {
	found := map[string]Object{}
	if len(ids) == 0 {
		return found, nil
	}
	var rows []Object
	err := read.NewRaw(`SELECT id, title, slug, acronym, organization_id, owner_id, (private = TRUE OR deleted_at IS NOT NULL) AS hidden, (archived_at IS NOT NULL) AS archived
		FROM datasets WHERE id IN (?0) UNION ALL
		SELECT id, title, slug, acronym, organization_id, owner_id, (private = TRUE OR deleted_at IS NOT NULL) AS hidden, (archived_at IS NOT NULL) AS archived
		FROM dataservices WHERE id IN (?0)`, bun.List(ids)).Scan(ctx, &rows)
	for _, r := range rows {
		owner := account.Owner{Organization: orEmpty(r.OrganizationID)}
		if owner.Organization == "" {
			owner.User = orEmpty(r.OwnerID)
		}
		if !r.Hidden || v.MayRead(owner, r.ID) {
			found[r.ID] = r
		}
	}
	return found, err
}

func objectsOf(ctx context.Context, read bun.IDB, v account.Viewer, traces []Trace) (map[string]Object, error) {
	var ids []string
	for _, t := range traces {
		if t.Object != "" {
			ids = append(ids, t.Object)
		}
	}
	return readableObjects(ctx, read, v, ids)
}

// HideUnreadable takes from items what they say of objects that the viewer may
// not read: private ones, and those that were deleted. One query.
func (s *Store) HideUnreadable(ctx context.Context, v account.Viewer, items []Item) error {
	var ids []string
	for i := range items {
		if items[i].ObjectID != nil {
			ids = append(ids, *items[i].ObjectID)
		}
	}
	readable, err := readableObjects(ctx, s.db.Read(), v, ids)
	if err != nil {
		return err
	}
	for i := range items {
		if id := items[i].ObjectID; id != nil {
			if _, ok := readable[*id]; !ok {
				items[i].ObjectID, items[i].Title, items[i].Difference = nil, nil, nil
			}
		}
	}
	return nil
}

// Conflict is a record of a source that belongs to something else here.
type Conflict struct {
	// Object is what it is about, with its title; "" when the viewer may not read it.
	Object, Kind, Title, Slug string
	RemoteID, Reason          string
	// Claimant is the source that lists the record, Holder the source that the
	// object came from, "" for one that did not come from any.
	Claimant, ClaimantName string
	Holder, HolderName     string
	Job                    string
	FirstAt, LastAt        db.Time
}

// Conflicts returns a page of the conflicts in which a source is on either side,
// the newest first, and how many there are.
func (s *Store) Conflicts(ctx context.Context, v account.Viewer, source string, p catalog.Page) (conflicts []Conflict, total int, err error) {
	const both = ` FROM harvest_conflicts c LEFT JOIN harvests h ON h.object_id = c.object_id
		LEFT JOIN harvest_sources claimant ON claimant.id = c.source_id LEFT JOIN harvest_sources holder ON holder.id = h.source_id
		WHERE (c.source_id = ?0 OR h.source_id = ?0)`
	err = s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		if err := read.NewRaw("SELECT count(*)"+both, source).Scan(ctx, &total); err != nil {
			return err
		}
		err := read.NewRaw(`SELECT c.object_id AS object, c.kind, c.remote_id, c.reason, c.source_id AS claimant, coalesce(claimant.name, '') AS claimant_name,
			coalesce(h.source_id, '') AS holder, coalesce(holder.name, '') AS holder_name, c.job_id AS job, c.first_at, c.last_at`+both+`
			ORDER BY c.last_at DESC, c.object_id, c.source_id, c.remote_id LIMIT ?1 OFFSET ?2`, source, p.Limit, p.Offset).Scan(ctx, &conflicts)
		if err != nil {
			return err
		}
		ids := make([]string, len(conflicts))
		for i := range conflicts {
			ids[i] = conflicts[i].Object
		}
		objects, err := readableObjects(ctx, read, v, ids)
		for i := range conflicts {
			o := objects[conflicts[i].Object]
			conflicts[i].Object, conflicts[i].Title, conflicts[i].Slug = o.ID, o.Title, o.Slug
		}
		return err
	})
	return conflicts, total, err
}
