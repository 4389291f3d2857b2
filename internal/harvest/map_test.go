package harvest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/geo"
)

var mappedAt = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func testMapper(t testing.TB) *Mapper {
	t.Helper()
	licenses, err := catalog.BuiltinLicenses()
	if err != nil {
		t.Fatal(err)
	}
	schema := "https://schemas.example.org/irve.json"
	return NewMapper(Tables{
		Licenses: licenses, Zones: geo.NewDirectory(), Language: "fr", Now: mappedAt,
		Schemas: []catalog.CatalogSchema{{Name: "etalab/irve", Versions: []catalog.PublishedVersion{{Name: "2.0", SchemaURL: schema}}}},
	})
}

var mappedSource = &Source{ID: "5f0000000000000000000001", URL: "https://portail.example.org", Domain: "portail.example.org"}

func TestLicensesAreGuessed(t *testing.T) {
	m := testMapper(t)
	for _, test := range []struct {
		want  string
		texts []string
	}{
		{"lov2", []string{"lov2"}},
		{"lov2", []string{"LOV2"}},
		{"fr-lo", []string{"fr-lo"}},
		{"fr-lo", []string{"Licence Ouverte / Open Licence"}},
		{"lov2", []string{"Licence Ouverte / Open Licence version 2.0"}},
		{"lov2", []string{"https://www.etalab.gouv.fr/licence-ouverte-open-licence"}},
		{"lov2", []string{"http://www.etalab.gouv.fr/licence-ouverte-open-licence/"}},
		{"lov2", []string{"https://github.com/etalab/Licence-Ouverte/blob/master/LO.md"}},
		{"lov2", []string{"Licence ouverte v2.0"}},
		{"lov2", []string{"etalab-2.0"}},
		{"lov2", []string{"Licence Ouverte v2.O"}},
		{"odc-odbl", []string{"http://opendatacommons.org/licenses/odbl/summary/"}},
		{"odc-odbl", []string{"https://opendatacommons.org/licenses/odbl/summary"}},
		{"odc-odbl", []string{"Open Data Commons Open Database License (ODbL)"}},
		{"cc-by", []string{"Creative Commons Atribution"}},
		{"fr-lo", []string{"Licence Ouverte Version 1.0"}},
		{"fr-lo", []string{"Licence Ouverte 1.0 http://www.data.gouv.fr/Licence-Ouverte-Open-Licence."}},
		{"fr-lo", []string{"LICENCE OUVERTE V1"}},
		{"cc-by-sa", []string{"cc-by-sa"}},
		{"odc-odbl", []string{"Ces données sont sous licence ODbL : http://opendatacommons.org/licenses/odbl/summary/."}},
		{"lov2", []string{"inconnue", "", "lov2", "fr-lo"}},
		{"", []string{"inconnue"}},
		{"", nil},
		{"", []string{""}},
		{"", []string{"https://example.org/licence"}},
		{"", []string{strings.Repeat("licence ", 10_000)}},
	} {
		if got, _ := m.licenses.guess(test.texts...); got != test.want {
			t.Errorf("%q is guessed as %q, want %q", test.texts, got, test.want)
		}
	}
}

func TestNear(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"abc", "abc", true}, {"abc", "abd", true}, {"abc", "acb", true}, {"abcd", "badc", true}, {"abc", "abcde", true}, {"abc", "abcdef", false},
		{"abcdef", "abc", false}, {"kitten", "sitting", false}, {"été", "ete", true}, {"by-4.0", "by-3.0", false}, {"v2.0", "v2.o", true}, {"by", "by1", true}, {"", "ab", false}, {"abcdefgh", "hgfedcba", false},
	} {
		if near(test.a, test.b) != test.want || near(test.b, test.a) != test.want {
			t.Errorf("near(%q, %q) is not %v", test.a, test.b, test.want)
		}
	}
}

