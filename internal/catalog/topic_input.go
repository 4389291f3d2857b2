package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/text"
)

// Bounds of topics.
const (
	topicNameMax = 255
	// maxElements bounds the elements of a topic.
	maxElements = 10_000
)

// TopicInput is what a person or a program writes of a topic. What is left out
// stays as it is.
type TopicInput struct {
	Name, Description Opt[string]
	Tags              Opt[[]string]
	Color             Opt[int64]
	Private           Opt[bool]
	Extras            Opt[json.RawMessage]
	Spatial           Opt[SpatialInput]
	// Elements replace those that there are.
	Elements            Opt[[]ElementInput]
	Organization, Owner Opt[string]
}

// ElementInput is what is written of an element of a topic.
type ElementInput struct {
	// ID names an element that a replacement keeps; unknown ones are new.
	ID                 string
	Title, Description Opt[string]
	Tags               Opt[[]string]
	Extras             Opt[json.RawMessage]
	Element            Opt[ElementRef]
}

// ElementRef names the object of an element by the class that references have
// and its identifier.
type ElementRef struct{ Class, ID string }

// elementClasses are the classes of objects that topics gather.
var elementClasses = map[string]struct {
	kind string
	relation
}{
	"Dataset":     {KindDataset, relation{far: "datasets", public: "(x.private = FALSE AND x.deleted_at IS NULL)"}},
	"Reuse":       {KindReuse, relation{far: "reuses", public: "(x.private = FALSE AND x.deleted_at IS NULL)"}},
	"Dataservice": {KindDataservice, relation{far: "dataservices", public: "(x.private = FALSE AND x.deleted_at IS NULL)"}},
}

// topicWrite is a topic within a write.
type topicWrite struct {
	Topic
	elements []Element
	// gathered tells that the elements were written.
	gathered bool
}

// apply changes a topic as the input says.
func (t *topicWrite) apply(ctx context.Context, tx *event.Tx, s *Store, v account.Viewer, in TopicInput) error {
	wrong := s.checks()
	wrong.text(in.Name, topicNameMax, &t.Name, "name")
	wrong.optional(in.Description, DescriptionMax, &t.Description, "description")
	wrong.words(in.Tags, &t.Tags, "tags")
	wrong.dictionary(in.Extras, &t.Extras, "extras")
	if in.Spatial.Set {
		var covered Dataset
		wrong.spatial(s.zones, in.Spatial, &covered)
		t.HasSpatial, t.Granularity, t.Zones, t.Geometry = covered.HasSpatial, covered.Granularity, covered.Zones, covered.Geometry
	}
	if in.Color.Set {
		t.Color = nil
		if !in.Color.Null {
			t.Color = &in.Color.Value
		}
	}
	if in.Private.Set {
		t.Private = nil
		if !in.Private.Null {
			t.Private = &in.Private.Value
		}
	}
	t.NameFold = text.Fold(t.Name)
	return fault.Collect(wrong.collect(), t.replace(ctx, tx, v, in.Elements))
}

// replace takes the given elements in the place of those that there are. What
// the viewer may not see of them stays, behind the rest.
func (t *topicWrite) replace(ctx context.Context, tx *event.Tx, v account.Viewer, in Opt[[]ElementInput]) error {
	if !in.Set {
		return nil
	}
	elements, err := newElements(ctx, tx, v, in.Value, "elements")
	if err != nil {
		return err
	}
	unseen, err := unseenElements(ctx, tx, v, t.elements)
	if err != nil {
		return err
	}
	had := make(map[string]bool, len(t.elements))
	for i := range t.elements {
		had[t.elements[i].ID] = true
	}
	for i, given := range in.Value {
		if had[given.ID] {
			elements[i].ID = given.ID
			delete(had, given.ID)
		}
	}
	t.elements, t.gathered = append(elements, unseen...), true
	if len(t.elements) > maxElements {
		return fault.At(fmt.Sprintf("At most %d elements.", maxElements), "elements")
	}
	return nil
}

// newElements makes elements of what is given; a refusal names the place of each
// in the list, behind the path of the list.
func newElements(ctx context.Context, tx *event.Tx, v account.Viewer, given []ElementInput, path ...any) ([]Element, error) {
	if len(given) > maxElements {
		return nil, fault.At(fmt.Sprintf("At most %d elements.", maxElements), append(slices.Clone(path), 0, "element")...)
	}
	known, err := knownElements(ctx, tx, v, given)
	if err != nil {
		return nil, err
	}
	elements := make([]Element, len(given))
	var wrong checks
	for i := range given {
		elements[i].ID = db.NewID()
		elements[i].apply(&wrong, given[i], known, append(slices.Clone(path), i)...)
	}
	return elements, wrong.collect()
}

// apply changes an element as the input says; known are the objects that the
// viewer may name.
func (e *Element) apply(wrong *checks, in ElementInput, known map[ElementRef]bool, path ...any) {
	at := func(member string) []any { return append(slices.Clone(path), member) }
	wrong.optional(in.Title, TitleMax, &e.Title, at("title")...)
	wrong.optional(in.Description, DescriptionMax, &e.Description, at("description")...)
	wrong.words(in.Tags, &e.Tags, at("tags")...)
	wrong.dictionary(in.Extras, &e.Extras, at("extras")...)
	if in.Element.Set {
		e.ElementKind, e.ElementID = nil, nil
		if !in.Element.Null {
			e.point(wrong, in.Element.Value, known, at("element")...)
			if e.ElementID == nil {
				return
			}
		}
	}
	if e.Title == nil && e.ElementID == nil {
		wrong.at("A topic element must have a title or an element.", at("element")...)
	}
	e.TitleFold = ""
	if e.Title != nil {
		e.TitleFold = text.Fold(*e.Title)
	}
}

