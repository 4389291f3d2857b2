package catalog

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/geo/shape"
)

const arles = "fr:commune:13004"

// offersText is a file of offers: the second comes first by its order.
const offersText = `
territory_datasets:
  - {id: zonages_com, level: commune, order: 8, title: Zonages, url_template: "https://data.example.org/{region}/{departement}/{code}.csv"}
  - id: population_com
    level: fr:commune
    order: 1
    title: {fr: Population, en: People}
    description: "Figures **by age**."
    organization: insee
    temporal_coverage: 1968-2022
    url_template: https://stats.example.org/{code}
  - {id: ecoles, level: [commune, departement], order: 9, title: Écoles, resource: 6b0f8a10-0000-4000-8000-000000000001, filter_column: code_insee}
`

func offersOf(t *testing.T, text string) []TerritoryOffer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "offers.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	offers, err := ReadTerritoryOffers(file)
	if err != nil {
		t.Fatal(err)
	}
	return offers
}

func (s *shelf) territoryOrder(zone geo.Zone, l TerritoryListing) []string {
	s.t.Helper()
	items, err := s.store.TerritoryItems(context.Background(), zone, l)
	s.ok(err)
	var names []string
	for _, item := range items {
		if item.Offer != nil {
			names = append(names, item.Offer.ID)
			continue
		}
		names = append(names, item.Dataset.Slug)
	}
	return names
}

func TestDataOfATerritoryComeInTheirOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		s.store.rules.TerritoryOffers = offersOf(t, offersText)
		town, other := s.organization("ville"), s.organization("insee")
		s.exec("UPDATE organizations SET zone = ? WHERE id = ?", arles, town.ID)
		cover := func(ds *Dataset) {
			s.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, ?, ?, 0)", ds.ID, arles, KindDataset)
		}
		cover(s.dataset("old-cover", func(ds *Dataset) { ds.OrganizationID = &other.ID }))
		s.dataset("own-old", func(ds *Dataset) { ds.OrganizationID = &town.ID })
		cover(s.dataset("new-cover", func(ds *Dataset) { ds.OrganizationID = &other.ID }))
		cover(s.dataset("own-covering", func(ds *Dataset) { ds.OrganizationID = &town.ID }))
		cover(s.dataset("private", func(ds *Dataset) { ds.OrganizationID, ds.Private, ds.Visible = &town.ID, true, false }))
		s.dataset("elsewhere", func(ds *Dataset) { ds.OrganizationID = &other.ID })
		zone, _ := geo.NewDirectory().Resolve("fr-town-13004")
		offers := []string{"population_com", "zonages_com", "ecoles"}
		own, covers := []string{"own-covering", "own-old"}, []string{"new-cover", "old-cover"}
		s.same("without offers", s.territoryOrder(zone, TerritoryListing{Size: 25}), slices.Concat(own, covers))
		s.same("with offers", s.territoryOrder(zone, TerritoryListing{Offers: true, Size: 25}), slices.Concat(own, offers, covers))
		s.same("offers first", s.territoryOrder(zone, TerritoryListing{OffersFirst: true, Size: 25}), slices.Concat(offers, own, covers))
		s.same("cut", s.territoryOrder(zone, TerritoryListing{Offers: true, Size: 3}), []string{"own-covering", "own-old", "population_com"})
		ids, total, err := s.store.TerritoryDatasetIDs(context.Background(), arles, Page{Offset: 1, Limit: 2})
		s.ok(err)
		s.same("a page", s.names("datasets", ids), []string{"own-old", "new-cover"})
		if total != 4 {
			t.Errorf("%d datasets of the territory, want 4", total)
		}
		attached, count, err := s.store.TerritoryOrganizations(context.Background(), arles, Page{Limit: 5})
		s.ok(err)
		if s.same("organizations", s.names("organizations", attached), []string{"ville"}); count != 1 {
			t.Errorf("%d organizations attached, want 1", count)
		}
		departement, _ := geo.NewDirectory().Resolve("fr-county-13")
		s.same("another level", s.territoryOrder(departement, TerritoryListing{Offers: true, Size: 25}), []string{"ecoles"})
		items, err := s.store.TerritoryOffers(context.Background(), zone)
		s.ok(err)
		producers, err := s.store.TerritoryProducers(context.Background(), items)
		s.ok(err)
		if len(producers) != 2 || producers["insee"].ID != other.ID {
			t.Errorf("the producers are %v", producers)
		}
	})
}

