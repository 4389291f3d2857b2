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

// CreateDataservice makes a dataservice. It belongs to the organisation that is
// named, of which the viewer must be a member, else to the viewer.
func (s *Store) CreateDataservice(ctx context.Context, v account.Viewer, in DataserviceInput) (*Dataservice, error) {
	owner, err := maker(v, "create a dataservice", in.Organization, in.Owner)
	if err != nil {
		return nil, err
	}
	need(&in.Title)
	now := db.Now()
	id := db.NewID()
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d := &dataserviceWrite{Dataservice: Dataservice{ID: id, Version: 1, AccessType: "open", CreatedAt: now, ModifiedAt: now}}
		if err := d.belongTo(ctx, tx.Tx, owner); err != nil {
			return err
		}
		if err := d.apply(ctx, tx, s, v, in); err != nil {
			return err
		}
		return s.insertDataservice(ctx, tx, v, d)
	})
	if err != nil {
		return nil, err
	}
	return s.Dataservice(ctx, v, id)
}

// insertDataservice writes a new dataservice with all that stands beside it.
func (s *Store) insertDataservice(ctx context.Context, tx *event.Tx, v account.Viewer, d *dataserviceWrite) error {
	var err error
	if d.DatasetCount, err = publicDatasets(ctx, tx, d.datasets); err != nil {
		return err
	}
	if d.Slug, err = account.FreeSlug(ctx, tx.Tx, "dataservices", KindDataservice, text.Slug(d.Title)); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&d.Dataservice).Exec(ctx); err != nil {
		return err
	}
	if err := d.besides().save(ctx, tx.Tx, KindDataservice, d.ID, besides{}); err != nil {
		return err
	}
	if err := dataserviceDatasets.save(ctx, tx.Tx, d.ID, nil, d.datasets); err != nil {
		return err
	}
	if err := s.assign(ctx, tx.Tx, v, KindDataservice, d.ID, d.OwnedBy()); err != nil {
		return err
	}
	if err := d.state().change(ctx, tx, v, "created", d.Version, false, d.public(), nil); err != nil {
		return err
	}
	return s.moveCounts(ctx, tx, v, "dataservices", nil, d.counts())
}

// UpdateDataservice changes what the input holds and keeps the rest.
func (s *Store) UpdateDataservice(ctx context.Context, v account.Viewer, id string, in DataserviceInput) (*Dataservice, error) {
	err := s.writeDataservice(ctx, v, id, "updated", in.Deleted.Set && in.Deleted.Null, func(ctx context.Context, tx *event.Tx, d *dataserviceWrite) error {
		owner, err := objectOwner.keptOwner(v, d.OwnedBy(), in.Organization, in.Owner)
		if err != nil {
			return err
		}
		if owner != d.OwnedBy() && !in.ContactPoints.Set {
			in.ContactPoints = Some([]string(nil)) // they are of the former owner
		}
		if err := d.giveTo(ctx, tx.Tx, d.ID, owner); err != nil {
			return err
		}
		return d.apply(ctx, tx, s, v, in)
	})
	if err != nil {
		return nil, err
	}
	return s.Dataservice(ctx, v, id)
}

// DeleteDataservice marks a dataservice as deleted; it can be brought back.
// notice, of an administrator of the platform, writes to its owner why.
func (s *Store) DeleteDataservice(ctx context.Context, v account.Viewer, id string, notice bool) error {
	return s.writeDataservice(ctx, v, id, "deleted", false, func(ctx context.Context, tx *event.Tx, d *dataserviceWrite) error {
		d.DeletedAt = db.Now()
		return s.notice(ctx, tx, v, notice, d.OwnedBy(), d.Title)
	})
}

