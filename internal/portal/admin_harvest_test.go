package portal

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
	"grenier/internal/job"
)

// barn is a town whose people harvest a portal that lives in the program.
type barn struct {
	*town
	harvests *harvest.Store
	jobs     *job.Runner
	// lines are what the portal tells.
	lines []harvest.Line
}

// tells is a backend that tells the lines of a barn.
type tells struct{ s *barn }

func (t tells) Describe() harvest.Description {
	return harvest.Description{
		ID: "ckan", Label: "CKAN", Filters: []harvest.FilterKind{{Key: "organization", Label: "Organization", Type: "string"}},
		Features: []harvest.FeatureKind{{Key: "inspire", Label: "INSPIRE"}}, ExtraConfigs: []harvest.ExtraKind{{Key: "remote_url_prefix", Label: "Prefix", Default: ""}},
	}
}

func (t tells) Harvest(_ context.Context, _ harvest.Request, emit func(harvest.Line) error) error {
	for _, line := range t.s.lines {
		if err := emit(line); err != nil {
			return err
		}
	}
	return emit(harvest.Line{T: harvest.LineEnd, Complete: true})
}

func newBarn(t *testing.T, changes ...func(*harvest.Deps)) *barn {
	t.Helper()
	s := &barn{}
	d := dbtest.SQLite(t)
	s.jobs = job.NewRunner(d, job.Options{Location: time.UTC})
	s.town = newTownOn(t, d, func(deps *Deps) {
		client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
		own := harvest.Deps{
			Catalog: deps.Catalog, Zones: deps.Zones, Client: client, Insecure: client, Jobs: s.jobs, Secret: []byte("secret of the tests"),
			Backends: []harvest.Backend{tells{s}}, Rules: harvest.Rules{ManualRun: true, Pace: time.Millisecond},
		}
		for _, change := range changes {
			change(&own)
		}
		s.harvests = harvest.New(event.NewLog(d), own)
		deps.Harvests = s.harvests
		harvest.Register(s.jobs, func() *harvest.Store { return s.harvests })
	})
	for _, one := range []string{"budget", "arbres"} {
		s.lines = append(s.lines, harvest.Line{
			T: harvest.LineDataset, RemoteID: one, RemoteURL: "http://127.0.0.1/dataset/" + one,
			Dataset: &harvest.Dataset{Title: "Jeu <b>" + one, Description: "Une description.", Resources: []harvest.Resource{{Title: "a", URL: "https://example.org/" + one + ".csv"}}},
		})
	}
	s.lines = append(s.lines, harvest.Line{T: harvest.LineError, RemoteID: "casse", Message: "The record <i>is broken", Details: "a trace"})
	return s
}

// described are the values of the form of a new source.
func (s *barn) described(more url.Values) url.Values {
	form := url.Values{
		"form": {"source"}, "backend": {"ckan"}, "organization": {s.o.ID}, "name": {"Portail <b>voisin"}, "url": {"http://127.0.0.1/"}, "description": {"Le portail d’à côté."},
		"include.organization": {"mairie\nregion"}, "exclude.organization": {"essais"}, "feature.inspire": {"true"}, "options.on_vanish": {"delete"},
		"options.grace_days": {"3"}, "options.protected_fields": {"title", "tags"}, "secrets.apikey": {"very-secret"},
	}
	for name, values := range more {
		form[name] = values
	}
	return form
}

var harvesterPage = regexp.MustCompile(`/admin/harvesters/[0-9a-f]{24}`)

// source goes the way to a new source, and returns its page.
func (s *barn) source() string {
	s.t.Helper()
	to := s.sends("/en/admin/harvesters/new/describe", s.byAdmin, s.described(url.Values{"step": {"finish"}}), 303, "done=admin-harvest.done-created")
	return "/en" + harvesterPage.FindString(to)
}

// run runs a job to its end, as a server does, and returns its page.
func (s *barn) run(to string) string {
	s.t.Helper()
	page, _, _ := strings.Cut(to, "?")
	if err := s.harvests.Run(context.Background(), page[strings.LastIndex(page, "/")+1:], nil); err != nil {
		s.t.Fatal(err)
	}
	return page
}

