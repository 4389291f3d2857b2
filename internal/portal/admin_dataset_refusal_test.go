package portal

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
)

// TestFilesRefusedBesideOthers: each file that is not kept is named with the
// reason, the others are kept.
func TestFilesRefusedBesideOthers(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	files := map[string]string{"good.csv": bikes, "page <b>.html": "<p>", "tool.exe": "MZ"}
	for _, target := range []string{"/admin/datasets/new", "/admin/datasets/" + s.draft(ada, "Here", 0).ID + "/files/upload"} {
		got := s.send(target, session, map[string]string{"back": "publish"}, files)
		if got.Code != http.StatusOK {
			t.Fatalf("%s: %d: %s", target, got.Code, got.Body)
		}
		shows(t, got.Body.String(), "Des fichiers sont arrivés", "page &lt;b&gt;.html", "est une page web (HTML)", "tool.exe", "type de fichier n’est pas accepté", `>good`)
	}
	_, total, err := s.store.KeptDatasets(t.Context(), s.viewer(ada), catalog.KeptFilter{Owner: account.Owner{User: ada.ID}, Title: "Good"}, catalog.Page{Limit: 10})
	if err != nil || total != 1 {
		t.Errorf("%d datasets were made, %v", total, err)
	}
	all := s.send("/admin/datasets/new", session, nil, map[string]string{"a.html": "<p>", "b.exe": "MZ"})
	if all.Code != http.StatusBadRequest {
		t.Errorf("all refused: %d", all.Code)
	}
	shows(t, all.Body.String(), "Une réponse", `href="#draft-file"`, "a.html", "b.exe", `aria-describedby="draft-file-error"`)
}

// TestRefusalsInTheLanguageOfThePage: what newcomers met in English.
func TestRefusalsInTheLanguageOfThePage(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Here", 1)
	publish := "/admin/datasets/" + d.ID + "/publish"
	whole := func(pairs ...string) url.Values {
		fields := url.Values{"form": {"publish"}, "do": {"draft"}, "title": {"Titre"}, "description": {"Texte"}}
		for i := 0; i < len(pairs); i += 2 {
			fields.Set(pairs[i], pairs[i+1])
		}
		return fields
	}
	for _, one := range []struct {
		target string
		fields url.Values
		wanted []string
	}{
		{"/admin/datasets/new", url.Values{}, []string{"Déposez des fichiers, donnez une adresse", `href="#draft-file"`}},
		{"/admin/datasets/new", url.Values{"url": {"nowhere"}}, []string{"adresse web", `href="#draft-url"`}},
		{"/admin/datasets/new", url.Values{"url": {"http://nom:secret@example.org/a.csv"}}, []string{"un nom ou un mot de passe", `href="#draft-url"`}},
		{publish, whole("tags", "a, mobilite"), []string{"Mot-clé «\u00a0a\u00a0»", `href="#publish-tags"`}},
		{publish, whole("spatial.zones", "fr:commune:nulle"), []string{"Territoire inconnu", "fr:commune:nulle", `href="#publish-spatial-zones"`}},
		{publish, whole("do", "schedule", "at", ""), []string{"Choisissez un jour et une heure", `href="#publish-at"`, `id="publish-at-error"`}},
		{publish, whole("temporal_coverage.start", "2024-12-31", "temporal_coverage.end", "2024-01-01"), []string{"vient avant son début", `href="#publish-temporal-coverage-end"`}},
		{publish, whole("temporal_coverage.start", "", "temporal_coverage.end", "2024-01-01"), []string{"date entière", `href="#publish-temporal-coverage-start"`}},
		{publish, whole("title", strings.Repeat("é", 400)), []string{"350 caractères au plus", `href="#publish-title"`}},
		{"/admin/datasets/" + d.ID + "/delete", url.Values{"form": {"delete"}, "typed": {"autre"}}, []string{"Écrivez le nom pour confirmer", `href="#delete-typed"`, `id="delete-typed-error"`}},
		{"/admin/datasets/bulk", url.Values{"form": {"bulk"}}, []string{"Cochez d’abord"}},
	} {
		got := s.ask(one.target, session, one.fields)
		if got.Code != http.StatusBadRequest {
			t.Errorf("%s %v: %d", one.target, one.fields, got.Code)
		}
		page := got.Body.String()
		for _, want := range append(one.wanted, "data-focus autofocus") {
			if !strings.Contains(page, want) {
				t.Errorf("%s %v: the page lacks %q", one.target, one.fields, want)
			}
		}
		if strings.Contains(mainOf(page), `lang="en"`) {
			t.Errorf("%s %v: English on a French page", one.target, one.fields)
		}
	}
	if now := s.read(ada, d.ID); now.Title != "Here" || now.TemporalStart != nil {
		t.Errorf("something refused was written: %+v", now)
	}
}

