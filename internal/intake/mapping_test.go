package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// is compares what came in with what the file says, both printed.
func (b *bench) is(what string, got, want any) {
	b.Helper()
	if printed, expected := printed(got), fmt.Sprint(want); printed != expected {
		b.Errorf("%s is %s, want %s", what, printed, expected)
	}
}

func printed(value any) string {
	switch value := value.(type) {
	case *string:
		if value == nil {
			return "none"
		}
		return *value
	case *int64:
		if value == nil {
			return "none"
		}
		return fmt.Sprint(*value)
	case *bool:
		if value == nil {
			return "none"
		}
		return fmt.Sprint(*value)
	case db.Time:
		if value.IsZero() {
			return "never"
		}
		return value.Format("2006-01-02T15:04:05.999999")
	case db.JSON:
		if value == nil {
			return "none"
		}
		return string(value)
	case []string:
		return strings.Join(value, " ")
	}
	return fmt.Sprint(value)
}

func TestDatasetOfDump(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.load("datasets.csv")
		got := b.dataset("5e166f7c06e3e76950ce8d52")
		b.is("title", got.Title, "Organismes de formation intervenant sur le dispositif Compétences Clés en 2011/2012 (Nord - Pas-de-Calais)")
		b.is("slug", got.Slug, "organismes-de-formation-intervenant-sur-le-dispositif-competences-cles-en-2011-2012-nord-pas-de-calais")
		b.is("organisation", got.Organization.Name, "Région Hauts-de-France")
		b.is("organisation's slug", got.Organization.Slug, "region-hauts-de-france")
		b.is("creation", got.CreatedAt, "0003-02-05T00:00:00")
		b.is("internal creation", got.CreatedInternal, "2020-01-09T00:10:36")
		b.is("modification", got.ModifiedAt, "2022-11-08T00:00:00")
		b.is("last update", got.LastUpdate, "2022-11-08T00:00:00")
		b.is("archived", got.ArchivedAt, "never")
		b.is("licence", got.License, "odc-odbl")
		b.is("frequency", got.Frequency, "none")
		b.is("tags", got.Tags, "apprentissage competence dcat formation nord-pas-de-calais-ancienne-region organisme-de-formation")
		b.is("visible", got.Visible, true)
		b.is("views", got.Views, 1576)
		b.is("downloads", got.Downloads, 680)
		b.is("backend", got.Harvest.Backend, "CSW-DCAT")
		b.is("remote address", got.Harvest.RemoteURL, "https://opendata.hautsdefrance.fr/geonetwork/srv/resources/datasets/4ad1bbe7-f479-464c-8803-38484854d3de")
		b.is("given resources", got.Given.Resources, 4)
		b.is("given formats", got.Given.Formats, "www:download:text/csv www:link:landing_page csv")
		b.is("given score", got.Given.QualityScore, "0.56")
		b.is("resources", got.ResourceTotal(), 4)
		b.is("months", strings.HasPrefix(string(got.ReusesByMonths), `{"2024-08":0,"2024-09":0`), true)
		b.is("rows of formats", b.count("SELECT count(*) FROM formats WHERE dataset_id = ?", got.ID), 3)
		b.is("datasets of the organisation", b.count("SELECT datasets FROM organizations WHERE id = ?", got.Organization.ID) > 0, true)
	})
}

