package intake

import (
	"context"
	"fmt"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/geo/division"
)

// mentions holds what rows say of objects that they only name. What was written
// once is not written again for every row; that a later row knew the same at a
// later moment is written at the end of the file.
type mentions[T any] struct {
	id func(*T) string
	// written is the moment at which what was written was last known to be
	// true, by object and by what is said.
	written map[string]map[uint64]int64
	later   map[string]map[uint64]catalog.Input[T]
}

func newMentions[T any](id func(*T) string) *mentions[T] {
	return &mentions[T]{id: id, written: map[string]map[uint64]int64{}, later: map[string]map[uint64]catalog.Input[T]{}}
}

// fresh picks the inputs that say something new, each once, at the latest
// moment at which any of them says it.
func (m *mentions[T]) fresh(inputs []catalog.Input[T]) []catalog.Input[T] {
	var fresh []catalog.Input[T]
	at := map[string]map[uint64]int{}
	for i := range inputs {
		id, in := m.id(&inputs[i].Object), inputs[i].Source
		if written, ok := m.written[id][in.Hash]; ok {
			if in.At > written && in.At > m.later[id][in.Hash].Source.At {
				put(m.later, id, in.Hash, inputs[i])
			}
			continue
		}
		if place, ok := at[id][in.Hash]; ok {
			fresh[place].Source.At = max(fresh[place].Source.At, in.At)
			continue
		}
		put(at, id, in.Hash, len(fresh))
		fresh = append(fresh, inputs[i])
	}
	return fresh
}

func put[V any](maps map[string]map[uint64]V, id string, hash uint64, value V) {
	if maps[id] == nil {
		maps[id] = map[uint64]V{}
	}
	maps[id][hash] = value
}

// wrote notes that inputs are in the database.
func (m *mentions[T]) wrote(inputs []catalog.Input[T]) {
	for i := range inputs {
		put(m.written, m.id(&inputs[i].Object), inputs[i].Source.Hash, inputs[i].Source.At)
	}
}

// remaining takes the inputs that wait for the end of the file.
func (m *mentions[T]) remaining() []catalog.Input[T] {
	var all []catalog.Input[T]
	for _, byHash := range m.later {
		for _, input := range byHash {
			all = append(all, input)
		}
	}
	m.later = map[string]map[uint64]catalog.Input[T]{}
	return all
}

// tally is what one transaction did.
type tally struct {
	created, updated, unchanged                      int64
	organizations, people, licenses, zones, contacts int64
}

func (t *tally) count(outcomes []catalog.Outcome) {
	for _, outcome := range outcomes {
		t.add(outcome, 1)
	}
}

func (t *tally) add(outcome catalog.Outcome, rows int64) {
	switch outcome {
	case catalog.Created:
		t.created += rows
	case catalog.Updated:
		t.updated += rows
	default:
		t.unchanged += rows
	}
}

func created(outcomes []catalog.Outcome) int64 {
	var count int64
	for _, outcome := range outcomes {
		if outcome == catalog.Created {
			count++
		}
	}
	return count
}

// statements gathers what the rows of a chunk say, by what it is about.
type statements struct {
	organizations, namedOrganizations []catalog.Input[account.Organization]
	namedPeople                       []catalog.Input[account.User]
	datasets                          []catalog.Input[catalog.Dataset]
	reuses                            []catalog.Input[catalog.ReuseRecord]
	dataservices                      []catalog.Input[catalog.DataserviceRecord]
	topics                            []catalog.Input[catalog.TopicRecord]
	posts                             []catalog.Input[catalog.PostRecord]
	licenses                          []catalog.License
	zones                             []geo.Zone
	contacts                          []catalog.ContactPoint
	// weights is how many rows each input of datasets stands for; nil
	// means one.
	weights []int64
}

func gather(rows []said) *statements {
	var s statements
	for i := range rows {
		row := &rows[i]
		s.organizations = append(s.organizations, row.organizations...)
		s.namedOrganizations = append(s.namedOrganizations, row.namedOrganizations...)
		s.namedPeople = append(s.namedPeople, row.namedPeople...)
		s.datasets = append(s.datasets, row.datasets...)
		s.reuses = append(s.reuses, row.reuses...)
		s.dataservices = append(s.dataservices, row.dataservices...)
		s.topics = append(s.topics, row.topics...)
		s.posts = append(s.posts, row.posts...)
		s.licenses = append(s.licenses, row.licenses...)
		s.zones = append(s.zones, row.zones...)
		s.contacts = append(s.contacts, row.contacts...)
	}
	return &s
}

// importLock is the key under which imports into PostgreSQL take turns, a
// transaction each.
const importLock = 0x696d706f7274

// write brings statements into the database in one transaction.
func (r *run) write(ctx context.Context, s *statements) (tally, error) {
	people, organizations := r.people.fresh(s.namedPeople), r.organizations.fresh(s.namedOrganizations)
	zones := r.newZones(s.zones)
	var done tally
	err := r.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		done = tally{}
		if tx.Postgres() {
			if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?)", int64(importLock)).Exec(ctx); err != nil {
				return fmt.Errorf("wait for the turn of this import: %w", err)
			}
		}
		if err := r.writeNamed(ctx, tx, s, people, organizations, zones, &done); err != nil {
			return err
		}
		return r.writeObjects(ctx, tx, s, &done)
	})
	if err != nil {
		return tally{}, err
	}
	r.people.wrote(people)
	r.organizations.wrote(organizations)
	if len(zones) > 0 {
		r.zones.Add(zones...)
	}
	return done, nil
}

