package harvest

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/zstd"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/blob/blobtest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
	"grenier/internal/fetch"
)

// auditing lets a node keep the answers of portals on this machine.
func (h *house) auditing(s *Store, store blob.Store, most int64) {
	s.deps.Client = fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Version: "1", Site: "https://here.example"})
	s.deps.Audit, s.deps.Rules.AuditMost = store, most
}

func folderStore(t *testing.T) blob.Store {
	t.Helper()
	store, err := blob.OpenFolder(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// kept reads the archive of a job: its files by name, with those about answers decoded.
func (h *house) kept(job string) (names []string, files map[string]string, about []auditAbout) {
	h.t.Helper()
	audit, err := h.store.OpenAudit(h.ctx, account.System("test"), job)
	if err != nil {
		h.t.Fatal(err)
	}
	var raw bytes.Buffer
	if err := errors.Join(audit.Copy(h.ctx, &raw), audit.Close()); err != nil {
		h.t.Fatal(err)
	}
	decoder, err := zstd.NewReader(&raw)
	if err != nil {
		h.t.Fatal(err)
	}
	defer decoder.Close()
	files = map[string]string{}
	archive := tar.NewReader(decoder)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			h.t.Fatal(err)
		}
		body, err := io.ReadAll(archive)
		if err != nil {
			h.t.Fatal(err)
		}
		name := strings.TrimPrefix(header.Name, "harvest-"+job+"/")
		names, files[name] = append(names, name), string(body)
		if strings.HasSuffix(name, ".about.json") {
			var one auditAbout
			if err := json.Unmarshal(body, &one); err != nil {
				h.t.Fatal(err)
			}
			about = append(about, one)
		}
	}
	if rest, err := io.ReadAll(decoder); err != nil || len(rest) > 0 {
		h.t.Errorf("after the archive stand %d bytes (%v)", len(rest), err)
	}
	return names, files, about
}

// asks has the backend ask for addresses below one, and tell nothing.
func (h *house) asks(base string, paths ...string) {
	h.told.says(func(ctx context.Context, r Request, emit func(Line) error) error {
		for _, path := range paths {
			if answer, err := r.Remote.Ask(ctx, base+path, Want{}); err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.close()
			}
		}
		return emit(Line{T: LineEnd, Complete: true})
	})
}

// noise are bytes that do not get smaller.
func noise(n int, seed byte) []byte {
	body := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(body)
	return body
}