// TestSummaryCountsFields: two faults of one field are one answer to look at.
func TestSummaryCountsFields(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Here", 1)
	fields := url.Values{"form": {"publish"}, "do": {"draft"}, "title": {""}, "description": {"Text"}, "tags": {"a, b"}}
	page := s.ask("/en/admin/datasets/"+d.ID+"/publish", session, fields).Body.String()
	shows(t, page, "2 answers need another look", `<a href="#publish-title">`, "Keyword “a”", "Keyword “b”")
	if count := strings.Count(page, `<a href="#publish-tags">`); count != 1 {
		t.Errorf("%d lines lead to the tags", count)
	}
}

// TestProposalsSayWhatTheyAreMadeOf: nothing comes from files that are not there,
// and a mark outlives an error as long as its value does.
func TestProposalsSayWhatTheyAreMadeOf(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	alone := s.send("/en/admin/datasets/new", session, map[string]string{"title": "Budget 2024"}, nil)
	page := s.ask(location(alone), session, nil).Body.String()
	shows(t, page, "Proposed from the title", `value="2024-01-01"`, "This dataset has no file")
	if strings.Contains(page, "Proposed from the files") {
		t.Error("proposals of files that nobody gave")
	}
	made := s.send("/en/admin/datasets/new", session, nil, map[string]string{"velos_2024.csv": bikes})
	path := location(made)
	page = s.ask(path, session, nil).Body.String()
	if strings.Contains(page, "This dataset has no file") {
		t.Error("a warning in spite of the file")
	}
	before := strings.Count(page, "Proposed from the files")
	fields := url.Values{
		"form": {"publish"}, "do": {"draft"}, "title": {""}, "description": {"Mine"}, "temporal_coverage.start": {"2024-01-01"},
		"temporal_coverage.end": {"2024-12-31"}, "spatial.zones": {between(t, page[strings.Index(page, `name="spatial.zones"`):], `value="`, `"`)}, "spatial.granularity": {"fr:commune"},
	}
	again := s.ask(path, session, fields).Body.String()
	if after := strings.Count(again, "Proposed from the files"); after != before-2 { // title and description were changed
		t.Errorf("%d marks before, %d after an error", before, after)
	}
	if d := s.read(ada, strings.Split(path, "/")[4]); d.Title != "Velos 2024" {
		t.Errorf("the title is %q", d.Title)
	}
}

// TestImaginedQualityIsTheSavedOne: the meter judges a territory as the catalogue
// does once it is saved.
func TestImaginedQualityIsTheSavedOne(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	for _, one := range []struct{ zones, granularity string }{
		{"", ""}, {"", "other"}, {"", "fr:commune"}, {"fr:commune:75056", ""}, {"fr:commune:75056", "fr:commune"},
	} {
		d := s.draft(ada, "Judged", 1)
		path := "/en/admin/datasets/" + d.ID
		fields := url.Values{
			"form": {"publish"}, "do": {"draft"}, "title": {"Judged"}, "description": {"Text"}, "spatial.zones": {one.zones}, "spatial.granularity": {one.granularity},
		}
		missing := strings.Contains(s.ask(path+"/quality", session, fields).Body.String(), "#publish-spatial-zones")
		if got := s.ask(path+"/publish", session, fields); got.Code != http.StatusSeeOther {
			t.Fatalf("%+v: %d", one, got.Code)
		}
		if saved := s.read(ada, d.ID).Quality(time.Now(), 100).Spatial; saved == missing {
			t.Errorf("%+v: the meter misses it: %v, the catalogue has it: %v", one, missing, saved)
		}
	}
}

