package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"grenier/internal/config"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/harvest/external"
)

var update = flag.Bool("update", false, "write testdata again")

func TestMain(m *testing.M) {
	external.Enter() // as main does
	time.Local = time.UTC
	os.Exit(m.Run())
}

// outcome is what a command line left behind.
type outcome struct {
	status   int
	out, err string
}

// shell runs command lines on one data folder.
type shell struct {
	t       *testing.T
	environ map[string]string
}

// eachShell runs a test on both engines.
func eachShell(t *testing.T, test func(t *testing.T, sh shell)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data")}})
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data"), "GRENIER_DATABASE": dbtest.PostgresURL(t)}})
	})
}

func (sh shell) run(input string, arguments ...string) outcome {
	sh.t.Helper()
	var out, errs bytes.Buffer
	p := &program{in: strings.NewReader(input), out: &out, err: &errs, lookup: func(name string) (string, bool) {
		value, ok := sh.environ[name]
		return value, ok
	}}
	status := p.run(sh.t.Context(), arguments)
	return outcome{status, out.String(), errs.String()}
}

// must runs a command that has to succeed and returns what it printed.
func (sh shell) must(arguments ...string) string {
	sh.t.Helper()
	done := sh.run("", arguments...)
	if done.status != statusDone {
		sh.t.Fatalf("grenier %s: status %d, %s", strings.Join(arguments, " "), done.status, done.err)
	}
	return done.out
}

func TestHelp(t *testing.T) {
	t.Setenv("COLUMNS", "100")
	sh := shell{t, nil}
	var text strings.Builder
	for _, command := range append([][]string{nil}, commandPaths(t)...) {
		help := sh.must(append(command, "--help")...)
		text.WriteString("$ grenier " + strings.Join(append(command, "--help"), " ") + "\n" + help + "\n")
	}
	path := filepath.Join("testdata", "help.txt")
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != text.String() {
		t.Errorf("the help changed (%v); look at the difference after: go test ./cmd/grenier -update", err)
	}
}