func (h *house) logs(job string) string {
	h.t.Helper()
	var lines []string
	if err := h.d.Read().NewRaw("SELECT message FROM harvest_logs WHERE job_id = ? ORDER BY seq", job).Scan(h.ctx, &lines); err != nil {
		h.t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// TestAudit keeps what a portal answers to a job, in a folder and in a bucket, as it came
// but for the secrets of the source, until the job is removed.
func TestAudit(t *testing.T) {
	stores := map[string]func(*testing.T) blob.Store{"folder": folderStore, "s3": func(t *testing.T) blob.Store {
		store, err := blob.OpenBeside(blobtest.S3(t), "", "harvests", 0)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}}
	large := noise(3<<20, 1)
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				h := newHouse(t, d)
				store := open(t)
				h.auditing(h.store, store, 64<<20)
				portal := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
					switch r.URL.Path {
					case "/list":
						w.Header().Set("Content-Type", "application/json")
						w.Header().Set("Set-Cookie", "session=hidden-cookie")
						_, _ = fmt.Fprintf(w, `{"next": %q}`, r.URL.String())
					case "/large":
						_, _ = w.Write(large)
					case "/same":
						w.WriteHeader(http.StatusNotModified)
					case "/query":
						w.Header().Set("Content-Type", "application/rdf+xml; charset=utf-8")
						_, _ = io.WriteString(w, "<rdf/>")
					default:
						http.Error(w, "no such page", http.StatusNotFound)
					}
				})
				src := h.source("portail", h.organization, Options{})
				if err := h.store.addSecrets(src, map[string]string{"apikey": "hidden key", "authorization": "Basic aGlkZGVu"}); err != nil {
					t.Fatal(err)
				}
				h.exec("UPDATE harvest_sources SET secrets = ? WHERE id = ?", *src.Secrets, src.ID)
				wants := []struct {
					path string
					want Want
				}{
					{"/list?apikey=hidden+key&start=0", Want{Header: http.Header{"Authorization": {"Basic aGlkZGVu"}}}}, {"/large", Want{}}, {"/lost", Want{}},
					{"/same", Want{Kept: &KeptPage{ETag: `"x"`}}}, {"/query", Want{ContentType: "application/xml", Body: []byte("<GetRecords/>")}},
					{"/list?start=1", Want{Direct: true}},
				}
				h.told.says(func(ctx context.Context, r Request, emit func(Line) error) error {
					for _, one := range wants {
						answer, err := r.Remote.Ask(ctx, portal.URL+one.path, one.want)
						if err != nil {
							continue
						}
						body, err := io.ReadAll(answer.Body)
						if err = errors.Join(err, answer.Body.Close()); err != nil || one.path == "/large" && !bytes.Equal(body, large) {
							t.Errorf("%s gave %d bytes (%v)", one.path, len(body), err)
						}
					}
					return emit(Line{T: LineEnd, Complete: true})
				})
				job := h.run(src)
				if job.Status != Done {
					t.Fatalf("the job is %s: %s", job.Status, job.Errors)
				}
				names, files, about := h.kept(job.ID)
				want := []string{
					"1-000001.about.json", "1-000001.json", "1-000002.about.json", "1-000002.bin", "1-000003.about.json", "1-000003.txt",
					"1-000004.about.json", "1-000005.about.json", "1-000005.xml", "1-000006.about.json", "1-000006.json",
				}
				if !slices.Equal(names, want) {
					t.Fatalf("the files are %q", names)
				}
				if got := files["1-000001.json"]; got != `{"next": "/list?apikey=**********&start=0"}` {
					t.Errorf("the first page is %s", got)
				}
				if files["1-000002.bin"] != string(large) || files["1-000003.txt"] != "no such page\n" || files["1-000005.xml"] != "<rdf/>" || files["1-000006.json"] != `{"next": "/list?start=1"}` {
					t.Error("the pages are not what came")
				}
				for name, body := range files {
					for _, secret := range []string{"hidden", "aGlkZGVu", "Basic"} {
						if strings.Contains(body, secret) {
							t.Errorf("%s holds %q", name, secret)
						}
					}
				}
				if about[2].Status != 404 || !about[3].NotModified || about[3].File != "" || about[4].Method != "POST" || about[4].Request != "<GetRecords/>" || about[4].File != "1-000005.xml" ||
					about[4].Headers["Content-Type"] != "application/rdf+xml; charset=utf-8" || about[1].Bytes != 3<<20 || about[0].URL != portal.URL+"/list?apikey=%E2%80%A6&start=0" ||
					time.Since(about[0].At) > time.Hour {
					t.Errorf("the answers are told by %+v", about)
				}
				sum, err := h.store.AuditSum(h.ctx, account.System("test"), job.ID)
				if err != nil || sum.Answers != 6 || sum.Size < 3<<20 {
					t.Errorf("the sum is %+v (%v)", sum, err)
				}
				if n := h.number("SELECT count(*) FROM harvest_audits WHERE size > ?", auditChunkSize+256<<10); n > 0 {
					t.Errorf("%d chunks are larger than they may be", n)
				}
				if err := h.store.PurgeJobs(h.ctx, time.Now().Add(400*24*time.Hour)); err != nil {
					t.Fatal(err)
				}
				left, err := store.List(h.ctx, "", "", 100)
				if n := h.number("SELECT count(*) FROM harvest_audits"); err != nil || n > 0 || len(left) > 0 {
					t.Errorf("after the purge %d rows and %d chunks are left (%v)", n, len(left), err)
				}
			})
		})
	}
}

