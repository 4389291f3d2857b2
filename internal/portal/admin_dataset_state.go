package portal

import (
	"context"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
)

// onDataset does something with the dataset of an address and leads back to its
// page; an error is said there.
func (p *Portal) onDataset(v *visit, in adminDatasetArgs, sent *posted, done string, act func(ctx context.Context, d *catalog.Dataset) error) error {
	d, _, err := v.keptDataset(in.ID, "")
	if err != nil {
		return err
	}
	if err := act(sent.Context(), d); err != nil {
		return sent.again(err, func() error { return p.showAdminDataset(v, in) })
	}
	return sent.done(adminDatasetPath(d.ID, ""), done)
}

// scheduleDataset plans the publication of a draft as it is.
func (p *Portal) scheduleDataset(v *visit, in adminDatasetArgs, sent *posted) error {
	return p.onDataset(v, in, sent, "publish.done-scheduled", func(ctx context.Context, d *catalog.Dataset) error {
		at, err := v.momentOf(sent.text("at"))
		if err != nil {
			return err
		}
		return p.Catalog.ScheduleDataset(ctx, v.viewer, d.ID, at)
	})
}

func (p *Portal) unscheduleDataset(v *visit, in adminDatasetArgs, sent *posted) error {
	return p.onDataset(v, in, sent, "publish.done-unscheduled", func(ctx context.Context, d *catalog.Dataset) error {
		return p.Catalog.ScheduleDataset(ctx, v.viewer, d.ID, time.Time{})
	})
}

func (p *Portal) changeDatasetVisibility(v *visit, in adminDatasetArgs, sent *posted) error {
	hide := sent.text("to") != "public"
	done := "publish.done-published"
	if hide {
		done = "publish.done-hidden"
	}
	return p.onDataset(v, in, sent, done, func(ctx context.Context, d *catalog.Dataset) error {
		_, err := v.changeDataset(ctx, d, catalog.DatasetInput{Private: catalog.Some(hide)})
		return err
	})
}

func (p *Portal) archiveDataset(v *visit, in adminDatasetArgs, sent *posted) error {
	archived, done := catalog.Opt[time.Time]{Set: true, Null: true}, "publish.done-unarchived"
	if sent.text("to") == "archived" {
		archived, done = catalog.Some(v.now), "publish.done-archived"
	}
	return p.onDataset(v, in, sent, done, func(ctx context.Context, d *catalog.Dataset) error {
		_, err := v.changeDataset(ctx, d, catalog.DatasetInput{Archived: archived})
		return err
	})
}

func (p *Portal) restoreDataset(v *visit, in adminDatasetArgs, sent *posted) error {
	return p.onDataset(v, in, sent, "publish.done-restored", func(ctx context.Context, d *catalog.Dataset) error {
		_, err := v.changeDataset(ctx, d, catalog.DatasetInput{Deleted: catalog.Opt[time.Time]{Set: true, Null: true}})
		return err
	})
}

func (p *Portal) deleteDataset(v *visit, in adminDatasetArgs, sent *posted) error {
	d, _, err := v.keptDataset(in.ID, "")
	if err != nil {
		return err
	}
	if !sent.confirmed(d.Title) {
		err = fault.At("Type the title to confirm.", typedField)
	} else {
		err = p.Catalog.DeleteDataset(sent.Context(), v.viewer, d.ID, sent.checked("send_legal_notice"))
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminDataset(v, in) })
	}
	return sent.done(adminDatasetPath(d.ID, ""), "publish.done-deleted")
}

// curationOf is what administrators of the site decide of a dataset.
func (v *visit) curationOf(d *catalog.Dataset) *adminCuration {
	c := &adminCuration{Feature: v.button(adminDatasetPath(d.ID, "feature"), "publish.feature", "star")}
	if d.Featured {
		c.Feature = v.button(adminDatasetPath(d.ID, "unfeature"), "publish.unfeature", "close")
	}
	has := map[string]bool{}
	for _, kind := range d.Badges {
		has[kind] = true
		b := v.button(adminDatasetPath(d.ID, "unbadge"), "publish.take-badge", "close", "kind", kind)
		b.Label, b.Of, b.Small = i18n.Label(i18n.DatasetBadge, kind, v.lang), v.say.T("publish.take-badge"), true
		c.Badges = append(c.Badges, b)
	}
	var options []option
	for _, kind := range v.p.Catalog.DatasetBadges() {
		if !has[kind] {
			options = append(options, option{Value: kind, Label: i18n.Label(i18n.DatasetBadge, kind, v.lang)})
		}
	}
	if len(options) > 0 {
		f := v.form("badge", adminDatasetPath(d.ID, "badge")).submit("publish.give-badge", "plus").light()
		f.choose("kind", "publish.badge", "", options)
		c.Give = f.view()
	}
	return c
}

func (p *Portal) featureDataset(v *visit, in adminDatasetArgs, sent *posted) error {
	return p.onDataset(v, in, sent, "publish.done-featured", func(ctx context.Context, d *catalog.Dataset) error {
		return p.Catalog.Feature(ctx, v.viewer, catalog.KindDataset, d.ID, true)
	})
}

func (p *Portal) unfeatureDataset(v *visit, in adminDatasetArgs, sent *posted) error {
	return p.onDataset(v, in, sent, "publish.done-unfeatured", func(ctx context.Context, d *catalog.Dataset) error {
		return p.Catalog.Feature(ctx, v.viewer, catalog.KindDataset, d.ID, false)
	})
}

func (p *Portal) giveDatasetBadge(v *visit, in adminDatasetArgs, sent *posted) error {
	return p.onDataset(v, in, sent, "publish.done-badge", func(ctx context.Context, d *catalog.Dataset) error {
		_, err := p.Catalog.GiveDatasetBadge(ctx, v.viewer, d.ID, sent.text("kind"))
		return err
	})
}

func (p *Portal) takeDatasetBadge(v *visit, in adminDatasetArgs, sent *posted) error {
	return p.onDataset(v, in, sent, "publish.done-unbadge", func(ctx context.Context, d *catalog.Dataset) error {
		return p.Catalog.TakeDatasetBadge(ctx, v.viewer, d.ID, sent.text("kind"))
	})
}