func TestDatesOfPortals(t *testing.T) {
	for given, want := range map[string]string{
		"2024-05-06": "2024-05-06T00:00:00Z", "2024-05-06T07:08:09Z": "2024-05-06T07:08:09Z", "2024-05-06T07:08:09+02:00": "2024-05-06T05:08:09Z",
		"2024-05-06 07:08:09": "2024-05-06T07:08:09Z", "2024-05-06T07:08:09.123456": "2024-05-06T07:08:09Z", "2024/05/06": "2024-05-06T00:00:00Z",
		"2024/5/6 7:08": "2024-05-06T07:08:00Z", "2024": "2024-01-01T00:00:00Z", "2024-05": "2024-05-01T00:00:00Z", "05/2024": "2024-05-01T00:00:00Z",
		"06/05/2024": "2024-05-06T00:00:00Z", "06.05.2024": "2024-05-06T00:00:00Z", "12/25/2024": "2024-12-25T00:00:00Z",
		"mar, 10/12/2019 - 09:23":                "2019-12-10T09:23:00Z",
		"Date changed  jeu, 19/12/2019 - 03:00":  "2019-12-19T03:00:00Z",
		"Tue, 10 Dec 2019 09:23:00 GMT":          "2019-12-10T09:23:00Z",
		"Tue, 10 Dec 2019 09:23:00 +0100":        "2019-12-10T08:23:00Z",
		"10 December 2019":                       "2019-12-10T00:00:00Z",
		"December 10, 2019":                      "2019-12-10T00:00:00Z",
		"Dec 1st, 2019 3:04 pm":                  "2019-12-01T15:04:00Z",
		"1er février 2020":                       "2020-02-01T00:00:00Z",
		"10 décembre 2019 à 14h30":               "2019-12-10T14:30:00Z",
		"août 2021":                              "2021-08-01T00:00:00Z",
		"20191210":                               "2019-12-10T00:00:00Z",
		"20191210T092300Z":                       "2019-12-10T09:23:00Z",
		"mis à jour le 3 mars 2018 par l'équipe": "2018-03-03T00:00:00Z",
		"": "", "hier": "", "31/02/2020": "", "2020-13-01": "", "99/99/9999": "", "12": "", "0000-01-01": "",
		strings.Repeat("2020-01-01 ", 100): "",
	} {
		moment, _, ok := readDate(given)
		got := ""
		if ok {
			got = moment.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", given, got, want)
		}
	}
}

func TestPeriods(t *testing.T) {
	for _, test := range []struct {
		start, end, want string
	}{
		{"2020", "2021", "2020-01-01 2021-12-31"}, {"2020-02", "2020-02", "2020-02-01 2020-02-29"}, {"2020-01-05", "2020-03-04", "2020-01-05 2020-03-04"},
		{"2010/2012", "", "2010-01-01 2012-12-31"}, {"2010-03-01/2012-05-06", "", "2010-03-01 2012-05-06"}, {"2010/..", "", "2010-01-01 "},
		{"2019", "", "2019-01-01 2019-12-31"}, {"2019-04", "", "2019-04-01 2019-04-30"}, {"2019-04-03", "", "2019-04-03 "}, {"2020", "..", "2020-01-01 "},
		{"2020-01-01T10:00:00Z", "2020-02-01T10:00:00Z", "2020-01-01 2020-02-01"}, {"", "2020", ""}, {"bientôt", "2020", ""}, {"", "", ""},
	} {
		got := ""
		if p, ok := period(Period{Start: test.start, End: test.end}); ok {
			got = p.Start + " " + p.End
		}
		if got != test.want {
			t.Errorf("from %q to %q is read as %q, want %q", test.start, test.end, got, test.want)
		}
	}
}

