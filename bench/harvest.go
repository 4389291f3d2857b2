package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"grenier/internal/db"
	"grenier/internal/harvest/harvesttest"
)

// The records of the portals are ten real ones, multiplied; see
// internal/harvest/harvesttest.
const (
	harvestCKAN  = 10_000
	harvestDCAT  = 100_000
	harvestFiles = 3
	harvestBig   = 8_000
	harvestUsual = 2_000
)

// reachingHere lets the program reach portals of this machine, without pauses
// between requests.
var reachingHere = []string{"--fetch-allow", "127.0.0.0/8", "--harvest-politeness", "0s", "--log-level", "warn"}

// field is a data folder with the source of a portal.
type field struct {
	options
	portal  *harvesttest.Portal
	address string
	source  string
	// database is the address of a PostgreSQL database in place of an SQLite file.
	database string
}

// common are the settings of all commands.
func (f *field) common() []string {
	settings := append([]string{"--data", f.data()}, reachingHere...)
	if f.database != "" {
		settings = append(settings, "--database", f.database)
	}
	return settings
}

// sow makes a portal, a fresh data folder and a source that is accepted. stop ends
// the portal.
func (o options) sow(ctx context.Context, name, backend, path string, p harvesttest.Options) (f *field, stop func(), err error) {
	return o.sowOn(ctx, "", name, backend, path, p)
}

func (o options) sowOn(ctx context.Context, database, name, backend, path string, p harvesttest.Options) (f *field, stop func(), err error) {
	o.folder = filepath.Join(o.folder, "harvest-"+name)
	portal := harvesttest.New(p)
	server := httptest.NewServer(portal)
	f = &field{options: o, portal: portal, address: server.URL + path, database: database}
	if f.source, err = f.command(ctx, "create", backend, f.address, "Portal "+name); err == nil {
		_, err = f.command(ctx, "validate", f.source)
	}
	return f, server.Close, err
}

