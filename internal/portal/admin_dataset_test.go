package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/catalog"
	"grenier/internal/db/dbtest"
	"grenier/internal/geo"
)

// publishSite is a site on which people publish files.
type publishSite struct {
	*signedSite
	store *catalog.Store
}

func newPublishSite(t *testing.T) *publishSite {
	t.Helper()
	s, on := &publishSite{}, dbtest.SQLite(t)
	s.signedSite = newSignedSiteOn(t, on, func(d *Deps) {
		store, err := blob.Open("", t.TempDir(), 0)
		if err != nil {
			t.Fatal(err)
		}
		d.Files = catalog.NewFiles(d.Catalog, blob.NewShelf(on, store), catalog.FileRules{MaxUpload: 1 << 20, Secret: []byte("files")})
		s.store = d.Catalog
	})
	if err := s.store.SeedLicenses(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// send posts a form with files, as a browser without scripts does.
func (s *publishSite) send(target, session string, fields map[string]string, files map[string]string) *httptest.ResponseRecorder {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			s.t.Fatal(err)
		}
	}
	for name, content := range files {
		part, err := form.CreateFormFile("file", name)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := part.Write([]byte(content)); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, target, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept", "text/html")
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: session})
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// draft makes a private dataset of somebody, with so many files elsewhere.
func (s *publishSite) draft(of *account.User, title string, files int) *catalog.Dataset {
	s.t.Helper()
	viewer := s.viewer(of)
	in := catalog.DatasetInput{Title: catalog.Some(title), Description: catalog.Some("What is in it."), Private: catalog.Some(true)}
	if files > 0 {
		var list []catalog.ResourceInput
		for i := range files {
			list = append(list, catalog.ResourceInput{
				Title: catalog.Some(fmt.Sprintf("file %03d", i)), URL: catalog.Some(fmt.Sprintf("https://example.org/%d.csv", i)), Format: catalog.Some("csv"),
			})
		}
		in.Resources = catalog.Some(list)
	}
	d, err := s.store.CreateDataset(context.Background(), viewer, in)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *publishSite) viewer(u *account.User) account.Viewer {
	s.t.Helper()
	viewer, err := account.ViewerOf(context.Background(), s.d.Read(), u.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return viewer
}

func (s *publishSite) read(of *account.User, id string) *catalog.Dataset {
	s.t.Helper()
	d, err := s.store.Dataset(context.Background(), s.viewer(of), id, catalog.Parts{Resources: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// bikes is a small table with days and communes.
const bikes = "date;code_commune;velos\n2024-01-01;75056;12\n2024-06-30;69123;8\n2024-12-31;13055;3\n"

// location is where an answer leads to, without its arguments.
func location(w *httptest.ResponseRecorder) string {
	path, _, _ := strings.Cut(w.Header().Get("Location"), "?")
	return path
}

// inputs are the fields of a form on a page that hold a value.
func shows(t *testing.T, body string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestPublishInOneGesture(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	shows(t, s.ask("/en/admin/datasets/new", session, nil).Body.String(), `type="file"`, `name="url"`, `<gr-upload create words="/en/admin/refusal">`)

	made := s.send("/en/admin/datasets/new", session, nil, map[string]string{"velos_libre_service_2024.csv": bikes})
	if made.Code != http.StatusSeeOther || !strings.HasPrefix(location(made), "/en/admin/datasets/") || !strings.HasSuffix(location(made), "/publish") {
		t.Fatalf("%d to %q: %s", made.Code, made.Header().Get("Location"), made.Body)
	}
	id := strings.Split(location(made), "/")[4]
	d := s.read(ada, id)
	if !d.Private || d.Title != "Velos libre service 2024" || len(d.Resources) != 1 || d.Resources[0].Filetype != "file" {
		t.Fatalf("private %v, %q, %d files", d.Private, d.Title, len(d.Resources))
	}
	page := s.ask(location(made), session, nil).Body.String()
	shows(t, page, "Proposed from the files", `value="2024-01-01"`, `value="2024-12-31"`, "fr:commune:75056", "is a table of 3 rows with 3 columns",
		`<option value="lov2" selected>`, `<option value="fr:commune" selected>`)

	fields := url.Values{
		"form": {"publish"}, "do": {"draft"}, "title": {"Bicycles"}, "description": {strings.Repeat("What it holds. ", 10)}, "tags": {"velo, mobilite"},
		"license": {"lov2"}, "frequency": {"annual"}, "temporal_coverage.start": {"2024-01-01"}, "temporal_coverage.end": {"2024-12-31"},
		"spatial.zones": {"fr:commune:75056"}, "spatial.granularity": {"fr:commune"},
	}
	if got := s.ask("/en/admin/datasets/"+id+"/publish", session, fields); location(got) != "/en/admin/datasets/"+id+"/publish" {
		t.Fatalf("%d to %q", got.Code, location(got))
	}
	d = s.read(ada, id)
	if !d.Private || d.Title != "Bicycles" || !slices.Equal(d.Tags, []string{"mobilite", "velo"}) || *d.License != "lov2" || !slices.Equal(d.Zones, []string{"fr:commune:75056"}) {
		t.Fatalf("the draft is %+v", d)
	}
	fields.Set("do", "preview")
	if got := s.ask("/en/admin/datasets/"+id+"/publish", session, fields); location(got) != "/en/datasets/bicycles" {
		t.Errorf("the preview is at %q", location(got))
	}
	if got := s.get("/en/datasets/bicycles"); got.Code != http.StatusNotFound {
		t.Errorf("the public sees a draft: %d", got.Code)
	}
	fields.Set("do", "publish")
	if got := s.ask("/en/admin/datasets/"+id+"/publish", session, fields); location(got) != "/en/admin/datasets/"+id {
		t.Fatalf("%d to %q", got.Code, location(got))
	}
	if got := s.get("/en/datasets/bicycles"); got.Code != http.StatusOK {
		t.Errorf("published: %d", got.Code)
	}
}

func TestDraftsWithoutFiles(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	for _, one := range []struct {
		fields, files map[string]string
		status        int
		title         string
	}{
		{map[string]string{"title": "A <b>title</b>"}, nil, 303, "A <b>title</b>"},
		{map[string]string{"url": "https://example.org/files/budget_2025.csv"}, nil, 303, "Budget 2025"},
		{map[string]string{"url": "https://example.org/files/x.csv", "title": "Typed"}, nil, 303, "Typed"},
		{map[string]string{"url": "ftp://example.org/x"}, nil, 400, ""},
		{map[string]string{"organization": "534fff91a3a7292c64a77f53", "title": "Not mine"}, nil, 400, ""},
		{nil, nil, 400, ""},
		{nil, map[string]string{"page.html": "<script>alert(1)</script>"}, 400, ""},
		{nil, map[string]string{"tool.exe": "MZ"}, 400, ""},
	} {
		got := s.send("/admin/datasets/new", session, one.fields, one.files)
		if got.Code != one.status {
			t.Errorf("%v %v: %d, want %d", one.fields, one.files, got.Code, one.status)
			continue
		}
		if one.status != http.StatusSeeOther {
			if strings.Contains(got.Body.String(), "<script>alert(1)") {
				t.Error("a file came out as a page")
			}
			continue
		}
		if d := s.read(ada, strings.Split(location(got), "/")[3]); d.Title != one.title || !d.Private {
			t.Errorf("%v: %q, private %v", one.fields, d.Title, d.Private)
		}
	}
	_, total, err := s.store.KeptDatasets(context.Background(), s.viewer(ada), catalog.KeptFilter{Owner: account.Owner{User: ada.ID}}, catalog.Page{Limit: 10})
	if err != nil || total != 3 {
		t.Errorf("%d datasets, %v: refused drafts were made", total, err)
	}
}

func TestScriptsBeginADraft(t *testing.T) {
	s := newPublishSite(t)
	_, session := s.person("ada@example.org", false)
	r := httptest.NewRequest(http.MethodPost, "/en/admin/datasets/new", strings.NewReader("filename=Arbres+remarquables.geojson"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept", "application/json")
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: session})
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	var begun begunDraft
	if err := json.Unmarshal(w.Body.Bytes(), &begun); err != nil || w.Code != http.StatusCreated {
		t.Fatalf("%d, %v: %s", w.Code, err, w.Body)
	}
	if begun.Upload != "/api/1/datasets/"+begun.ID+"/upload/" || begun.Next != "/en/admin/datasets/"+begun.ID+"/publish" {
		t.Errorf("%+v", begun)
	}
}

func TestSchedulesInTheZoneOfTheSite(t *testing.T) {
	s := newPublishSite(t)
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	s.portal.Zone = paris
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Soon", 1)
	at := time.Now().In(paris).AddDate(0, 1, 0).Truncate(time.Minute)
	fields := url.Values{"form": {"publish"}, "do": {"schedule"}, "title": {"Soon enough"}, "description": {"Text"}, "at": {at.Format(localTimeForm)}}
	if got := s.ask("/admin/datasets/"+d.ID+"/publish", session, fields); got.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", got.Code, got.Body)
	}
	planned, err := s.store.Schedule(context.Background(), s.viewer(ada), d.ID)
	if err != nil || !planned.Equal(at) {
		t.Errorf("planned for %v, want %v, %v", planned, at, err)
	}
	for _, wrong := range []string{"", "nonsense", time.Now().In(paris).AddDate(-1, 0, 0).Format(localTimeForm)} {
		fields.Set("at", wrong)
		fields.Set("title", "Changed")
		got := s.ask("/en/admin/datasets/"+d.ID+"/publish", session, fields)
		if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `value="Changed"`) {
			t.Errorf("%q: %d, or what was typed is lost", wrong, got.Code)
		}
		if s.read(ada, d.ID).Title != "Soon enough" {
			t.Errorf("%q: a refused plan changed the draft", wrong)
		}
	}
	shows(t, s.ask("/en/admin/me/datasets?state=scheduled", session, nil).Body.String(), "Soon enough", "Planned")
	if got := s.ask("/admin/datasets/"+d.ID+"/unschedule", session, url.Values{}); got.Code != http.StatusSeeOther {
		t.Errorf("%d", got.Code)
	}
	if planned, _ := s.store.Schedule(context.Background(), s.viewer(ada), d.ID); !planned.IsZero() {
		t.Error("the plan is still there")
	}
}

func TestQualityWhileTyping(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Typed", 1)
	target := "/en/admin/datasets/" + d.ID + "/quality"
	fields := url.Values{"form": {"publish"}, "description": {"short"}, "license": {""}, "access_type": {"open"}}
	before := s.ask(target, session, fields).Body.String()
	shows(t, before, `data-announce`, "#publish-license", "#publish-description")
	fields.Set("license", "lov2")
	fields.Set("description", strings.Repeat("é", 101))
	after := s.ask(target, session, fields).Body.String()
	if strings.Contains(after, "#publish-license") || strings.Contains(after, "#publish-description") {
		t.Errorf("what was typed does not count:\n%s", after)
	}
	if s.read(ada, d.ID).License != nil {
		t.Error("judging wrote something")
	}
}

func TestEditKeepsTypedAndStale(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Before", 0)
	path := "/en/admin/datasets/" + d.ID
	fields := url.Values{
		"version": {"1"}, "title": {"<script>x</script>"}, "description": {"Text"}, "private": {"true"}, "access_type": {"restricted"},
		"access_type_reason_category": {"confidentiality_of_personal_data"}, "access_audiences.private": {"under_condition"}, "contacts": {"true"},
		"acronym": {"ABC"}, "frequency_date": {"2030-01-31"},
	}
	if got := s.ask(path, session, fields); got.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", got.Code, got.Body)
	}
	saved := s.read(ada, d.ID)
	if saved.AccessType != "restricted" || *saved.Acronym != "ABC" || !strings.Contains(string(saved.AccessAudiences), "under_condition") || !saved.Private {
		t.Errorf("saved %+v", saved)
	}
	page := s.ask(path, session, nil).Body.String()
	if strings.Contains(page, "<script>x") {
		t.Error("the title is not escaped")
	}
	fields.Set("title", "Second editor")
	got := s.ask(path, session, fields)
	shows(t, got.Body.String(), `value="Second editor"`, "Somebody", fmt.Sprintf(`name="version" value="%d"`, saved.Version))
	if got.Code != http.StatusPreconditionFailed {
		t.Errorf("%d", got.Code)
	}
	fields.Set("version", fmt.Sprint(saved.Version))
	fields.Set("title", "")
	got = s.ask(path, session, fields)
	shows(t, got.Body.String(), `href="#dataset-title"`, `aria-invalid="true"`)
	if got.Code != http.StatusBadRequest {
		t.Errorf("%d", got.Code)
	}
}

func TestStateOfDatasets(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Its name", 1)
	path := "/en/admin/datasets/" + d.ID
	post := func(tail string, form url.Values, want int) {
		t.Helper()
		if got := s.ask(path+tail, session, form); got.Code != want {
			t.Errorf("%s %v: %d, want %d", tail, form, got.Code, want)
		}
	}
	post("/visibility", url.Values{"to": {"public"}}, 303)
	if s.read(ada, d.ID).Private {
		t.Error("it is private still")
	}
	post("/archive", url.Values{"to": {"archived"}}, 303)
	if now := s.read(ada, d.ID); now.ArchivedAt.IsZero() || now.Private {
		t.Error("it is not archived, or it was hidden")
	}
	post("/archive", url.Values{"to": {"active"}}, 303)
	post("/visibility", url.Values{"to": {"private"}}, 303)
	post("/feature", url.Values{}, 403)
	post("/badge", url.Values{"kind": {"hvd"}}, 403)
	post("/delete", url.Values{"form": {"delete"}, "typed": {"Another name"}}, 400)
	if !s.read(ada, d.ID).DeletedAt.IsZero() {
		t.Fatal("it was deleted without its name")
	}
	post("/delete", url.Values{"form": {"delete"}, "typed": {"its  name"}}, 303)
	shows(t, s.ask(path, session, nil).Body.String(), "Bring back")
	post("/restore", url.Values{}, 303)
	if now := s.read(ada, d.ID); !now.DeletedAt.IsZero() || !now.Private {
		t.Error("it did not come back as it was")
	}
	_, root := s.person("root@example.org", true)
	for _, one := range []struct {
		tail string
		form url.Values
	}{{"/feature", url.Values{}}, {"/badge", url.Values{"kind": {"hvd"}}}, {"/unbadge", url.Values{"kind": {"hvd"}}}, {"/unfeature", url.Values{}}} {
		if got := s.ask(path+one.tail, root, one.form); got.Code != http.StatusSeeOther {
			t.Errorf("%s by an administrator: %d", one.tail, got.Code)
		}
	}
}

func TestStrangersKeepOut(t *testing.T) {
	s := newPublishSite(t)
	ada, _ := s.person("ada@example.org", false)
	_, eve := s.person("eve@example.org", false)
	hidden := s.draft(ada, "Hidden", 1)
	open := s.draft(ada, "Open", 1)
	if _, err := s.store.UpdateDataset(context.Background(), s.viewer(ada), open.ID, catalog.DatasetInput{Private: catalog.Some(false)}); err != nil {
		t.Fatal(err)
	}
	file := s.read(ada, open.ID).Resources[0].ID
	for _, tail := range []string{"", "/publish", "/files", "/community", "/files/" + file} {
		for id, want := range map[string]int{hidden.ID: http.StatusNotFound, open.ID: http.StatusForbidden} {
			if got := s.ask("/admin/datasets/"+id+tail, eve, nil); got.Code != want {
				t.Errorf("%s%s: %d, want %d", id, tail, got.Code, want)
			}
			if got := s.ask("/admin/datasets/"+id+tail, "", nil); got.Code != http.StatusFound || !strings.HasPrefix(got.Header().Get("Location"), "/login?next=") {
				t.Errorf("%s%s without a session: %d to %q", id, tail, got.Code, got.Header().Get("Location"))
			}
		}
	}
	for _, tail := range []string{"", "/publish", "/quality", "/schedule", "/visibility", "/archive", "/delete", "/files/remote", "/files/order", "/files/move", "/files/upload", "/files/" + file, "/files/" + file + "/delete"} {
		for id, want := range map[string]int{hidden.ID: http.StatusNotFound, open.ID: http.StatusForbidden} {
			if got := s.ask("/admin/datasets/"+id+tail, eve, url.Values{"title": {"Mine"}}); got.Code != want {
				t.Errorf("POST %s: %d, want %d", tail, got.Code, want)
			}
		}
	}
	if got := s.ask("/admin/site/datasets", eve, nil); got.Code != http.StatusForbidden {
		t.Errorf("the list of the site: %d", got.Code)
	}
	if got := s.ask("/admin/datasets/bulk", eve, url.Values{"id": {open.ID}, "tags_edit.add": {"stolen"}}); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "Open") {
		t.Errorf("a common change of what is another's: %d", got.Code)
	}
	if tags := s.read(ada, open.ID).Tags; len(tags) > 0 {
		t.Errorf("tags %v", tags)
	}
}

func TestFilesOfADataset(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "With files", 120)
	path := "/en/admin/datasets/" + d.ID + "/files"
	titles := func() []string {
		var list []string
		for _, r := range s.read(ada, d.ID).Resources {
			list = append(list, r.Title)
		}
		return list
	}
	first := s.ask(path, session, nil).Body.String()
	if got := strings.Count(first, "<li data-id="); got != adminFilesSize {
		t.Errorf("%d files on a page", got)
	}
	rows := s.read(ada, d.ID).Resources
	move := func(id, to string) {
		t.Helper()
		if got := s.ask(path+"/move", session, url.Values{"id": {id}, "to": {to}, "page": {"2"}}); got.Code != http.StatusSeeOther || !strings.Contains(got.Header().Get("Location"), "page=2") {
			t.Fatalf("%s: %d to %q", to, got.Code, got.Header().Get("Location"))
		}
	}
	move(rows[60].ID, "first")
	move(rows[0].ID, "down")
	move(rows[1].ID, "last")
	move(rows[3].ID, "up")
	if now := titles(); now[0] != "file 060" || now[119] != "file 001" || !slices.Equal(now[1:4], []string{"file 000", "file 003", "file 002"}) {
		t.Errorf("the order is %v … %s", now[:5], now[119])
	}
	rows = s.read(ada, d.ID).Resources
	window := url.Values{"id": {rows[52].ID, rows[51].ID, rows[50].ID}}
	if got := s.ask(path+"/order", session, window); got.Code != http.StatusSeeOther {
		t.Fatalf("%d", got.Code)
	}
	after := s.read(ada, d.ID).Resources
	for i := range rows {
		want := rows[i].ID
		if i >= 50 && i <= 52 {
			want = rows[102-i].ID
		}
		if after[i].ID != want {
			t.Errorf("place %d has another file", i)
		}
	}
	if got := s.ask(path+"/order", session, url.Values{"id": {rows[0].ID, rows[0].ID}}); got.Code != http.StatusConflict {
		t.Errorf("one named twice: %d", got.Code)
	}
	shows(t, s.ask(path+"?q=file+11", session, nil).Body.String(), "file 110", "file 119")

	if got := s.ask(path+"/remote", session, url.Values{"url": {"https://example.org/arbres.geojson"}}); got.Code != http.StatusSeeOther {
		t.Fatalf("%d", got.Code)
	}
	added := s.read(ada, d.ID).Resources[0]
	if added.Title != "Arbres" || *added.Format != "geojson" {
		t.Errorf("%q %v", added.Title, added.Format)
	}
	one := path + "/" + added.ID
	edit := url.Values{
		"title": {"Trees"}, "type": {"documentation"}, "description": {"All of them"}, "url": {"https://example.org/trees.geojson"}, "format": {"GeoJSON"},
		"mime": {"application/geo+json"}, "filesize": {"1234"}, "checksum.type": {"md5"}, "checksum.value": {"abc"}, "schema.url": {"https://example.org/schema.json"},
	}
	if got := s.ask(one, session, edit); got.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", got.Code, got.Body)
	}
	if now := s.read(ada, d.ID).Resources[0]; now.Title != "Trees" || now.Type != "documentation" || *now.Format != "geojson" || *now.Filesize != 1234 || *now.ChecksumType != "md5" {
		t.Errorf("%+v", now)
	}
	edit.Set("filesize", "many")
	if got := s.ask(one, session, edit); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `value="many"`) {
		t.Errorf("%d, or what was typed is lost", got.Code)
	}
	if got := s.ask(one+"/delete", session, url.Values{}); got.Code != http.StatusSeeOther || len(s.read(ada, d.ID).Resources) != 120 {
		t.Errorf("%d", got.Code)
	}
	if got := s.ask(one, session, nil); got.Code != http.StatusNotFound {
		t.Errorf("a file that went: %d", got.Code)
	}
}

