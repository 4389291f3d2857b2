package verify_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/verify"
)

func execute(t *testing.T, d *db.DB, statements ...string) {
	t.Helper()
	err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		for _, statement := range statements {
			if _, err := tx.NewRaw(statement).Exec(ctx); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fill inserts a row of a table: the values given, and something for every
// other column that must have one.
func fill(t *testing.T, d *db.DB, table string, given map[string]string) {
	t.Helper()
	columns, values := []string{}, []string{}
	for _, c := range required(t, d, table) {
		if _, ok := given[c.name]; !ok {
			columns, values = append(columns, c.name), append(values, c.value)
		}
	}
	for name, value := range given {
		columns, values = append(columns, name), append(values, value)
	}
	execute(t, d, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(values, ", ")+")")
}

type column struct{ name, value string }

// required are the columns of a table that must have a value, with one.
func required(t *testing.T, d *db.DB, table string) []column {
	t.Helper()
	query := `SELECT name, CASE type WHEN 'INTEGER' THEN '0' WHEN 'REAL' THEN '0' ELSE '''''' END AS value FROM pragma_table_info('` + table + `') WHERE "notnull" = 1 AND pk = 0`
	if d.Postgres() {
		query = `SELECT column_name AS name, CASE data_type WHEN 'boolean' THEN 'FALSE' WHEN 'text' THEN '''''' ELSE '0' END AS value
			FROM information_schema.columns WHERE table_name = '` + table + `' AND is_nullable = 'NO'`
	}
	var rows []struct{ Name, Value string }
	if err := d.Read().NewRaw(query).Scan(context.Background(), &rows); err != nil {
		t.Fatal(err)
	}
	columns := make([]column, len(rows))
	for i, row := range rows {
		columns[i] = column{row.Name, row.Value}
	}
	return columns
}

// sound fills a database with a few objects that agree with each other.
func sound(t *testing.T, d *db.DB) *event.Log {
	t.Helper()
	fill(t, d, "organizations", map[string]string{"id": "'o1'", "version": "1", "slug": "'o1'", "name": "'O'"})
	fill(t, d, "users", map[string]string{"id": "'u1'", "slug": "'u1'"})
	fill(t, d, "contact_points", map[string]string{"id": "'c1'", "organization_id": "'o1'"})
	for _, id := range []string{"d1", "d2"} {
		fill(t, d, "datasets", map[string]string{
			"id": "'" + id + "'", "slug": "'" + id + "'", "organization_id": "'o1'", "version": "3", "visible": "TRUE", "resources": "2", "main_resources": "1", "contacts": "1",
		})
		fill(t, d, "resources", map[string]string{"id": "'r1" + id + "'", "dataset_id": "'" + id + "'", "type": "'main'"})
		fill(t, d, "resources", map[string]string{"id": "'r2" + id + "'", "dataset_id": "'" + id + "'", "type": "'other'", "rank": "1048576"})
		fill(t, d, "resources", map[string]string{"id": "'r3" + id + "'", "dataset_id": "'" + id + "'", "type": "'main'", "community": "TRUE"})
		fill(t, d, "object_contacts", map[string]string{"object_id": "'" + id + "'", "contact_id": "'c1'"})
	}
	fill(t, d, "reuses", map[string]string{"id": "'e1'", "slug": "'e1'", "organization_id": "'o1'", "version": "1", "visible": "TRUE", "datasets": "1"})
	fill(t, d, "reuse_datasets", map[string]string{"reuse_id": "'e1'", "dataset_id": "'d1'"})
	fill(t, d, "dataservices", map[string]string{"id": "'s1'", "slug": "'s1'", "owner_id": "'u1'", "version": "1", "visible": "TRUE"})
	fill(t, d, "topics", map[string]string{"id": "'t1'", "slug": "'t1'", "version": "1"})
	fill(t, d, "topic_elements", map[string]string{"id": "'te1'", "topic_id": "'t1'", "element_kind": "'dataset'", "element_id": "'d1'"})
	fill(t, d, "topic_elements", map[string]string{"id": "'te2'", "topic_id": "'t1'", "title": "'a note'"})
	fill(t, d, "posts", map[string]string{"id": "'p1'", "slug": "'p1'", "version": "1"})
	fill(t, d, "tags", map[string]string{"object_id": "'d1'", "tag": "'water'", "kind": "'dataset'"})
	fill(t, d, "badges", map[string]string{"object_id": "'o1'", "badge": "'certified'", "kind": "'organization'"})
	fill(t, d, "object_zones", map[string]string{"object_id": "'d1'", "zone": "'fr:region:11'", "kind": "'dataset'"})
	fill(t, d, "slugs", map[string]string{"kind": "'dataset'", "slug": "'old'", "object_id": "'d1'"})
	fill(t, d, "follows", map[string]string{"id": "'f1'", "object_kind": "'dataset'", "object_id": "'d1'", "follower_id": "'u1'"})
	log := event.NewLog(d)
	err := log.Write(context.Background(), db.People, func(_ context.Context, tx *event.Tx) error {
		for kind, ids := range map[string][]string{"dataset": {"d1", "d2"}, "organization": {"o1"}, "reuse": {"e1"}, "dataservice": {"s1"}, "topic": {"t1"}, "post": {"p1"}} {
			for _, id := range ids {
				tx.Emit(event.Event{Kind: kind + ".created", ObjectKind: kind, Object: id, Version: 3, SeenAfter: true})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func run(t *testing.T, deps verify.Deps, options verify.Options) []verify.Finding {
	t.Helper()
	findings, err := verify.Verify(context.Background(), deps, options)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func TestSoundDatabaseHasNoFindings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := sound(t, d)
		told := 0
		deps := verify.Deps{DB: d, Log: log, Zone: func(string) bool { return true }, Index: func(context.Context) (int64, bool, error) { return 1, true, nil }}
		for _, f := range run(t, deps, verify.Options{Progress: func(done, total int, _ string) {
			told++
			if done >= total {
				t.Errorf("check %d of %d", done, total)
			}
		}}) {
			t.Errorf("a sound database is told: %+v", f)
		}
		if told < 30 {
			t.Errorf("only %d checks were made", told)
		}
	})
}

// breakages are rows broken on purpose, and what is found of them.
var breakages = []struct {
	name, check string
	statements  []string
	count       int
	severity    verify.Severity
	example     string
	fixable     bool
	// after is a query that gives 1 once the finding is mended.
	after string
}{
	{"tag of a missing dataset", "tags", []string{"INSERT INTO tags (object_id, tag, kind, position) VALUES ('gone', 'a', 'dataset', 0), ('gone', 'b', 'dataset', 1)"},
		2, verify.Fault, "gone", true, "SELECT count(*) FROM tags"},
	{"tag of an unknown kind", "tags", []string{"INSERT INTO tags (object_id, tag, kind, position) VALUES ('d1', 'x', 'planet', 9)"},
		1, verify.Fault, "d1", true, "SELECT count(*) FROM tags WHERE object_id = 'd1'"},
	{"badge of a missing organization", "badges", []string{"UPDATE badges SET object_id = 'gone'"}, 1, verify.Fault, "gone", true, "SELECT 1 - count(*) FROM badges"},
	{"zone of a missing dataset", "object_zones", []string{"UPDATE object_zones SET object_id = 'gone'"}, 1, verify.Fault, "gone", true, "SELECT 1 - count(*) FROM object_zones"},
	{"extras of a missing resource", "extras", []string{"INSERT INTO extras (object_id, kind, extras) VALUES ('gone', 'resource', '{}')"},
		1, verify.Fault, "gone", true, "SELECT 1 - count(*) FROM extras"},
	{"origin of a missing dataset", "harvests", []string{"INSERT INTO harvests (object_id, kind) VALUES ('gone', 'dataset')"}, 1, verify.Fault, "gone", true, "SELECT 1 - count(*) FROM harvests"},
	{"shape of a missing topic", "coverages", []string{"INSERT INTO coverages (object_id, kind, geometry) VALUES ('gone', 'topic', '{}')"},
		1, verify.Fault, "gone", true, "SELECT 1 - count(*) FROM coverages"},
	{"imported values of a missing dataset", "given", []string{"INSERT INTO given (object_id, kind, cells) VALUES ('gone', 'dataset', '{}')"},
		1, verify.Fault, "gone", true, "SELECT 1 - count(*) FROM given"},
	{"former address of a missing post", "slugs", []string{"INSERT INTO slugs (kind, slug, object_id, at) VALUES ('post', 'was', 'gone', 0)"},
		1, verify.Fault, "gone", true, "SELECT count(*) FROM slugs"},
	{"follow of a missing reuse", "follows", []string{"INSERT INTO follows (id, object_kind, object_id, follower_id, since) VALUES ('f2', 'reuse', 'gone', 'u1', 0)"},
		1, verify.Fault, "gone", true, "SELECT count(*) FROM follows"},
	{"assignment of a missing dataset", "assignments", []string{"INSERT INTO assignments (id, user_id, organization_id, object_kind, object_id, created_at) VALUES ('a', 'u1', 'o1', 'dataset', 'gone', 0)"},
		1, verify.Fault, "gone", true, "SELECT 1 - count(*) FROM assignments"},
	{"former name of a missing organization", "former names", []string{"INSERT INTO former_names (object_id, name, at) VALUES ('gone', 'Was', 0)"},
		1, verify.Fault, "gone", true, "SELECT 1 - count(*) FROM former_names"},
	{"contact point of a missing object", "contacts", []string{"INSERT INTO object_contacts (object_id, contact_id, position) VALUES ('gone', 'c1', 0)"},
		1, verify.Fault, "gone", true, "SELECT count(*) - 1 FROM object_contacts"},
	{"resource without a dataset", "resources", []string{"UPDATE resources SET dataset_id = NULL WHERE id = 'r3d1'", "UPDATE resources SET community = FALSE WHERE id = 'r3d1'"},
		1, verify.Fault, "r3d1", true, "SELECT count(*) - 4 FROM resources"},
	{"reuse of a dataset that is not here", "reuse datasets", []string{"INSERT INTO reuse_datasets (reuse_id, dataset_id, position) VALUES ('e1', 'later', 1)"}, 1, verify.Note, "e1", false, ""},
	{"reuse of an API that is not here", "reuse dataservices", []string{"INSERT INTO reuse_dataservices (reuse_id, dataservice_id, position) VALUES ('e1', 'later', 1)"}, 1, verify.Note, "e1", false, ""},
	{"API of a dataset that is not here", "dataservice datasets", []string{"INSERT INTO dataservice_datasets (dataservice_id, dataset_id, position) VALUES ('s1', 'later', 1)"}, 1, verify.Note, "s1", false, ""},
	{"post about a dataset that is not here", "post datasets", []string{"INSERT INTO post_datasets (post_id, dataset_id, position) VALUES ('p1', 'later', 1)"}, 1, verify.Note, "p1", false, ""},
	{"post about a reuse that is not here", "post reuses", []string{"INSERT INTO post_reuses (post_id, reuse_id, position) VALUES ('p1', 'later', 1)"}, 1, verify.Note, "p1", false, ""},
	{"topic of a reuse that is not here", "topic elements", []string{"UPDATE topic_elements SET element_kind = 'reuse' WHERE id = 'te1'"}, 1, verify.Note, "t1", false, ""},
	{"private dataset that is visible", "visibility of datasets", []string{"UPDATE datasets SET private = TRUE WHERE id = 'd1'"}, 1, verify.Fault, "d1", true, "SELECT 1 FROM datasets WHERE id = 'd1' AND visible = FALSE"},
	{"public dataset that is hidden", "visibility of datasets", []string{"UPDATE datasets SET visible = FALSE"}, 2, verify.Fault, "d2", true, "SELECT count(*) - 1 FROM datasets WHERE visible = TRUE"},
	{"reuse of nothing that is visible", "visibility of reuses", []string{"UPDATE reuses SET datasets = 0"}, 1, verify.Fault, "e1", true, "SELECT count(*) FROM reuses WHERE visible = FALSE"},
	{"deleted API that is visible", "visibility of dataservices", []string{"UPDATE dataservices SET deleted_at = 5"}, 1, verify.Fault, "s1", true, "SELECT count(*) FROM dataservices WHERE visible = FALSE"},
	{"number of resources", "number of resources", []string{"UPDATE datasets SET resources = 7 WHERE id = 'd2'"}, 1, verify.Fault, "d2", true, "SELECT resources - 1 FROM datasets WHERE id = 'd2'"},
	{"number of main resources", "number of main resources", []string{"UPDATE datasets SET main_resources = 7 WHERE id = 'd2'"}, 1, verify.Fault, "d2", true, "SELECT main_resources FROM datasets WHERE id = 'd2'"},
	{"number of contact points", "number of contact points", []string{"UPDATE datasets SET contacts = 0 WHERE id = 'd2'"}, 1, verify.Fault, "d2", true, "SELECT contacts FROM datasets WHERE id = 'd2'"},
	{"resources in one place", "ranks", []string{"UPDATE resources SET rank = 5 WHERE community = FALSE"}, 2, verify.Fault, "d1", true,
		"SELECT count(DISTINCT rank) - 1 FROM resources WHERE dataset_id = 'd1' AND community = FALSE AND rank IN (0, 1048576)"},
	{"former address in use", "former addresses of datasets", []string{"INSERT INTO slugs (kind, slug, object_id, at) VALUES ('dataset', 'd2', 'd1', 0)"},
		1, verify.Fault, "d2", true, "SELECT count(*) FROM slugs"},
	{"change beside the log", "log of topics", []string{"UPDATE topics SET version = 9"}, 1, verify.Fault, "t1", true, "SELECT count(*) FROM events WHERE object = 't1' AND version = 10"},
}

func TestBrokenRowsAreFoundAndMended(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, b := range breakages {
			t.Run(b.name, func(t *testing.T) {
				empty(t, d)
				log := sound(t, d)
				execute(t, d, b.statements...)
				deps := verify.Deps{DB: d, Log: log}
				f := findingOf(t, run(t, deps, verify.Options{}), b.check)
				if f.Count != b.count || f.Severity != b.severity || !slices.Contains(f.Examples, b.example) || !strings.HasPrefix(f.Text, fmt.Sprint(b.count)) {
					t.Errorf("found is %+v", f)
				}
				if strings.Contains(f.Mend, "--fix") != b.fixable || f.Mend == "" {
					t.Errorf("it says to mend by %q", f.Mend)
				}
				head, err := log.Head(context.Background(), d.Read())
				if err != nil {
					t.Fatal(err)
				}
				if f := findingOf(t, run(t, deps, verify.Options{Fix: true}), b.check); f.Fixed != b.fixable {
					t.Errorf("after the fix: %+v", f)
				}
				if !b.fixable {
					return
				}
				if left := run(t, deps, verify.Options{}); len(left) > 0 {
					t.Errorf("after the fix there is still %+v", left)
				}
				var after int
				if err := d.Read().NewRaw(b.after).Scan(context.Background(), &after); err != nil || after != 1 {
					t.Errorf("%s gives %d, want 1 (%v)", b.after, after, err)
				}
				checkTold(t, d, log, head, b.check)
			})
		}
	})
}

func findingOf(t *testing.T, findings []verify.Finding, check string) verify.Finding {
	t.Helper()
	at := slices.IndexFunc(findings, func(f verify.Finding) bool { return f.Check == check })
	if at < 0 {
		t.Fatalf("%s is not among %+v", check, findings)
	}
	return findings[at]
}

// empty removes what an earlier case left.
func empty(t *testing.T, d *db.DB) {
	t.Helper()
	for _, table := range []string{
		"tags", "badges", "object_zones", "extras", "harvests", "coverages", "given", "slugs", "follows", "assignments", "former_names",
		"object_contacts", "resources", "reuse_datasets", "reuse_dataservices", "dataservice_datasets", "post_datasets", "post_reuses",
		"topic_elements", "datasets", "reuses", "dataservices", "topics", "posts", "contact_points", "users", "organizations", "events",
	} {
		execute(t, d, "DELETE FROM "+table)
	}
}

// checkTold: a fix that changes what the public sees is in the log.
func checkTold(t *testing.T, d *db.DB, log *event.Log, head int64, check string) {
	t.Helper()
	told, err := log.Since(context.Background(), head, 100)
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.HasPrefix(check, "visibility") || strings.HasPrefix(check, "log") || check == "ranks" || strings.HasPrefix(check, "number")
	if shown != (len(told) > 0) {
		t.Errorf("the log was told %+v", told)
	}
	for _, e := range told {
		if strings.HasPrefix(check, "visibility") && e.SeenBefore == e.SeenAfter {
			t.Errorf("the log does not say that the visibility changed: %+v", e)
		}
	}
}

func TestUnknownZonesAreNoted(t *testing.T) {
	d := dbtest.SQLite(t)
	findings := run(t, verify.Deps{DB: d, Log: sound(t, d), Zone: func(id string) bool { return id != "fr:region:11" }}, verify.Options{Fix: true})
	if len(findings) != 1 || findings[0].Check != "zones" || findings[0].Severity != verify.Note || findings[0].Fixed {
		t.Errorf("found is %+v", findings)
	}
}

func TestIndexAheadOfTheLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := sound(t, d)
		for position, want := range map[int64]int{0: 0, 2: 0, 1000: 1} {
			findings := run(t, verify.Deps{DB: d, Log: log, Index: func(context.Context) (int64, bool, error) { return position, true, nil }}, verify.Options{})
			if len(findings) != want || want == 1 && !strings.Contains(findings[0].Mend, "grenier index rebuild") {
				t.Errorf("an index at %d is told as %+v", position, findings)
			}
		}
	})
}

