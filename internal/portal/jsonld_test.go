package portal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

var linkedTo = linkedSite{base: "https://data.example.org", title: "Données de Valmont"}

const nastyLinked = "</script><script>alert(1)</script>\u2028\u2029<!-- & \x01"

// readLinked reads JSON-LD back, and sees that it can stand in a page.
func readLinked(t *testing.T, body []byte) map[string]any {
	t.Helper()
	for _, part := range []string{"<", ">", "&", "\u2028", "\u2029"} {
		if strings.Contains(string(body), part) {
			t.Errorf("%q stands in a script: %.300s", part, body)
		}
	}
	var read map[string]any
	if err := json.Unmarshal(body, &read); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	if read["@context"] != "http://schema.org" {
		t.Errorf("the vocabulary is %v", read["@context"])
	}
	return read
}

// member follows a path of names and places: "author.name", "distribution.0.url".
func member(value any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

func expectLinked(t *testing.T, read map[string]any, want map[string]any) {
	t.Helper()
	for path, value := range want {
		if got := member(read, path); fmt.Sprint(got) != fmt.Sprint(value) {
			t.Errorf("%s is %v, want %v", path, got, value)
		}
	}
}

func linkedMoment(text string) db.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return db.TimeOf(at)
}

func some[T any](v T) *T { return &v }

func linkedExample() *catalog.Dataset {
	d := &catalog.Dataset{
		ID: "5b0000000000000000000001", Slug: "arbres", Title: "Arbres " + nastyLinked, AccessType: "open", Description: "Les **arbres** de la [ville](https://x.example).",
		CreatedAt: linkedMoment("2020-01-02T03:04:05Z"), LastUpdate: linkedMoment("2026-01-02T03:04:05Z"), TemporalStart: some("2019-01-01"),
		Extras: db.JSON(`{"b":{"c":[1]},"a":"</script>","n":3}`),
	}
	d.Tags = []string{"arbre", "nature"}
	d.Organization = &account.OrganizationRef{ID: "5b0000000000000000000101", Name: "Ville", Slug: "ville", PublicService: true, Logo: some("https://img.example.org/a.png")}
	d.Harvest = &catalog.Harvest{RemoteURL: some("https://geo.example.org/1"), DctIdentifier: some("urn:1")}
	for n := range 50 {
		d.Resources = append(d.Resources, catalog.Resource{
			ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Title: nastyLinked, URL: "https://f.example.org/a.csv?x=<&y", Format: some("csv"), Mime: some("text/csv"),
			Filesize: some(int64(12)), Views: some(int64(7)), CreatedInternal: linkedMoment("2021-01-01T00:00:00Z"), ModifiedInternal: linkedMoment("2022-01-01T00:00:00Z"),
		})
		d.Community = append(d.Community, d.Resources[n])
	}
	return d
}

func TestDatasetJSONLD(t *testing.T) {
	read := readLinked(t, datasetJSONLD(linkedTo, linkedExample(), linkedDataset{
		license: &catalog.License{URL: some("https://licence.example.org/lo")}, zones: []string{"Valmont"}, variables: []string{"essence"},
	}))
	expectLinked(t, read, map[string]any{
		"@type": "Dataset", "@id": "5b0000000000000000000001", "alternateName": "arbres", "url": "https://data.example.org/datasets/arbres",
		"name": "Arbres " + nastyLinked, "description": "Les arbres de la ville.", "keywords": "arbre,nature", "dateCreated": "2020-01-02T03:04:05Z",
		"dateModified": "2026-01-02T03:04:05Z", "license": "https://licence.example.org/lo", "temporalCoverage": "2019-01-01/..",
		"author.@type": "GovernmentOrganization", "author.name": "Ville", "publisher.logo": "https://img.example.org/a.png",
		"creator.url": "https://data.example.org/organizations/ville", "sameAs": "https://geo.example.org/1", "identifier.1": "urn:1",
		"spatialCoverage.0.name": "Valmont", "variableMeasured.0": "essence", "isAccessibleForFree": true,
		"includedInDataCatalog.@type": "DataCatalog", "extras.0.name": "a", "extras.0.value": "</script>", "extras.1.value": `{"c":[1]}`, "extras.2.value": 3,
		"extras.0.@type":       "http://schema.org/PropertyValue",
		"distribution.0.@type": "DataDownload", "distribution.0.url": "https://data.example.org/datasets/r/00000000-0000-4000-8000-000000000000",
		"distribution.0.contentUrl": "https://f.example.org/a.csv?x=<&y", "distribution.0.encodingFormat": "text/csv", "distribution.0.fileFormat": "csv",
		"distribution.0.contentSize": 12, "distribution.0.interactionStatistic.userInteractionCount": 7,
		"distribution.0.interactionStatistic.interactionType.@type": "DownloadAction", "distribution.0.dateCreated": "2021-01-01T00:00:00Z",
	})
	for _, list := range []string{"distribution", "contributedDistribution"} {
		if n := len(read[list].([]any)); n != linkedResources {
			t.Errorf("%d resources in %s", n, list)
		}
	}
}