// TestAuditIsForAdministrators refuses everybody else, and previews that keep nothing.
func TestAuditIsForAdministrators(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	portal := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })
	src := h.source("portail", h.organization, Options{})
	h.asks(portal.URL, "/a")
	h.auditing(h.store, nil, 64<<20)
	none := h.run(src)
	store := folderStore(t)
	h.auditing(h.store, store, 0)
	off := h.run(src)
	h.auditing(h.store, store, 64<<20)
	job := h.run(src)
	if _, _, err := h.store.previewNow(h.ctx, src); err != nil {
		t.Fatal(err)
	}
	if n := h.number("SELECT count(DISTINCT job_id) FROM harvest_audits"); n != 1 {
		t.Errorf("answers to %d jobs are kept", n)
	}
	person := account.Viewer{User: &account.User{ID: db.NewID()}}
	for _, c := range []struct {
		name string
		v    account.Viewer
		job  string
		want fault.Code
	}{
		{"nobody", account.Nobody, job.ID, fault.Unauthorized}, {"a person", person, job.ID, fault.Forbidden},
		{"of no job", account.System("test"), db.NewID(), fault.NotFound}, {"where none is kept", account.System("test"), off.ID, fault.NotFound},
		{"before any was", account.System("test"), none.ID, fault.NotFound},
	} {
		if _, err := h.store.OpenAudit(h.ctx, c.v, c.job); !fault.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if sum, err := h.store.AuditSum(h.ctx, person, job.ID); err != nil || sum != (AuditSum{}) {
		t.Errorf("a person is told of %+v (%v)", sum, err)
	}
}

// TestAuditEndsAtItsMost keeps answers up to a size and says so: an answer that is too
// large leaves nothing of itself.
func TestAuditEndsAtItsMost(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	store := folderStore(t)
	h.auditing(h.store, store, 5<<20)
	portal := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		size := map[string]int{"/small": 300 << 10, "/large": 3 << 20, "/robots.txt": 0}[r.URL.Path]
		_, _ = w.Write(noise(size, byte(n)))
	})
	src := h.source("portail", h.organization, Options{})
	for _, c := range []struct {
		paths string
		want  int
		most  int64
		told  bool
	}{
		{"/small /large /small", 3, 5 << 20, false},
		{"/small /large /large /small", 2, 4 << 20, true},
		{"/small /small /small /small /small /small /small /small /small /small /small /small /small /small /small /small /small /small /small /small", 18, 5<<20 + 600<<10, true},
	} {
		h.asks(portal.URL, strings.Fields(c.paths)...)
		job := h.run(src)
		names, _, _ := h.kept(job.ID)
		sum, err := h.store.auditSum(h.ctx, job.ID)
		told := strings.Contains(h.logs(job.ID), "are kept up to 5242880 bytes of a job")
		if err != nil || job.Status != Done || len(names) != 2*c.want || sum.Answers != int64(c.want) || sum.Size > c.most || told != c.told {
			t.Errorf("%s: the job is %s, %d files and %+v are kept (%v), the log says %q", c.paths, job.Status, len(names), sum, err, h.logs(job.ID))
		}
	}
	stored, err := store.List(h.ctx, "", "", 1000)
	if n := h.number("SELECT count(*) FROM harvest_audits"); err != nil || n != len(stored) {
		t.Errorf("%d chunks are stored, %d known (%v)", len(stored), n, err)
	}
}