// TestWayToAHarvester goes from the address of a portal to a source that waits for validation, as a browser without
// scripts does, by way of the preview and back.
func TestWayToAHarvester(t *testing.T) {
	s := newBarn(t)
	s.page(s.home+"/harvesters", s.byAdmin, 200, "No harvester yet", "/en/admin/harvesters/new?organization="+s.o.ID)
	s.page("/en/admin/harvesters/new?organization="+s.o.ID, s.byAdmin, 200, `name="backend" value="ckan"`, `aria-current="step"`)
	s.sends("/en/admin/harvesters/new", s.byAdmin, url.Values{"url": {""}, "backend": {"nothing"}}, 400, `value="detect"`, `aria-invalid="true"`)
	s.sends("/en/admin/harvesters/new", s.byAdmin, url.Values{"url": {"data.example.org"}, "backend": {"detect"}}, 400, `value="data.example.org"`, "This is not a whole web address")
	silent := s.lines
	s.lines = nil
	s.sends("/en/admin/harvesters/new", s.byAdmin, url.Values{"url": {"http://127.0.0.1/"}, "backend": {"detect"}}, 400, "No known kind of portal answers at this address")
	s.lines = silent
	found := s.sends("/en/admin/harvesters/new", s.byAdmin, url.Values{"url": {"http://127.0.0.1/"}, "backend": {"detect"}, "organization": {s.o.ID}}, 303, "backend=ckan", "organization="+s.o.ID)
	s.page(found, s.byAdmin, 200, `name="include.organization"`, `value="http://127.0.0.1/"`)
	describe := s.sends("/en/admin/harvesters/new", s.byAdmin, url.Values{"url": {"http://127.0.0.1/"}, "backend": {"ckan"}, "organization": {s.o.ID}}, 303)
	s.page(describe, s.byAdmin, 200, `name="include.organization"`, `value="http://127.0.0.1/"`, `name="options.protected_fields"`, "!insecure_tls")
	s.page(describe, s.byRoot, 200, `name="options.insecure_tls"`)

	const path = "/en/admin/harvesters/new/describe"
	s.sends(path, s.byAdmin, s.described(url.Values{"name": {""}, "options.grace_days": {"many"}}), 400, `aria-invalid="true"`, "!very-secret")
	s.sends(path, s.byAdmin, s.described(url.Values{"url": {"http://10.0.0.1/"}}), 400, "http://10.0.0.1/")
	preview := s.sends(path, s.byAdmin, s.described(nil), 200, "3 records were read", "Jeu &lt;b&gt;budget", "The record &lt;i&gt;is broken", "!a trace", `value="finish"`, `value="back"`)
	if _, total, err := s.harvests.Sources(context.Background(), harvest.SourceFilter{}, "", catalog.Page{Limit: 1}); err != nil || total != 0 || strings.Contains(preview, "<b>voisin") {
		t.Fatalf("a preview made %d sources (%v), or does not escape", total, err)
	}
	s.sends(path, s.byAdmin, s.described(url.Values{"step": {"back"}}), 200, "mairie\nregion</textarea>", "essais</textarea>", `value="3"`, "!very-secret")
	page := s.source()
	s.page(page, s.byAdmin, 200, "Portail &lt;b&gt;voisin", "to be validated", "An administrator has yet to accept", "Delete", "!very-secret")
	s.page(page+"/configuration", s.byAdmin, 200, "mairie\nregion</textarea>", "Keys are kept", "!very-secret")
	s.page(s.home+"/harvesters", s.byAdmin, 200, "Portail &lt;b&gt;voisin", "to be validated")
	s.page("/en/admin", s.byRoot, 200, "1 harvester waits for validation", "/en/admin/site/harvesters?state=pending")
	s.page("/en/admin", s.byAdmin, 200, "!waits for validation")
}

