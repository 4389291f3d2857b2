package intake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/intake"
)

// bench is a database with an importer.
type bench struct {
	*testing.T
	db       *db.DB
	log      *event.Log
	store    *catalog.Store
	importer *intake.Importer
}

func newBench(t *testing.T, d *db.DB) *bench {
	t.Helper()
	log := event.NewLog(d)
	zones, err := geo.Load(context.Background(), d.Read())
	if err != nil {
		t.Fatal(err)
	}
	store := catalog.New(log, zones, nil, catalog.Rules{})
	return &bench{t, d, log, store, intake.New(log, store, zones)}
}

func (b *bench) load(files ...string) intake.Summary {
	b.Helper()
	for i, file := range files {
		if !filepath.IsAbs(file) {
			files[i] = filepath.Join("testdata", file)
		}
	}
	summary, err := b.importer.Import(context.Background(), files, intake.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return summary
}

func (b *bench) write(name, text string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func (b *bench) dataset(id string) *catalog.Dataset {
	b.Helper()
	d, err := b.store.Dataset(context.Background(), account.System("test"), id, catalog.Parts{Resources: true})
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func (b *bench) count(query string, args ...any) int {
	b.Helper()
	var n int
	if err := b.db.Read().NewRaw(query, args...).Scan(context.Background(), &n); err != nil {
		b.Fatal(err)
	}
	return n
}

// tables are what an import writes, but for the log, versions, and former
// slugs, which tell how one came here.
var tables = []string{
	"datasets", "resources", "organizations", "users", "members", "reuses", "dataservices", "topics", "topic_elements", "posts", "tags",
	"badges", "object_zones", "object_contacts", "contact_points", "licenses", "extras", "harvests", "formats", "coverages", "zones",
	"reuse_datasets", "reuse_dataservices", "dataservice_datasets", "post_datasets", "post_reuses", "given",
}

// snapshot is the state of the catalogue: every row of every table, without
// versions.
func (b *bench) snapshot() map[string][]string {
	b.Helper()
	state := make(map[string][]string)
	for _, table := range tables {
		var rows []map[string]any
		if err := b.db.Read().NewRaw("SELECT * FROM ?", bun.Ident(table)).Scan(context.Background(), &rows); err != nil {
			b.Fatal(err)
		}
		for _, row := range rows {
			delete(row, "version")
			if cells, ok := row["cells"]; ok {
				row["cells"] = sortedSources(b.T, fmt.Sprintf("%s", cells))
			}
			text, err := json.Marshal(row)
			if err != nil {
				b.Fatal(err)
			}
			state[table] = append(state[table], string(text))
		}
		slices.Sort(state[table])
	}
	return state
}

// sortedSources puts the sources of a row of given in an order of their own:
// theirs is that of the files.
func sortedSources(t *testing.T, cells string) string {
	t.Helper()
	var parts map[string]any
	if err := json.Unmarshal([]byte(cells), &parts); err != nil {
		t.Fatalf("%s: %v", cells, err)
	}
	if sources, ok := parts["sources"].(string); ok {
		words := strings.Fields(sources)
		slices.Sort(words[1:])
		parts["sources"] = strings.Join(words, " ")
	}
	text, err := json.Marshal(parts)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func compareStates(t *testing.T, what string, got, want map[string][]string) {
	t.Helper()
	for _, table := range tables {
		if reflect.DeepEqual(got[table], want[table]) {
			continue
		}
		shown := 0
		for _, row := range want[table] {
			if !slices.Contains(got[table], row) && shown < 3 {
				shown++
				t.Errorf("%s: %s lacks %s", what, table, row)
			}
		}
		for _, row := range got[table] {
			if !slices.Contains(want[table], row) && shown < 6 {
				shown++
				t.Errorf("%s: %s has %s", what, table, row)
			}
		}
	}
}

var everyFile = []string{
	"datasets.csv", "datasets.jsonl", "organizations.jsonl", "organizations.csv", "resources.csv", "reuses.csv", "reuses.jsonl",
	"dataservices.csv", "dataservices.jsonl", "topics.jsonl", "posts.jsonl", "apis.json",
}

func TestSecondRunChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		summary := b.load(slices.Clone(everyFile)...)
		if summary.Refused() != 0 {
			t.Fatalf("refused: %v", summary.Refusals)
		}
		if !summary.Changed() {
			t.Error("the first run says that it changed nothing")
		}
		before, head := b.snapshot(), b.count("SELECT max(seq) FROM events")
		versions := b.count("SELECT count(*) FROM history")
		again := b.load(slices.Clone(everyFile)...)
		if again.Changed() {
			t.Errorf("the second run says that it changed something: %+v", again)
		}
		compareStates(t, "second run", b.snapshot(), before)
		if now := b.count("SELECT max(seq) FROM events"); now != head {
			t.Errorf("the second run wrote %d events", now-head)
		}
		if now := b.count("SELECT count(*) FROM history"); now != versions {
			t.Errorf("the second run wrote %d versions", now-versions)
		}
		if mismatches, err := b.store.CheckCounters(context.Background()); err != nil || len(mismatches) > 0 {
			t.Errorf("counters are wrong: %v %v", mismatches, err)
		}
	})
}

func TestEveryCreationHasItsEventAndVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.load("datasets.csv", "datasets.jsonl")
		datasets := b.count("SELECT count(*) FROM datasets")
		for what, query := range map[string]string{
			"events":            "SELECT count(*) FROM events WHERE kind = 'dataset.created' AND actor_kind = 'system' AND actor = 'import' AND version = 1",
			"versions":          "SELECT count(*) FROM history WHERE object_kind = 'dataset' AND version = 1 AND difference IS NULL",
			"rows of given":     "SELECT count(*) FROM given WHERE kind = 'dataset'",
			"datasets with one": "SELECT count(*) FROM datasets d WHERE EXISTS (SELECT 1 FROM events e WHERE e.object = d.id)",
		} {
			if got := b.count(query); got != datasets {
				t.Errorf("%d %s for %d datasets", got, what, datasets)
			}
		}
		if stray := b.count("SELECT count(*) FROM datasets d WHERE version > 1 AND NOT EXISTS (SELECT 1 FROM history h WHERE h.object = d.id AND h.version = d.version AND h.difference IS NOT NULL)"); stray != 0 {
			t.Errorf("%d updated datasets have no difference in history", stray)
		}
	})
}

