package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// CreateTopic makes a topic with its elements. It belongs to the organisation
// that is named, of which the viewer must be a member, else to the viewer.
func (s *Store) CreateTopic(ctx context.Context, v account.Viewer, in TopicInput) (*Topic, error) {
	owner, err := maker(v, "create a topic", in.Organization, in.Owner)
	if err != nil {
		return nil, err
	}
	need(&in.Name)
	now := db.Now()
	id := db.NewID()
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		t := &topicWrite{Topic: Topic{ID: id, Version: 1, CreatedAt: now, ModifiedAt: now}}
		if err := t.belongTo(ctx, tx.Tx, owner); err != nil {
			return err
		}
		if err := t.apply(ctx, tx, s, v, in); err != nil {
			return err
		}
		if t.Slug, err = account.FreeSlug(ctx, tx.Tx, "topics", KindTopic, text.Slug(t.Name)); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&t.Topic).Exec(ctx); err != nil {
			return err
		}
		if err := t.besides().save(ctx, tx.Tx, KindTopic, t.ID, besides{}); err != nil {
			return err
		}
		if err := t.saveElements(ctx, tx, nil); err != nil {
			return err
		}
		if err := t.state().change(ctx, tx, v, "created", t.Version, false, !t.isPrivate(), nil); err != nil {
			return err
		}
		return regather(ctx, tx, v, nil, t)
	})
	if err != nil {
		return nil, err
	}
	return s.Topic(ctx, v, id)
}

// UpdateTopic changes what the input holds and keeps the rest.
func (s *Store) UpdateTopic(ctx context.Context, v account.Viewer, id string, in TopicInput) (*Topic, error) {
	err := s.writeTopic(ctx, v, id, "updated", func(ctx context.Context, tx *event.Tx, t *topicWrite) error {
		owner, err := objectOwner.keptOwner(v, t.OwnedBy(), in.Organization, in.Owner)
		if err != nil {
			return err
		}
		if err := t.giveTo(ctx, tx.Tx, t.ID, owner); err != nil {
			return err
		}
		return t.apply(ctx, tx, s, v, in)
	})
	if err != nil {
		return nil, err
	}
	return s.Topic(ctx, v, id)
}

// DeleteTopic puts a topic into the bin with its elements; it can be brought back.
func (s *Store) DeleteTopic(ctx context.Context, v account.Viewer, id string) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		t, err := loadTopic(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := changeable(v, t.state(), false); err != nil {
			return err
		}
		gone := []string{t.ID}
		for i := range t.elements {
			gone = append(gone, t.elements[i].ID)
		}
		for batch := range slices.Chunk(gone, 500) {
			if err := forgetShown(ctx, tx.Tx, batch...); err != nil {
				return err
			}
		}
		for _, table := range []struct{ name, column string }{{"topic_elements", "topic_id"}, {"topics", "id"}} {
			if err := forget(ctx, tx.Tx, table.name, table.column, t.ID); err != nil {
				return err
			}
		}
		row := &binRow{
			ID: t.ID, Kind: KindTopic, Version: t.Version + 1, Title: t.Name, Slug: t.Slug, OrganizationID: t.OrganizationID, OwnerID: t.OwnerID,
			Private: t.isPrivate(), DeletedAt: db.Now(),
		}
		if err := s.keepWhole(ctx, tx, row, TopicRecord{Topic: t.Topic, Elements: t.elements}); err != nil {
			return err
		}
		if err := t.state().change(ctx, tx, v, "deleted", row.Version, !t.isPrivate(), false, row.dead()); err != nil {
			return err
		}
		return regather(ctx, tx, v, t, &topicWrite{})
	})
}