func TestDatasetJSONLDWithLittle(t *testing.T) {
	d := &catalog.Dataset{ID: "1", Slug: "é", Title: "T", AccessType: "restricted", Harvest: &catalog.Harvest{RemoteURL: some("javascript:alert(1)")}}
	read := readLinked(t, datasetJSONLD(linkedTo, d, linkedDataset{}))
	expectLinked(t, read, map[string]any{"description": "T", "isAccessibleForFree": false, "url": "https://data.example.org/datasets/%C3%A9"})
	for _, name := range []string{"author", "sameAs", "license", "distribution", "temporalCoverage", "spatialCoverage", "extras", "keywords", "dateCreated"} {
		if value, ok := read[name]; ok {
			t.Errorf("%s is %v", name, value)
		}
	}
	d.Description = strings.Repeat("é", 3*linkedDescription)
	if n := len([]rune(readLinked(t, datasetJSONLD(linkedTo, d, linkedDataset{}))["description"].(string))); n != linkedDescription {
		t.Errorf("the description has %d characters", n)
	}
}

func TestOtherJSONLD(t *testing.T) {
	person := &account.UserRef{ID: "201", Slug: "ada", FirstName: "Ada", LastName: "Lovelace", Avatar: some("https://img.example.org/ada.png")}
	reuse := &catalog.Reuse{ID: "301", Slug: "carte", Title: nastyLinked, URL: "https://carte.example.org", Description: "Une *carte*"}
	reuse.Owner = person
	many := make([]catalog.Dataset, 30)
	for i := range many {
		many[i] = catalog.Dataset{ID: fmt.Sprint(i), Slug: fmt.Sprint("d", i), Title: "D"}
	}
	api := &catalog.Dataservice{ID: "401", Slug: "api", Title: "API", AccessType: "open", MachineDocumentationURL: some("https://a.example.org/openapi.json")}
	api.Organization = &account.OrganizationRef{ID: "101", Name: "Ville", Slug: "ville"}
	post := &catalog.Post{ID: "601", Slug: "article", Name: "Titre", Headline: some("En bref"), PublishedAt: linkedMoment("2026-01-01T00:00:00Z"), ImageURL: some("https://img.example.org/p.png")}
	org := &account.Organization{ID: "101", Slug: "ville", Name: "Ville", Acronym: some("V"), URL: some("https://ville.example.org"), Description: nastyLinked}
	for name, c := range map[string]struct {
		body []byte
		want map[string]any
	}{
		"home": {homeJSONLD(linkedTo, "Des données", []string{"fr", "en"}), map[string]any{
			"@type.0": "DataCatalog", "@type.1": "WebSite", "potentialAction.@type": "SearchAction", "inLanguage.1": "en",
			"potentialAction.target.urlTemplate": "https://data.example.org/datasets/search?q={search_term_string}",
		}},
		"organisation": {organizationJSONLD(linkedTo, org), map[string]any{
			"@type": "Organization", "alternateName.1": "V", "sameAs": "https://ville.example.org", "url": "https://data.example.org/organizations/ville",
		}},
		"reuse": {reuseJSONLD(linkedTo, reuse, many), map[string]any{
			"@type": "CreativeWork", "isBasedOnUrl": "https://carte.example.org", "author.@type": "Person", "author.name": "Ada Lovelace",
			"isBasedOn.19.url": "https://data.example.org/datasets/d19", "isBasedOn.20": nil, "name": nastyLinked,
		}},
		"dataservice": {dataserviceJSONLD(linkedTo, api, &catalog.License{URL: some("https://l.example.org")}), map[string]any{
			"@type": "WebAPI", "documentation.0": "https://a.example.org/openapi.json", "provider.name": "Ville", "license": "https://l.example.org",
		}},
		"post": {postJSONLD(linkedTo, post), map[string]any{
			"@type": "Article", "headline": "Titre", "datePublished": "2026-01-01T00:00:00Z", "author.name": "Données de Valmont", "image": "https://img.example.org/p.png",
		}},
	} {
		t.Run(name, func(t *testing.T) { expectLinked(t, readLinked(t, c.body), c.want) })
	}
}