// TestOrderOfFilesDoesNotMatter imports the same files in several orders, one
// by one, and compares what comes of it.
func TestOrderOfFilesDoesNotMatter(t *testing.T) {
	files := []string{"datasets.csv", "datasets.jsonl", "organizations.jsonl", "organizations.csv", "resources.csv", "reuses.csv", "reuses.jsonl", "dataservices.csv"}
	orders := [][]string{slices.Clone(files), nil, nil, nil}
	orders[1] = slices.Clone(files)
	slices.Reverse(orders[1])
	orders[2] = append(slices.Clone(files[3:]), files[:3]...)
	orders[3] = append(slices.Clone(files[5:]), files[:5]...)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		want := map[string][]string(nil)
		for i, order := range orders {
			fresh := d
			if i > 0 {
				fresh = dbtest.SQLite(t)
				if d.Postgres() {
					fresh = dbtest.Postgres(t)
				}
			}
			b := newBench(t, fresh)
			for _, file := range order {
				b.load(file)
			}
			got := b.snapshot()
			if want == nil {
				want = got
				continue
			}
			compareStates(t, strings.Join(order, ", "), got, want)
		}
	})
}

func TestNewerInputWinsFieldByField(t *testing.T) {
	const id = "5b4eec4cb595087de2d496d6"
	line := func(modified, title, extra string) string {
		return fmt.Sprintf(`{"id":%q,"title":%q,"slug":%q,"last_modified":%q,"resources":[]%s}`+"\n", id, title, strings.ToLower(title), modified, extra)
	}
	inputs := map[string]string{
		"old.jsonl":    line("2020-01-01T00:00:00", "Old", `,"acronym":"OLD","frequency":"daily","tags":["old"]`),
		"middle.jsonl": line("2021-01-01T00:00:00", "Middle", `,"acronym":null,"description":"middle"`),
		"new.jsonl":    line("2022-01-01T00:00:00", "New", `,"description":"new"`),
	}
	names := []string{"old.jsonl", "middle.jsonl", "new.jsonl"}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i, order := range permutations(names) {
			if i > 0 {
				d = dbtest.SQLite(t)
			}
			b := newBench(t, d)
			for _, name := range append(order, order...) {
				b.load(b.write(name, inputs[name]))
			}
			got := b.dataset(id)
			if got.Title != "New" || got.Slug != "new" || got.Description != "new" {
				t.Errorf("%v: the newest should give title, slug and description: %q %q %q", order, got.Title, got.Slug, got.Description)
			}
			if got.Acronym != nil {
				t.Errorf("%v: the middle one knows that there is no acronym, which is %q", order, *got.Acronym)
			}
			if got.Frequency == nil || *got.Frequency != "daily" || !slices.Equal(got.Tags, []string{"old"}) {
				t.Errorf("%v: the oldest should give what only it knows: %v %v", order, got.Frequency, got.Tags)
			}
			if modified := got.ModifiedAt.Format("2006"); modified != "2022" {
				t.Errorf("%v: modified in %s", order, modified)
			}
			for _, slug := range []string{"old", "middle", "new"} {
				if found, err := b.store.ResolveDataset(context.Background(), slug); err != nil || found.ID != id {
					t.Errorf("%v: the slug %q leads to %v (%v)", order, slug, found, err)
				}
			}
		}
	})
}

