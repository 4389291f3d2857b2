package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/geo"
	"grenier/internal/intake"
	"grenier/internal/intake/demo"
	"grenier/internal/web/webtest"
)

// realDocuments are the lines of a file of the sample: answers of data.gouv.fr.
func realDocuments(t *testing.T, name string) (lines [][]byte, file intake.Contents) {
	t.Helper()
	files, err := demo.Contents()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(files, func(c intake.Contents) bool { return c.Name == name })
	if at < 0 {
		t.Fatalf("the sample has no %s", name)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(files[at].Data))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(unpacked); err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(text.Bytes()), []byte("\n")), files[at]
}

func importReal(t *testing.T, s *apitest.Server, files ...intake.Contents) {
	t.Helper()
	zones, err := geo.Load(t.Context(), s.DB.Read())
	if err != nil {
		t.Fatal(err)
	}
	summary, err := intake.New(s.Log, s.Catalog, zones).ImportContents(t.Context(), files, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range summary.Files {
		if file.Refused > 0 {
			t.Errorf("%d of %d rows of %s were refused", file.Refused, file.Rows, file.File)
		}
	}
}

// The kinds of differences between a real document and ours.
const (
	added   = "added"   // ours has a member more
	dropped = "dropped" // ours has a member less
	changed = "changed" // the values differ, or their types
)

// difference is one place where an answer is not the real document. Path names
// members; # stands for the items of a list.
type difference struct {
	path, kind string
	was, is    any
}

func (d difference) String() string {
	return fmt.Sprintf("%s %s: %s, ours %s", d.path, d.kind, short(d.was), short(d.is))
}

func short(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text[:min(len(text), 150)])
}

// compare tells every difference between two trees of JSON to a function: names,
// types, nulls and values.
func compare(path string, was, is any, tell func(difference)) {
	switch was := was.(type) {
	case map[string]any:
		ours, ok := is.(map[string]any)
		if !ok {
			tell(difference{path, changed, was, is})
			return
		}
		compareMembers(path, was, ours, tell)
	case []any:
		ours, ok := is.([]any)
		if !ok || len(ours) != len(was) {
			tell(difference{path, changed, was, is})
			return
		}
		for i := range was {
			compare(path+".#", was[i], ours[i], tell)
		}
	default:
		if was != is {
			tell(difference{path, changed, was, is})
		}
	}
}

func compareMembers(path string, was, is map[string]any, tell func(difference)) {
	inner := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	for name, value := range was {
		if ours, there := is[name]; there {
			compare(inner(name), value, ours, tell)
		} else {
			tell(difference{inner(name), dropped, value, nil})
		}
	}
	for name, ours := range is {
		if _, there := was[name]; !there {
			tell(difference{inner(name), added, nil, ours})
		}
	}
}

// explanation is a difference that has to be, with the reason: these paths may
// differ in this way, when is holds. Those of moments and addresses are in
// explainedEverywhere.
type explanation struct {
	paths  string
	kind   string
	reason string
	is     func(was, is any) bool
}

func anything(any, any) bool { return true }

func isNull(_, is any) bool { return is == nil }

func emptyNowNull(was, is any) bool { return was == "" && is == nil }

func isFalse(_, is any) bool { return is == false }

func both(one, other func(was, is any) bool) func(was, is any) bool {
	return func(was, is any) bool { return one(was, is) && other(was, is) }
}

func wasNull(was, _ any) bool { return was == nil }

func equals(wanted any) func(was, is any) bool {
	return func(_, is any) bool { return fmt.Sprint(is) == fmt.Sprint(wanted) }
}

// sameMoment tells whether a moment without offset was given the offset +00:00.
func sameMoment(was, is any) bool {
	naive, _ := was.(string)
	full, _ := is.(string)
	before, err := time.Parse("2006-01-02T15:04:05", naive)
	after, err2 := time.Parse(time.RFC3339Nano, full)
	return err == nil && err2 == nil && before.Equal(after) && strings.HasSuffix(full, "+00:00")
}

// sameAddress tells whether an address leads to the same place on our site:
// pages have neither language nor slash, resources are below the API.
func sameAddress(was, is any) bool {
	theirs, _ := was.(string)
	ours, _ := is.(string)
	theirs, there := strings.CutPrefix(theirs, "https://www.data.gouv.fr")
	ours, here := strings.CutPrefix(ours, apitest.Base)
	if page, ok := strings.CutPrefix(theirs, "/fr/"); ok {
		theirs = "/" + strings.TrimSuffix(page, "/")
		if strings.HasPrefix(theirs, "/datasets/r/") {
			theirs = "/api/1" + theirs
		}
	}
	return there && here && theirs == ours
}

