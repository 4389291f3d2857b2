package catalog

import (
	"context"
	"slices"

	"grenier/internal/account"
	"grenier/internal/event"
)

// MoveElement puts an element of a topic at another place among those that the
// viewer sees: 1 is the first. A place beyond the ends is the nearest end.
func (s *Store) MoveElement(ctx context.Context, v account.Viewer, topic, id string, place int) error {
	return s.writeTopic(ctx, v, topic, "updated", func(ctx context.Context, tx *event.Tx, t *topicWrite) error {
		from, err := t.find(ctx, tx, v, id)
		if err != nil {
			return err
		}
		unseen, err := unseenElements(ctx, tx, v, t.elements)
		if err != nil {
			return err
		}
		hidden := make(map[string]bool, len(unseen))
		for i := range unseen {
			hidden[unseen[i].ID] = true
		}
		moved := t.elements[from]
		rest := slices.Delete(slices.Clone(t.elements), from, from+1)
		to := placeAmong(rest, hidden, place)
		if to == from {
			return errUnchanged
		}
		t.elements, t.gathered = slices.Insert(rest, to, moved), true
		return nil
	})
}

// placeAmong is the index before which an element comes to stand at a place
// among those that are not hidden; the last place is behind them all.
func placeAmong(elements []Element, hidden map[string]bool, place int) int {
	seen, last := 0, 0
	for i := range elements {
		if hidden[elements[i].ID] {
			continue
		}
		if seen++; seen >= place {
			return i
		}
		last = i + 1
	}
	return last
}

// Element returns one element of a topic that the viewer sees, and its place
// among those, from 1.
func (s *Store) Element(ctx context.Context, v account.Viewer, topic, id string) (*Element, int, error) {
	if err := s.Readable(ctx, v, KindTopic, topic); err != nil {
		return nil, 0, err
	}
	l := listing{table: "topic_elements", alias: "te", order: "te.position"}
	l.equal("topic_id", topic)
	listed, args := listedElements(v)
	l.and(listed, args...)
	l.and("te.position <= (SELECT position FROM topic_elements WHERE id = ? AND topic_id = ?)", id, topic)
	place, err := l.query(s.db.Read()).Count(ctx)
	if err != nil {
		return nil, 0, err
	}
	l.and("te.id = ?", id)
	var ids []string
	if err := l.query(s.db.Read()).ColumnExpr("te.id").Scan(ctx, &ids); err != nil {
		return nil, 0, err
	}
	elements, err := s.elementsByIDs(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	if len(elements) == 0 {
		return nil, 0, errNoElement
	}
	return &elements[0], int(place), nil
}