// point lets an element name an object.
func (e *Element) point(wrong *checks, ref ElementRef, known map[ElementRef]bool, path ...any) {
	class, ok := elementClasses[ref.Class]
	switch {
	case !ok:
		wrong.at("Unknown class: expected Dataset, Reuse or Dataservice.", path...)
	case !known[ref]:
		wrong.at("Unknown reference '"+clipped(ref.ID)+"'", path...)
	default:
		e.ElementKind, e.ElementID = &class.kind, &ref.ID
	}
}

// knownElements are those of the objects named that the viewer may read.
func knownElements(ctx context.Context, tx *event.Tx, v account.Viewer, given []ElementInput) (map[ElementRef]bool, error) {
	byClass := map[string][]string{}
	for _, in := range given {
		if ref, ok := in.Element.Get(); ok {
			byClass[ref.Class] = append(byClass[ref.Class], ref.ID)
		}
	}
	known := map[ElementRef]bool{}
	for name, class := range elementClasses {
		readable, err := class.readable(ctx, tx, v, byClass[name])
		if err != nil {
			return nil, err
		}
		for id := range readable {
			known[ElementRef{name, id}] = true
		}
	}
	return known, nil
}

// unseenElements are those whose object the viewer may not see.
func unseenElements(ctx context.Context, tx *event.Tx, v account.Viewer, elements []Element) ([]Element, error) {
	if v.Admin() {
		return nil, nil
	}
	seen := map[string]bool{}
	listed, args := listedElements(v)
	ids := make([]string, len(elements))
	for i := range elements {
		ids[i] = elements[i].ID
	}
	for batch := range slices.Chunk(ids, 500) {
		found, err := idsOf(ctx, tx, "SELECT te.id FROM topic_elements te WHERE te.id IN (?) AND "+listed, append([]any{bun.List(batch)}, args...)...)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			seen[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(elements), func(e Element) bool { return seen[e.ID] }), nil
}

func (t *Topic) state() state {
	return state{kind: KindTopic, id: t.ID, owner: t.OwnedBy(), private: t.isPrivate()}
}

// written are the members that people write, by their names in the API.
func (t *topicWrite) written() []field {
	return []field{
		{"name", t.Name}, {"slug", t.Slug}, {"description", t.Description}, {"tags", nothing(t.Tags)}, {"color", t.Color},
		{"private", t.Private}, {"extras", json.RawMessage(t.Extras)}, {"spatial", t.coverage()},
		{"organization", t.OrganizationID}, {"owner", t.OwnerID},
	}
}

// wholeElements is up to how many elements history keeps all of them; of larger
// topics it keeps what changed.
const wholeElements = 200

// topicDifference compares a topic before and after a write: its elements under
// "elements", those that changed alone under "elements_changed".
func topicDifference(before, after *topicWrite) history.Difference {
	difference := differenceOf(before.written(), after.written())
	if !after.gathered {
		return difference
	}
	old, present := writtenElements(before.elements), writtenElements(after.elements)
	if reflect.DeepEqual(old, present) {
		return difference
	}
	if max(len(old), len(present)) <= wholeElements {
		difference["elements"] = [2]any{old, present}
		return difference
	}
	difference["elements_changed"] = [2]any{differing(old, present), differing(present, old)}
	return difference
}

// differing are those of some elements that are not alike among others.
func differing(some, others []writtenElement) []writtenElement {
	known := make(map[string]writtenElement, len(others))
	for _, e := range others {
		known[e.ID] = e
	}
	var left []writtenElement
	for _, e := range some {
		if !reflect.DeepEqual(known[e.ID], e) {
			left = append(left, e)
		}
	}
	return left
}

// coverage is the spatial coverage as people write it, nil when there is none.
func (t *Topic) coverage() any {
	if !t.HasSpatial {
		return nil
	}
	written := map[string]any{"granularity": t.Granularity}
	if len(t.Geometry) > 0 {
		written["geometry"] = json.RawMessage(t.Geometry)
	} else {
		written["zones"] = nothing(t.Zones)
	}
	return written
}

// writtenElement is an element as people write it.
type writtenElement struct {
	ID          string            `json:"id"`
	Title       *string           `json:"title"`
	Description *string           `json:"description"`
	Tags        []string          `json:"tags"`
	Extras      json.RawMessage   `json:"extras"`
	Element     map[string]string `json:"element"`
}

func writtenElements(elements []Element) []writtenElement {
	all := make([]writtenElement, len(elements))
	for i, e := range elements {
		all[i] = writtenElement{ID: e.ID, Title: e.Title, Description: e.Description, Tags: nothing(e.Tags), Extras: json.RawMessage(e.Extras)}
		if e.ElementKind == nil || e.ElementID == nil {
			continue
		}
		for name, class := range elementClasses {
			if class.kind == *e.ElementKind {
				all[i].Element = map[string]string{"class": name, "id": *e.ElementID}
			}
		}
	}
	return all
}

func (t *Topic) besides() besides {
	return besides{tags: t.Tags, zones: t.Zones, extras: t.Extras, geometry: t.Geometry}
}