// commandPaths lists every command that does something.
func commandPaths(t *testing.T) [][]string {
	t.Helper()
	var line commands
	parser, err := kong.New(&line, append(config.NewSources(os.LookupEnv).Options(), kong.Name("grenier"))...)
	if err != nil {
		t.Fatal(err)
	}
	var paths [][]string
	for _, leaf := range parser.Model.Leaves(true) {
		var path []string
		for node := leaf; node.Parent != nil; node = node.Parent {
			path = append([]string{node.Name}, path...)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestExitStatuses(t *testing.T) {
	sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data")}}
	for _, c := range []struct {
		arguments string
		status    int
		told      string
	}{
		{"version", statusDone, ""},
		{"config --json", statusDone, ""},
		{"--help", statusDone, ""},
		{"", statusUsage, `expected one of "serve"`},
		{"frobnicate", statusUsage, "unexpected argument frobnicate"},
		{"user", statusUsage, "expected one of"},
		{"user create", statusUsage, "see `grenier user create --help`"},
		{"user create a@example.org --last-name B", statusUsage, "missing flags: --first-name"},
		{"version --listen=nowhere", statusUsage, "--listen: expected HOST:PORT"},
		{"version --config=/none/grenier.toml", statusUsage, "cannot be read"},
		{"token create a@example.org --scope=everything", statusUsage, "expected read, write, admin"},
		{"org create X --member=a@example.org", statusUsage, "expected EMAIL:ROLE"},
		{"org create X --member=a@example.org:chief", statusUsage, "expected EMAIL:ROLE"},
		{"user create nobody --first-name A --last-name B", statusFailed, "email: Invalid email address"},
		{"user create a@example.org --first-name A --last-name B --password-stdin", statusFailed, "no password came"},
		{"user password nobody@example.org", statusFailed, "No account has the address nobody@example.org."},
		{"token create nobody@example.org", statusFailed, "No account has the address"},
		{"token revoke nothing", statusFailed, "Token not found"},
		{"org attach-zone nothing fr:departement:38", statusFailed, "Organization not found"},
		{"org attach-zone nothing fr:departement:999", statusFailed, "there is no zone"},
		{"serve --database=postgres://127.0.0.1:1/none?connect_timeout=1", statusFailed, ""},
	} {
		done := sh.run("", strings.Fields(c.arguments)...)
		if done.status != c.status || !strings.Contains(done.err, c.told) {
			t.Errorf("grenier %s: status %d, %q; want %d, %q", c.arguments, done.status, done.err, c.status, c.told)
		}
		if c.status != statusDone && (strings.Count(done.err, "\n") != 1 || !strings.HasPrefix(done.err, "grenier: ")) {
			t.Errorf("grenier %s is told in more than a line: %q", c.arguments, done.err)
		}
	}
}

func TestPeopleAndTokens(t *testing.T) {
	eachShell(t, func(t *testing.T, sh shell) {
		created := sh.run("Abcdefg1\nnot this line\n", "user", "create", "Ada@Example.org", "--first-name", "Ada", "--last-name", "Lovelace", "--admin", "--password-stdin")
		id := strings.TrimSpace(created.out)
		if created.status != statusDone || !db.IsID(id) || created.out != id+"\n" {
			t.Fatalf("creation gave %+v", created)
		}
		if again := sh.run("", "user", "create", "ada@example.org", "--first-name", "A", "--last-name", "L"); again.status != statusFailed || !strings.Contains(again.err, "already used") {
			t.Errorf("a second account of one address gives %+v", again)
		}
		sh.must("user", "create", "bob@example.org", "--first-name", "Bob", "--last-name", "Example")
		sh.must("user", "admin", "bob@example.org")
		sh.must("user", "disable", "ada@example.org")
		var accounts []map[string]any
		decode(t, sh.must("user", "list", "--json"), &accounts)
		if len(accounts) != 2 || accounts[0]["id"] != id || accounts[0]["email"] != "ada@example.org" || accounts[0]["active"] != false ||
			accounts[0]["password"] != true || accounts[1]["admin"] != true || accounts[1]["password"] != false {
			t.Errorf("the accounts are %v", accounts)
		}
		sh.must("user", "disable", "ada@example.org", "--undo")
		if table := sh.must("user", "list"); strings.Count(table, "\n") != 3 || !strings.Contains(table, "Ada Lovelace") {
			t.Errorf("the table is %q", table)
		}
		drawn := strings.TrimSpace(sh.must("user", "password", "bob@example.org"))
		if len(drawn) < 20 {
			t.Errorf("the password drawn is %q", drawn)
		}
		if weak := sh.run("weak\n", "user", "password", "bob@example.org", "--password-stdin"); weak.status != statusFailed || !strings.Contains(weak.err, "at least 8") {
			t.Errorf("a weak password gives %+v", weak)
		}

		plain := strings.TrimSpace(sh.must("token", "create", "ada@example.org", "--name", "one", "--scope", "admin"))
		if !regexp.MustCompile(`^udata_[A-Za-z0-9_-]{64}$`).MatchString(plain) {
			t.Fatalf("the token is %q", plain)
		}
		sh.must("token", "create", "bob@example.org")
		var tokens []map[string]any
		decode(t, sh.must("token", "list", "ada@example.org", "--json"), &tokens)
		if len(tokens) != 1 || tokens[0]["name"] != "one" || tokens[0]["email"] != "ada@example.org" || !strings.HasPrefix(plain, tokens[0]["token_prefix"].(string)) {
			t.Errorf("the tokens are %v", tokens)
		}
		sh.must("token", "revoke", plain)
		if twice := sh.run("", "token", "revoke", tokens[0]["id"].(string)); twice.status != statusFailed || !strings.Contains(twice.err, "already revoked") {
			t.Errorf("revoking twice gives %+v", twice)
		}
		if table := sh.must("token", "list"); strings.Count(table, "\n") != 2 || !strings.Contains(table, "bob@example.org") {
			t.Errorf("the table is %q", table)
		}
	})
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func TestOrganizations(t *testing.T) {
	eachShell(t, func(t *testing.T, sh shell) {
		sh.must("user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Example")
		id := strings.TrimSpace(sh.must("org", "create", "Département de l'Isère", "--acronym", "CD38", "--member", "ada@example.org:admin"))
		if !db.IsID(id) {
			t.Fatalf("creation printed %q", id)
		}
		sh.must("org", "attach-zone", "departement-de-lisere", "fr:departement:38")
		if slug := sh.must("org", "rename", id, "Isère"); slug != "isere\n" {
			t.Errorf("renamed to %q", slug)
		}
		sh.must("org", "attach-zone", "departement-de-lisere") // by the former slug
		if unknown := sh.run("", "org", "create", "X", "--member", "zoe@example.org:editor"); unknown.status != statusFailed || !strings.Contains(unknown.err, "zoe@example.org") {
			t.Errorf("an unknown member gives %+v", unknown)
		}
	})
}

func TestConfigHidesPasswords(t *testing.T) {
	sh := shell{t, map[string]string{"GRENIER_DATABASE": "postgres://grenier:s3cret@db/grenier", "GRENIER_MAX_PAGE_SIZE": "500"}}
	for _, arguments := range [][]string{{"config"}, {"config", "--json"}} {
		out := sh.must(arguments...)
		if strings.Contains(out, "s3cret") || !strings.Contains(out, "postgres://grenier:***@db/grenier") || !strings.Contains(out, "environment") {
			t.Errorf("%v prints %s", arguments, out)
		}
	}
	var chosen []config.Chosen
	decode(t, sh.must("config", "--json"), &chosen)
	if len(chosen) != len(config.All()) {
		t.Errorf("%d settings are printed of %d", len(chosen), len(config.All()))
	}
}

func TestMistypedVariablesAreTold(t *testing.T) {
	var out, errs bytes.Buffer
	p := &program{out: &out, err: &errs, environ: []string{"GRENIER_LISEN=x"}, lookup: func(string) (string, bool) { return "", false }}
	if status := p.run(t.Context(), []string{"config"}); status != statusDone || !strings.Contains(errs.String(), "GRENIER_LISEN") {
		t.Errorf("status %d, %q", status, errs.String())
	}
}

func TestVersion(t *testing.T) {
	out := shell{t, nil}.must("version")
	if !regexp.MustCompile(`^grenier \S+( \([0-9a-f]{12}\))? go\S+ \w+/\w+\n$`).MatchString(out) {
		t.Errorf("the version is %q", out)
	}
}

func TestBackupAndRestore(t *testing.T) {
	folder := t.TempDir()
	sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(folder, "data")}}
	sh.must("user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Example")
	file := filepath.Join(folder, "one.tar.zst")
	sh.must("backup", file)
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for _, arguments := range [][]string{{"check", "--data", nowhere}, {"backup", file + "2", "--data", nowhere}} {
		if done := sh.run("", arguments...); done.status != statusFailed || !strings.Contains(done.err, "no database") {
			t.Errorf("%v on a folder without a database ended with %d: %s", arguments, done.status, done.err)
		}
	}
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("a mistyped folder was made")
	}
	if again := sh.run("", "backup", file); again.status != statusFailed || !strings.Contains(again.err, "exists already") {
		t.Errorf("a backup over another gives %+v", again)
	}
	sh.must("user", "create", "bob@example.org", "--first-name", "Bob", "--last-name", "Example")
	lock, err := db.LockDir(filepath.Join(folder, "data"))
	if err != nil {
		t.Fatal(err)
	}
	if busy := sh.run("", "restore", file); busy.status != statusFailed || !strings.Contains(busy.err, "stop it first") {
		t.Errorf("a restore beside a server gives %+v", busy)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if out := sh.must("restore", file); !strings.Contains(out, "restored the state of") || !strings.Contains(out, "former database is kept in") {
		t.Errorf("the restore says %q", out)
	}
	if table := sh.must("user", "list"); !strings.Contains(table, "ada@example.org") || strings.Contains(table, "bob@example.org") {
		t.Errorf("after the restore there are %q", table)
	}
	elsewhere := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(folder, "elsewhere")}}
	if out := elsewhere.must("restore", file); strings.Contains(out, "former") {
		t.Errorf("the restore into a new folder says %q", out)
	}
	if table := elsewhere.must("user", "list"); !strings.Contains(table, "ada@example.org") {
		t.Errorf("in the new folder there are %q", table)
	}
}

