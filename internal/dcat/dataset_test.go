package dcat

import (
	"slices"
	"testing"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// What a harvested dataset does not say of its dates is said as it is known here.
func TestDatesOfHarvested(t *testing.T) {
	day := func(n int) db.Time { return db.Time{Time: time.Date(2020, 1, n, 0, 0, 0, 0, time.UTC)} }
	for name, test := range map[string]struct {
		harvest                   *catalog.Harvest
		created, issued, modified db.Time
	}{
		"not harvested": {nil, day(1), day(1), day(2)},
		"no dates":      {&catalog.Harvest{}, db.Time{}, day(1), day(2)},
		"created":       {&catalog.Harvest{CreatedAt: day(3)}, day(3), db.Time{}, day(2)},
		"all":           {&catalog.Harvest{CreatedAt: day(3), IssuedAt: day(4), ModifiedAt: day(5)}, day(3), day(4), day(5)},
	} {
		d := catalog.Dataset{ID: "1", CreatedAt: day(1), ModifiedAt: day(2), Harvest: test.harvest}
		r := testSite().Record(&d, nil)
		if !r.CreatedAt.Equal(test.created.Time) || !r.IssuedAt.Equal(test.issued.Time) || !r.ModifiedAt.Equal(test.modified.Time) {
			t.Errorf("%s: created %s, issued %s, modified %s", name, r.CreatedAt, r.IssuedAt, r.ModifiedAt)
		}
	}
}

// The licence is said of the files, and of a dataset that has none.
func TestLicenceWithoutFiles(t *testing.T) {
	for license, test := range map[string]struct{ licenses, rights []string }{
		"lov2":       {[]string{"https://www.etalab.gouv.fr/licence-ouverte-open-licence"}, nil},
		"other-open": {nil, []string{"Other (Open)"}},
	} {
		d := catalog.Dataset{ID: "1", License: &license}
		if r := testSite().Record(&d, nil); !slices.Equal(r.Licenses, test.licenses) || !slices.Equal(r.Rights, test.rights) {
			t.Errorf("%s is said as %v, %v", license, r.Licenses, r.Rights)
		}
		d.Resources = []catalog.Resource{{ID: "r", URL: "https://files.example.org/a.csv"}}
		r := testSite().Record(&d, nil)
		if len(r.Licenses)+len(r.Rights) > 0 || !slices.Equal(r.Distributions[0].Licenses, test.licenses) || !slices.Equal(r.Distributions[0].Rights, test.rights) {
			t.Errorf("%s is said as %v, %v of a dataset with a file", license, r.Licenses, r.Rights)
		}
	}
}