func TestFrequenciesOfPortals(t *testing.T) {
	for given, want := range map[string]string{
		"http://purl.org/cld/freq/daily": "daily", "http://publications.europa.eu/resource/authority/frequency/ANNUAL_2": "semiannual",
		"http://publications.europa.eu/resource/authority/frequency/CONT": "severalTimesADay", "UPDATE_CONT": "continuous", "weekly": "weekly",
		"realtime": "continuous", "fortnighly": "biweekly", "biannual": "semiannual", "fourTimesADay": "severalTimesADay",
		"http://inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequency/continual":  "severalTimesADay",
		"http://inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequency/biannually": "semiannual",
		"http://purl.org/linked-data/sdmx/2009/code#freq-M":                             "monthly", "R/P1Y": "annual", "R/P3M": "quarterly", "R/PT1S": "continuous",
		"quotidienne": "daily", "au fil de l'eau": "irregular", "Temps réel": "continuous", "irrégulière": "irregular", "asNeeded": "punctual",
		"": "", "parfois": "",
	} {
		if got, _ := FrequencyOf(given); got != want {
			t.Errorf("%q is the frequency %q, want %q", given, got, want)
		}
	}
}

func TestLimitationsOfAccess(t *testing.T) {
	for _, test := range []struct{ right, want string }{
		{"http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1f", "confidentiality_of_personal_data"},
		{"L124-5-II-1 du code de l'environnement (Directive 2007/2/CE (INSPIRE), Article 13.1.b)", "international_relations_public_security_or_national_defence"},
		{"l124-4-i-2 du code de l’environnement (directive 2007/2/CE (INSPIRE), article 13.1.h)", "protection_of_environment"},
		{"public access limited according to Article 13(1)(e) of the INSPIRE Directive", "intellectual_property_rights"},
		{"http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations", ""},
		{"pas de restriction", ""},
	} {
		if got, _ := limitationOf([]string{"x", test.right}, nil); got != test.want {
			t.Errorf("%q limits access for %q, want %q", test.right, got, test.want)
		}
	}
	if got, _ := limitationOf([]string{limitations[0].law}, []string{limitationURL("c"), limitationURL("d")}); got != "course_of_justice_or_fair_trial" {
		t.Errorf("the first limitation is %q", got)
	}
}

func TestAccess(t *testing.T) {
	const eu = "http://publications.europa.eu/resource/authority/access-right/"
	for _, test := range []struct{ told, access, right, kind, category string }{
		{"", "", "", "", ""}, {"", eu + "PUBLIC", "", "", ""}, {"", eu + "NON_PUBLIC", "", "restricted", ""}, {"", "confidential", "", "", ""},
		{"open_with_account", eu + "PUBLIC", "", "open_with_account", ""}, {"else", "", "", "", ""}, {"open", eu + "NON_PUBLIC", "", "open", ""},
		{"open", eu + "NON_PUBLIC", limitationURL("c"), "restricted", "course_of_justice_or_fair_trial"},
	} {
		if kind, category := accessOf(test.told, []string{test.access}, []string{test.right}); kind != test.kind || category != test.category {
			t.Errorf("%+v gives %q, %q", test, kind, category)
		}
	}
}

func limitationURL(letter string) string {
	return "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1" + letter
}

func TestTagsAreMadeSlugs(t *testing.T) {
	got, _ := cleanTags([]string{"Déchet", "plan d'urbanisme", "ab", "Déchet ", "eau", strings.Repeat("long ", 40), "<b>", ""})
	if want := []string{"dechet", "eau", strings.TrimRight(strings.Repeat("long-", 20)[:96], "-"), "plan-durbanisme"}; !slices.Equal(got, want) {
		t.Errorf("the tags are %q, want %q", got, want)
	}
	many := make([]string, 1500)
	for i := range many {
		many[i] = fmt.Sprintf("tag-%04d", i)
	}
	if got, dropped := cleanTags(many); len(got) != 1000 || dropped != 500 {
		t.Errorf("%d tags are kept, %d dropped", len(got), dropped)
	}
}