// command runs a short command of harvesting and gives what it printed.
func (f *field) command(ctx context.Context, arguments ...string) (string, error) {
	arguments = append(append([]string{"harvest"}, arguments...), f.common()...)
	out, err := exec.CommandContext(ctx, f.program, arguments...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("grenier %s: %w: %s", strings.Join(arguments, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// reap harvests and tells how long it took and how much memory at most.
func (f *field) reap(ctx context.Context) (took time.Duration, peak int64, err error) {
	began := time.Now()
	p, err := start(ctx, f.program, append([]string{"harvest", "run", f.source, "--json"}, f.common()...)...)
	if err != nil {
		return 0, 0, err
	}
	err = p.wait()
	return time.Since(began), p.peak.Load(), err
}

// measureHarvest harvests made-up portals of this machine.
func (o options) measureHarvest(ctx context.Context, r *report) error {
	for _, measure := range []func(context.Context, *report) error{o.harvestCKAN, o.harvestBigOne, o.harvestStop, o.harvestDCAT} {
		if err := measure(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

// harvestCKAN harvests into an SQLite file and, when POSTGRES holds the address of a
// database, into that.
func (o options) harvestCKAN(ctx context.Context, r *report) error {
	if err := o.harvestCKANOn(ctx, r, "SQLite", ""); err != nil {
		return err
	}
	address := os.Getenv("POSTGRES")
	if address == "" {
		fmt.Fprintln(os.Stderr, "  PostgreSQL is not measured: set POSTGRES to the address of an empty database")
		return nil
	}
	return o.harvestCKANOn(ctx, r, "PostgreSQL", address)
}

func (o options) harvestCKANOn(ctx context.Context, r *report, engine, database string) error {
	f, stop, err := o.sowOn(ctx, database, "ckan-"+strings.ToLower(engine), "ckan", "/ckan/", harvesttest.Options{Datasets: harvestCKAN, Resources: harvestFiles, PageSize: 1000})
	defer stop()
	if err != nil {
		return err
	}
	for _, run := range []struct {
		work   string
		bar    float64
		before func(context.Context) error
	}{
		{fmt.Sprintf("harvest of %d new CKAN datasets × %d resources, paged, %s", harvestCKAN, harvestFiles, engine), 150, nil},
		{"the same again, unchanged, read as a whole", 600, f.forget},
		{"the same again, unchanged, asked for what changed", 600, nil},
	} {
		if run.before != nil {
			if err := run.before(ctx); err != nil {
				return err
			}
		}
		took, _, err := f.reap(ctx)
		if err != nil {
			return err
		}
		rate := perSecond(harvestCKAN, took)
		r.add(run.work, fmt.Sprintf("≥ %.0f datasets/s", run.bar), fmt.Sprintf("%.0f/s", rate), "–", rate >= run.bar)
	}
	return nil
}

// forget has the next run read the portal as a whole, as after a change of the source.
func (f *field) forget(ctx context.Context) error {
	d, err := db.Open(ctx, db.Options{Dir: f.data(), URL: f.database})
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE harvest_jobs SET digest = 'another' WHERE source_id = ?", f.source).Exec(ctx)
		return err
	})
}

func (o options) harvestDCAT(ctx context.Context, r *report) error {
	f, stop, err := o.sow(ctx, "dcat", "dcat", "/dcat/catalog.xml", harvesttest.Options{Datasets: harvestDCAT, Resources: 1, PageSize: 100})
	defer stop()
	if err != nil {
		return err
	}
	for _, run := range []struct {
		work string
		bar  float64
	}{
		{fmt.Sprintf("harvest of a DCAT catalogue of %d datasets, RDF/XML pages of 100", harvestDCAT), 150},
		{"the same again, unchanged", 600},
	} {
		took, peak, err := f.reap(ctx)
		if err != nil {
			return err
		}
		rate := perSecond(harvestDCAT, took)
		r.add(run.work, fmt.Sprintf("≤ 512 MB RssAnon, ≥ %.0f/s", run.bar), fmt.Sprintf("%d MB, %.0f/s", peak>>20, rate), "–", peak <= 512<<20 && rate >= run.bar)
	}
	return nil
}

// harvestBigOne compares a catalogue with the same one in which one dataset has
// very many files: each of them may cost what those of the others do.
func (o options) harvestBigOne(ctx context.Context, r *report) error {
	var took [2]time.Duration
	for i, big := range []int{0, harvestBig} {
		f, stop, err := o.sow(ctx, fmt.Sprintf("big-%d", big), "ckan", "/ckan/", harvesttest.Options{
			Datasets: harvestUsual, Resources: harvestFiles, PageSize: 100, BigAt: harvestUsual / 2, BigResources: big,
		})
		if err == nil {
			took[i], _, err = f.reap(ctx)
		}
		stop()
		if err != nil {
			return err
		}
	}
	usual, extra := took[0].Seconds()*1e6/(harvestUsual*harvestFiles), (took[1]-took[0]).Seconds()*1e6/harvestBig
	r.add(fmt.Sprintf("one dataset of %d distributions among %d datasets", harvestBig, harvestUsual), "no slowdown of the others",
		fmt.Sprintf("%.1f s instead of %.1f s: %.0f µs for each of its resources, %.0f µs for those of others", took[1].Seconds(), took[0].Seconds(), extra, usual),
		"–", extra <= usual)
	return nil
}

// harvestStop stops a harvest that a server is at.
func (o options) harvestStop(ctx context.Context, r *report) error {
	f, stop, err := o.sow(ctx, "stop", "ckan", "/ckan/", harvesttest.Options{Datasets: harvestCKAN, Resources: harvestFiles, PageSize: 100})
	defer stop()
	if err != nil {
		return err
	}
	server, _, err := f.serve(ctx, reachingHere[:4]...)
	if err != nil {
		return err
	}
	defer server.stop()
	// It has a job since it was accepted.
	job, err := f.awaitJob(ctx, server, func(j harvestJob) bool { return j.Status == "processing" && j.Report.Created > 0 })
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := f.command(ctx, "stop", job.ID); err != nil {
		return err
	}
	if _, err := f.awaitJob(ctx, server, func(j harvestJob) bool { return j.ID == job.ID && j.Status != "processing" }); err != nil {
		return err
	}
	took := time.Since(began)
	r.add("stop of a harvest, from the command to the end of the job", "≤ 2 s", fmt.Sprintf("%.1f s", took.Seconds()), "–", took <= 2*time.Second)
	return nil
}

// harvestJob is what the API tells of a job.
type harvestJob struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Report struct {
		Created int64 `json:"created"`
	} `json:"report"`
}

// awaitJob waits for a job of the source to be in a state.
func (f *field) awaitJob(ctx context.Context, server *process, is func(harvestJob) bool) (harvestJob, error) {
	last := ""
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
		body, err := fetch(server.address, "/api/1/harvest/source/"+f.source+"/jobs/")
		if err != nil {
			return harvestJob{}, err
		}
		var page struct{ Data []harvestJob }
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&page); err != nil {
			return harvestJob{}, err
		}
		for _, job := range page.Data {
			if is(job) {
				return job, nil
			}
		}
		last = string(body)
		if ctx.Err() != nil {
			return harvestJob{}, ctx.Err()
		}
	}
	return harvestJob{}, fmt.Errorf("the harvest did not come to the state awaited within a minute: %s", last)
}