// datasetExplanations are the differences between answers of 2018 to 2022 and
// ours, which follow the reference as it is today.
var datasetExplanations = []explanation{
	{"access_audiences contact_points", added, "came with later versions; empty", equals([]any{})},
	{"access_type", added, "came with a later version; open unless said otherwise", equals("open")},
	{"access_type_reason access_type_reason_category authorization_request_url description_short schema", added, "came with later versions; null", isNull},
	{"acronym archived harvest resources.#.harvest resources.#.preview_url", added, "came with later versions; null", isNull},
	{"featured", added, "came with a later version; false", isFalse},
	{"internal resources.#.internal", added, "came with a later version: the moments of creation and change on the platform itself", anything},
	{"permissions organization.permissions", added, "came with a later version: what the caller may do", anything},
	{"quality", added, "came with a later version", anything},
	{"organization.badges", added, "came with a later version", anything},
	{"resources.#.schema", added, "came with a later version; null", isNull},
	{"resources.#.schema.url resources.#.schema.version", added, "came with a later version; null", isNull},
	{"resources.#.type", added, "came with a later version; main", equals("main")},
	{"metrics.dataservices metrics.discussions_open metrics.resources_downloads", added, "came with later versions; 0 when never counted", equals(0)},
	{"metrics.followers_by_months metrics.reuses_by_months", added, "came with later versions; 0 when never computed", equals(0)},
	{"metrics.badges metrics.cow_criticals metrics.cow_errors metrics.cow_score metrics.cow_warnings metrics.issues", dropped, "dropped by later versions", anything},
	{"metrics.nb_hits metrics.nb_uniq_visitors metrics.nb_visits", dropped, "dropped by later versions for views", anything},
	{"resources.#.metrics.nb_hits resources.#.metrics.nb_uniq_visitors resources.#.metrics.nb_visits", dropped, "dropped by later versions for views", anything},
	{"harvest.ckan_name harvest.ckan_source harvest.ods_geo harvest.ods_has_records harvest.ods_references harvest.ods_url", dropped, "later versions show the same members for every harvester; the import keeps these beside", anything},
	{"resources.#.harvest.created_at resources.#.harvest.ods_type", dropped, "later versions show the same members for every harvester", anything},
	{"resources.#.harvest", changed, "null when no member of today has a value", isNull},
	{"resources.#.published", dropped, "dropped by later versions for last_modified", anything},
	{"resources.#.schema", changed, "what was an empty object is null today", both(func(was, _ any) bool { return short(was) == "{}" }, isNull)},
	{"resources.#.preview_url", changed, "leads to the explorer when the analysis made a table of the resource; the former preview is gone", isNull},
	{"resources.#.description resources.#.format resources.#.mime", changed, "an empty text is null", emptyNowNull},
	{"resources.#.title", changed, "a resource without title shows its address, for a title is required", func(was, is any) bool { return was == "" && strings.Contains(is.(string), ":") }},
	{"private", changed, "was null where nobody had said; false today", both(wasNull, isFalse)},
	{"quality.update_frequency", changed, "was null for an unknown frequency; false today", both(wasNull, isFalse)},
	{"quality.dataset_description_quality", changed, "a description counts as good from 100 characters on (a setting), not from 200 on", equals(true)},
	{"quality.has_open_format", changed, "a resource without format does not count as open any more", isFalse},
	{"quality.update_fulfilled_in_time", changed, "time has passed since", isFalse},
	{"quality.score", changed, "follows from the criteria", anything},
	{"spatial.zones.#", changed, "zones have no date of validity any more", func(was, is any) bool { zone, _, dated := strings.Cut(was.(string), "@"); return dated && zone == is }},
	{"organization.name organization.acronym organization.slug organization.logo organization.logo_thumbnail", changed, "is that of the newest answer that names the organisation", anything},
	{"owner.avatar_thumbnail", changed, "is that of another answer that names the person", anything},
	{"slug", changed, "two answers of different years bear the same slug: one got a number", func(was, is any) bool { return strings.HasPrefix(is.(string), was.(string)+"-") }},
	{"uri page organization.uri organization.page", changed, "follow from the slug, which is another", anotherSlug},
	{"owner.uri owner.page", changed, "the real answers of one person lack the dash at the end of the slug that they show", anotherSlug},
	{"resources.#.format", changed, "formats are in lower case", func(was, is any) bool { return strings.ToLower(was.(string)) == is }},
	{"resources.#.last_modified", changed, "is harvest.modified_at, when the origin gave one that is past", anotherMoment},
	{"resources", changed, "one answer lists a resource twice", func(was, is any) bool { return len(is.([]any)) == len(distinctByID(was.([]any))) }},
}

var organizationExplanations = []explanation{
	{"business_number_id image_url presentation_blocs_published_at zone", added, "came with later versions; null", isNull},
	{"ext extras", added, "came with later versions; empty", func(_, is any) bool { return short(is) == "{}" }},
	{"teams", added, "came with a later version; empty", equals([]any{})},
	{"members", added, "left out of the sample", equals([]any{})},
	{"permissions", added, "came with a later version: what the caller may do", anything},
	{"metrics.dataservices metrics.dataservices_by_months metrics.datasets_by_months metrics.datasets_followers_by_months " +
		"metrics.datasets_reuses_by_months metrics.reuses_by_months metrics.reuses_followers_by_months", added, "came with later versions; 0 when never computed", equals(0)},
	{"metrics.datasets metrics.reuses metrics.members", changed, "are counted in this catalogue, which is a sample", func(was, is any) bool { return is.(float64) < was.(float64) }},
}