// AddElements adds elements at the end of a topic and returns them. When one is
// refused, none is added.
func (s *Store) AddElements(ctx context.Context, v account.Viewer, id string, given []ElementInput) ([]Element, error) {
	var added []Element
	err := s.writeTopic(ctx, v, id, "element.created", func(ctx context.Context, tx *event.Tx, t *topicWrite) error {
		var err error
		if added, err = newElements(ctx, tx, v, given); err != nil {
			return err
		}
		if len(added) == 0 {
			return errUnchanged
		}
		if len(added)+len(t.elements) > maxElements {
			return fault.Newf(fault.Invalid, "A topic has at most %d elements.", maxElements)
		}
		t.elements, t.gathered = append(slices.Clone(t.elements), added...), true
		return nil
	})
	return added, err
}

// UpdateElement changes what the input holds of an element and keeps the rest.
func (s *Store) UpdateElement(ctx context.Context, v account.Viewer, topic, id string, in ElementInput) (*Element, error) {
	var updated Element
	err := s.writeTopic(ctx, v, topic, "element.updated", func(ctx context.Context, tx *event.Tx, t *topicWrite) error {
		at, err := t.find(ctx, tx, v, id)
		if err != nil {
			return err
		}
		known, err := knownElements(ctx, tx, v, []ElementInput{in})
		if err != nil {
			return err
		}
		t.elements, t.gathered = slices.Clone(t.elements), true
		var wrong checks
		t.elements[at].apply(&wrong, in, known)
		updated = t.elements[at]
		return wrong.collect()
	})
	return &updated, err
}

// RemoveElement removes an element of a topic.
func (s *Store) RemoveElement(ctx context.Context, v account.Viewer, topic, id string) error {
	return s.writeTopic(ctx, v, topic, "element.deleted", func(ctx context.Context, tx *event.Tx, t *topicWrite) error {
		at, err := t.find(ctx, tx, v, id)
		if err != nil {
			return err
		}
		t.elements, t.gathered = slices.Delete(slices.Clone(t.elements), at, at+1), true
		return nil
	})
}

// RemoveElements removes all elements of a topic.
func (s *Store) RemoveElements(ctx context.Context, v account.Viewer, topic string) error {
	return s.writeTopic(ctx, v, topic, "element.deleted", func(_ context.Context, _ *event.Tx, t *topicWrite) error {
		if len(t.elements) == 0 {
			return errUnchanged
		}
		t.elements, t.gathered = nil, true
		return nil
	})
}

// find gives the place of an element that the viewer sees.
func (t *topicWrite) find(ctx context.Context, tx *event.Tx, v account.Viewer, id string) (int, error) {
	at := slices.IndexFunc(t.elements, func(e Element) bool { return e.ID == id })
	if at >= 0 {
		unseen, err := unseenElements(ctx, tx, v, t.elements[at:at+1])
		if err != nil || len(unseen) == 0 {
			return at, err
		}
	}
	return 0, errNoElement
}

var errNoElement = fault.New(fault.NotFound, "Topic element not found")

// writeTopic changes one topic within a write of its own.
func (s *Store) writeTopic(ctx context.Context, v account.Viewer, id, what string, change func(context.Context, *event.Tx, *topicWrite) error) error {
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		t, err := loadTopic(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := changeable(v, t.state(), false); err != nil {
			return err
		}
		before := *t
		if err := change(ctx, tx, t); err != nil {
			return err
		}
		return saveTopic(ctx, tx, v, &before, t, what)
	})
	if err == errUnchanged {
		err = nil
	}
	return err
}

// loadTopic loads a topic with its elements for a write.
func loadTopic(ctx context.Context, tx *event.Tx, id string) (*topicWrite, error) {
	t, err := locked(ctx, tx, "topics", KindTopic, id, loadTopics)
	if err != nil {
		return nil, err
	}
	return &topicWrite{Topic: t.Topic, elements: t.Elements}, nil
}

