// Package outbox tells the world what changes in the catalogue: the change feed, which readers follow at their
// own pace, and webhooks, which carry changes to those who asked for them. Both speak of public objects alone.
package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
)

// Kinds are the kinds of objects that changes are told of.
var Kinds = catalog.ListedKinds

// What may happen to an object, as the public sees it.
const (
	// Created: the lists show the object from now on.
	Created = "created"
	// Updated: it was changed.
	Updated = "updated"
	// Counted: only its counters moved: followers, reuses, views …
	Counted = "counted"
	// Withdrawn: the lists do not show it any more, for whatever reason.
	Withdrawn = "withdrawn"
)

// Happenings are all of them.
var Happenings = []string{Created, Updated, Counted, Withdrawn}

// classes and paths name the objects as the API does.
var classes = map[string]string{
	catalog.KindDataset: "Dataset", catalog.KindReuse: "Reuse", catalog.KindDataservice: "Dataservice", catalog.KindTopic: "Topic",
	catalog.KindPost: "Post", catalog.KindOrganization: "Organization", catalog.KindCommunity: "CommunityResource",
}

var paths = map[string]string{
	catalog.KindDataset: "/api/1/datasets/", catalog.KindReuse: "/api/1/reuses/", catalog.KindDataservice: "/api/1/dataservices/",
	catalog.KindTopic: "/api/2/topics/", catalog.KindPost: "/api/1/posts/", catalog.KindOrganization: "/api/1/organizations/",
	catalog.KindCommunity: "/api/1/datasets/community_resources/",
}

// Change is what happened to one object, as everybody may know it.
type Change struct {
	Seq int64
	At  db.Time
	// What is Created, Updated, Counted or Withdrawn; Kind and Object name the object.
	What, Kind, Object string
	Version            int64
	// Organization is whom the object belongs to; "" for a person, and when it was withdrawn.
	Organization string
	Fields       []string
	// owner is whom it belonged to when it happened, former who else it belonged to until then.
	owner, former string
	// tags are those that it has, formerTags those that it had until then.
	tags, formerTags []string
	// retagged and moved tell that tags or owner changed in a way that nobody wrote down.
	retagged, moved bool
	rest            []byte
}

// Name is the kind of the change: dataset.updated.
func (c *Change) Name() string { return c.Kind + "." + c.What }

// Object is how a change names what changed.
type Object struct {
	Class string `json:"class"`
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	URI   string `json:"uri"`
}

// line is a change as it is written, without its position.
type line struct {
	Seq          int64    `json:"seq,omitempty"`
	At           string   `json:"at,omitempty"`
	Kind         string   `json:"kind"`
	Object       Object   `json:"object"`
	Version      int64    `json:"version"`
	Organization string   `json:"organization,omitempty"`
	Fields       []string `json:"fields,omitempty"`
}

// TimeLayout is how moments are written: ISO 8601 in UTC, to the microsecond.
const TimeLayout = "2006-01-02T15:04:05.000000+00:00"

// base stands for the site's address in written changes, see web.Site.Complete.
const base = "\x00"

// nowhere stands for it until JSON has escaped what it must.
const nowhere = "\u2302\u2302base\u2302\u2302"

// seal writes down what every reader is sent of the change.
func (c *Change) seal() error {
	l := line{
		Seq: c.Seq, Kind: c.Name(), Version: c.Version, Organization: c.Organization, Fields: c.Fields,
		Object: Object{Class: classes[c.Kind], ID: c.Object, Kind: c.Kind, URI: nowhere + paths[c.Kind] + c.Object + "/"},
	}
	if !c.At.IsZero() {
		l.At = c.At.UTC().Format(TimeLayout)
	}
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("outbox: change %d: %w", c.Seq, err)
	}
	c.rest = []byte(strings.Replace(string(text[1:]), nowhere, base, 1))
	return nil
}

// AppendJSON writes the change with the position behind it. A byte 0x00 in it stands for the site's address.
func (c *Change) AppendJSON(b []byte, p Position) []byte {
	b = append(b, `{"position":"`...)
	b = append(p.append(b), `",`...)
	return append(b, c.rest...)
}

// Filter narrows changes; empty members do not.
type Filter struct {
	// Kinds are kinds of objects ("dataset") or of changes ("dataset.created"); one must fit.
	Kinds []string
	// Organization owns the object, or owned it until the change.
	Organization string
	// Tag is one that the object has, or had until the change.
	Tag string
}

// matches tells whether a filtered reader is told of a change, and whether to them the object is gone: it
// left what they asked for.
func (f Filter) matches(c *Change) (told, gone bool) {
	left := false
	if f.Organization != "" && c.owner != f.Organization && c.Organization != f.Organization {
		if c.former != f.Organization && !c.moved {
			return false, false
		}
		left = true
	}
	if f.Tag != "" && c.What != Withdrawn && !slices.Contains(c.tags, f.Tag) {
		if !slices.Contains(c.formerTags, f.Tag) && !c.retagged {
			return false, false
		}
		left = true
	}
	if len(f.Kinds) == 0 {
		return true, left
	}
	name := c.Name()
	if left {
		name = c.Kind + "." + Withdrawn
	}
	return slices.Contains(f.Kinds, c.Kind) || slices.Contains(f.Kinds, name), left
}