// writeNamed writes what rows name: it must be there before the rows.
func (r *run) writeNamed(ctx context.Context, tx *event.Tx, s *statements, people []catalog.Input[account.User],
	organizations []catalog.Input[account.Organization], zones []geo.Zone, done *tally,
) error {
	if len(zones) > 0 {
		if err := geo.Save(ctx, tx, zones...); err != nil {
			return err
		}
		done.zones = int64(len(zones))
		tx.Emit(event.Event{
			Kind: division.ZonesChanged, ObjectKind: geo.ObjectKind, Object: "import", ActorKind: "system", Actor: "import", SeenBefore: true, SeenAfter: true,
		})
	}
	var err error
	if done.licenses, err = catalog.BulkLicenses(ctx, tx, s.licenses); err != nil {
		return err
	}
	outcomes, err := catalog.BulkUsers(ctx, tx, people)
	if err != nil {
		return err
	}
	done.people = created(outcomes)
	if outcomes, err = catalog.BulkOrganizations(ctx, tx, organizations); err != nil {
		return err
	}
	done.organizations = created(outcomes)
	return nil
}

// writeObjects writes the objects that the rows are about.
func (r *run) writeObjects(ctx context.Context, tx *event.Tx, s *statements, done *tally) error {
	outcomes, err := catalog.BulkOrganizations(ctx, tx, s.organizations)
	if err != nil {
		return err
	}
	done.count(outcomes)
	if done.contacts, err = catalog.BulkContacts(ctx, tx, s.contacts); err != nil {
		return err
	}
	if outcomes, err = r.catalog.BulkDatasets(ctx, tx, s.datasets); err != nil {
		return err
	}
	done.countDatasets(outcomes, s.weights)
	if outcomes, err = catalog.BulkDataservices(ctx, tx, s.dataservices); err != nil {
		return err
	}
	done.count(outcomes)
	if outcomes, err = catalog.BulkReuses(ctx, tx, s.reuses); err != nil {
		return err
	}
	done.count(outcomes)
	if outcomes, err = catalog.BulkTopics(ctx, tx, s.topics); err != nil {
		return err
	}
	done.count(outcomes)
	if outcomes, err = catalog.BulkPosts(ctx, tx, s.posts); err != nil {
		return err
	}
	done.count(outcomes)
	return nil
}

// countDatasets counts inputs by the rows that they stand for. An input of no
// row only prepares the one behind it.
func (t *tally) countDatasets(outcomes []catalog.Outcome, weights []int64) {
	if weights == nil {
		t.count(outcomes)
		return
	}
	prepared := catalog.Unchanged
	for i, outcome := range outcomes {
		if weights[i] == 0 {
			prepared = outcome
			continue
		}
		if prepared == catalog.Created {
			outcome = catalog.Created
		}
		t.add(outcome, weights[i])
		prepared = catalog.Unchanged
	}
}

// newZones are the zones that the directory does not have, each once.
func (r *run) newZones(zones []geo.Zone) []geo.Zone {
	var fresh []geo.Zone
	seen := map[string]bool{}
	for _, zone := range zones {
		if _, known := r.zones.Get(zone.ID); !known && !seen[zone.ID] {
			seen[zone.ID] = true
			fresh = append(fresh, zone)
		}
	}
	return fresh
}

// judge tells what statements would do, without writing.
func (r *run) judge(ctx context.Context, s *statements) (tally, error) {
	var done tally
	read := r.log.DB().Read()
	people, organizations := r.people.fresh(s.namedPeople), r.organizations.fresh(s.namedOrganizations)
	outcomes, err := catalog.JudgeUsers(ctx, read, people)
	if err != nil {
		return done, err
	}
	done.people = created(outcomes)
	if outcomes, err = catalog.JudgeOrganizations(ctx, read, organizations); err != nil {
		return done, err
	}
	done.organizations = created(outcomes)
	for _, license := range s.licenses {
		if !r.judgedLicenses[license.ID] {
			r.judgedLicenses[license.ID] = true
			done.licenses++
		}
	}
	for _, zone := range r.newZones(s.zones) {
		if !r.judgedZones[zone.ID] {
			r.judgedZones[zone.ID] = true
			done.zones++
		}
	}
	r.people.wrote(people)
	r.organizations.wrote(organizations)
	return done, r.judgeObjects(ctx, s, &done)
}

func (r *run) judgeObjects(ctx context.Context, s *statements, done *tally) error {
	read := r.log.DB().Read()
	outcomes, err := catalog.JudgeOrganizations(ctx, read, s.organizations)
	if err != nil {
		return err
	}
	done.count(outcomes)
	if outcomes, err = r.catalog.JudgeDatasets(ctx, s.datasets); err != nil {
		return err
	}
	done.countDatasets(outcomes, s.weights)
	if outcomes, err = catalog.JudgeDataservices(ctx, read, s.dataservices); err != nil {
		return err
	}
	done.count(outcomes)
	if outcomes, err = catalog.JudgeReuses(ctx, read, s.reuses); err != nil {
		return err
	}
	done.count(outcomes)
	if outcomes, err = catalog.JudgeTopics(ctx, read, s.topics); err != nil {
		return err
	}
	done.count(outcomes)
	if outcomes, err = catalog.JudgePosts(ctx, read, s.posts); err != nil {
		return err
	}
	done.count(outcomes)
	return nil
}
