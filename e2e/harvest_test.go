package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/e2e/harness"
	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/harvest/harvesttest"
)

// reaching lets servers of the tests reach this machine, without pauses between
// their requests.
var reaching = []string{"--fetch-allow", "127.0.0.0/8", "--harvest-politeness", "0s"}

// madePortal serves a made-up portal.
func madePortal(t *testing.T, o harvesttest.Options) (*harvesttest.Portal, string) {
	t.Helper()
	p := harvesttest.New(o)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return p, server.URL
}

// harvester is a server with an organisation that data is harvested for.
type harvester struct {
	*harness.Server
	t            *testing.T
	db           *db.DB
	organization string
}

func newHarvester(t *testing.T, options harness.Options) *harvester {
	t.Helper()
	options.Arguments = append(slices.Clone(reaching), options.Arguments...)
	h := &harvester{Server: harness.New(t, options), t: t}
	h.db = dbtest.Open(t, db.Options{URL: h.Database, Dir: h.Data})
	made, err := account.NewWriter(event.NewLog(h.db)).CreateOrganization(t.Context(), account.System("test"), account.NewOrganization{Name: "Valmont", Description: "x"})
	if err != nil {
		t.Fatal(err)
	}
	h.organization = made.ID
	return h
}

// command runs a command of harvesting.
func (h *harvester) command(arguments ...string) string {
	h.t.Helper()
	return h.Run(h.t, append(append([]string{"harvest"}, arguments...), reaching...)...)
}

// source makes a source.
func (h *harvester) source(backend, address string, flags ...string) string {
	h.t.Helper()
	return h.command(append([]string{"create", backend, address, "Portail " + backend, "--organization", h.organization}, flags...)...)
}