func TestDescriptionsBecomeMarkdown(t *testing.T) {
	for _, test := range []struct{ format, given, want string }{
		{"", "Un texte & rien < d'autre > ici", "Un texte & rien < d'autre > ici"},
		{"", "ligne 1\r\n\r\nligne 2", "ligne 1\n\nligne 2"},
		{"", "<p>Un <b>mot</b> et<br>la suite</p><p>Fin&nbsp;!</p>", "Un **mot** et  \nla suite\n\nFin !"},
		{"", "écrire à <eau@example.org> svp", "écrire à <eau@example.org> svp"},
		{"html", "sans balise &amp; sur\n\ndeux lignes", "sans balise & sur\n\ndeux lignes"},
		{"html", "<h2>Titre</h2><ul><li>un</li><li>deux<ul><li>dedans</li></ul></li></ul>", "## Titre\n\n- un\n- deux\n  - dedans"},
		{"html", "<ol><li>un</li><li>deux</li></ol>fin", "1. un\n2. deux\n\nfin"},
		{"html", `<a href="https://example.org/a b">lien <em>ici</em></a> <a href="javascript:x()">non</a>`, "[lien _ici_](https://example.org/a%20b) non"},
		{"html", `<img src="https://example.org/x.png" alt="X"><script>alert(1)</script>`, "![X](https://example.org/x.png)"},
		{"html", "<pre>a\n  b</pre>", "```\na\n  b\n```"},
		{"html", "<blockquote>dit</blockquote>", "> dit"},
		{"html", "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2|3</td></tr></table>", "| A | B |\n| --- | --- |\n| 1 | 2\\|3 |"},
		{"html", "<p>&lt;script&gt;x&lt;/script&gt;</p>", "&lt;script>x&lt;/script>"},
		{"html", "<p># pas un titre</p><p>1. pas une liste</p>", "\\# pas un titre\n\n1\\. pas une liste"},
		{"text", "du texte <b>brut</b>", "du texte &lt;b>brut&lt;/b>"},
		{"", "Avant\n### **Titre**\n* un ;\n* deux.\n<br />\nFin", "Avant\n### **Titre**\n* un ;\n* deux.\n<br />\nFin"},
		{"", "<p>Voir [ici](https://example.org)</p>\n<p>Fin</p>", "Voir [ici](https://example.org)\n\nFin"},
		{"markdown", "**déjà** <b>fait</b>", "**déjà** <b>fait</b>"},
		{"", "in\u200Bvi\u202Esible\u0007", "invisible"},
		{"", "caf\xe9", "caf\uFFFD"},
	} {
		if got := cleanDescription(test.given, test.format); got != test.want {
			t.Errorf("%q (%s) becomes %q, want %q", test.given, test.format, got, test.want)
		}
	}
}

// TestHostileHTMLEndsSoon: what nests without end costs no more than it is long.
func TestHostileHTMLEndsSoon(t *testing.T) {
	for _, given := range []string{
		strings.Repeat("<b>", 400) + "<p>a</p><p>b</p>", strings.Repeat("<b><i><a href=x>", 100) + "a\n\nb", strings.Repeat("<table><tr><td>", 150) + "x",
		strings.Repeat("<ul><li>", 200) + "x", strings.Repeat("<blockquote>", 200) + "x<br>y", strings.Repeat("<a href='https://x.org'><b>", 3000) + "x",
	} {
		start := time.Now()
		got := cleanDescription(given, "html")
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%.40q took %v", given, took)
		}
		if len(got) > 50*len(given)+1000 {
			t.Errorf("%.40q grows to %d bytes", given, len(got))
		}
	}
}