// explainedEverywhere are the differences that concern every document.
var explainedEverywhere = []explanation{
	{"*", changed, "moments have the offset +00:00", sameMoment},
	{"*", changed, "addresses are those of this site; pages have neither language nor slash at the end, resources are below the API", sameAddress},
}

// anotherSlug tells whether an address leads to the same kind of place on our
// site, under another slug.
func anotherSlug(was, is any) bool {
	theirs, ours := strings.Split(was.(string), "/"), strings.Split(is.(string), "/")
	kind := func(parts []string) string {
		for _, part := range parts {
			if slices.Contains([]string{"datasets", "organizations", "users"}, part) {
				return part
			}
		}
		return ""
	}
	return strings.HasPrefix(is.(string), apitest.Base) && kind(theirs) != "" && kind(theirs) == kind(ours)
}

// anotherMoment tells whether both are moments, ours with its offset.
func anotherMoment(was, is any) bool {
	_, err := time.Parse("2006-01-02T15:04:05", was.(string))
	_, err2 := time.Parse(time.RFC3339Nano, is.(string))
	return err == nil && err2 == nil && strings.HasSuffix(is.(string), "+00:00")
}

func distinctByID(items []any) map[any]bool {
	seen := map[any]bool{}
	for _, item := range items {
		seen[item.(map[string]any)["id"]] = true
	}
	return seen
}

// explainer finds the explanation of differences, and remembers which it used.
type explainer struct {
	rules []explanation
	used  map[int]bool
}

func (e *explainer) explains(d difference) bool {
	for i, rule := range e.rules {
		if rule.kind != d.kind || rule.paths != "*" && !slices.Contains(strings.Fields(rule.paths), d.path) || !rule.is(d.was, d.is) {
			continue
		}
		e.used[i] = true
		return true
	}
	return false
}

// compareReal reads every document from the API and compares it with the real
// one; each kind of unexplained difference is told once.
func compareReal(t *testing.T, s *apitest.Server, template string, lines [][]byte, explanations []explanation) *explainer {
	t.Helper()
	document := webtest.NewDocument(t, s.Tables...)
	e := &explainer{rules: slices.Concat(explainedEverywhere, explanations), used: map[int]bool{}}
	told := map[string]int{}
	for _, line := range lines {
		var real map[string]any
		if err := json.Unmarshal(line, &real); err != nil {
			t.Fatal(err)
		}
		path := template[:strings.Index(template, "{")] + real["id"].(string) + "/"
		answer := s.Get(path)
		if answer.Status != http.StatusOK {
			t.Errorf("%s answered %d: %.200s", path, answer.Status, answer.Body)
			continue
		}
		document.CheckAnswer(t, http.MethodGet, template, answer.Status, answer.Body)
		compare("", real, answer.JSON(t), func(d difference) {
			if e.explains(d) {
				return
			}
			if told[d.path+d.kind]++; told[d.path+d.kind] == 1 {
				t.Errorf("%s: nothing explains %s", path, d)
			}
		})
	}
	for what, times := range told {
		if times > 1 {
			t.Errorf("%s: %d times in all", what, times)
		}
	}
	return e
}

// TestRealDocuments imports real answers of data.gouv.fr and reads them back:
// field by field the same, but for what is explained.
func TestRealDocuments(t *testing.T) {
	datasets, datasetFile := realDocuments(t, "datasets.jsonl.gz")
	organizations, organizationFile := realDocuments(t, "organizations.jsonl.gz")
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		if len(datasets) != 542 || len(organizations) != 96 {
			t.Fatalf("the sample holds %d datasets and %d organisations", len(datasets), len(organizations))
		}
		importReal(t, s, organizationFile, datasetFile)
		for _, e := range []*explainer{
			compareReal(t, s, "/api/1/datasets/{dataset}/", datasets, datasetExplanations),
			compareReal(t, s, "/api/1/organizations/{org}/", organizations, organizationExplanations),
		} {
			for i, rule := range e.rules {
				if !e.used[i] {
					t.Errorf("no document shows the explained difference: %s %s: %s", rule.paths, rule.kind, rule.reason)
				}
			}
		}
	})
}

// TestDifferencesAreDocumented keeps the page for users in step with the tables
// above.
func TestDifferencesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range slices.Concat(explainedEverywhere, datasetExplanations, organizationExplanations) {
		if line := documented(rule); !strings.Contains(string(page), line) {
			t.Errorf("docs/compatibility.md lacks the line:\n%s", line)
		}
	}
}

// documented is the line of the page about a difference.
func documented(rule explanation) string {
	places := "everywhere"
	if rule.paths != "*" {
		places = "`" + strings.Join(strings.Fields(rule.paths), "`, `") + "`"
	}
	return "| " + places + " | " + rule.kind + " | " + rule.reason + " |"
}