// TestHarvesterAtWork accepts a source, and reads what its job did, with what failed and why.
func TestHarvesterAtWork(t *testing.T) {
	s := newBarn(t)
	page := s.source()
	s.sends(page+"/validate", s.byAdmin, url.Values{"state": {"accepted"}}, 403)
	s.sends(page+"/validate", s.byRoot, url.Values{"form": {"validate"}, "state": {"refused"}}, 400, `aria-invalid="true"`)
	s.sends(page+"/validate", s.byRoot, url.Values{"state": {"refused"}, "comment": {"Not <i>yet"}}, 303, "done-refused")
	s.page(page, s.byAdmin, 200, "Not &lt;i&gt;yet")
	s.sends(page+"/run", s.byAdmin, nil, 400, "not accepted yet")

	report := s.run(s.sends(page+"/compare", s.byAdmin, nil, 303, "/jobs/", "done-comparing"))
	s.page(report, s.byAdmin, 200, "Nothing was written", "Jeu &lt;b&gt;budget", "The record &lt;i&gt;is broken")
	s.page(report, s.byEve, 404)
	s.page("/en/admin/harvesters/find?url=budget", s.byAdmin, 200, "No harvest has met it")

	s.sends(page+"/validate", s.byRoot, url.Values{"state": {"accepted"}}, 303, "done-accepted")
	work := s.run(s.sends(page+"/run", s.byAdmin, nil, 303, "/jobs/", "done-queued"))
	body := s.page(work, s.byAdmin, 200, "done, with errors", "Jeu &lt;b&gt;budget", "The record &lt;i&gt;is broken", "!a trace", "!gr-refresh")
	s.page(work, s.byRoot, 200, "a trace")
	s.page(work+"?outcome=new", s.byAdmin, 200, "Jeu &lt;b&gt;arbres", "!is broken")
	s.page(work+"?status=failed", s.byAdmin, 200, "is broken", "!Jeu &lt;b&gt;arbres")
	s.page(work+"?q=ARBRES", s.byAdmin, 200, "Jeu &lt;b&gt;arbres", "!Jeu &lt;b&gt;budget", `value="ARBRES"`)
	s.page(work+"?q=nothing", s.byAdmin, 200, "No record matches")
	item := regexp.MustCompile(regexp.QuoteMeta(work) + `/items/\d+`).FindString(body)
	s.page(item, s.byAdmin, 200, "What changes")
	s.page(work+"/items/99999", s.byAdmin, 404)
	s.page(page, s.byAdmin, 200, "Some records could not be taken", "Harvest now", work)

	found := s.page("/en/admin/harvesters/find?url="+url.QueryEscape("https://127.0.0.1/dataset/budget/"), s.byAdmin, 200, "Jeu &lt;b&gt;budget", "published it here", page)
	dataset := regexp.MustCompile(`/en/datasets/[0-9a-z-]+`).FindString(mainOf(found))
	id := regexp.MustCompile(`/en/datasets/([0-9a-f]{24})`).FindStringSubmatch(mainOf(found))
	s.page("/en/admin/datasets/"+id[1], s.byAdmin, 200, "Its harvest", "/en/admin/harvesters/find?url=")
	s.page("/en/admin/harvesters/find?url=casse", s.byAdmin, 200, "could not take it", "The record &lt;i&gt;is broken")
	s.page("/en/admin/harvesters/find?url=nobody", s.byAdmin, 200, "No harvest has met it")
	public := s.ask(dataset, "", nil)
	if public.Code == 308 || public.Code == 301 || public.Code == 302 {
		public = s.ask(public.Header().Get("Location"), "", nil)
	}
	if body := public.Body.String(); public.Code != 200 || !strings.Contains(body, "by the harvester “Portail &lt;b&gt;voisin”") {
		t.Errorf("%s: %d, without the name of the source: %.600s", dataset, public.Code, mainOf(body))
	}
}