func TestShapes(t *testing.T) {
	square := `[[[1,2],[3,2],[3,4],[1,4],[1,2]]]`
	for _, test := range []struct {
		name, given string
		want        int
	}{
		{"a polygon", `{"type":"Polygon","coordinates":` + square + `}`, 1},
		{"several", `{"type":"MultiPolygon","coordinates":[` + square + `,[[[5,6],[7,6],[7,8],[5,6]]]]}`, 2},
		{"the same twice", `{"type":"MultiPolygon","coordinates":[` + square + `,` + square + `]}`, 1},
		{"a collection", `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Polygon","coordinates":` + square + `}]}`, 1},
		{"a feature", `{"type":"Feature","geometry":{"type":"Polygon","coordinates":` + square + `}}`, 1},
		{"a point", `{"type":"Point","coordinates":[1,2]}`, 0},
		{"out of the world", `{"type":"Polygon","coordinates":[[[651000,6860000],[652000,6860000],[652000,6861000],[651000,6860000]]]}`, 0},
		{"by rounding", `{"type":"Polygon","coordinates":[[[-180.0000001,2],[3,2],[3,4],[-180.0000001,2]]]}`, 1},
		{"beyond the date line", `{"type":"Polygon","coordinates":[[[159,-25],[159,-11],[212,-11],[212,-25],[159,-25]]]}`, 2},
		{"beyond a turn", `{"type":"Polygon","coordinates":[[[159,-25],[159,-11],[361,-11],[361,-25],[159,-25]]]}`, 0},
		{"not closed", `{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4],[1,4]]]}`, 0},
		{"nonsense", `{"type":"Polygon","coordinates":"x"}`, 0},
		{"no object", `[1,2,3]`, 0},
	} {
		w := &mapping{mapper: &Mapper{}}
		var value any
		if err := json.Unmarshal([]byte(test.given), &value); err != nil {
			t.Fatal(err)
		}
		in, ok := w.spatial(&Spatial{Geometry: value})
		count := 0
		if ok {
			var g struct{ Coordinates []any }
			if err := json.Unmarshal(in.Geometry, &g); err != nil {
				t.Fatal(err)
			}
			count = len(g.Coordinates)
		}
		if count != test.want {
			t.Errorf("%s gives %d polygons, want %d (%v)", test.name, count, test.want, w.logs)
		}
	}
}

// What lies on both sides of the date line is cut there.
func TestShapesAreCutAtTheDateLine(t *testing.T) {
	for given, want := range map[string]string{
		`[[[159,-25],[159,-11],[212,-11],[212,-25],[159,-25]]]`:                           `[[[[159,-25],[159,-11],[180,-11],[180,-25],[159,-25]]],[[[-180,-11],[-148,-11],[-148,-25],[-180,-25],[-180,-11]]]]`,
		`[[[-200,0],[-170,0],[-170,10],[-200,10],[-200,0]]]`:                              `[[[[-180,0],[-170,0],[-170,10],[-180,10],[-180,0]]],[[[160,0],[180,0],[180,10],[160,10],[160,0]]]]`,
		`[[[190,0],[200,0],[200,10],[190,0]]]`:                                            `[[[[-170,0],[-160,0],[-160,10],[-170,0]]]]`,
		`[[[170,0],[200,0],[200,10],[170,10],[170,0]],[[190,2],[195,2],[195,8],[190,2]]]`: `[[[[170,0],[180,0],[180,10],[170,10],[170,0]]],[[[-180,0],[-160,0],[-160,10],[-180,10],[-180,0]],[[-170,2],[-165,2],[-165,8],[-170,2]]]]`,
		`[[[170,0],[180,0],[180,10],[170,10],[170,0]]]`:                                   `[[[[170,0],[180,0],[180,10],[170,10],[170,0]]]]`,
	} {
		w := &mapping{mapper: &Mapper{}}
		in, _ := w.spatial(&Spatial{Geometry: `{"type":"Polygon","coordinates":` + given + `}`})
		if got := string(in.Geometry); got != `{"coordinates":`+want+`,"type":"MultiPolygon"}` {
			t.Errorf("%s becomes %s, want %s", given, got, want)
		}
	}
}

