package catalog

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// CreateReuse makes a reuse. It belongs to the organisation that is named, of
// which the viewer must be a member, else to the viewer.
func (s *Store) CreateReuse(ctx context.Context, v account.Viewer, in ReuseInput) (*Reuse, error) {
	owner, err := maker(v, "create a reuse", in.Organization, in.Owner)
	if err != nil {
		return nil, err
	}
	need(&in.Title, &in.Description, &in.Type, &in.Topic, &in.URL)
	now := db.Now()
	id := db.NewID()
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		r := &ReuseRecord{Reuse: Reuse{ID: id, Version: 1, CreatedAt: now, ModifiedAt: now}}
		if err := r.belongTo(ctx, tx.Tx, owner); err != nil {
			return err
		}
		if err := r.apply(ctx, tx, s, v, in); err != nil {
			return err
		}
		return s.insertReuse(ctx, tx, v, r)
	})
	if err != nil {
		return nil, err
	}
	return s.Reuse(ctx, v, id)
}

// insertReuse writes a new reuse with all that stands beside it.
func (s *Store) insertReuse(ctx context.Context, tx *event.Tx, v account.Viewer, r *ReuseRecord) error {
	var err error
	if r.DatasetCount, err = publicDatasets(ctx, tx, r.DatasetIDs); err != nil {
		return err
	}
	r.computeVisible()
	if r.Slug, err = account.FreeSlug(ctx, tx.Tx, "reuses", KindReuse, text.Slug(r.Title)); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&r.Reuse).Exec(ctx); err != nil {
		return err
	}
	if err := r.saveBeside(ctx, tx, &ReuseRecord{}); err != nil {
		return err
	}
	if err := s.assign(ctx, tx.Tx, v, KindReuse, r.ID, r.OwnedBy()); err != nil {
		return err
	}
	if err := r.state().change(ctx, tx, v, "created", r.Version, false, r.public(), nil); err != nil {
		return err
	}
	return s.moveCounts(ctx, tx, v, "reuses", nil, r.counts())
}

// saveBeside writes the lists and links that differ from before.
func (r *ReuseRecord) saveBeside(ctx context.Context, tx *event.Tx, before *ReuseRecord) error {
	if err := r.besides().save(ctx, tx.Tx, KindReuse, r.ID, before.besides()); err != nil {
		return err
	}
	if err := reuseDatasets.save(ctx, tx.Tx, r.ID, before.DatasetIDs, r.DatasetIDs); err != nil {
		return err
	}
	return reuseDataservices.save(ctx, tx.Tx, r.ID, before.DataserviceIDs, r.DataserviceIDs)
}

// UpdateReuse changes what the input holds and keeps the rest.
func (s *Store) UpdateReuse(ctx context.Context, v account.Viewer, id string, in ReuseInput) (*Reuse, error) {
	err := s.writeReuse(ctx, v, id, "updated", in.Deleted.Set && in.Deleted.Null, func(ctx context.Context, tx *event.Tx, r *ReuseRecord) error {
		owner, err := objectOwner.keptOwner(v, r.OwnedBy(), in.Organization, in.Owner)
		if err != nil {
			return err
		}
		if err := r.giveTo(ctx, tx.Tx, r.ID, owner); err != nil {
			return err
		}
		return r.apply(ctx, tx, s, v, in)
	})
	if err != nil {
		return nil, err
	}
	return s.Reuse(ctx, v, id)
}

// DeleteReuse marks a reuse as deleted; it can be brought back. notice, of an
// administrator of the platform, writes to its owner why.
func (s *Store) DeleteReuse(ctx context.Context, v account.Viewer, id string, notice bool) error {
	return s.writeReuse(ctx, v, id, "deleted", false, func(ctx context.Context, tx *event.Tx, r *ReuseRecord) error {
		r.DeletedAt = db.Now()
		return s.notice(ctx, tx, v, notice, r.OwnedBy(), r.Title)
	})
}

// LinkReuse adds a dataset or a dataservice, by the kind, to what a reuse is
// made with. added is false when it was there.
func (s *Store) LinkReuse(ctx context.Context, v account.Viewer, id, kind, target string) (reuse *Reuse, added bool, err error) {
	linked := reuseDatasets
	if kind == KindDataservice {
		linked = reuseDataservices
	}
	err = s.writeReuse(ctx, v, id, "updated", false, func(ctx context.Context, tx *event.Tx, r *ReuseRecord) error {
		links := &r.DatasetIDs
		if kind == KindDataservice {
			links = &r.DataserviceIDs
		}
		readable, err := linked.readable(ctx, tx, v, []string{target})
		if err != nil {
			return err
		}
		if !readable[target] {
			return fault.New(fault.NotFound, missing[kind])
		}
		added = len(without([]string{target}, *links)) > 0
		if !added {
			return errUnchanged
		}
		if len(*links) >= maxLinks {
			return fault.New(fault.Invalid, "This reuse is made with too many objects already.")
		}
		*links = append((*links)[:len(*links):len(*links)], target)
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	reuse, err = s.Reuse(ctx, v, id)
	return reuse, added, err
}

// errUnchanged ends a write that has nothing to do.
var errUnchanged = fault.New(fault.Internal, "unchanged")

// writeReuse changes one reuse within a write of its own.
func (s *Store) writeReuse(ctx context.Context, v account.Viewer, id, what string, revive bool,
	change func(context.Context, *event.Tx, *ReuseRecord) error) error {
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		r, err := loadReuse(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := changeable(v, r.state(), revive); err != nil {
			return err
		}
		before := *r
		if err := change(ctx, tx, r); err != nil {
			return err
		}
		return s.saveReuse(ctx, tx, v, &before, r, what)
	})
	if err == errUnchanged {
		err = nil
	}
	return err
}

// saveReuse writes a changed reuse with its links, event, history and the
// counters that it counts in.
func (s *Store) saveReuse(ctx context.Context, tx *event.Tx, v account.Viewer, before, r *ReuseRecord, what string) error {
	var err error
	r.Version++
	r.ModifiedAt = db.Now()
	if r.DatasetCount, err = publicDatasets(ctx, tx, r.DatasetIDs); err != nil {
		return err
	}
	r.computeVisible()
	if r.Title != before.Title {
		if r.Slug, err = account.MoveSlug(ctx, tx.Tx, "reuses", KindReuse, r.ID, before.Slug, text.Slug(r.Title)); err != nil {
			return err
		}
	}
	if _, err := tx.NewUpdate().Model(&r.Reuse).WherePK().Exec(ctx); err != nil {
		return err
	}
	if err := r.saveBeside(ctx, tx, before); err != nil {
		return err
	}
	difference := differenceOf(before.written(), r.written())
	if err := r.state().change(ctx, tx, v, what, r.Version, before.public(), r.public(), difference); err != nil {
		return err
	}
	return s.moveCounts(ctx, tx, v, "reuses", before.counts(), r.counts())
}