// TestHarvesterIsKept changes a source: its settings, its schedule, its pauses, and its end.
func TestHarvesterIsKept(t *testing.T) {
	s := newBarn(t)
	page := s.source()
	s.sends(page+"/validate", s.byRoot, url.Values{"state": {"accepted"}}, 303)
	s.page(page+"/schedule", s.byAdmin, 403)
	s.sends(page+"/schedule", s.byRoot, url.Values{"form": {"schedule"}, "schedule": {"often"}}, 400, "five fields", `value="often"`)
	s.sends(page+"/schedule", s.byRoot, url.Values{"schedule": {"30 2 * * 1"}}, 303, "done-scheduled")
	s.page(page+"/schedule", s.byRoot, 200, "Every Monday at 02:30", "The next three harvests")
	if body := s.page(page+"/schedule", s.byRoot, 200); strings.Count(body, "<ol><li><time") != 1 || strings.Count(mainOf(body), "<li><time") != 3 {
		t.Errorf("three moments to come are wanted: %s", mainOf(body))
	}
	s.sends(page+"/unschedule", s.byRoot, nil, 303, "done-unscheduled")
	s.page(page, s.byAdmin, 200, "does not run by itself")

	s.sends(page+"/switch", s.byAdmin, url.Values{"active": {""}}, 303, "done-paused")
	s.page(page, s.byAdmin, 200, "paused", "Resume")
	s.sends(page+"/switch", s.byAdmin, url.Values{"active": {"true"}}, 303, "done-resumed")

	body := s.page(page+"/configuration", s.byAdmin, 200)
	version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(body)
	if version == nil {
		t.Fatal("the form says no version")
	}
	saved := s.described(url.Values{"version": {version[1]}, "name": {"Renamed"}, "secrets.apikey": {""}, "include.organization": {"ville"}, "options.parallel": {"9"}})
	s.sends(page+"/configuration", s.byAdmin, saved, 400, `aria-invalid="true"`)
	saved.Set("options.parallel", "2")
	s.sends(page+"/configuration", s.byAdmin, saved, 303, "done-saved")
	s.page(page+"/configuration", s.byAdmin, 200, "Renamed", "ville</textarea>", "Keys are kept", "!mairie")
	saved.Set("name", "Too late")
	s.sends(page+"/configuration", s.byAdmin, saved, 412, "Too late")
	saved.Set("name", "Renamed")
	saved.Del("version")
	saved.Set("forget_secrets", "true")
	s.sends(page+"/configuration", s.byAdmin, saved, 303)
	s.page(page+"/configuration", s.byAdmin, 200, "!Keys are kept")

	s.sends(page+"/delete", s.byAdmin, url.Values{"form": {"delete"}, "typed": {"something"}}, 400)
	s.sends(page+"/delete", s.byAdmin, url.Values{"form": {"delete"}, "typed": {"Renamed"}}, 303, "/harvesters?done=admin-harvest.done-deleted")
	s.page(page, s.byAdmin, 200, "This harvester is deleted", "!Harvest now")
}

// TestHarvesterIsForItsPeople asks for the pages and the buttons of others.
func TestHarvesterIsForItsPeople(t *testing.T) {
	s := newBarn(t)
	page := s.source()
	for _, one := range []struct {
		tail                     string
		admin, editor, eve, root int
	}{
		{"", 200, 200, 200, 200}, {"/conflicts", 200, 200, 200, 200}, {"/configuration", 200, 403, 403, 200}, {"/schedule", 403, 403, 403, 200},
		{"/jobs/" + db.NewID(), 404, 404, 404, 404},
	} {
		s.page(page+one.tail, "", 302)
		s.page(page+one.tail, s.byAdmin, one.admin)
		s.page(page+one.tail, s.byEd, one.editor)
		s.page(page+one.tail, s.byEve, one.eve, "!Harvest now", "!very-secret")
		s.page(page+one.tail, s.byRoot, one.root)
	}
	for _, tail := range []string{"/validate", "/run", "/switch", "/confirm", "/compare", "/look", "/configuration", "/delete", "/schedule", "/unschedule"} {
		s.sends(page+tail, s.byEve, s.described(url.Values{"state": {"accepted"}, "schedule": {"0 0 * * *"}, "typed": {"Portail <b>voisin"}}), 403)
		s.sends(page+tail, "", url.Values{}, 303, "/login")
	}
	s.sends("/en/admin/harvesters/new/describe", s.byEve, s.described(url.Values{"step": {"finish"}}), 403)
	s.page("/en/admin/site/harvesters", s.byAdmin, 403)
	s.page("/en/admin/site/harvesters", s.byRoot, 200, "Portail &lt;b&gt;voisin", "to be validated", "/harvests.csv")
	s.page(s.home+"/harvesters", s.byEve, 403)
	s.page(page, s.byAdmin, 200, "to be validated")
}

