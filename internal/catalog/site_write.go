package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
)

// maxFeed bounds the entries of feeds.
const maxFeed = 500

// SiteInput is what an administrator writes of the site. What is left out stays
// as it is.
type SiteInput struct {
	Title                                         Opt[string]
	Keywords                                      Opt[[]string]
	FeedSize                                      Opt[int64]
	DatasetsBlocs, ReusesBlocs, DataservicesBlocs Opt[json.RawMessage]
}

// UpdateSite changes what the input holds of the site and keeps the rest;
// defaults are what a site starts with.
func (s *Store) UpdateSite(ctx context.Context, v account.Viewer, defaults SiteDefaults, in SiteInput) (*Site, error) {
	err := s.writeSite(ctx, v, defaults, func(ctx context.Context, tx *event.Tx) error {
		site, err := siteRow(ctx, tx)
		if err != nil {
			return err
		}
		before := *site
		if err := site.apply(ctx, tx, s, v, in); err != nil {
			return err
		}
		if site.Title != before.Title {
			if err := keepSetting(ctx, tx, settingTitle, site.Title); err != nil {
				return err
			}
		}
		return site.save(ctx, tx, v, &before)
	})
	if err != nil {
		return nil, err
	}
	return siteRow(ctx, s.db.Read())
}

// writeSite lets an administrator change the site or its settings, one at a time.
func (s *Store) writeSite(ctx context.Context, v account.Viewer, defaults SiteDefaults, change func(context.Context, *event.Tx) error) error {
	if err := administers(v); err != nil {
		return err
	}
	if _, err := s.Site(ctx, defaults); err != nil { // makes it when there is none yet
		return err
	}
	defer s.ForgetSettings()
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := lock(ctx, tx.Tx, "sites", SiteID); err != nil {
			return err
		}
		return change(ctx, tx)
	})
}

// apply changes the site as the input says.
func (site *Site) apply(ctx context.Context, tx *event.Tx, s *Store, v account.Viewer, in SiteInput) error {
	wrong := s.checks()
	wrong.text(in.Title, siteTitleMax, &site.Title, "title")
	if in.Keywords.Set {
		words := []string{}
		wrong.words(in.Keywords, &words, "keywords")
		stored, err := db.JSONOf(nothing(words))
		if err != nil {
			return err
		}
		site.Keywords = stored
	}
	switch size := in.FeedSize; {
	case !size.Set:
	case size.Null:
		site.FeedSize = FeedSize
	case size.Value < 1 || size.Value > maxFeed:
		wrong.at(fmt.Sprintf("This must be between 1 and %d.", maxFeed), "feed_size")
	default:
		site.FeedSize = size.Value
	}
	if err := wrong.collect(); err != nil {
		return err
	}
	for _, page := range []struct {
		in     Opt[json.RawMessage]
		into   *db.JSON
		member string
	}{
		{in.DatasetsBlocs, &site.DatasetsBlocs, "datasets_blocs"}, {in.ReusesBlocs, &site.ReusesBlocs, "reuses_blocs"},
		{in.DataservicesBlocs, &site.DataservicesBlocs, "dataservices_blocs"},
	} {
		blocs, err := s.composed(ctx, tx, v, page.in, *page.into, page.member)
		if err != nil {
			return err
		}
		*page.into = blocs
	}
	return nil
}

// written are the members that people write, by their names in the API.
func (site *Site) written() []field {
	return []field{
		{"title", site.Title}, {"keywords", json.RawMessage(site.Keywords)}, {"feed_size", site.FeedSize},
		{"datasets_blocs", json.RawMessage(site.DatasetsBlocs)}, {"reuses_blocs", json.RawMessage(site.ReusesBlocs)},
		{"dataservices_blocs", json.RawMessage(site.DataservicesBlocs)},
	}
}

// save writes the changed site with its event and history.
func (site *Site) save(ctx context.Context, tx *event.Tx, v account.Viewer, before *Site) error {
	site.Version++
	if _, err := tx.NewUpdate().Model(site).WherePK().Exec(ctx); err != nil {
		return err
	}
	return v.Record(ctx, tx, account.Change{
		What: "updated", Kind: KindSite, ID: SiteID, Version: site.Version, Before: true, After: true, Difference: differenceOf(before.written(), site.written()),
	})
}

// PullReferences takes objects that go for good out of the blocs of the site, of
// posts and of organisations, within the write that removes them.
func (s *Store) PullReferences(ctx context.Context, tx *event.Tx, v account.Viewer, ids ...string) error {
	for _, page := range []struct{ kind, table, column string }{
		{KindSite, "sites", "datasets_blocs"}, {KindSite, "sites", "reuses_blocs"}, {KindSite, "sites", "dataservices_blocs"},
		{KindPost, "posts", "blocs"}, {KindOrganization, "organizations", "presentation_blocs"},
	} {
		for _, id := range ids {
			if err := pullFrom(ctx, tx, v, page.kind, page.table, page.column, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// pullFrom takes an object out of the blocs in a column.
func pullFrom(ctx context.Context, tx *event.Tx, v account.Viewer, kind, table, column, object string) error {
	var rows []struct {
		ID     string
		Stored db.JSON
	}
	err := tx.NewRaw("SELECT id, "+column+" AS stored FROM "+table+" WHERE "+column+" LIKE ?", `%"`+object+`"%`).Scan(ctx, &rows)
	if err != nil {
		return err
	}
	for _, row := range rows {
		blocs, err := Blocs(row.Stored)
		if err != nil {
			return err
		}
		EachBloc(blocs, func(b *Bloc) {
			for _, list := range []*[]string{&b.Datasets, &b.Reuses, &b.Dataservices} {
				*list = slices.DeleteFunc(*list, func(id string) bool { return id == object })
			}
		})
		stored, err := db.JSONOf(blocs)
		if err != nil {
			return err
		}
		var version int64
		err = tx.NewRaw("UPDATE "+table+" SET "+column+" = ?, version = version + 1 WHERE id = ? RETURNING version", stored, row.ID).Scan(ctx, &version)
		if err != nil {
			return err
		}
		actorKind, actor := v.Actor()
		tx.Emit(event.Event{
			Kind: kind + ".counted", ObjectKind: kind, Object: row.ID, ActorKind: actorKind, Actor: actor, Version: version, SeenBefore: true, SeenAfter: true,
		})
	}
	return nil
}
