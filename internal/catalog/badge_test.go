package catalog

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

// TestBadgesFollowTags: hvd goes to what certified public services tag so,
// inspire to whoever tags so; both go with the tag.
func TestBadgesFollowTags(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		trusted, other := s.organization("trusted"), s.organization("other")
		for i, badge := range []string{"certified", "public-service"} {
			s.exec("INSERT INTO badges (object_id, badge, kind, created_at, created_by, position) VALUES (?, ?, 'organization', NULL, NULL, ?)", trusted.ID, badge, i)
		}
		s.badge(KindOrganization, other.ID, "certified")
		of := func(o *account.Organization) func(*Dataset) { return func(d *Dataset) { d.OrganizationID = &o.ID } }
		rich, poor, stale, plain := s.dataset("rich", of(trusted)), s.dataset("poor", of(other)), s.dataset("stale", of(trusted)), s.dataset("plain", nil)
		api := s.dataservice("api", func(d *Dataservice) { d.OrganizationID = &trusted.ID })
		s.tag(KindDataset, rich.ID, "hvd", "inspire")
		s.tag(KindDataset, poor.ID, "hvd")
		s.tag(KindDataset, plain.ID, "inspire")
		s.tag(KindDataservice, api.ID, "hvd")
		s.badge(KindDataset, stale.ID, "hvd")

		given, taken, err := s.store.UpdateBadges(ctx)
		s.ok(err)
		if given != 4 || taken != 1 {
			t.Errorf("%d badges given and %d taken, want 4 and 1", given, taken)
		}
		for _, c := range []struct {
			id   string
			want []string
		}{{rich.ID, []string{"inspire", "hvd"}}, {poor.ID, nil}, {stale.ID, nil}, {plain.ID, []string{"inspire"}}, {api.ID, []string{"hvd"}}} {
			lists, err := attributes(ctx, d.Read(), []string{c.id})
			s.ok(err)
			s.same("badges of "+c.id, attributesOf(lists, c.id).Badges, c.want)
		}
		if given, taken, err = s.store.UpdateBadges(ctx); err != nil || given+taken != 0 {
			t.Errorf("a second run gave %d and took %d (%v)", given, taken, err)
		}
	})
}

// TestReferencesArePulled: what goes for good leaves the blocs that list it,
// those inside accordions too.
func TestReferencesArePulled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		stays, goes := s.dataset("stays", nil), s.dataset("goes", nil)
		page, err := s.store.CheckBlocs(ctx, account.Nobody, json.RawMessage(strings.NewReplacer("<stays>", stays.ID, "<goes>", goes.ID).Replace(
			`[{"class":"DatasetsListBloc","title":"x","datasets":["<stays>","<goes>"]},
			{"class":"AccordionListBloc","items":[{"title":"y","content":[{"class":"DatasetsListBloc","title":"z","datasets":["<goes>"]}]}]}]`)))
		s.ok(err)
		post := s.post("page", true, func(p *Post) { p.Blocs = page })
		org := s.organization("town")
		s.exec("UPDATE organizations SET presentation_blocs = ? WHERE id = ?", page, org.ID)
		s.ok(s.store.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
			return s.store.PullReferences(ctx, tx, platformAdmin, goes.ID)
		}))
		found, err := s.store.Post(ctx, account.Nobody, post.ID)
		s.ok(err)
		var stored db.JSON
		s.ok(d.Read().NewRaw("SELECT presentation_blocs FROM organizations WHERE id = ?", org.ID).Scan(ctx, &stored))
		for _, text := range []db.JSON{found.Blocs, stored} {
			if strings.Contains(string(text), goes.ID) || !strings.Contains(string(text), stays.ID) || !strings.Contains(string(text), "AccordionListBloc") {
				t.Errorf("the page is %s", text)
			}
		}
		if found.Version != 2 {
			t.Errorf("the post has version %d, want 2", found.Version)
		}
	})
}

// TestSettingsAreKept: the settings of the site are read again once they
// changed, and are the same value as long as they did not.
func TestSettingsAreKept(t *testing.T) {
	ctx := context.Background()
	s := newShelf(t, dbtest.SQLite(t))
	first, err := s.store.SiteSettings(ctx)
	s.ok(err)
	yes := true
	changed, err := s.store.UpdateSiteSettings(ctx, platformAdmin, SiteDefaults{Title: "Portal"}, SiteSettingsInput{
		Title: Some("Valmont"), ReadOnly: Some(yes), Tagline: Some(map[string]string{"fr": "Ouvert", "en": " "}), Home: Some([]string{"hero"}),
	})
	s.ok(err)
	if first.Title != "" || changed.Title != "Valmont" || changed.ReadOnly == nil || !*changed.ReadOnly || len(changed.Tagline) != 1 || !slices.Equal(changed.Home, []string{"hero"}) {
		t.Errorf("the settings went from %+v to %+v", first, changed)
	}
	s.store.ForgetSettings()
	again, err := s.store.SiteSettings(ctx)
	s.ok(err)
	if again != changed {
		t.Error("settings that did not change are another value")
	}
	if _, err := s.store.UpdateSiteSettings(ctx, account.Nobody, SiteDefaults{}, SiteSettingsInput{}); err == nil {
		t.Error("nobody in particular changes the settings")
	}
}