// TestHarvestersTakeConstantQueries: lists take no more queries with many sources and jobs.
func TestHarvestersTakeConstantQueries(t *testing.T) {
	s := newBarn(t)
	page := s.source()
	s.sends(page+"/validate", s.byRoot, url.Values{"state": {"accepted"}}, 303)
	work := s.run(s.sends(page+"/run", s.byAdmin, nil, 303))
	asked := func(target string) int64 {
		s.page(target, s.byRoot, 200)
		before := s.queries.Load()
		s.page(target, s.byRoot, 200)
		return s.queries.Load() - before
	}
	targets := []string{"/en/admin/site/harvesters", s.home + "/harvesters", page, work, "/en/admin/harvesters/find?url=budget"}
	few := map[string]int64{}
	for _, target := range targets {
		few[target] = asked(target)
	}
	for i := range 15 {
		s.lines = append(s.lines, harvest.Line{T: harvest.LineDataset, RemoteID: fmt.Sprint("n", i), Dataset: &harvest.Dataset{Title: fmt.Sprint("Jeu ", i)}})
		source := s.described(url.Values{"step": {"finish"}, "name": {fmt.Sprint("Source ", i)}})
		s.sends("/en/admin/harvesters/new/describe", s.byAdmin, source, 303)
	}
	s.run(s.sends(page+"/run", s.byAdmin, nil, 303))
	work = s.run(s.sends(page+"/run", s.byAdmin, nil, 303))
	s.page(page, s.byAdmin, 200, "<figure", "Records read")
	for i, target := range targets {
		if i == 3 {
			few[work], target = few[target], work
		}
		if many := asked(target); many > few[target] {
			t.Errorf("%s takes %d queries with one source and %d with many", target, few[target], many)
		}
	}
}

// TestCronWords says schedules as people speak of them, and others as they were written.
func TestCronWords(t *testing.T) {
	v := frenchVisit(t)
	for cron, words := range map[string]string{
		"0 0 * * *": "Chaque jour à 00:00", "30 2 * * 1": "Chaque lundi à 02:30", "5 4 * * sunday": "Chaque dimanche à 04:05", "0 4 * * 7": "Chaque dimanche à 04:00",
		"0 6 1 * *": "Le 1 de chaque mois à 06:00", "0 6 1 1 *": "0 6 1 1 *", "*/5 * * * *": "*/5 * * * *", "0 6 1 * 1": "0 6 1 * 1", "x": "x", "": "",
		"0 6 * * monkey business": "0 6 * * monkey business",
	} {
		if got := v.cronWords(cron); !strings.EqualFold(got, words) {
			t.Errorf("%q is said as %q, want %q", cron, got, words)
		}
	}
	for took, words := range map[time.Duration]string{
		0: "0 s", -time.Second: "0 s", 59 * time.Second: "59 s", 90 * time.Second: "1 min 30 s", 2*time.Hour + 5*time.Minute: "2 h 5 min", 50 * time.Hour: "2 j 2 h",
	} {
		if got := v.took(took); got != words {
			t.Errorf("%v is said as %q, want %q", took, got, words)
		}
	}
}

// TestJobProgress says how far a job is, of what the portal announced or of what it listed the last time.
func TestJobProgress(t *testing.T) {
	v := frenchVisit(t)
	v.now = time.Date(2026, 11, 22, 10, 0, 10, 0, time.UTC)
	total := int64(100)
	for name, c := range map[string]struct {
		job     harvest.Job
		last    int64
		percent int64
		told    bool
		about   bool
		line    string
	}{
		"announced": {harvest.Job{Items: 25, Total: &total, Phase: "writing", StartedAt: db.TimeOf(v.now.Add(-10 * time.Second))}, 0, 25, true, false, "encore 30 s"},
		"the last":  {harvest.Job{Items: 25, Phase: "writing", StartedAt: db.TimeOf(v.now.Add(-10 * time.Second))}, 50, 50, true, true, "encore 10 s"},
		"more":      {harvest.Job{Items: 75, Phase: "writing", StartedAt: db.TimeOf(v.now.Add(-10 * time.Second))}, 50, 0, false, false, "par seconde"},
		"nothing":   {harvest.Job{Phase: "listing", StartedAt: db.TimeOf(v.now)}, 0, 0, false, false, "Lit le portail"},
	} {
		var now harvestNow
		v.jobProgress(&now, &harvest.Source{LastGoodTotal: c.last}, &c.job)
		if now.Percent != c.percent || now.Told != c.told || now.About != c.about || !strings.Contains(now.Line, c.line) {
			t.Errorf("%s: %+v", name, now)
		}
	}
}