func permutations(list []string) [][]string {
	if len(list) < 2 {
		return [][]string{slices.Clone(list)}
	}
	var all [][]string
	for i := range list {
		rest := slices.Delete(slices.Clone(list), i, i+1)
		for _, tail := range permutations(rest) {
			all = append(all, append([]string{list[i]}, tail...))
		}
	}
	return all
}

func TestWhatWasWrittenHereStays(t *testing.T) {
	const id = "5b4eec4cb595087de2d496d6"
	b := newBench(t, dbtest.SQLite(t))
	b.load("datasets.csv")
	ctx := context.Background()
	err := b.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		_, err := tx.NewRaw("UPDATE datasets SET title = 'Written here', version = version + 1, modified_internal = ? WHERE id = ?", db.Now(), id).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b.load("datasets.csv")
	b.load("datasets.jsonl")
	if got := b.dataset(id); got.Title != "Written here" {
		t.Errorf("an older input took the place of what was written here: %q", got.Title)
	}
	b.load(b.write("future.jsonl", `{"id":"`+id+`","title":"From the future","last_modified":"2099-01-01T00:00:00","resources":[]}`+"\n"))
	if got := b.dataset(id); got.Title != "From the future" {
		t.Errorf("a newer input did not: %q", got.Title)
	}
}

func TestRefusesWhatCannotBeRead(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	const header = "id;title;created_at;last_modified;resources_count;organization_id;metric.reuses_by_months\n"
	good := func(n int) string {
		return fmt.Sprintf("60b0000000000000000000%02x;Good;2020-01-01T00:00:00;2020-01-01T00:00:00;1;;0\n", n)
	}
	broken := []struct{ row, column, reason string }{
		{"60b0000000000000000000ff;Short\n", "2", "2 cells instead of 7"},
		{";No id;2020-01-01T00:00:00;2020-01-01T00:00:00;1;;0\n", "id", "no identifier"},
		{"xyz;Bad id;2020-01-01T00:00:00;2020-01-01T00:00:00;1;;0\n", "id", "not an identifier"},
		{"60b0000000000000000000fe; ;2020-01-01T00:00:00;2020-01-01T00:00:00;1;;0\n", "title", "no title"},
		{"60b0000000000000000000fd;Date;soon;2020-01-01T00:00:00;1;;0\n", "created_at", "not a date"},
		{"60b0000000000000000000fc;Count;2020-01-01T00:00:00;2020-01-01T00:00:00;many;;0\n", "resources_count", "not a number"},
		{"60b0000000000000000000fb;Org;2020-01-01T00:00:00;2020-01-01T00:00:00;1;someone;0\n", "organization_id", "not an identifier"},
		{"60b0000000000000000000fa;Months;2020-01-01T00:00:00;2020-01-01T00:00:00;1;;{'2020'}\n", "metric.reuses_by_months", "counts by month"},
		{"60b0000000000000000000f9;\"Quote \"here;2020-01-01T00:00:00;2020-01-01T00:00:00;1;;0\n", "2", "closing quote"},
	}
	text, lines := header, []int{}
	line := 2
	for i, one := range broken {
		text += good(i)
		line++
		lines = append(lines, line)
		text += one.row
		line++
	}
	text += good(0xa0)
	var report bytes.Buffer
	summary, err := b.importer.Import(context.Background(), []string{b.write("datasets.csv", text)}, intake.Options{Report: &report})
	if err != nil {
		t.Fatal(err)
	}
	file := summary.Files[0]
	if file.Created != int64(len(broken)+1) || file.Refused != int64(len(broken)) || file.Rows != file.Created+file.Refused {
		t.Errorf("%d rows, %d created, %d refused", file.Rows, file.Created, file.Refused)
	}
	if got := b.count("SELECT count(*) FROM datasets"); got != len(broken)+1 {
		t.Errorf("%d datasets came in", got)
	}
	for i, one := range broken {
		if i >= len(summary.Refusals) {
			break
		}
		refusal := summary.Refusals[i]
		if refusal.Line != lines[i] || refusal.Column != one.column || !strings.Contains(refusal.Reason, one.reason) || refusal.File != "datasets.csv" {
			t.Errorf("refusal %d is %s, want line %d, column %s, %q", i, refusal, lines[i], one.column, one.reason)
		}
	}
	rows, err := csv.NewReader(&report).ReadAll()
	if err != nil || len(rows) != len(broken)+1 {
		t.Errorf("the report has %d rows (%v)", len(rows), err)
	}
}