// TestAwkwardRows looks at every row of the sample that is awkward in a known
// way.
func TestAwkwardRows(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	summary := b.load("datasets.csv")
	for _, kind := range []string{
		"both an organisation and a person own it, the organisation wins", "neither organisation nor person owns it", "empty tag",
		"date before 1900 or in the future", "empty description", "temporal coverage without start or that ends before it",
	} {
		if summary.Files[0].Beyond[kind] == 0 {
			t.Errorf("the sample holds %q, none was counted: %v", kind, summary.Files[0].Beyond)
		}
	}
	for what, query := range map[string]string{
		"two owners, both kept":           "SELECT count(*) FROM datasets WHERE organization_id IS NOT NULL AND owner_id IS NOT NULL",
		"no owner":                        "SELECT count(*) FROM datasets WHERE organization_id IS NULL AND owner_id IS NULL",
		"archived and not visible":        "SELECT count(*) FROM datasets WHERE archived_at IS NOT NULL AND visible = FALSE",
		"a person without address":        "SELECT count(*) FROM users WHERE email IS NULL AND first_name <> '' AND active = TRUE",
		"a person who left":               "SELECT count(*) FROM users WHERE slug LIKE 'deleted-%' AND active = FALSE",
		"a coverage of the year 1":        "SELECT count(*) FROM datasets WHERE temporal_start = '0001-01-01'",
		"carriage returns in a text":      "SELECT count(*) FROM datasets WHERE description LIKE '%\r\n%'",
		"downloads that nobody counted":   "SELECT count(*) FROM datasets WHERE downloads IS NULL",
		"tags as printed":                 "SELECT count(*) FROM given WHERE cells LIKE '%\"tags\"%'",
		"several zones of one dataset":    "SELECT count(*) FROM object_zones WHERE position > 1",
		"names of zones as printed":       "SELECT count(*) FROM given WHERE cells LIKE '%\"spatial.zones\"%'",
		"a dataset that stands out":       "SELECT count(*) FROM datasets WHERE featured = TRUE",
		"counts by month never computed":  "SELECT count(*) FROM datasets WHERE followers_by_months IS NULL",
		"an end of coverage and no start": "SELECT count(*) FROM datasets WHERE temporal_start IS NULL AND temporal_end IS NOT NULL",
	} {
		if b.count(query) == 0 {
			t.Errorf("%s: none came in", what)
		}
	}
}

func TestDatasetOfAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		summary := b.load("datasets.jsonl")
		b.is("refused", summary.Refused(), 0)
		lines := samples(t, "testdata/datasets.jsonl")
		for _, line := range lines {
			got := b.dataset(line["id"].(string))
			b.is("title", got.Title, line["title"])
			b.is("slug", got.Slug, line["slug"])
			b.is("private", got.Private, false)
			b.is("modification", got.ModifiedAt, trimmed(line["last_modified"]))
			b.is("last update", got.LastUpdate, trimmed(line["last_update"]))
			b.is("creation", got.CreatedAt, trimmed(line["created_at"]))
			b.is("internal creation", got.CreatedInternal, printed(db.IDTime(got.ID)))
			resources := line["resources"].([]any)
			b.is("resources", len(got.Resources), len(resources))
			b.is("counted resources", got.ResourceCount, len(resources))
			for i := range got.Resources {
				given, r := resources[i].(map[string]any), got.Resources[i]
				b.is("resource", r.ID, given["id"])
				b.is("address", r.URL, given["url"])
				if checksum, ok := given["checksum"].(map[string]any); ok {
					b.is("checksum", r.ChecksumValue, checksum["value"])
				}
				if available, ok := given["extras"].(map[string]any)["check:available"].(bool); ok {
					b.is("availability", r.Available, available)
				}
				if given["type"] == nil {
					b.is("type", r.Type, "main")
				}
			}
			if organization, ok := line["organization"].(map[string]any); ok {
				b.is("organisation", got.Organization.Name, organization["name"])
				b.is("organisation's slug", got.Organization.Slug, organization["slug"])
				b.is("logo", got.Organization.Logo, organization["logo"])
			}
			if temporal, ok := line["temporal_coverage"].(map[string]any); ok {
				b.is("start", got.TemporalStart, temporal["start"])
			}
			if quality, ok := line["quality"].(map[string]any); ok && quality["license"] == false {
				b.is("licence", got.License, "none")
			}
			b.is("followers", got.Followers, line["metrics"].(map[string]any)["followers"])
		}
		b.is("what harvesters said besides", b.count("SELECT count(*) FROM given WHERE cells LIKE '%ods_url%'") > 0, true)
		b.is("shapes", b.count("SELECT count(*) FROM coverages WHERE geometry LIKE '%MultiPolygon%'") > 0, true)
		b.is("former identifiers of zones", b.count("SELECT count(*) FROM object_zones WHERE zone LIKE '%@%'"), 0)
	})
}

func samples(t *testing.T, path string) []map[string]any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	for decoder.More() {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// trimmed drops the zeros that end a fraction of a second.
func trimmed(moment any) string {
	text := moment.(string)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(text, "0")
	}
	return text
}

func TestOrganizationsOfDumpAndAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.load("datasets.csv")
		made := b.count("SELECT count(*) FROM organizations WHERE id = '5df935d8634f414e69469492' AND slug = 'region-hauts-de-france' AND given_modified_at IS NULL")
		b.is("organisation made from its name", made, 1)
		b.load("organizations.csv", "organizations.jsonl")
		organizations := account.NewOrganizations(d, nil)
		got, err := organizations.Get(context.Background(), account.Nobody, "5df935d8634f414e69469492")
		if err != nil {
			t.Fatal(err)
		}
		b.is("slug", got.Slug, "conseil-regional-hauts-de-france")
		b.is("description", got.Description, "La région.\r\nElle publie.")
		b.is("badges", got.Badges, "public-service certified")
		b.is("public service", got.PublicService, true)
		b.is("modification", got.GivenModifiedAt, "2025-05-05T10:00:00")
		b.is("followers", got.Followers, 7)
		b.is("views", got.Views, 1234)
		b.is("number", got.BusinessNumberID, "20005374200017")
		b.is("months", got.ByMonths, `{"datasets_by_months":{"2025-01":2,"2025-02":3}}`)
		b.is("datasets", got.Datasets, b.count("SELECT count(*) FROM datasets WHERE organization_id = ? AND visible = TRUE", got.ID))
		if found, err := organizations.Resolve(context.Background(), "region-hauts-de-france"); err != nil || found.ID != got.ID {
			t.Errorf("the slug made from the name leads to %v (%v)", found, err)
		}
		b.is("members", b.count("SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id WHERE m.role = 'admin' AND u.slug = 'prenom-nom' AND u.last_name = 'Nom'"), 1)
	})
}

func TestResourcesOfDump(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.load("datasets.csv", "resources.csv")
		known := b.dataset("5b4eec4cb595087de2d496d6")
		b.is("resources of a known dataset", len(known.Resources), 1)
		b.is("type that was left out", known.Resources[0].Type, "main")
		b.is("title stays", known.Title != "Autre", true)
		fresh := b.dataset("60b0000000000000000000aa")
		b.is("title of an unknown dataset", fresh.Title, "Exemple de dataset")
		b.is("its licence", fresh.License, "fr-lo")
		b.is("its organisation", fresh.Organization.Name, "Exemple de producteur")
		var ids []string
		for _, r := range fresh.Resources {
			ids = append(ids, r.ID[len(r.ID)-1:])
		}
		b.is("resources, those that came later behind", ids, "1 2 4")
		r := fresh.Resources[1]
		b.is("checksum", r.ChecksumType, "sha1")
		b.is("size", r.Filesize, 12)
		b.is("schema", r.SchemaName, "etalab/schema")
		b.is("downloads", r.Views, 2)
		b.is("format", fresh.Resources[0].Format, "csv")
		b.is("availability", fresh.Resources[0].Available, false)
		b.is("creation", fresh.Resources[2].CreatedAt(), "2019-05-05T00:00:00")
		b.is("documented", fresh.Documented, true)
		b.is("open format", fresh.OpenFormat, true)
		b.is("all available", fresh.AllAvailable, false)
		b.is("main resources", fresh.MainResources, 2)
		b.load("datasets.csv")
		b.is("resources stay when the dataset comes again", len(b.dataset(known.ID).Resources), 1)
	})
}