func TestHostedFilesAreSentAndReplaced(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Hosted", 0)
	path := "/en/admin/datasets/" + d.ID + "/files"
	if got := s.send(path+"/upload", session, map[string]string{"back": "files"}, map[string]string{"one.csv": bikes}); location(got) != path {
		t.Fatalf("%d to %q", got.Code, location(got))
	}
	r := s.read(ada, d.ID).Resources[0]
	if got := s.send(path+"/"+r.ID+"/replace", session, nil, map[string]string{"two.csv": bikes + "2025-01-01;75056;1\n"}); location(got) != path+"/"+r.ID {
		t.Fatalf("%d to %q: %s", got.Code, location(got), got.Body)
	}
	now := s.read(ada, d.ID).Resources
	if len(now) != 1 || now[0].ID != r.ID || *now[0].Filesize == *r.Filesize || now[0].Title != "two.csv" {
		t.Errorf("%d files, %d bytes, called %s", len(now), *now[0].Filesize, now[0].Title)
	}
	for name, got := range map[string]*httptest.ResponseRecorder{
		"nothing":  s.send(path+"/upload", session, nil, nil),
		"a page":   s.send(path+"/upload", session, nil, map[string]string{"x.html": "<html>"}),
		"too long": s.send(path+"/upload", session, nil, map[string]string{"x.csv": strings.Repeat("a", 1<<20+10)}),
	} {
		if got.Code != http.StatusBadRequest && got.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	if len(s.read(ada, d.ID).Resources) != 1 {
		t.Error("a refused file was kept")
	}
}

// TestReplacingKeepsWhatSomebodyCalledTheFile: a title that was written stays,
// by the form and by the address that scripts send to.
func TestReplacingKeepsWhatSomebodyCalledTheFile(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Hosted", 0)
	path := "/en/admin/datasets/" + d.ID + "/files"
	s.send(path+"/upload", session, map[string]string{"back": "files"}, map[string]string{"one.csv": bikes})
	r := s.read(ada, d.ID).Resources[0]
	if got := s.ask(path+"/"+r.ID, session, url.Values{"title": {"Bikes by month"}, "type": {"main"}}); got.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", got.Code, got.Body)
	}
	if got := s.send(path+"/"+r.ID+"/replace", session, nil, map[string]string{"two.csv": bikes + "2025-01-01;75056;1\n"}); got.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", got.Code, got.Body)
	}
	if now := s.read(ada, d.ID).Resources[0]; now.Title != "Bikes by month" || !strings.HasSuffix(now.URL, "/two.csv") {
		t.Errorf("the file is called %q, at %s", now.Title, now.URL)
	}
	if page := s.ask(path+"/"+r.ID, session, nil).Body.String(); !strings.Contains(page, `/resources/`+r.ID+`/upload/?keep_title=true"`) {
		t.Error("scripts do not ask to keep the title")
	}
}

