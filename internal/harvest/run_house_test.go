package harvest

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
)

// tellTale is a backend that tells what a test has it tell.
type tellTale struct {
	mu          sync.Mutex
	incremental bool
	tell        func(ctx context.Context, r Request, emit func(Line) error) error
}

func (b *tellTale) Describe() Description {
	return Description{ID: "told", Label: "Told", Resumable: true, Incremental: b.incremental}
}

func (b *tellTale) Harvest(ctx context.Context, r Request, emit func(Line) error) error {
	b.mu.Lock()
	tell := b.tell
	b.mu.Unlock()
	return tell(ctx, r, emit)
}

func (b *tellTale) says(tell func(ctx context.Context, r Request, emit func(Line) error) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tell = tell
}

// lists has the backend tell lines and that they are all.
func (b *tellTale) lists(lines ...Line) {
	b.says(func(_ context.Context, _ Request, emit func(Line) error) error {
		for _, l := range lines {
			if err := emit(l); err != nil {
				return err
			}
		}
		return emit(Line{T: LineEnd, Complete: true})
	})
}

// house is a catalogue with sources.
type house struct {
	t            testing.TB
	ctx          context.Context
	d            *db.DB
	log          *event.Log
	store        *Store
	told         *tellTale
	organization string
	other        string
}

func newHouse(t testing.TB, d *db.DB) *house {
	t.Helper()
	log := event.NewLog(d)
	h := &house{t: t, ctx: t.Context(), d: d, log: log, told: &tellTale{}}
	h.store = h.node()
	if err := h.store.deps.Catalog.SeedLicenses(h.ctx); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Valmont", "Other"} {
		made, err := account.NewWriter(log).CreateOrganization(h.ctx, account.System("test"), account.NewOrganization{Name: name, Description: "x"})
		if err != nil {
			t.Fatal(err)
		}
		h.organization, h.other = h.other, made.ID
	}
	return h
}

// node is another process on the same database.
func (h *house) node() *Store {
	log := event.NewLog(h.d)
	return New(log, Deps{
		Catalog: catalog.New(log, geo.NewDirectory(), nil, catalog.Rules{}), Zones: geo.NewDirectory(), Backends: []Backend{h.told},
		Rules: Rules{GraceDays: 7},
	})
}

// source makes an accepted source of an organisation.
func (h *house) source(name, organization string, options Options) *Source {
	h.t.Helper()
	raw, err := json.Marshal(options)
	if err != nil {
		h.t.Fatal(err)
	}
	now := db.Now()
	src := &Source{
		ID: db.NewID(), Version: 1, Slug: name, Name: name, NameFold: name, URL: "https://" + name + ".example.org/", Domain: name + ".example.org",
		Backend: "told", Config: db.JSON("{}"), OptionsJSON: raw, OrganizationID: &organization, Frequency: "manual", Active: true, Autoarchive: true,
		Validation: Accepted, CreatedAt: now, ModifiedAt: now,
	}
	dbtest.Insert(h.t, h.d, src)
	return src
}