func TestReusesDataservicesTopicsAndPosts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.load("datasets.csv", "resources.csv", "reuses.csv", "reuses.jsonl", "dataservices.csv", "dataservices.jsonl", "topics.jsonl", "posts.jsonl")
		ctx, system := context.Background(), account.System("test")
		reuse, err := b.store.Reuse(ctx, system, "60b0000000000000000000c1")
		if err != nil {
			t.Fatal(err)
		}
		b.is("reuse", reuse.Title, "Exemple de réutilisation")
		b.is("its address", reuse.URL, "https://exemple.example.org/carte")
		b.is("its datasets", reuse.DatasetIDs, "5b4eec4cb595087de2d496d6 60b0000000000000000000aa")
		b.is("featured", reuse.Featured, true)
		b.is("visible", reuse.Visible, true)
		b.is("tags", reuse.Tags, "carte exemple")
		b.is("months", reuse.FollowersByMonths, `{"2025-01":1}`)
		bare, err := b.store.Reuse(ctx, system, "60b0000000000000000000c2")
		if err != nil {
			t.Fatal(err)
		}
		b.is("a reuse without datasets is visible", bare.Visible, false)
		b.is("its owner", bare.Owner.Slug, "prenom-nom")
		byAPI, err := b.store.Reuse(ctx, system, "60b0000000000000000000c3")
		if err != nil {
			t.Fatal(err)
		}
		b.is("dataservices of a reuse", len(byAPI.Dataservices), 1)
		b.is("extras", byAPI.Extras, `{"cle":"valeur"}`)
		b.is("reuses of a dataset", b.count("SELECT reuses FROM datasets WHERE id = '60b0000000000000000000aa'"), 2)

		api, err := b.store.Dataservice(ctx, system, "60b0000000000000000000d1")
		if err != nil {
			t.Fatal(err)
		}
		b.is("dataservice", api.AccessType, "open_with_account")
		b.is("licence", api.License, "lov2")
		b.is("availability", *api.Availability, 99.5)
		b.is("backend", api.Harvest.Backend, "CSW-DCAT")
		b.is("datasets", api.DatasetCount, 1)
		restricted, err := b.store.Dataservice(ctx, system, "60b0000000000000000000d2")
		if err != nil {
			t.Fatal(err)
		}
		b.is("audiences", restricted.AccessAudiences, `[{"role":"private","condition":"no"}]`)
		b.is("contact", restricted.ContactPoints[0].Email, "support@example.org")

		topic, err := b.store.Topic(ctx, system, "60b0000000000000000000f1")
		if err != nil {
			t.Fatal(err)
		}
		b.is("topic", topic.Name, "Exemple de thématique")
		b.is("zones", topic.Zones, "country:fr")
		b.is("color", topic.Color, 3)
		elements, total, err := b.store.Elements(ctx, system, topic.ID, catalog.ElementFilter{Page: catalog.Page{Limit: 10}})
		if err != nil || total != 2 {
			t.Fatalf("%d elements (%v)", total, err)
		}
		b.is("element", elements[0].ElementID, "60b0000000000000000000aa")
		b.is("tags of an element", elements[0].Tags, "a")
		b.is("element without object", elements[1].Title, "Titre seul")
		post, err := b.store.Post(ctx, system, "60b0000000000000000000f2")
		if err != nil {
			t.Fatal(err)
		}
		b.is("post", post.PublishedAt, "2022-01-02T00:00:00")
		b.is("its reuses", len(post.Reuses), 1)
	})
}

func TestFactsAboutAPIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.load("apis.json")
		var ids []string
		if err := d.Read().NewRaw("SELECT id FROM dataservices WHERE slug IN ('agent-connect', 'api-entreprise', 'api-imprimfip') ORDER BY slug").Scan(context.Background(), &ids); err != nil || len(ids) != 3 {
			t.Fatalf("%v %v", ids, err)
		}
		apis, err := b.store.DataservicesByIDs(context.Background(), account.System("test"), ids)
		if err != nil {
			t.Fatal(err)
		}
		connect, entreprise, imprim := apis[0], apis[1], apis[2]
		b.is("title", connect.Title, "ProConnect")
		b.is("access", connect.AccessType, "restricted")
		b.is("audiences", connect.AccessAudiences, `[{"role":"local_authority_and_administration","condition":"yes"},{"role":"company_and_association","condition":"yes"},{"role":"private","condition":"no"}]`)
		b.is("form", connect.AuthorizationRequestURL, "https://datapass.api.gouv.fr/agent-connect-fs")
		b.is("documentation", connect.TechnicalDocumentationURL, "https://github.com/numerique-gouv/proconnect-documentation/blob/main/doc_fs.md")
		b.is("producer", connect.Organization.Name, "Direction Interministérielle du Numérique")
		b.is("acronym of the producer", connect.Organization.Acronym, "DINUM")
		b.is("modification", connect.ModifiedAt, "2024-08-27T00:00:00")
		b.is("mail", connect.ContactPoints[0].Email, "support.partenaires@agentconnect.gouv.fr")
		b.is("tagged", slices.Contains(connect.Tags, "mot-de-passe") && slices.IsSorted(connect.Tags), true)
		b.is("extras", strings.Contains(string(connect.Extras), `"apigouv:visits_2019":4000`), true)
		b.is("limit", entreprise.RateLimitingURL != nil && entreprise.RateLimiting != nil, true)
		b.is("first mail of several", imprim.ContactPoints[0].Email, "imprimfip@dgfip.finances.gouv.fr")
		b.is("all mails", strings.Contains(string(imprim.Extras), "tapir.dgfip"), true)

		b.load(b.write("organizations.jsonl", `{"id":"60b0000000000000000000ee","name":"Institut de l'exemple","slug":"i","members":[]}`+"\n"))
		b.load(b.write("apis.json", `{
 "apis": [
  {"slug": "exemple", "title": "API d'exemple", "tagline": "Un exemple.", "producer": {"slug": "ie", "name": "INSTITUT de l’Exemple"}, "is_open": 0, "doc_tech_link": "/swaggers/x.json", "datagouv_uuid": ["60b0000000000000000000aa"]},
  {"slug": "sans-titre", "producer": {"slug": "ie", "name": "X"}},
  broken
 ]
}`))
		matched, err := b.store.ResolveDataservice(context.Background(), "exemple")
		if err != nil {
			t.Fatal(err)
		}
		api, err := b.store.Dataservice(context.Background(), account.Nobody, matched.ID)
		if err != nil {
			t.Fatal(err)
		}
		b.is("producer found by its name", api.Organization.ID, "60b0000000000000000000ee")
		b.is("access", api.AccessType, "open_with_account")
		b.is("document of the former site", api.MachineDocumentationURL, "https://api.gouv.fr/swaggers/x.json")
		b.is("datasets that nobody knows yet", api.DatasetCount, 0)
		b.load("resources.csv")
		api, err = b.store.Dataservice(context.Background(), account.Nobody, matched.ID)
		if err != nil {
			t.Fatal(err)
		}
		b.is("datasets once they came", api.DatasetCount, 1)
	})
}