func TestListsOfDatasets(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	var ids []string
	for i := range 25 {
		ids = append(ids, s.draft(ada, fmt.Sprintf("Draft %02d", i), 0).ID)
	}
	if _, err := s.store.UpdateDataset(context.Background(), s.viewer(ada), ids[0], catalog.DatasetInput{Private: catalog.Some(false)}); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"": 20, "?page=2": 5, "?q=draft+1": 10, "?q=DRAFT%2007": 1, "?state=public": 1, "?state=draft": 20, "?state=deleted": 0, "?state=late": 0, "?state=unavailable": 0,
		"?state=nonsense": 20, "?sort=title": 20, "?sort=;drop": 20, "?page=999999999": 0, "?size=50": 25, "?size=100&page=2": 0, "?size=7": 20, "?tick=all&page=2": 5,
	} {
		got := s.ask("/admin/me/datasets"+query, session, nil)
		if count := strings.Count(got.Body.String(), `class="pick-row"`); got.Code != http.StatusOK || count != want {
			t.Errorf("%q: %d, %d rows, want %d", query, got.Code, count, want)
		}
	}
	change := url.Values{"id": ids[:3], "tags_edit.add": {"velo, route"}, "license": {"lov2"}, "list": {"/admin/me/datasets"}}
	if got := s.ask("/admin/datasets/bulk", session, change); location(got) != "/admin/me/datasets" || got.Code != http.StatusSeeOther {
		t.Fatalf("%d to %q: %s", got.Code, location(got), got.Body)
	}
	for i, id := range ids[:4] {
		d := s.read(ada, id)
		if changed := slices.Equal(d.Tags, []string{"route", "velo"}) && d.License != nil; changed != (i < 3) || d.Private != (i > 0) {
			t.Errorf("%d: tags %v, private %v", i, d.Tags, d.Private)
		}
	}
	if body := s.ask("/en/admin/me/datasets?tick=all&page=2&size=20", session, nil).Body.String(); strings.Count(body, " checked ") != 5 || !strings.Contains(body, "?page=2\">") {
		t.Error("the rows of the page are not ticked, or nothing unticks them")
	}
	everything := url.Values{"everything": {"true"}, "total": {"10"}, "q": {"draft 1"}, "state": {""}, "tags_edit.add": {"tout"}, "list": {"/admin/me/datasets"}}
	if got := s.ask("/admin/datasets/bulk", session, everything); got.Code != http.StatusSeeOther {
		t.Fatalf("all of a filter: %d: %s", got.Code, got.Body)
	}
	for i, id := range ids {
		if tagged := slices.Contains(s.read(ada, id).Tags, "tout"); tagged != (i >= 10 && i < 20) {
			t.Errorf("draft %d: tagged %v", i, tagged)
		}
	}
	everything.Set("total", "9")
	if got := s.ask("/en/admin/datasets/bulk", session, everything); got.Code != http.StatusConflict || !strings.Contains(got.Body.String(), "has changed meanwhile") {
		t.Errorf("all of a list that changed: %d", got.Code)
	}
	if got := s.ask("/admin/datasets/bulk", session, url.Values{"tags_edit.add": {"velo"}}); got.Code != http.StatusBadRequest {
		t.Errorf("nothing ticked: %d", got.Code)
	}
	if got := s.ask("/admin/datasets/bulk", session, url.Values{"id": {ids[0]}, "license": {keep}, "list": {"//evil.example"}}); got.Code != http.StatusBadRequest {
		t.Errorf("nothing to change: %d", got.Code)
	}
}