func TestOffersKnowTheirAddresses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		s.store.rules.TerritoryOffers = offersOf(t, offersText)
		for reference, want := range map[string]string{
			"fr-town-13004-population_com":           "https://stats.example.org/13004",
			"fr-commune-13004-zonages_com":           "https://data.example.org/93/13/13004.csv",
			"fr:commune:13004:zonages_com":           "https://data.example.org/93/13/13004.csv",
			"fr:commune:13004@latest:population_com": "https://stats.example.org/13004",
			"fr:commune:13004@1942-01-01:ecoles":     "/api/1/territory/fr:commune:13004/ecoles.csv",
			"fr-county-2A-ecoles":                    "/api/1/territory/fr:departement:2A/ecoles.csv",
			"FR-Town-13004-ecoles":                   "/api/1/territory/fr:commune:13004/ecoles.csv",
		} {
			_, item, err := s.store.TerritoryOffer(context.Background(), reference)
			if s.ok(err); item.Address != want {
				t.Errorf("%s leads to %q, want %q", reference, item.Address, want)
			}
		}
		for reference, want := range map[string]string{
			"":                         "Invalid territory ID.",
			"population_com":           "Invalid territory ID.",
			"13004-population_com":     "Invalid territory ID.",
			"fr-town-00000-population": "Unknown territory identifier.",
			"fr-moon-13004-population": "Unknown territory identifier.",
			"fr-region-93-population":  "Unknown kind of territory.",
			"fr-town-13004-unheard":    "Unknown territory dataset id.",
		} {
			_, _, err := s.store.TerritoryOffer(context.Background(), reference)
			s.refused(reference, err, fault.Invalid, want)
		}
	})
}

func TestContoursAreOfferedWhereTheyWereImported(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		square := shape.Shape{{shape.Ring{shape.At(5, 43), shape.At(6, 43), shape.At(6, 44), shape.At(5, 44)}}}
		s := newShelf(t, d)
		err := d.Write(context.Background(), db.Background, func(ctx context.Context, tx *db.Tx) error {
			return geo.SaveContours(ctx, tx, geo.ContourRow{Zone: arles, Shape: shape.Encode(square, 1)})
		})
		s.ok(err)
		zones, err := geo.Load(context.Background(), d.Read())
		s.ok(err)
		offers, err := ReadTerritoryOffers("")
		s.ok(err)
		s.store.zones, s.store.rules.TerritoryOffers = zones, offers
		for id, want := range map[string][]string{arles: {"contour"}, "fr:commune:13055": nil, "country:fr": nil} {
			zone, _ := zones.Get(id)
			s.same(id, s.territoryOrder(zone, TerritoryListing{Offers: true, Size: 25}), want)
		}
	})
}

func TestOffersThatCannotBeMeantAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`[]`: "cannot unmarshal",
		`territory_datasets: [{id: A, level: commune, title: t, url_template: "https://a.example/"}]`:                                   "small letters",
		`territory_datasets: [{id: a, title: t, url_template: "https://a.example/"}]`:                                                   "no level",
		`territory_datasets: [{id: a, level: moon, title: t, url_template: "https://a.example/"}]`:                                      `no level "moon"`,
		`territory_datasets: [{id: a, level: commune, url_template: "https://a.example/"}]`:                                             "no title",
		`territory_datasets: [{id: a, level: commune, title: t}]`:                                                                       "either url_template or resource",
		`territory_datasets: [{id: a, level: commune, title: t, url_template: "https://a.example/", resource: b, filter_column: c}]`:    "either url_template or resource",
		`territory_datasets: [{id: a, level: commune, title: t, resource: b}]`:                                                          "filter_column",
		`territory_datasets: [{id: a, level: commune, title: t, url_template: "https://a.example/{insee}"}]`:                            "{insee}",
		`territory_datasets: [{id: a, level: commune, title: t, url_template: "javascript:alert(1)"}]`:                                  "neither an address",
		`territory_datasets: [{id: a, level: commune, title: t, url_template: "//a.example/"}]`:                                         "neither an address",
		`territory_datasets: [{id: a, level: commune, title: t, url_template: "https://a.example/", colour: red}]`:                      "colour",
		`territory_datasets: [{id: a, level: commune, title: t, url_template: "https://a.example/", needs: luck}]`:                      `"luck"`,
		`territory_datasets: [{id: a, level: commune, title: t, url_template: /a}, {id: a, level: region, title: t, url_template: /a}]`: "is taken",
	} {
		_, err := parseTerritoryOffers(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is answered %v, want %q", text, err, want)
		}
	}
	if _, err := ReadTerritoryOffers(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a file that is not there is taken")
	}
}

func TestWordsFallBack(t *testing.T) {
	for _, c := range []struct {
		words      Words
		lang, want string
	}{
		{Words{"fr": "a", "en": "b"}, "fr", "a"}, {Words{"fr": "a", "en": "b"}, "de", "b"}, {Words{"": "c", "en": "b"}, "de", "c"},
		{Words{"fr": "a"}, "it", "a"}, {nil, "fr", ""},
	} {
		if got := c.words.In(c.lang); got != c.want {
			t.Errorf("%v in %s is %q, want %q", c.words, c.lang, got, c.want)
		}
	}
}

// The example of the documentation is one that is read.
func TestDocumentedOffersAreRead(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "territories.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	example, _, closed := strings.Cut(rest, "```")
	offers, err := parseTerritoryOffers(strings.NewReader(example))
	if !found || !closed || err != nil || len(offers) != 3 {
		t.Fatalf("the example gives %d offers: %v", len(offers), err)
	}
	if offers[0].ID != "population_com" || offers[0].Title.In("de") != "Population" || !slices.Contains(offers[2].Levels, "fr:departement") {
		t.Errorf("the example gives %+v", offers)
	}
}
