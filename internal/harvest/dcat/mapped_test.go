package dcat

import (
	"slices"
	"testing"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

// mapped is a record as a catalogue will keep it that has some more licences.
func mapped(t *testing.T, got told, id string, more ...catalog.License) catalog.HarvestedDataset {
	t.Helper()
	licenses, err := catalog.BuiltinLicenses()
	if err != nil {
		t.Fatal(err)
	}
	got.dataset(t, id)
	mapper := harvest.NewMapper(harvest.Tables{Licenses: append(licenses, more...), Language: "fr", Now: harvesttest.Now})
	d, _, err := mapper.Dataset(got.datasets[id], &harvest.Source{ID: "000000000000000000000002", Domain: "data.test.org"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What catalogues say in words becomes licences, tags and Markdown.
func TestMapped(t *testing.T) {
	catalogue := harvestOf(t, "/udata/catalog.xml")
	one := mapped(t, catalogue, "1", catalog.License{ID: "lov1", Title: "Licence Ouverte Version 1.0", AlternateURLs: db.JSON("[]"), AlternateTitles: db.JSON("[]")})
	has(t, "description", one.Input.Description.Value, "# h1 title\n\n## h2 title\n\n**and bold text**")
	has(t, "licence of 1", one.Input.License.Value, "lov1")
	has(t, "licence of 2", mapped(t, catalogue, "2").Input.License.Value, "lov2")
	three := mapped(t, catalogue, "3").Input
	has(t, "access to 3", three.AccessType.Value+" "+three.ReasonCategory.Value, "restricted intellectual_property_rights")
	for _, tag := range []string{"hvd", "observation-de-la-terre-et-environnement"} {
		if !slices.Contains(three.Tags.Value, tag) {
			t.Errorf("%s is not among %v", tag, three.Tags.Value)
		}
	}
	flat := mapped(t, harvestOf(t, "/udata/flat.jsonld"), "1")
	has(t, "tags", flat.Input.Tags.Value, "[tag-1 tag-2 tag-3 tag-4 theme-1 theme-2]")
	species := mapped(t, harvestOf(t, "/udata/bnodes.xml"), "1")
	if !slices.Contains(species.Input.Tags.Value, "repartition-des-especes") || !slices.Contains(species.Input.Tags.Value, "inspire") {
		t.Errorf("the tags are %v", species.Input.Tags.Value)
	}
	gravity := mapped(t, harvestOf(t, "/udata/sig.oreme.rdf"), "0437a976-cff1-4fa6-807a-c23006df2f8f")
	has(t, "licence", gravity.Input.License.Value, "fr-lo")
	has(t, "frequency", gravity.Input.Frequency.Value, "irregular")
}