func TestRefusesBrokenJSONLines(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	const good = `{"id":"60b0000000000000000000a1","title":"Good","resources":[]}`
	text := good + "\n{\"id\": broken\n\n[1]\n" +
		`{"id":"60b0000000000000000000a2","title":"Bad date","last_modified":"x","resources":[]}` + "\n" +
		`{"id":"60b0000000000000000000a3","title":"Bad resource","resources":[{"id":"r","url":"u"}]}` + "\n" +
		`{"id":"60b0000000000000000000a4","title":7,"resources":[]}` + "\n" +
		`{"hello":"world"}` + "\n"
	summary := b.load(b.write("objects.jsonl", text))
	want := []struct {
		line   int
		column string
	}{{2, ""}, {4, ""}, {5, "last_modified"}, {6, "resources[0].id"}, {7, "title"}, {8, ""}}
	if len(summary.Refusals) != len(want) {
		t.Fatalf("refused: %v", summary.Refusals)
	}
	for i, refusal := range summary.Refusals {
		if refusal.Line != want[i].line || refusal.Column != want[i].column {
			t.Errorf("refusal %d is %s, want line %d, %q", i, refusal, want[i].line, want[i].column)
		}
	}
	if got := b.count("SELECT count(*) FROM datasets"); got != 1 {
		t.Errorf("%d datasets came in", got)
	}
}