// TestRefusalsForScripts: an upload asks for the words of what the API refused.
func TestRefusalsForScripts(t *testing.T) {
	s := newPublishSite(t)
	_, session := s.person("ada@example.org", false)
	ask := func(target, form string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Accept", "application/json")
		if session != "" {
			r.AddCookie(&http.Cookie{Name: sessionCookie, Value: session})
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w
	}
	for text, want := range map[string]string{
		"Incorrect file content type: HTML":                                      "est une page web",
		"This file is larger than 104857600 bytes, the most that is taken here.": "100\u00a0Mo",
		"<b>?": `"<b>?"`,
	} {
		if got := ask("/admin/refusal", url.Values{"text": {text}}.Encode()); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), want) {
			t.Errorf("%q: %d %s", text, got.Code, got.Body)
		}
	}
	if got := ask("/admin/datasets/new", "filename=page.html"); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "page web (HTML)") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	session = ""
	if got := ask("/admin/refusal", "text=x"); got.Code != http.StatusUnauthorized {
		t.Errorf("nobody: %d", got.Code)
	}
}

func TestRoundSizes(t *testing.T) {
	for given, want := range map[int64]int64{100 << 30: 100e9, 250 << 20: 250e6, 100e9: 100e9, 999: 999, 3 << 10: 3072} {
		if got := roundSize(given); got != want {
			t.Errorf("%d is said as %d, want %d", given, got, want)
		}
	}
}

// TestFaultsOfADatasetTogether: what the form finds and what the subject finds come
// at once, each at its field; nothing is written.
func TestFaultsOfADatasetTogether(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Here", 1)
	home := "/admin/datasets/" + d.ID
	for _, one := range []struct {
		path   string
		fields url.Values
		wanted []string
	}{
		{home + "/publish", url.Values{
			"form": {"publish"}, "do": {"schedule"}, "title": {""}, "description": {"Texte"}, "at": {"2020-01-01T10:00"},
			"temporal_coverage.start": {"2024-12-31"}, "temporal_coverage.end": {"2024-01-01"},
		}, []string{"3 réponses sont à revoir", `href="#publish-title"`, `href="#publish-temporal-coverage-end"`, `href="#publish-at"`}},
		{home, url.Values{
			"form": {"dataset"}, "title": {""}, "description": {"Texte"}, "frequency_date": {"31/02/2025"},
			"temporal_coverage.start": {"2025-02-31"}, "temporal_coverage.end": {"hier"},
		}, []string{"4 réponses sont à revoir", `href="#dataset-title"`, `href="#dataset-temporal-coverage-start"`, `href="#dataset-temporal-coverage-end"`,
			`href="#dataset-frequency-date"`, "Cette date n’existe pas.", "Il faut une date entière"}},
		{"/admin/transfers/new?class=Dataset&id=" + d.ID, url.Values{"form": {"transfer"}}, []string{
			"2 réponses sont à revoir", `href="#transfer-organization"`, `href="#transfer-comment"`,
		}},
	} {
		got := s.ask(one.path, session, one.fields)
		if got.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", one.path, got.Code)
		}
		shows(t, got.Body.String(), one.wanted...)
	}
	if now := s.read(ada, d.ID); now.Title != "Here" || now.TemporalStart != nil {
		t.Errorf("something refused was written: %+v", now)
	}
}