// saveTopic writes a changed topic with its event and history.
func saveTopic(ctx context.Context, tx *event.Tx, v account.Viewer, before, t *topicWrite, what string) error {
	var err error
	t.Version++
	t.ModifiedAt = db.Now()
	if t.Name != before.Name {
		if t.Slug, err = account.MoveSlug(ctx, tx.Tx, "topics", KindTopic, t.ID, before.Slug, text.Slug(t.Name)); err != nil {
			return err
		}
	}
	if _, err := tx.NewUpdate().Model(&t.Topic).WherePK().Exec(ctx); err != nil {
		return err
	}
	if err := t.besides().save(ctx, tx.Tx, KindTopic, t.ID, before.besides()); err != nil {
		return err
	}
	if t.gathered {
		if err := t.saveElements(ctx, tx, before.elements); err != nil {
			return err
		}
	}
	difference := topicDifference(before, t)
	if err := t.state().change(ctx, tx, v, what, t.Version, !before.isPrivate(), !t.isPrivate(), difference); err != nil {
		return err
	}
	return regather(ctx, tx, v, before, t)
}

// saveElements writes the elements that differ from before.
func (t *topicWrite) saveElements(ctx context.Context, tx *event.Tx, before []Element) error {
	old := make(map[string]*Element, len(before))
	for i := range before {
		old[before[i].ID] = &before[i]
	}
	for i := range t.elements {
		e := &t.elements[i]
		e.TopicID, e.Position = t.ID, int64(i)
		had := old[e.ID]
		delete(old, e.ID)
		if err := e.save(ctx, tx, had); err != nil {
			return err
		}
	}
	gone := make([]string, 0, len(old))
	for id := range old {
		gone = append(gone, id)
	}
	slices.Sort(gone)
	for batch := range slices.Chunk(gone, 500) {
		if err := forgetBesides(ctx, tx.Tx, batch...); err != nil {
			return err
		}
		if err := forget(ctx, tx.Tx, "topic_elements", "id", batch...); err != nil {
			return err
		}
	}
	return nil
}

// save writes an element, new when there was none before.
func (e *Element) save(ctx context.Context, tx *event.Tx, before *Element) error {
	var err error
	if before == nil {
		before = &Element{}
		_, err = tx.NewInsert().Model(e).Exec(ctx)
	} else if before.Position != e.Position || !e.sameRow(before) {
		_, err = tx.NewUpdate().Model(e).WherePK().Exec(ctx)
	}
	if err != nil {
		return err
	}
	return besides{tags: e.Tags, extras: e.Extras}.save(ctx, tx.Tx, KindElement, e.ID, besides{tags: before.Tags, extras: before.Extras})
}

func (e *Element) sameRow(o *Element) bool {
	return equalText(e.Title, o.Title) && equalText(e.Description, o.Description) && equalText(e.ElementKind, o.ElementKind) && equalText(e.ElementID, o.ElementID)
}

// regather tells the log of the objects that came into a public topic or left
// it, so that what shows the topics of an object follows.
func regather(ctx context.Context, tx *event.Tx, v account.Viewer, before, after *topicWrite) error {
	old, present := before.gathers(), after.gathers()
	for _, kind := range []string{KindDataset, KindReuse, KindDataservice} {
		moved := append(without(old[kind], present[kind]), without(present[kind], old[kind])...)
		for batch := range slices.Chunk(moved, 500) {
			var rows []versioned
			if err := tx.NewRaw("SELECT id, version FROM ? WHERE id IN (?) ORDER BY id", bun.Ident(counterTables[kind]), bun.List(batch)).Scan(ctx, &rows); err != nil {
				return err
			}
			if err := tellOf(ctx, tx, v, kind, "gathered", rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// gathers are the objects of a topic that everybody may read, by kind.
func (t *topicWrite) gathers() map[string][]string {
	objects := map[string][]string{}
	if t == nil || t.isPrivate() {
		return objects
	}
	for i := range t.elements {
		if e := &t.elements[i]; e.ElementKind != nil && e.ElementID != nil {
			objects[*e.ElementKind] = append(objects[*e.ElementKind], *e.ElementID)
		}
	}
	return objects
}