func TestUnknownFilesAreRefusedAtOnce(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	for name, text := range map[string]string{"tags.csv": "name;datasets;reuses;total\n", "empty.csv": "", "binary": "\x00\x01\x02"} {
		_, err := b.importer.Import(context.Background(), []string{filepath.Join("testdata", "datasets.csv"), b.write(name, text)}, intake.Options{})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is taken: %v", name, err)
		}
	}
	if got := b.count("SELECT count(*) FROM datasets"); got != 0 {
		t.Errorf("%d datasets came in before the files were known", got)
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	try := func() intake.Summary {
		files := make([]string, len(everyFile))
		for i, file := range everyFile {
			files[i] = filepath.Join("testdata", file)
		}
		summary, err := b.importer.Import(context.Background(), files, intake.Options{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		return summary
	}
	trial := try()
	if trial.Files[0].Created == 0 || trial.Organizations == 0 {
		t.Errorf("the trial counts nothing: %+v", trial)
	}
	for table, rows := range b.snapshot() {
		if len(rows) > 0 {
			t.Errorf("the trial wrote %d rows into %s", len(rows), table)
		}
	}
	real := b.load(slices.Clone(everyFile)...)
	for i := range trial.Files {
		if trial.Files[i].Rows != real.Files[i].Rows || trial.Files[i].Refused != real.Files[i].Refused || !reflect.DeepEqual(trial.Files[i].Beyond, real.Files[i].Beyond) {
			t.Errorf("the trial says %+v, the import %+v", trial.Files[i], real.Files[i])
		}
	}
	if after := try(); after.Changed() {
		t.Errorf("after the import a trial still finds something to change: %+v", after)
	}
}

func TestInterruptedImportGoesOn(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	var text strings.Builder
	text.WriteString("id;title;last_modified;resources_count;organization;organization_id\n")
	const rows = 2600
	for i := range rows {
		fmt.Fprintf(&text, "60b00000000000000000%04x;Dataset %d;2020-01-01T00:00:00;1;Org %d;60c00000000000000000%04x\n", i, i, i%7, i%7)
	}
	file := b.write("datasets.csv", text.String())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	chunks := 0
	b.log.OnCommit(func([]event.Event) {
		if chunks++; chunks == 2 {
			cancel()
		}
	})
	if _, err := b.importer.Import(ctx, []string{file}, intake.Options{}); err == nil {
		t.Fatal("the import went on after it was cancelled")
	}
	part := b.count("SELECT count(*) FROM datasets")
	if part == 0 || part == rows {
		t.Fatalf("%d datasets after the interruption", part)
	}
	summary := b.load(file)
	if summary.Files[0].Unchanged != int64(part) || summary.Files[0].Created != int64(rows-part) {
		t.Errorf("after %d rows the second run created %d and knew %d", part, summary.Files[0].Created, summary.Files[0].Unchanged)
	}
	if got := b.count("SELECT count(*) FROM organizations"); got != 7 {
		t.Errorf("%d organisations", got)
	}
	if got := b.count("SELECT datasets FROM organizations ORDER BY id LIMIT 1"); got != (rows+6)/7 {
		t.Errorf("the first organisation has %d datasets", got)
	}
}

func TestCompressedFilesAreTheSame(t *testing.T) {
	plain, err := os.ReadFile("testdata/datasets.csv")
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, dbtest.SQLite(t))
	b.load("datasets.csv")
	again := b.load(b.write("other-name", packed.String()))
	if again.Changed() || again.Files[0].Unchanged == 0 {
		t.Errorf("the same file compressed: %+v", again.Files)
	}
}

func TestCountersAreCheckedAndMended(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.load(slices.Clone(everyFile)...)
		ctx := context.Background()
		err := d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
			for _, spoil := range []string{
				"UPDATE organizations SET datasets = 99 WHERE id = '5df935d8634f414e69469492'",
				"UPDATE datasets SET resources = 0 WHERE id = '60b0000000000000000000aa'",
				"UPDATE datasets SET reuses = 1 WHERE id = '60b0000000000000000000aa'",
			} {
				if _, err := tx.NewRaw(spoil).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		found, err := b.store.CheckCounters(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, mismatch := range found {
			told = append(told, mismatch.Kind+" "+mismatch.Counter)
		}
		slices.Sort(told)
		if want := "dataset resources, dataset reuses, organization dataset_reuses, organization datasets"; strings.Join(told, ", ") != want {
			t.Errorf("the check finds %v, want %s", found, want)
		}
		head := b.count("SELECT max(seq) FROM events")
		mended, err := b.store.RecountAll(ctx)
		if err != nil || mended != 3 {
			t.Errorf("%d counters were mended (%v)", mended, err)
		}
		if events := b.count("SELECT count(*) FROM events WHERE seq > ?", head); events != 3 {
			t.Errorf("%d events tell of it", events)
		}
		if left, err := b.store.CheckCounters(ctx); err != nil || len(left) > 0 {
			t.Errorf("still wrong: %v (%v)", left, err)
		}
	})
}

func TestResourceBelongsToOneDataset(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		line := func(id, modified string) string {
			return fmt.Sprintf(`{"id":"60b0000000000000000000%s","title":"T","last_modified":%q,"resources":[`+
				`{"id":"00000000-0000-4000-8000-000000000001","title":"a","url":"u","last_modified":%q},`+
				`{"id":"00000000-0000-4000-8000-000000000001","title":"twice","url":"u","last_modified":%q},`+
				`{"id":"00000000-0000-4000-8000-0000000000%s","title":"own","url":"u","last_modified":%q}]}`+"\n", id, modified, modified, modified, id, modified)
		}
		summary := b.load(b.write("both.jsonl", line("01", "2020-01-01T00:00:00")+line("02", "2021-01-01T00:00:00")+line("03", "2019-01-01T00:00:00")))
		if summary.Refused() > 0 {
			t.Fatal(summary.Refusals)
		}
		b.is("owner", b.count("SELECT count(*) FROM resources WHERE id = '00000000-0000-4000-8000-000000000001' AND dataset_id = '60b000000000000000000002'"), 1)
		b.is("resources", b.count("SELECT count(*) FROM resources"), 3)
		if mismatches, err := b.store.CheckCounters(context.Background()); err != nil || len(mismatches) > 0 {
			t.Errorf("counters are wrong: %v %v", mismatches, err)
		}
	})
}