func TestTitlesAndPeriods(t *testing.T) {
	for name, want := range map[string]string{
		"velos_libre-service.csv": "Velos libre service", "Été 2025.tar.gz": "Été 2025", "export.2024-01-31.csv": "Export 2024-01-31", ".csv": "Csv", "a/b\\c.pdf": "C",
		"rapport v1.2": "Rapport v1 2",
	} {
		if got := titleOfFile(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	for word, want := range map[string][2]string{
		"2024": {"2024-01-01", "2024-12-31"}, "2024-02": {"2024-02-01", "2024-02-29"}, "2024-02-30": {}, "2019-2021": {"2019-01-01", "2021-12-31"}, "1234": {}, "x": {},
	} {
		if first, last := spanOf(word); first != want[0] || last != want[1] {
			t.Errorf("%q covers %q to %q", word, first, last)
		}
	}
	for address, want := range map[string]string{"https://example.org/a.csv?x=1": "csv", "https://example.org/a.csv.gz": "csv.gz", "https://example.org/": "", "https://example.org/a.php": "", "::": ""} {
		if got := formatOfAddress(address); got != want {
			t.Errorf("%q has format %q, want %q", address, got, want)
		}
	}
	p := &proposal{}
	p.rhythm([]string{"Budget", "Budget 2023", "Budget 2024"})
	if p.Frequency != "annual" {
		t.Errorf("yearly files: %q", p.Frequency)
	}
}

func TestManyZonesAreGathered(t *testing.T) {
	p := &Portal{Deps: Deps{Zones: geo.NewDirectory()}}
	var communes []string
	for zone := range p.Zones.InLevel("fr:commune") {
		if strings.HasPrefix(zone.Code, "29") {
			communes = append(communes, zone.ID)
		}
	}
	if got := p.gathered(communes); len(communes) < 10 || !slices.Equal(got, []string{"fr:departement:29"}) {
		t.Errorf("%d communes become %v", len(communes), got)
	}
}