// LinkDataservice adds datasets to what a dataservice gives; those that the
// viewer does not know are left out.
func (s *Store) LinkDataservice(ctx context.Context, v account.Viewer, id string, datasets []string) (*Dataservice, error) {
	err := s.writeDataservice(ctx, v, id, "updated", false, func(ctx context.Context, tx *event.Tx, d *dataserviceWrite) error {
		readable, err := dataserviceDatasets.readable(ctx, tx, v, datasets)
		if err != nil {
			return err
		}
		links := slices.Clone(d.datasets)
		for _, dataset := range datasets {
			if readable[dataset] && !slices.Contains(links, dataset) {
				links = append(links, dataset)
			}
		}
		switch {
		case len(links) > maxLinks:
			return fault.New(fault.Invalid, "This dataservice would give too many datasets.")
		case len(links) == len(d.datasets):
			return errUnchanged
		}
		d.datasets = links
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Dataservice(ctx, v, id)
}

// UnlinkDataservice takes a dataset out of what a dataservice gives.
func (s *Store) UnlinkDataservice(ctx context.Context, v account.Viewer, id, dataset string) error {
	return s.writeDataservice(ctx, v, id, "updated", false, func(ctx context.Context, tx *event.Tx, d *dataserviceWrite) error {
		readable, err := dataserviceDatasets.readable(ctx, tx, v, []string{dataset})
		if err != nil {
			return err
		}
		if !readable[dataset] || !slices.Contains(d.datasets, dataset) {
			return fault.New(fault.NotFound, missing[KindDataset])
		}
		d.datasets = slices.DeleteFunc(slices.Clone(d.datasets), func(one string) bool { return one == dataset })
		return nil
	})
}

// writeDataservice changes one dataservice within a write of its own.
func (s *Store) writeDataservice(ctx context.Context, v account.Viewer, id, what string, revive bool,
	change func(context.Context, *event.Tx, *dataserviceWrite) error) error {
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := loadDataservice(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := changeable(v, d.state(), revive); err != nil {
			return err
		}
		before := *d
		if err := change(ctx, tx, d); err != nil {
			return err
		}
		d.computeVisible()
		return s.saveDataservice(ctx, tx, v, &before, d, what)
	})
	if err == errUnchanged {
		err = nil
	}
	return err
}

// loadDataservice loads a dataservice for a write.
func loadDataservice(ctx context.Context, tx *event.Tx, id string) (*dataserviceWrite, error) {
	if err := lock(ctx, tx.Tx, "dataservices", id); err != nil {
		return nil, err
	}
	var rows []Dataservice
	if err := tx.NewSelect().Model(&rows).Where("id IN (?)", bun.List([]string{id})).Scan(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, missing[KindDataservice])
	}
	lists, err := attributes(ctx, tx, []string{id})
	if err != nil {
		return nil, err
	}
	extras, err := extrasOf(ctx, tx, []string{id})
	if err != nil {
		return nil, err
	}
	datasets, err := dataserviceDatasets.all(ctx, tx, []string{id})
	d := &dataserviceWrite{Dataservice: rows[0], datasets: datasets[id]}
	d.Attributes, d.Extras = attributesOf(lists, id), extras[id]
	return d, err
}

// saveDataservice writes a changed dataservice with its links, event, history
// and the counters that it counts in.
func (s *Store) saveDataservice(ctx context.Context, tx *event.Tx, v account.Viewer, before, d *dataserviceWrite, what string) error {
	var err error
	d.Version++
	d.ModifiedAt = db.Now()
	if d.DatasetCount, err = publicDatasets(ctx, tx, d.datasets); err != nil {
		return err
	}
	if d.Title != before.Title {
		if d.Slug, err = account.MoveSlug(ctx, tx.Tx, "dataservices", KindDataservice, d.ID, before.Slug, text.Slug(d.Title)); err != nil {
			return err
		}
	}
	if _, err := tx.NewUpdate().Model(&d.Dataservice).WherePK().Exec(ctx); err != nil {
		return err
	}
	if err := d.besides().save(ctx, tx.Tx, KindDataservice, d.ID, before.besides()); err != nil {
		return err
	}
	if err := dataserviceDatasets.save(ctx, tx.Tx, d.ID, before.datasets, d.datasets); err != nil {
		return err
	}
	difference := differenceOf(before.written(), d.written())
	if err := d.state().change(ctx, tx, v, what, d.Version, before.public(), d.public(), difference); err != nil {
		return err
	}
	return s.moveCounts(ctx, tx, v, "dataservices", before.counts(), d.counts())
}