func TestBackupOfPostgresIsItsOwn(t *testing.T) {
	sh := shell{t, map[string]string{"GRENIER_DATA": t.TempDir(), "GRENIER_DATABASE": dbtest.PostgresURL(t)}}
	for _, command := range []string{"backup", "restore"} {
		if done := sh.run("", command, filepath.Join(t.TempDir(), "file")); done.status != statusFailed || !strings.Contains(done.err, "pg_dump") {
			t.Errorf("%s on PostgreSQL gives %+v", command, done)
		}
	}
}

func TestCheck(t *testing.T) {
	eachShell(t, func(t *testing.T, sh shell) {
		sh.must("user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Example")
		sh.must("org", "create", "Somebody", "--member", "ada@example.org:admin")
		if out := sh.must("check"); out != "all is well\n" {
			t.Errorf("a sound database is told as %q", out)
		}
		if out := sh.must("check", "--json"); strings.TrimSpace(out) != "[]" {
			t.Errorf("a sound database is told as %q", out)
		}
		d := dbtest.Open(t, db.Options{URL: sh.environ["GRENIER_DATABASE"], Dir: sh.environ["GRENIER_DATA"]})
		err := d.Write(t.Context(), db.People, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("INSERT INTO tags (object_id, tag, kind, position) VALUES ('gone', 'water', 'dataset', 0)").Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		done := sh.run("", "check")
		if done.status != statusFailed || !strings.Contains(done.out, "--fix") || !strings.Contains(done.err, "a fault was found") {
			t.Errorf("a tag of nothing gives %+v", done)
		}
		if out := sh.must("check", "--fix"); !strings.Contains(out, "mended") {
			t.Errorf("mending says %q", out)
		}
		if out := sh.must("check"); out != "all is well\n" {
			t.Errorf("after mending: %q", out)
		}
	})
}

func TestIndexRebuild(t *testing.T) {
	sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data")}}
	done := sh.run("", "index", "rebuild")
	if done.status != statusDone || !strings.Contains(done.err, "search index built") {
		t.Errorf("%+v", done)
	}
}

// served is a platform that runs until the test stops it.
type served struct {
	address string
	log     *lineWatcher
	stop    func()
}

// serve runs a command that serves, and waits until it is ready.
func (sh shell) serve(arguments ...string) served {
	sh.t.Helper()
	ctx, cancel := context.WithCancel(sh.t.Context())
	sh.t.Cleanup(cancel)
	log := newLineWatcher()
	p := &program{out: io.Discard, err: log, lookup: func(name string) (string, bool) { value, ok := sh.environ[name]; return value, ok }}
	status := make(chan int, 1)
	go func() { status <- p.run(ctx, append(arguments, "--listen=127.0.0.1:0", "--log-format=json")) }()
	var told struct{ Address string }
	decode(sh.t, log.wait(sh.t, `"msg":"serving"`), &told)
	log.wait(sh.t, `"msg":"ready"`)
	return served{told.Address, log, func() {
		sh.t.Helper()
		cancel()
		select {
		case got := <-status:
			if got != statusDone {
				sh.t.Errorf("stopping gives the status %d", got)
			}
		case <-time.After(20 * time.Second):
			sh.t.Fatal("the server did not stop")
		}
	}}
}

// get reads an address of a served platform.
func (s served) get(t *testing.T, path string) (status int, body []byte) {
	t.Helper()
	answer, err := http.Get(s.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// A served platform stops when it is told to, and holds its folder meanwhile.
func TestServe(t *testing.T) {
	sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data")}}
	platform := sh.serve("serve")
	if status, _ := platform.get(t, "/health/ready"); status != http.StatusOK {
		t.Errorf("a ready server answers %d", status)
	}
	sh.must("user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Example")
	if second := sh.run("", "serve"); second.status != statusFailed || !strings.Contains(second.err, "data folder is in use") {
		t.Errorf("a second server on the folder gives %+v", second)
	}
	platform.stop()
}

// The demo loads its catalogue once; what is deleted in it stays so.
func TestDemo(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "demo")
	sh := shell{t, map[string]string{"GRENIER_DATA": folder}}
	platform := sh.serve("demo")
	var page struct{ Total int }
	_, body := platform.get(t, "/api/1/datasets/?page_size=1")
	decode(t, string(body), &page)
	if page.Total < 1000 {
		t.Errorf("the demo shows %d datasets", page.Total)
	}
	platform.stop()
	d := dbtest.Open(t, db.Options{Dir: folder})
	err := d.Write(t.Context(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("DELETE FROM posts").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	platform = sh.serve("demo")
	_, body = platform.get(t, "/api/1/posts/")
	decode(t, string(body), &page)
	platform.stop()
	if page.Total != 0 {
		t.Errorf("%d posts came back at the second start", page.Total)
	}
}

// lineWatcher is a log that somebody reads while it is written.
type lineWatcher struct{ lines chan string }

func newLineWatcher() *lineWatcher { return &lineWatcher{make(chan string, 1000)} }

func (w *lineWatcher) Write(line []byte) (int, error) {
	w.lines <- string(line)
	return len(line), nil
}

func (w *lineWatcher) wait(t *testing.T, part string) string {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case line := <-w.lines:
			if strings.Contains(line, part) {
				return line
			}
		case <-timeout:
			t.Fatalf("the log never said %s", part)
		}
	}
}

// dump is a small file of datasets as data.gouv.fr publishes it.
const dump = `"id";"title";"slug";"url";"organization";"organization_id";"owner";"owner_id";"description";"frequency";"license";"temporal_coverage.start";"temporal_coverage.end";"spatial.granularity";"spatial.zones";"private";"featured";"created_at";"last_modified";"tags";"archived";"resources_count";"metric.views"
"5f0000000000000000000001";"Arbres d'Exemple";"arbres-dexemple";"https://www.data.gouv.fr/datasets/arbres-dexemple/";"Ville d'Exemple";"5f0000000000000000000002";"";"";"Les arbres";"unknown";"";"";"";"";"";"False";"False";"2020-01-01T00:00:00";"2020-01-02T00:00:00";"arbre";"False";"0";"3"
"no identifier";"X";"x";"";"";"";"";"";"";"";"";"";"";"";"";"False";"False";"2020-01-01T00:00:00";"2020-01-02T00:00:00";"";"False";"0";"0"
`

func TestImportCatalog(t *testing.T) {
	eachShell(t, func(t *testing.T, sh shell) {
		folder := t.TempDir()
		file, report := filepath.Join(folder, "datasets.csv"), filepath.Join(folder, "report.csv")
		if err := os.WriteFile(file, []byte(dump), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := sh.must("import", "catalog", "--dry-run", file); !strings.Contains(out, "1 created") || !strings.Contains(out, "nothing was written") {
			t.Errorf("a trial says %q", out)
		}
		out := sh.must("import", "catalog", "--report", report, file)
		if !strings.Contains(out, "2 rows, 1 created, 0 updated, 0 unchanged, 1 refused") {
			t.Errorf("the import says %q", out)
		}
		if refused, err := os.ReadFile(report); err != nil || strings.Count(string(refused), "\n") != 2 || !strings.Contains(string(refused), ",3,id,") {
			t.Errorf("the report is %q (%v)", refused, err)
		}
		if again := sh.must("import", "catalog", file); !strings.Contains(again, "nothing changed") {
			t.Errorf("the second import says %q", again)
		}
		if sound := sh.must("check"); sound != "all is well\n" {
			t.Errorf("after an import: %q", sound)
		}
		if none := sh.run("", "import", "catalog", filepath.Join(folder, "none.csv")); none.status != statusFailed || strings.Count(none.err, "\n") != 1 {
			t.Errorf("a file that is missing gives %+v", none)
		}
	})
}

func TestImportGeoNeedsItsFiles(t *testing.T) {
	sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data")}}
	if done := sh.run("", "import", "geo", t.TempDir()); done.status != statusFailed || !strings.Contains(done.err, ".json.gz") {
		t.Errorf("an empty folder gives %+v", done)
	}
}