// apply returns what a filtered reader is told of a change; nil for nothing.
func (f Filter) apply(c *Change) (*Change, error) {
	told, gone := f.matches(c)
	switch {
	case !told:
		return nil, nil
	case !gone || c.What == Withdrawn:
		return c, nil
	}
	left := &Change{Seq: c.Seq, At: c.At, What: Withdrawn, Kind: c.Kind, Object: c.Object, Version: c.Version}
	return left, left.seal()
}

// kinds are the kinds of objects that a filter may let pass.
func (f Filter) kinds() []string {
	if len(f.Kinds) == 0 {
		return Kinds
	}
	var kinds []string
	for _, kind := range f.Kinds {
		kind, _, _ = strings.Cut(kind, ".")
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// changesOf tells events as everybody may know them now: an object that is hidden by now was withdrawn,
// whatever happened to it. Events that concern nobody outside are left out.
func changesOf(ctx context.Context, read bun.IDB, events []event.Event) ([]*Change, error) {
	events = slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool {
		return !e.SeenBefore && !e.SeenAfter || !slices.Contains(Kinds, e.ObjectKind)
	})
	listed, err := listedOf(ctx, read, events)
	if err != nil {
		return nil, err
	}
	changes := make([]*Change, len(events))
	for i, e := range events {
		changes[i] = changeOf(e, listed[e.Object])
	}
	if err := addFormer(ctx, read, events, changes); err != nil {
		return nil, err
	}
	for _, c := range changes {
		if err := c.seal(); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// listedOf is where the objects of events stand now.
func listedOf(ctx context.Context, read bun.IDB, events []event.Event) (map[string]catalog.Listed, error) {
	ids := map[string][]string{}
	known := map[string]bool{}
	for _, e := range events {
		if !known[e.Object] {
			known[e.Object] = true
			ids[e.ObjectKind] = append(ids[e.ObjectKind], e.Object)
		}
	}
	all := make(map[string]catalog.Listed, len(known))
	for kind, of := range ids {
		for batch := range slices.Chunk(of, 500) {
			found, err := catalog.ListedByIDs(ctx, read, kind, batch)
			if err != nil {
				return nil, fmt.Errorf("outbox: %s: %w", kind, err)
			}
			for id, l := range found {
				all[id] = l
			}
		}
	}
	return all, nil
}

func changeOf(e event.Event, now catalog.Listed) *Change {
	c := &Change{Seq: e.Seq, At: e.At, Kind: e.ObjectKind, Object: e.Object, Version: e.Version, owner: e.Owner}
	_, what, _ := strings.Cut(e.Kind, ".")
	switch {
	case !now.Public || !e.SeenAfter:
		c.What = Withdrawn
		return c
	case what == Created, !e.SeenBefore:
		c.What = Created
	case what == Counted:
		c.What = Counted
	default:
		c.What, c.Fields = Updated, e.Fields
	}
	c.Organization, c.tags = now.Organization, now.Tags
	return c
}

// addFormer adds owner and tags from before the changes that concern them.
func addFormer(ctx context.Context, read bun.IDB, events []event.Event, changes []*Change) error {
	at := map[string]*Change{}
	var objects []string
	for i, e := range events {
		c := changes[i]
		if c.What == Withdrawn && !e.SeenBefore {
			continue
		}
		c.moved = slices.Contains(e.Fields, "organization") || slices.Contains(e.Fields, "owner")
		c.retagged = slices.Contains(e.Fields, "tags")
		if c.moved || c.retagged {
			at[fmt.Sprint(e.Object, " ", e.Version)] = c
			objects = append(objects, e.Object)
		}
	}
	for batch := range slices.Chunk(objects, 500) {
		var rows []struct {
			Object     string
			Version    int64
			Difference db.JSON
		}
		err := read.NewRaw("SELECT object, version, difference FROM history WHERE object IN (?) AND version IN (?)", bun.List(batch), bun.List(versionsOf(at))).Scan(ctx, &rows)
		if err != nil {
			return fmt.Errorf("outbox: former values: %w", err)
		}
		for _, row := range rows {
			if c := at[fmt.Sprint(row.Object, " ", row.Version)]; c != nil {
				c.readFormer(row.Difference)
			}
		}
	}
	return nil
}

func versionsOf(changes map[string]*Change) []int64 {
	var versions []int64
	for _, c := range changes {
		if !slices.Contains(versions, c.Version) {
			versions = append(versions, c.Version)
		}
	}
	return versions
}

// readFormer reads the former owner and tags out of a difference. What cannot be read stays unknown, and is
// told to whoever may have had the object.
func (c *Change) readFormer(difference db.JSON) {
	var values struct {
		Organization, Owner [2]*string
		Tags                [2][]string
	}
	if json.Unmarshal(difference, &values) != nil {
		return
	}
	if was := values.Organization[0]; was != nil {
		c.former = *was
	}
	c.formerTags = values.Tags[0]
	c.moved, c.retagged = false, false
}

// CheckKind refuses what is neither a kind of object nor a kind of change.
func CheckKind(kind string) error {
	object, what, named := strings.Cut(kind, ".")
	if !slices.Contains(Kinds, object) || named && !slices.Contains(Happenings, what) {
		return fmt.Errorf("unknown kind %q: expected one of %s, alone or followed by .%s", clip(kind), strings.Join(Kinds, ", "), strings.Join(Happenings, ", ."))
	}
	return nil
}