// TestAuditSurvivesKills ends the process without a word while it keeps an answer: what
// was written can be read, and what the job gets when it goes on stands beside it.
func TestAuditSurvivesKills(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		store := folderStore(t)
		h.auditing(h.store, store, 64<<20)
		portal := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { _, _ = w.Write(noise(2<<20, r.URL.Path[1])) })
		src := h.source("portail", h.organization, Options{})
		job := h.queue(src, false)
		asked := make(chan struct{})
		h.told.says(func(ctx context.Context, r Request, emit func(Line) error) error {
			for _, path := range []string{"/a", "/b"} {
				answer, err := r.Remote.Ask(ctx, portal.URL+path, Want{})
				if err != nil {
					return err
				}
				answer.close()
			}
			for h.number("SELECT count(*) FROM harvest_audits WHERE whole = ?", true) < 2 {
				time.Sleep(5 * time.Millisecond)
			}
			close(asked)
			return errors.Join(emit(dataset(1, "Jeu")), emit(Line{T: LineCheckpoint, Cursor: "b"}), emit(dataset(2, "Jeu")))
		})
		h.abandon(h.node2(store), job.ID, func() bool { <-asked; return true })
		last := h.number("SELECT max(seq) FROM harvest_audits")
		var sum string // of the last chunk: its bytes were not on the disk
		if err := d.Read().NewRaw("SELECT sha256 FROM harvest_audits WHERE seq = ?", last).Scan(h.ctx, &sum); err != nil {
			t.Fatal(err)
		}
		for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if _, err := store.Stat(h.ctx, sum); err == nil {
				break
			} else if time.Now().After(until) {
				t.Fatal("the last chunk is not stored")
			}
		}
		if err := store.Delete(h.ctx, sum); err != nil {
			t.Fatal(err)
		}
		h.exec("DELETE FROM harvest_items WHERE job_id = ?", job.ID)
		names, files, _ := h.kept(job.ID)
		if !slices.Equal(names, []string{"1-000001.about.json", "1-000001.bin"}) || files["1-000001.bin"] != string(noise(2<<20, 'a')) {
			t.Errorf("after the end of the process %q are kept", names)
		}
		h.asks(portal.URL, "/c")
		if err := h.store.Run(h.ctx, job.ID, nil); err != nil {
			t.Fatal(err)
		}
		names, files, _ = h.kept(job.ID)
		if !slices.Equal(names, []string{"1-000001.about.json", "1-000001.bin", "2-000001.about.json", "2-000001.bin"}) || files["2-000001.bin"] != string(noise(2<<20, 'c')) {
			t.Errorf("after the job went on %q are kept", names)
		}
	})
}

// node2 is another process that keeps answers in the same store.
func (h *house) node2(store blob.Store) *Store {
	s := h.node()
	h.auditing(s, store, 64<<20)
	return s
}

// brokenStore is a store that does not take anything.
type brokenStore struct {
	blob.Store
	put func(context.Context) error
}

func (b brokenStore) Put(ctx context.Context, _ string, _ io.Reader, _ int64) error {
	return b.put(ctx)
}

// TestAuditNeverFailsTheJob lets the store fail, panic, and take for ever: the job ends
// as it would without, and its log says what is missing.
func TestAuditNeverFailsTheJob(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(context.Context) error
		want string
	}{
		"fails":  {func(context.Context) error { return errors.New("broken: secret-of-the-store") }, "their store failed"},
		"full":   {func(context.Context) error { return fmt.Errorf("x: %w", blob.ErrFull) }, "no room left"},
		"panics": {func(context.Context) error { panic("broken") }, "their store failed"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, dbtest.SQLite(t))
			h.auditing(h.store, brokenStore{folderStore(t), c.put}, 64<<20)
			portal := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { _, _ = w.Write(noise(2<<20, 1)) })
			src := h.source("portail", h.organization, Options{})
			h.asks(portal.URL, "/a", "/b", "/c")
			job := h.run(src)
			if logs := h.logs(job.ID); job.Status != Done || strings.Count(logs, c.want) != 1 || strings.Contains(logs, "secret") {
				t.Errorf("the job is %s and its log says %q", job.Status, logs)
			}
			if _, err := h.store.OpenAudit(h.ctx, account.System("test"), job.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("what was not stored opens with %v", err)
			}
		})
	}
}