func TestForeignKeysOfTheFile(t *testing.T) {
	options := db.Options{Dir: t.TempDir()}
	d := dbtest.Open(t, options)
	log := sound(t, d)
	dbtest.WithoutForeignKeys(t, d, "DELETE FROM organizations WHERE id = 'o1'")
	findings := run(t, verify.Deps{DB: d, Log: log}, verify.Options{})
	if !slices.ContainsFunc(findings, func(f verify.Finding) bool {
		return f.Check == "foreign keys" && f.Count >= 2 && strings.Contains(f.Text, "organizations")
	}) {
		t.Errorf("found is %+v", findings)
	}
}

// someFiles stands for the hosted files.
type someFiles struct{ lost, stray []string }

func (f *someFiles) Examine(context.Context) (lost, stray []string, err error) {
	return f.lost, f.stray, nil
}

func (f *someFiles) Mend(context.Context) error { f.stray = nil; return nil }

func TestFiles(t *testing.T) {
	d := dbtest.SQLite(t)
	deps := verify.Deps{DB: d, Log: sound(t, d), Files: &someFiles{lost: []string{"/s/resources/a/b/c.csv"}, stray: []string{"abc", "def"}}}
	findings := run(t, deps, verify.Options{Fix: true})
	if len(findings) != 2 || findings[0].Fixed || !findings[1].Fixed || findings[1].Count != 2 || !strings.Contains(findings[0].Text, "/s/resources/a/b/c.csv") {
		t.Errorf("found is %+v", findings)
	}
}

// fixedCounters stands for the catalogue.
type fixedCounters struct{ wrong int64 }

func (c *fixedCounters) CheckCounters(context.Context, int) ([]verify.Drift, int, error) {
	if c.wrong == 0 {
		return nil, 0, nil
	}
	return []verify.Drift{{Object: "d1", Counter: "followers", Stored: c.wrong}}, 1, nil
}

func (c *fixedCounters) MendCounters(context.Context) error { c.wrong = 0; return nil }

func TestCounters(t *testing.T) {
	d := dbtest.SQLite(t)
	deps := verify.Deps{DB: d, Log: sound(t, d), Counters: &fixedCounters{wrong: 4}}
	findings := run(t, deps, verify.Options{})
	if len(findings) != 1 || !strings.Contains(findings[0].Text, "followers of d1 is 4, the rows say 0") {
		t.Errorf("found is %+v", findings)
	}
	if findings = run(t, deps, verify.Options{Fix: true}); len(findings) != 1 || !findings[0].Fixed {
		t.Errorf("after the fix: %+v", findings)
	}
}