// queue makes a job of a source.
func (h *house) queue(src *Source, preview bool) *Job {
	h.t.Helper()
	var job *Job
	err := h.log.Write(h.ctx, db.People, func(ctx context.Context, tx *event.Tx) (err error) {
		job, err = h.store.enqueue(ctx, tx, src, ByHand, "", preview)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return job
}

// run runs a source and returns its job when it is over.
func (h *house) run(src *Source) *Job {
	h.t.Helper()
	job := h.queue(src, false)
	if err := h.store.Run(h.ctx, job.ID, nil); err != nil {
		h.t.Fatal(err)
	}
	return h.job(job.ID)
}

func (h *house) job(id string) *Job {
	h.t.Helper()
	job, err := jobByID(h.ctx, h.d.Read(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return job
}

// reload reads a source as it stands.
func (h *house) reload(src *Source) *Source {
	h.t.Helper()
	src, err := sourceOf(h.ctx, h.d.Read(), src.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return src
}

func (h *house) items(job string) []Item {
	h.t.Helper()
	var items []Item
	if err := h.d.Read().NewSelect().Model(&items).Where("job_id = ?", job).OrderExpr("seq").Scan(h.ctx); err != nil {
		h.t.Fatal(err)
	}
	return items
}

// exec changes the database behind everybody's back.
func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	err := h.d.Write(h.ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// number reads one number.
func (h *house) number(query string, args ...any) int {
	h.t.Helper()
	var n int
	if err := h.d.Read().NewRaw(query, args...).Scan(h.ctx, &n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// abandon runs a job and lets its process end without a word once stop says so, which
// is asked after each write.
func (h *house) abandon(s *Store, job string, stop func() bool) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Run(h.ctx, job, func(Progress) {
			if stop() {
				runtime.Goexit()
			}
		})
	}()
	<-ended
	h.exec("UPDATE harvest_jobs SET lease_until = ? WHERE id = ? AND status = 'processing'", db.TimeOf(time.Now().Add(-time.Minute)), job)
}

// wants holds a job against what it is to have come to.
func (h *house) wants(j *Job, status Status, counts string) {
	h.t.Helper()
	got := fmt.Sprintf("new %d changed %d unchanged %d failed %d skipped %d archived %d conflicts %d", j.Created, j.Changed, j.Unchanged, j.ItemsFailed, j.ItemsSkipped, j.ItemsArchived, j.Conflicts)
	if j.Status != status || got != counts {
		h.t.Errorf("the job is %s: %s; want %s: %s (%s)", j.Status, got, status, counts, j.Errors)
		for _, i := range h.items(j.ID) {
			if i.Status == ItemFailed {
				h.t.Logf("%s: %s", *i.RemoteID, i.Errors)
			}
		}
	}
}

// dataset is a record of a test.
func dataset(i int, title string) Line {
	id := fmt.Sprintf("record-%d", i)
	return Line{T: LineDataset, RemoteID: id, RemoteURL: "https://portal.example.org/" + id, Dataset: &Dataset{
		Title: title, Description: "What there is of " + title, Tags: []string{"eau", "air"},
		Resources: []Resource{
			{RemoteID: id + "-a", Title: "a", URL: "https://files.example.org/" + id + "/a.csv", Format: "csv"},
			{RemoteID: id + "-b", Title: "b", URL: "https://files.example.org/" + id + "/b.json", Format: "json"},
		},
	}}
}

func datasets(from, to int) []Line {
	var lines []Line
	for i := from; i < to; i++ {
		lines = append(lines, dataset(i, fmt.Sprintf("Jeu %d", i)))
	}
	return lines
}

// catalogue is all that harvests wrote, without identifiers and moments.
func (h *house) catalogue() map[string]string {
	h.t.Helper()
	var rows []struct {
		RemoteID, Title string
		Version         int64
		Archived        int64
		Resources       int64
		Hash            *string
		Known           *int64
	}
	err := h.d.Read().NewRaw(`SELECT h.remote_id, d.title, d.version, CASE WHEN d.archived_at IS NULL THEN 0 ELSE 1 END AS archived,
		(SELECT count(*) FROM resources r WHERE r.dataset_id = d.id) AS resources, hr.hash, hr.object_version AS known
		FROM harvests h JOIN datasets d ON d.id = h.object_id LEFT JOIN harvest_records hr ON hr.object_id = d.id`).Scan(h.ctx, &rows)
	if err != nil {
		h.t.Fatal(err)
	}
	all := make(map[string]string, len(rows))
	for _, r := range rows {
		hash, known := "", int64(0)
		if r.Hash != nil {
			hash, known = *r.Hash, *r.Known
		}
		text := fmt.Sprintf("%s v%d archived %d, %d resources, %s of v%d", r.Title, r.Version, r.Archived, r.Resources, hash, known)
		if before, twice := all[r.RemoteID]; twice {
			text += " and " + before
		}
		all[r.RemoteID] = text
	}
	return all
}