// TestAuditWaitsNotForLong lets the store take for ever: the job waits no longer than its
// patience, and its end no longer than it may.
func TestAuditWaitsNotForLong(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	stuck := brokenStore{folderStore(t), func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
	h.auditing(h.store, stuck, 64<<20)
	a, err := h.store.newAudit(h.ctx, &Job{ID: db.NewID()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a.patience = 50 * time.Millisecond
	began := time.Now()
	for range 60 {
		body, err := spool(bytes.NewReader(noise(2<<20, 1)))
		if err != nil {
			t.Fatal(err)
		}
		a.keep("https://portal.example.org/", Want{}, &Answer{Status: 200}, body)
		_ = body.Close()
	}
	logs := a.close(50 * time.Millisecond)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	if len(logs) != 2 || !strings.Contains(logs[0].Message, "ended before they were written") || !strings.Contains(logs[1].Message, "their store was too slow") {
		t.Errorf("the log says %v", logs)
	}
	a.keep("https://portal.example.org/", Want{}, &Answer{Status: 200}, &kept{}) // after the end
}

// TestAuditRetention removes answers before their job where the site keeps them for less
// time, and those of jobs that are gone.
func TestAuditRetention(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	store := folderStore(t)
	h.auditing(h.store, store, 64<<20)
	h.store.deps.Rules.AuditRetention = 24 * time.Hour
	portal := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	src := h.source("portail", h.organization, Options{})
	var jobs []string
	for i := range 3 {
		h.asks(portal.URL, fmt.Sprintf("/%d", i))
		jobs = append(jobs, h.run(src).ID)
	}
	h.exec("UPDATE harvest_jobs SET created_at = ? WHERE id = ?", db.TimeOf(time.Now().Add(-48*time.Hour)), jobs[0])
	h.exec("DELETE FROM harvest_jobs WHERE id = ?", jobs[1])
	if err := h.store.PurgeJobs(h.ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	h.job(jobs[0]) // is there
	left, err := store.List(h.ctx, "", "", 100)
	if err != nil || len(left) != 1 || h.number("SELECT count(*) FROM harvest_audits WHERE job_id = ?", jobs[2]) != 1 {
		t.Errorf("%d chunks are left (%v)", len(left), err)
	}
	h.exec("UPDATE harvest_sources SET deleted_at = 1 WHERE id = ?", src.ID)
	if n, err := h.store.PurgeSources(h.ctx); n != 1 || err != nil {
		t.Fatalf("%d sources were purged (%v)", n, err)
	}
	if left, err = store.List(h.ctx, "", "", 100); err != nil || len(left) != 0 {
		t.Errorf("%d chunks outlive their source (%v)", len(left), err)
	}
}

// TestMasked holds what is read through masks against what is replaced in one go,
// however the bytes come.
func TestMasked(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	masks := auditMasks(map[string]string{"a": "clé/secrète", "b": "Bearer aaba", "c": "abc"}, Config{Other: map[string]json.RawMessage{"apikey": json.RawMessage(`"bbbbb"`), "custom": json.RawMessage(`"keep"`)}})
	pieces := []string{"aa", "b", "aaba", "Bearer ", "clé/secrète", url.QueryEscape("clé/secrète"), "bbbbb", "keep", "abc", strings.Repeat("x", 32<<10)}
	for range 300 {
		var text strings.Builder
		for range random.IntN(20) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		want := []byte(text.String())
		for range 2 { // what is left may not show what was masked beside it
			mask(want, masks)
		}
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(text.String()), "halves": iotest.HalfReader(strings.NewReader(text.String())), "late end": iotest.DataErrReader(strings.NewReader(text.String()))} {
			got, err := io.ReadAll(newMasked(in, masks))
			if err != nil || len(got) != len(want) {
				t.Fatalf("%s: %d bytes of %d (%v)", name, len(got), len(want), err)
			}
			for _, secret := range masks {
				if bytes.Contains(got, secret) {
					t.Fatalf("%s: %q is left", name, secret)
				}
			}
			if bytes.Count(got, []byte("keep")) != strings.Count(text.String(), "keep") {
				t.Fatalf("%s: too much was masked", name)
			}
		}
	}
}