func TestUnknownLicensesAndZonesAreMade(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		const text = "id;title;resources_count;license;spatial.zones;frequency;spatial.granularity\n" +
			"60b000000000000000000001;One;1;Licence de la ville;Pays imaginaire,Bretagne;biannual;fr:quartier\n" +
			"60b000000000000000000002;Two;1;Licence Ouverte v2.0;Pays imaginaire;parfois;country\n"
		summary := b.load(b.write("datasets.csv", text))
		b.is("made licences", summary.Licenses, 1)
		b.is("made zones", summary.Zones, 1)
		one, two := b.dataset("60b000000000000000000001"), b.dataset("60b000000000000000000002")
		b.is("made licence", one.License, "licence-de-la-ville")
		b.is("licence by another title", two.License, "lov2")
		b.is("title as printed", two.Given.License, "Licence Ouverte v2.0")
		b.is("zones", one.Zones, "other:pays-imaginaire fr:region:53")
		b.is("former name of a frequency", one.Frequency, "semiannual")
		b.is("frequency as printed", one.Given.Frequency, "biannual")
		b.is("unknown frequency", two.Frequency, "parfois")
		b.is("beyond", fmt.Sprint(summary.Files[0].Beyond["unknown frequency"], summary.Files[0].Beyond["unknown granularity"]), "1 1")
		again := b.load(b.write("datasets.csv", text))
		b.is("changed by a second run", again.Changed(), false)
	})
}

func TestSlugsAreGivenToWhoHasThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		line := func(id, slug, modified string) string {
			return fmt.Sprintf(`{"id":"60b0000000000000000000%s","title":"T","slug":%q,"last_modified":%q,"resources":[]}`+"\n", id, slug, modified)
		}
		b.load(b.write("first.jsonl", line("01", "wanted", "2020-01-01T00:00:00")+line("02", "other", "2020-01-01T00:00:00")))
		b.load(b.write("taken.jsonl", line("03", "wanted", "2021-01-01T00:00:00")))
		b.is("slug of the newer", b.dataset("60b000000000000000000003").Slug, "wanted")
		b.is("slug of the older", b.dataset("60b000000000000000000001").Slug, "wanted-1")
		b.load(b.write("swap.jsonl", line("02", "wanted", "2022-01-01T00:00:00")+line("03", "other", "2022-01-01T00:00:00")))
		b.is("slug after an exchange", b.dataset("60b000000000000000000002").Slug, "wanted")
		b.is("slug after an exchange", b.dataset("60b000000000000000000003").Slug, "other")
		b.is("versions with their events", b.count("SELECT count(*) FROM datasets x WHERE version <> (SELECT max(version) FROM events e WHERE e.object = x.id)"), 0)
	})
}