func TestZonesGoBeforeShapes(t *testing.T) {
	w := &mapping{mapper: testMapper(t)}
	in, ok := w.spatial(&Spatial{
		Zones: []string{"country/fr", "Finistère", "nulle part du tout"}, Granularity: "fr/town",
		Geometry: map[string]any{"type": "Polygon", "coordinates": [][][]float64{{{1, 2}, {3, 2}, {3, 4}, {1, 2}}}},
	})
	if !ok || !slices.Equal(in.Zones, []string{"country:fr", "fr:departement:29"}) || in.Geometry != nil || in.Granularity != "fr:commune" || len(w.logs) != 2 {
		t.Errorf("the coverage is %+v, with %v", in, w.logs)
	}
}

func TestResourcesOfPortals(t *testing.T) {
	m := testMapper(t)
	size := int64(42)
	for _, test := range []struct {
		name                       string
		given                      Resource
		title, url, format, mime   string
		kind, checksumType, schema string
	}{
		{
			name: "all told", given: Resource{
				Title: "Un fichier", URL: "https://example.org/a.csv", Format: "CSV", Mime: "text/CSV", Type: "documentation", Filesize: &size,
				Checksum: &Checksum{Value: strings.Repeat("ab", 16)}, Schema: &Schema{URL: "https://schemas.example.org/irve.json"},
			},
			title: "Un fichier", url: "https://example.org/a.csv", format: "csv", mime: "text/csv", kind: "documentation", checksumType: "md5", schema: "etalab/irve 2.0",
		},
		{
			name: "named by its file", given: Resource{URL: " https://example.org/un fichier.json "},
			title: "un fichier.json", url: "https://example.org/un%20fichier.json", format: "json",
		},
		{
			name: "named by its format", given: Resource{URL: "https://example.org/wms?x=1", Format: "WMS", Type: "null"},
			title: "Ressource wms", url: "https://example.org/wms?x=1", format: "wms",
		},
		{name: "nameless", given: Resource{URL: "https://example.org/"}, title: "Ressource sans nom", url: "https://example.org/"},
		{name: "without scheme", given: Resource{URL: "example.org/x.zip"}, title: "x.zip", url: "http://example.org/x.zip", format: "zip"},
		{
			name: "by addresses of authorities", given: Resource{
				Title: "x", URL: "https://example.org/x", Format: "http://publications.europa.eu/resource/authority/file-type/GEOJSON",
				Mime:     "https://www.iana.org/assignments/media-types/application/geo+json",
				Checksum: &Checksum{Type: "http://spdx.org/rdf/terms#checksumAlgorithm_sha256", Value: strings.Repeat("AB", 32)},
			},
			title: "x", url: "https://example.org/x", format: "geojson", mime: "application/geo+json", checksumType: "sha256",
		},
		{
			name: "by its media type", given: Resource{Title: "x", URL: "https://example.org/x.php", Mime: "application/vnd.ms-excel", Checksum: &Checksum{Type: "sha512", Value: "ab"}},
			title: "x", url: "https://example.org/x.php", format: "xls", mime: "application/vnd.ms-excel",
		},
	} {
		w := &mapping{mapper: m}
		got, ok := w.resource(&test.given)
		if !ok {
			t.Errorf("%s: it is left out: %v", test.name, w.logs)
			continue
		}
		in := got.Input
		schema := strings.TrimSpace(got.Schema.Value.Name + " " + got.Schema.Value.Version)
		for member, pair := range map[string][2]string{
			"title": {in.Title.Value, test.title}, "url": {in.URL.Value, test.url}, "format": {in.Format.Value, test.format}, "mime": {in.Mime.Value, test.mime},
			"type": {in.Type.Value, test.kind}, "checksum": {in.Checksum.Value.Type, test.checksumType}, "schema": {schema, test.schema},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: the %s is %q, want %q", test.name, member, pair[0], pair[1])
			}
		}
		if got.ByURLAndTitle != (test.format == "wms") {
			t.Errorf("%s: asks for the title: %v", test.name, got.ByURLAndTitle)
		}
	}
	w := &mapping{mapper: m}
	if _, ok := w.resource(&Resource{Title: "sans adresse"}); ok || len(w.logs) != 1 {
		t.Errorf("a resource without address is kept: %v", w.logs)
	}
}