// count is what a query counts.
func (h *harvester) count(query string, args ...any) int {
	h.t.Helper()
	var n int
	if err := h.db.Read().NewRaw(query, args...).Scan(context.Background(), &n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// finished waits until the source has so many jobs that are over, and none that is
// not.
func (h *harvester) finished(jobs int, within time.Duration) {
	h.t.Helper()
	harness.Within(h.t, within, "the harvest ends", func() error {
		var rows []struct{ Status, Phase string }
		if err := h.db.Read().NewRaw("SELECT status, phase FROM harvest_jobs WHERE preview = FALSE ORDER BY created_at").Scan(context.Background(), &rows); err != nil {
			return err
		}
		over := 0
		for _, row := range rows {
			if row.Status == "done" || row.Status == "done-errors" || row.Status == "failed" || row.Status == "cancelled" {
				over++
			}
		}
		if over < jobs || over < len(rows) {
			return fmt.Errorf("jobs: %+v", rows)
		}
		return nil
	})
}

// held describes every dataset that is here, one text each by the identifier of
// its record, as far as the origin decides it.
func (h *harvester) held() map[string]string {
	h.t.Helper()
	var ids []string
	if err := h.db.Read().NewRaw("SELECT id FROM datasets WHERE deleted_at IS NULL ORDER BY id").Scan(context.Background(), &ids); err != nil {
		h.t.Fatal(err)
	}
	store := catalog.New(event.NewLog(h.db), geo.NewDirectory(), nil, catalog.Rules{})
	held := make(map[string]string, len(ids))
	for part := range slices.Chunk(ids, 200) {
		datasets, err := store.DatasetsByIDs(context.Background(), account.System("test"), part, catalog.Parts{Resources: true})
		if err != nil {
			h.t.Fatal(err)
		}
		for i := range datasets {
			d := &datasets[i]
			key := d.Title
			if d.Harvest != nil && d.Harvest.RemoteID != nil {
				key = *d.Harvest.RemoteID
			}
			if _, twice := held[key]; twice {
				h.t.Errorf("the record %s is here twice", key)
			}
			held[key] = described(d)
		}
	}
	return held
}

// described is what two catalogues with the same datasets agree on.
func described(d *catalog.Dataset) string {
	var resources []string
	for _, r := range d.Resources {
		resources = append(resources, r.Title+" "+r.URL)
	}
	tags := slices.Sorted(slices.Values(d.Tags))
	licence := ""
	if d.License != nil {
		licence = *d.License
	}
	text, err := json.Marshal([]any{d.Title, strings.TrimSpace(d.Description), tags, licence, resources, d.ArchivedAt.IsZero()})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// sameHeld compares what two catalogues hold.
func sameHeld(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d datasets, want %d", len(got), len(want))
	}
	differ := 0
	for key, text := range want {
		if got[key] == text {
			continue
		}
		if differ++; differ <= 3 {
			t.Errorf("dataset %s is\n%s, want\n%s", key, got[key], text)
		}
	}
	if differ > 3 {
		t.Errorf("… and %d more differ", differ-3)
	}
}

// TestHarvestByCommand: a source is made, accepted, compared and harvested from
// the command line, again when nothing and when something changed; each kind of
// portal brings the same datasets.
func TestHarvestByCommand(t *testing.T) {
	p, address := madePortal(t, harvesttest.Options{Datasets: 60, Resources: 3, PageSize: 20, Changed: 100, Removed: 50})
	var titles map[string]bool
	for _, kind := range []struct{ backend, path string }{
		{"ckan", "/ckan/"}, {"dcat", "/dcat/catalog.xml"}, {"dcat", "/dcat/catalog.ttl"}, {"dcat", "/dcat/catalog.jsonld"}, {"csw-dcat", "/csw"}, {"csw-iso-19139", "/csw"},
	} {
		t.Run(kind.backend+kind.path, func(t *testing.T) {
			p.Set(func(o *harvesttest.Options) { o.Round = 0 })
			h := newHarvester(t, harness.Options{})
			source := h.source(kind.backend, address+kind.path)
			h.command("validate", source)
			h.command("preview", source)
			if n := h.count("SELECT count(*) FROM datasets"); n != 0 {
				t.Fatalf("a preview made %d datasets", n)
			}
			h.command("run", source)
			held := h.held()
			if len(held) != 60 {
				t.Fatalf("%d datasets", len(held))
			}
			found := map[string]bool{}
			for _, text := range held {
				var parts []any
				if err := json.Unmarshal([]byte(text), &parts); err != nil {
					t.Fatal(err)
				}
				found[parts[0].(string)] = true
				if resources, _ := parts[4].([]any); len(resources) != 3 {
					t.Fatalf("%d resources: %s", len(resources), text)
				}
			}
			if titles == nil {
				titles = found
			}
			for title := range titles {
				if !found[title] {
					t.Errorf("%q did not come", title)
				}
			}
			events := h.count("SELECT count(*) FROM events WHERE object_kind = 'dataset'")
			h.command("run", source)
			if n := h.count("SELECT count(*) FROM events WHERE object_kind = 'dataset'"); n != events {
				t.Errorf("%d changes are told of a portal that did not change", n-events)
			}
			p.Set(func(o *harvesttest.Options) { o.Round = 1 })
			o := p.Options()
			turned := 0
			for _, index := range o.Listed() {
				if o.Turned(index) {
					turned++
				}
			}
			h.command("run", source)
			var last struct{ Changed, Created int }
			err := h.db.Read().NewRaw("SELECT changed, created FROM harvest_jobs WHERE preview = FALSE ORDER BY created_at DESC LIMIT 1").Scan(t.Context(), &last)
			if err != nil || last.Changed != turned || last.Created != 0 {
				t.Errorf("%d datasets changed and %d were made, %d changed at the portal (%v)", last.Changed, last.Created, turned, err)
			}
		})
	}
}

// TestKillHarvest: a server is killed again and again while it harvests; in the end
// it holds what one that was left alone does.
func TestKillHarvest(t *testing.T) {
	onBoth(t, func(t *testing.T, options harness.Options) {
		kills, datasets := rounds(5, 50), rounds(400, 1500)
		p, address := madePortal(t, harvesttest.Options{Datasets: datasets, Resources: 3, PageSize: 10, BigAt: 7, BigResources: 60})
		alone := newHarvester(t, harness.Options{})
		source := alone.source("ckan", address+"/ckan/")
		alone.command("validate", source)
		alone.command("run", source)

		p.Set(func(o *harvesttest.Options) {
			o.Faults = []harvesttest.Fault{{Path: "package_search", Delay: 100 * time.Millisecond}}
		})
		h := newHarvester(t, harness.Options{Database: options.Database})
		source = h.source("ckan", address+"/ckan/")
		h.Launch(t)
		h.AwaitReady(t)
		h.command("validate", source)
		h.command("launch", source)
		running := 0
		for range kills {
			time.Sleep(time.Duration(200+rand.IntN(800)) * time.Millisecond)
			running += h.count("SELECT count(*) FROM harvest_jobs WHERE status = 'processing'")
			h.Kill()
			h.Launch(t)
			h.AwaitReady(t)
		}
		if running < min(kills, 3) {
			t.Errorf("only %d kills hit a harvest", running)
		}
		h.finished(1, 4*time.Minute)
		sameHeld(t, h.held(), alone.held())
		if n := h.count("SELECT count(*) FROM harvest_jobs WHERE status <> 'done'"); n != 0 {
			t.Errorf("%d jobs did not end well", n)
		}
		h.Stop(t)
		sound(t, h.Server)
	})
}

// TestTwoNodesHarvestOnce: two nodes share a database; a source that is launched on
// both runs once at a time, and brings each dataset once.
func TestTwoNodesHarvestOnce(t *testing.T) {
	p, address := madePortal(t, harvesttest.Options{Datasets: 200, Resources: 2, PageSize: 20})
	p.Set(func(o *harvesttest.Options) {
		o.Faults = []harvesttest.Fault{{Path: "package_search", Delay: 50 * time.Millisecond}}
	})
	h := newHarvester(t, harness.Options{Database: dbtest.PostgresURL(t)})
	other := harness.New(t, harness.Options{Database: h.Database, Arguments: reaching})
	for _, node := range []*harness.Server{h.Server, other} {
		node.Launch(t)
		node.AwaitReady(t)
	}
	source := h.source("ckan", address+"/ckan/")
	h.command("validate", source)
	h.finished(1, 2*time.Minute)
	if n := h.count("SELECT count(*) FROM harvest_jobs WHERE preview = FALSE"); n != 1 {
		t.Errorf("%d jobs for one source that was accepted", n)
	}
	if most := p.Traffic().Most; most > 1 {
		t.Errorf("the portal was asked by %d at once", most)
	}
	if n := len(h.held()); n != 200 {
		t.Errorf("%d datasets", n)
	}
	pages := p.Traffic().Paths["/ckan/api/3/action/package_search"]
	if pages > 20 {
		t.Errorf("%d pages were asked for, 10 hold everything", pages)
	}
}

// TestHarvestAnotherGrenier: one Grenier harvests another by DCAT and holds the
// same datasets.
func TestHarvestAnotherGrenier(t *testing.T) {
	_, address := madePortal(t, harvesttest.Options{Datasets: 120, Resources: 3})
	first := newHarvester(t, harness.Options{})
	source := first.source("ckan", address+"/ckan/")
	first.command("validate", source)
	first.command("run", source)
	first.Launch(t)
	first.AwaitReady(t)

	second := newHarvester(t, harness.Options{})
	source = second.source("dcat", first.URL()+"/api/1/site/catalog.xml?page_size=50")
	second.command("validate", source)
	second.command("run", source)
	byTitle := func(held map[string]string) map[string]string {
		titles := map[string]string{}
		for _, text := range held {
			var parts []any
			if err := json.Unmarshal([]byte(text), &parts); err != nil {
				t.Fatal(err)
			}
			titles[fmt.Sprint(parts[0])] = text
		}
		return titles
	}
	want := byTitle(first.held())
	if len(want) != 120 {
		t.Fatalf("the first holds %d datasets", len(want))
	}
	sameHeld(t, byTitle(second.held()), want)
}
