package catalog_test

import (
	"context"
	"slices"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

func TestIdentities(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		plain, address := h.record("plain"), h.record("https://autre.example.org/jeu")
		other, domain, uri := "5f0000000000000000000002", "autre.example.org", "https://id.example.org/1"
		address.Harvest.SourceID, address.Harvest.Domain = &other, &domain
		plain.Harvest.URI = &uri
		made := h.put(plain, address)
		find := func(domain, source string, ids, uris []string) []string {
			found, err := catalog.HarvestIdentities(h.ctx, d.Read(), catalog.KindDataset, domain, source, ids, uris)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, one := range found {
				name := "plain"
				if one.ID == made[1].ID {
					name = "address"
				}
				if one.Owner.Organization != h.organization || one.Version != 1 {
					t.Errorf("the identity is %+v", one)
				}
				if one.ByURI {
					name += " by uri"
				}
				names = append(names, name)
			}
			return names
		}
		both := []string{"plain", "https://autre.example.org/jeu", "missing"}
		for _, test := range []struct {
			name           string
			domain, source string
			ids, uris      []string
			want           []string
		}{
			{"the source's own", "", portalSource, both, nil, []string{"plain", "address"}},
			{"of the domain", "portail.example.org", "x", both, nil, []string{"plain", "address"}},
			{"of neither", "elsewhere.example.org", "x", both, nil, []string{"address"}},
			{"by the uri", "portail.example.org", "x", nil, []string{uri}, []string{"plain by uri"}},
			{"by the uri elsewhere", "elsewhere.example.org", "x", []string{"missing"}, []string{uri}, nil},
			{"nothing asked", "portail.example.org", "x", nil, nil, nil},
		} {
			if got := find(test.domain, test.source, test.ids, test.uris); !slices.Equal(got, test.want) {
				t.Errorf("%s: found %q, want %q", test.name, got, test.want)
			}
		}
	})
}

func TestAttachAndDetach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		admin := account.System("test")
		harvested := h.put(h.record("x"))[0]
		local, err := h.store.CreateDataset(h.ctx, admin, catalog.DatasetInput{
			Title: catalog.Some("Local"), Description: catalog.Some("x"), Organization: catalog.Some(h.organization),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.store.AttachHarvest(h.ctx, admin, catalog.Attachment{ID: local.ID, Domain: "portail.example.org", RemoteID: "x"}); err != nil {
			t.Fatal(err)
		}
		former, attached := h.dataset(harvested.ID), h.dataset(local.ID)
		if former.Harvest != nil || former.Version != 2 || former.Resources[0].HarvestSource != nil || former.Resources[0].HarvestRemoteID != nil {
			t.Errorf("the dataset that was tied before is %+v", former)
		}
		if attached.Harvest == nil || *attached.Harvest.RemoteID != "x" || attached.Version != 2 {
			t.Errorf("the attached dataset is %+v", attached)
		}
		found, err := catalog.HarvestIdentities(h.ctx, d.Read(), catalog.KindDataset, "portail.example.org", portalSource, []string{"x"}, nil)
		if err != nil || len(found) != 1 || found[0].ID != local.ID {
			t.Errorf("the record leads to %+v (%v)", found, err)
		}
		if err := h.store.DetachHarvest(h.ctx, admin, catalog.KindDataset, local.ID); err != nil || h.dataset(local.ID).Harvest != nil {
			t.Errorf("it was not detached (%v)", err)
		}
		if err := h.store.AttachHarvest(h.ctx, admin, catalog.Attachment{ID: "650000000000000000000000", Domain: "a", RemoteID: "b"}); err == nil {
			t.Error("an unknown dataset was attached")
		}
	})
}

func TestHarvestedServices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		datasets := h.put(h.record("x"), h.record("y"))
		put := func(batch ...catalog.HarvestedDataservice) []catalog.HarvestResult {
			var results []catalog.HarvestResult
			err := h.log.Write(h.ctx, db.Background, func(ctx context.Context, tx *event.Tx) (err error) {
				results, err = h.store.PutHarvestedServices(ctx, tx, portal, batch)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return results
		}
		origin := h.record("s").Harvest
		service := catalog.HarvestedDataservice{
			Owner: account.Owner{Organization: h.organization},
			Input: catalog.DataserviceInput{
				Title: catalog.Some("API de l'eau"), Description: catalog.Some("d"), BaseAPIURL: catalog.Some("https://api.example.org/eau"),
				Tags: catalog.Some([]string{"eau"}), License: catalog.Some("lov2"), MachineDocumentationURL: catalog.Some("nulle part"),
				AccessType: catalog.Some("open_with_account"), RateLimiting: catalog.Some("10 par minute"), Availability: catalog.Some(99.5),
			},
			Contacts: []catalog.HarvestedContact{{Name: "API", Email: "api@example.org", Role: "contact"}},
			Datasets: []string{datasets[0].ID, "650000000000000000000000"}, Harvest: origin,
		}
		first := put(service)[0]
		if first.Err != nil || !first.Created || len(first.Logs) != 1 {
			t.Fatalf("the first harvest gave %+v", first)
		}
		h.check()
		service.ID = first.ID
		if again := put(service)[0]; again.Changed || again.Created || again.Version != 1 {
			t.Errorf("the same record a second time gave %+v", again)
		}
		service.Datasets, service.Keep = []string{datasets[1].ID}, first.Values
		if _, err := h.store.UpdateDataservice(h.ctx, account.System("test"), first.ID, catalog.DataserviceInput{Title: catalog.Some("À nous")}); err != nil {
			t.Fatal(err)
		}
		service.Input.Title, service.Input.Description = catalog.Some("À eux"), catalog.Some("e")
		results, foretold, err := h.store.CompareHarvestedServices(h.ctx, []catalog.HarvestedDataservice{service})
		if err != nil || !results[0].Changed || foretold[0].Description != "e" || foretold[0].Title != "À nous" {
			t.Errorf("the comparison gave %+v, %+v (%v)", results, foretold, err)
		}
		changed := put(service)[0]
		if !changed.Changed || !slices.Equal(changed.Kept, []string{"title"}) {
			t.Errorf("the change gave %+v", changed)
		}
		h.check()
		made, err := h.store.Dataservice(h.ctx, account.System("test"), first.ID)
		if err != nil || made.DatasetCount != 2 || made.Title != "À nous" || *made.Harvest.RemoteID != "s" || len(made.ContactPoints) != 1 ||
			made.AccessType != "open_with_account" || *made.RateLimiting != "10 par minute" || *made.Availability != 99.5 {
			t.Errorf("the dataservice is %+v (%v)", made, err)
		}
		err = h.log.Write(h.ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			gone, err := h.store.VanishHarvested(ctx, tx, portal, catalog.KindDataservice, []string{first.ID}, catalog.VanishArchive, "not-on-remote")
			if len(gone) != 1 {
				t.Errorf("archiving gave %+v", gone)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.check()
		if made, err = h.store.Dataservice(h.ctx, account.System("test"), first.ID); err != nil || made.Visible || *made.Harvest.Archived != "not-on-remote" {
			t.Errorf("the archived dataservice is %+v (%v)", made, err)
		}
	})
}