func TestDatasetIsMapped(t *testing.T) {
	m := testMapper(t)
	private := false
	line := Line{
		T: LineDataset, RemoteID: " id-1 ", RemoteURL: "https://portail.example.org/dataset/un",
		Dataset: &Dataset{
			Title: "  Un\ttitre ", Name: "un-nom", Description: "<p>Bonjour</p>", Tags: []string{"Eau"}, License: []string{"?", "Licence Ouverte v2"},
			Frequency: "http://purl.org/cld/freq/monthly", Temporal: &Period{Start: "2020", End: "2021"}, Private: &private,
			Contacts: []Contact{{Name: "A", Email: "mailto:a@example.org"}, {Email: "b@example.org"}, {Name: "C", Role: "chef"}},
			Rights:   []string{limitationURL("a")}, Extras: map[string]any{"dcat": map[string]any{"rights": []string{"x\u200B"}}, "null": nil},
			Schema: &Schema{URL: "pas une adresse"}, Harvest: Origin{CreatedAt: "2019-01-01", IssuedAt: "?", ModifiedAt: "2030-01-01", URI: "urn:x"},
		},
	}
	got, logs, err := m.Dataset(line, mappedSource)
	if err != nil {
		t.Fatal(err)
	}
	in := got.Input
	if in.Title.Value != "Un titre" || in.Description.Value != "Bonjour" || in.License.Value != "lov2" || in.Frequency.Value != "monthly" || in.Acronym.Set {
		t.Errorf("the dataset is %+v", in)
	}
	if in.TemporalCoverage.Value != (catalog.TemporalInput{Start: "2020-01-01", End: "2021-12-31"}) || in.AccessType.Value != "restricted" || !in.Private.Set {
		t.Errorf("the dataset is %+v", in)
	}
	if string(in.Extras.Value) != `{"dcat":{"rights":["x"]},"null":null}` || got.Slug != "un-nom" || got.Schema.Set {
		t.Errorf("extras are %s, the slug %q", in.Extras.Value, got.Slug)
	}
	if len(got.Contacts) != 1 || got.Contacts[0] != (catalog.HarvestedContact{Name: "A", Email: "a@example.org", Role: "contact"}) {
		t.Errorf("the contacts are %+v", got.Contacts)
	}
	h := got.Harvest
	if *h.RemoteID != "id-1" || *h.RemoteURL != line.RemoteURL || *h.Domain != "portail.example.org" || *h.SourceID != mappedSource.ID || *h.URI != "urn:x" ||
		h.CreatedAt.Year() != 2019 || !h.IssuedAt.IsZero() || !h.ModifiedAt.IsZero() || !h.LastUpdate.Equal(mappedAt) {
		t.Errorf("its origin is %+v", h)
	}
	if len(logs) != 5 {
		t.Errorf("the remarks are %v", logs)
	}
	for _, wrong := range []Line{{RemoteID: "", Dataset: line.Dataset}, {RemoteID: "x", Dataset: &Dataset{}}, {RemoteID: "x"}} {
		if _, _, err := m.Dataset(wrong, mappedSource); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}

func TestRemoteAddresses(t *testing.T) {
	m := testMapper(t)
	for address, kept := range map[string]bool{
		"https://portail.example.org/x": true, "http://user:pass@example.org/": true, "ftp://example.org/x": true, "http://localhost:8080/x": false,
		"https://example.org/avec blanc": false, "https://sans-domaine/x": false, "example.org": false, "mailto:x@example.org": false, "": false, "http://10.0.0.1/": false,
	} {
		got, _, err := m.Dataset(Line{RemoteID: "x", RemoteURL: address, Dataset: &Dataset{Title: "x"}}, mappedSource)
		if err != nil || (got.Harvest.RemoteURL != nil) != kept {
			t.Errorf("%q is kept: %v, want %v (%v)", address, !kept, kept, err)
		}
	}
}

func TestHashIsOfWhatIsTold(t *testing.T) {
	m := testMapper(t)
	one := Line{T: LineDataset, RemoteID: "x", Dataset: &Dataset{Title: "a", Extras: map[string]any{"b": 1, "a": 2, "c": 3}}}
	page := 3
	same := Line{T: LineDataset, RemoteID: "x", Page: &page, Logs: []Log{{"info", "x"}}, Dataset: &Dataset{Title: "a", Extras: map[string]any{"c": 3, "a": 2, "b": 1}}}
	if m.Hash(one) != m.Hash(same) || m.Hash(one) == "" {
		t.Error("the same record has two hashes")
	}
	other := one
	other.Dataset = &Dataset{Title: "b"}
	if m.Hash(one) == m.Hash(other) {
		t.Error("two records have one hash")
	}
	given := one
	given.Hash = "v1"
	changed := other
	changed.Hash = "v1"
	if m.Hash(given) != m.Hash(changed) || m.Hash(given) == m.Hash(one) {
		t.Error("the portal's own hash does not count")
	}
	fewer := NewMapper(Tables{Language: "fr", Now: mappedAt})
	if fewer.Hash(one) == m.Hash(one) {
		t.Error("other licences do not make another hash")
	}
	later := NewMapper(Tables{Language: "fr", Now: mappedAt.Add(time.Hour)})
	if fewer.Hash(one) != later.Hash(one) {
		t.Error("time alone makes another hash")
	}
}

func TestDataserviceIsMapped(t *testing.T) {
	m := testMapper(t)
	got, _, err := m.Dataservice(Line{RemoteID: "s", Dataservice: &Dataservice{
		Title: "API", BaseAPIURL: "api.example.org/v1", License: []string{"fr-lo"}, Tags: []string{"Géo"}, Harvest: Origin{ModifiedAt: "2025-01-01"},
	}}, mappedSource)
	if err != nil {
		t.Fatal(err)
	}
	if got.Input.BaseAPIURL.Value != "http://api.example.org/v1" || got.Input.License.Value != "fr-lo" || got.Input.MachineDocumentationURL.Set ||
		*got.Harvest.SourceURL != mappedSource.URL || got.Harvest.ModifiedAt.Year() != 2025 || got.Input.Description.Set {
		t.Errorf("the dataservice is %+v, from %+v", got.Input, got.Harvest)
	}
	if _, _, err := m.Dataservice(Line{RemoteID: "s"}, mappedSource); err == nil {
		t.Error("a record without data is taken")
	}
}

// TestEveryLicenseIsFoundByItsOwnWords: identifiers, titles, addresses and other
// titles lead to their licence, in any case and with a typing error.
func TestEveryLicenseIsFoundByItsOwnWords(t *testing.T) {
	licenses, err := catalog.BuiltinLicenses()
	if err != nil {
		t.Fatal(err)
	}
	table := newLicenseTable(licenses)
	for _, l := range licenses {
		words := []string{l.ID, strings.ToUpper(l.ID), l.Title, strings.ToUpper(l.Title), " " + l.Title + " "}
		var addresses, titles []string
		if err := json.Unmarshal(l.AlternateURLs, &addresses); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(l.AlternateTitles, &titles); err != nil {
			t.Fatal(err)
		}
		if l.URL != nil {
			addresses = append(addresses, *l.URL)
		}
		for _, address := range addresses {
			words = append(words, address, "Voir "+address+".")
			if other, secure := strings.CutPrefix(address, "https:"); secure {
				words = append(words, "http:"+other)
			}
		}
		for _, word := range append(words, titles...) {
			if got, _ := table.guess(word); got != l.ID {
				t.Errorf("%q of %s is guessed as %q", word, l.ID, got)
			}
		}
	}
}
