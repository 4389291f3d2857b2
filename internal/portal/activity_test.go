package portal

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/job"
)

// workshop is a site with an administrator, Ada and a dataset of hers with some
// versions.
type workshop struct {
	*signedSite
	root, ada          *account.User
	rootKey, adaKey    string
	rootView, adaView  account.Viewer
	dataset            *catalog.Dataset
	datasetID, history string
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{signedSite: newSignedSite(t, func(d *Deps) { d.Started = Started{Title: "Start", Language: "fr"} })}
	w.portal.Jobs = job.NewRunner(w.d, job.Options{Location: time.UTC})
	w.portal.Jobs.Register(job.Kind{Name: "catalog.purge", Schedule: "40 3 * * *", Work: func(context.Context, *job.Run) error { return nil }})
	w.root, w.rootKey = w.person("root@example.org", true)
	w.ada, w.adaKey = w.person("ada@example.org", false)
	var err error
	if w.rootView, err = account.ViewerOf(t.Context(), w.d.Read(), w.root.ID); err != nil {
		t.Fatal(err)
	}
	if w.adaView, err = account.ViewerOf(t.Context(), w.d.Read(), w.ada.ID); err != nil {
		t.Fatal(err)
	}
	store := w.portal.Catalog
	w.dataset, err = store.CreateDataset(t.Context(), w.adaView, catalog.DatasetInput{
		Title: catalog.Some("Puits <script>"), Description: catalog.Some("Where the old wells are."), Tags: catalog.Some([]string{"water"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.datasetID, w.history = w.dataset.ID, historyPath(catalog.KindDataset, w.dataset.ID)
	w.update(catalog.DatasetInput{Title: catalog.Some("Wells"), Private: catalog.Some(false)})
	w.update(catalog.DatasetInput{Description: catalog.Some("Where the deep wells are."), Tags: catalog.Some([]string{"wells"}), Private: catalog.Some(false)})
	return w
}

func (w *workshop) update(in catalog.DatasetInput) {
	w.t.Helper()
	if _, err := w.portal.Catalog.UpdateDataset(context.Background(), w.adaView, w.datasetID, in); err != nil {
		w.t.Fatal(err)
	}
}

// shows asks for a page and holds what it says and what it does not.
func (w *workshop) shows(target, key string, says []string, never ...string) string {
	w.t.Helper()
	got := w.ask(target, key, nil)
	body := got.Body.String()
	if got.Code != http.StatusOK {
		w.t.Fatalf("%s answered %d: %.300s", target, got.Code, body)
	}
	for _, want := range says {
		if !strings.Contains(body, want) {
			w.t.Errorf("%s lacks %q", target, want)
		}
	}
	for _, hidden := range never {
		if strings.Contains(body, hidden) {
			w.t.Errorf("%s says %q", target, hidden)
		}
	}
	return body
}

// posts sends a form and holds where it leads.
func (w *workshop) posts(target, key, leads string, form url.Values) {
	w.t.Helper()
	got := w.ask(target, key, form)
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != leads {
		w.t.Errorf("%s: %d to %q, want %q: %.300s", target, got.Code, got.Header().Get("Location"), leads, got.Body)
	}
}

func TestActivityTellsFieldsAndNoValues(t *testing.T) {
	w := newWorkshop(t)
	w.shows("/en/datasets/"+w.datasetID+"/activity", "", []string{"Ada Grain</a> renamed this dataset", "created this dataset", "Description, Keywords"},
		"<script>", "old wells", "See the difference")
	w.shows("/en/datasets/"+w.datasetID+"/activity", w.adaKey, []string{"See the difference", w.history + "?at=3#v3"})
	w.shows("/en/users/"+w.ada.ID+"/activity", "", []string{"renamed this dataset", ">Wells</a>"})
	for _, from := range []string{"x", "1_2", "9_9_9", strings.Repeat("1", 200), "-1_a_1", "1_a_x"} {
		w.shows("/datasets/"+w.datasetID+"/activity?from="+url.QueryEscape(from), "", nil)
	}
	w.update(catalog.DatasetInput{Private: catalog.Some(true), Title: catalog.Some("Secret wells")})
	if got := w.ask("/en/datasets/"+w.datasetID+"/activity", "", nil); got.Code != http.StatusNotFound {
		t.Errorf("a private dataset answers %d", got.Code)
	}
	w.shows("/en/users/"+w.ada.ID+"/activity", "", nil, "Secret", "wells", "Wells")
	w.update(catalog.DatasetInput{Title: catalog.Some("Hidden title"), Private: catalog.Some(true)})
	w.update(catalog.DatasetInput{Title: catalog.Some("Open title"), Private: catalog.Some(false)})
	body := w.shows("/en/datasets/"+w.datasetID+"/activity", "", []string{"published this dataset"}, "Hidden title", "Secret")
	if strings.Count(body, "renamed this dataset") != 1 {
		t.Error("what happened while the dataset was private is told")
	}
}

func TestActivityGoesOnInPages(t *testing.T) {
	w := newWorkshop(t)
	for i := range activityShown + 10 {
		w.update(catalog.DatasetInput{Acronym: catalog.Some(strings.Repeat("A", i%9+1)), Private: catalog.Some(false)})
	}
	for _, target := range []string{"/en/datasets/" + w.datasetID + "/activity", "/en/users/" + w.ada.ID + "/activity"} {
		first := w.shows(target, "", []string{"Earlier"}, "created this dataset")
		if lines := strings.Count(first, `<li id="v`); lines != activityShown {
			t.Errorf("%s shows %d lines", target, lines)
		}
		_, rest, _ := strings.Cut(first, "?from=")
		from, _, _ := strings.Cut(rest, `"`)
		w.shows(target+"?from="+from, "", []string{"created this dataset", "Latest", `content="noindex"`}, "Earlier")
	}
	w.shows("/en"+w.history, w.adaKey, []string{"63 versions"})
	w.shows("/en"+w.history+"?at=2", w.adaKey, []string{`id="v2"`, "<del>Puits"})
}

func TestHistoryShowsAndRestores(t *testing.T) {
	w := newWorkshop(t)
	w.shows("/en"+w.history, w.adaKey, []string{"3 versions", "<del>old ", "<ins>deep ", "<del>water</del>", "<ins>wells</ins>", "<del>Puits &lt;script&gt;</del>", "Present version"}, "<script>alert", "Puits <script>")
	w.shows("/en"+w.history+"/1", w.adaKey, []string{"What would change", "<ins>Puits &lt;script&gt;</ins>", "Go back to this version"})
	w.shows("/en"+w.history+"/3", w.adaKey, []string{"everything is as in this version already"}, "Go back to this version")
	_, other := w.person("eve@example.org", false)
	for target, want := range map[string]int{
		w.history: 403, w.history + "/1": 403, "/admin/history/nonsense/x": 404, "/admin/history/dataset/x": 404, w.history + "/99": 403,
	} {
		if got := w.ask(target, other, nil); got.Code != want {
			t.Errorf("%s answers %d to others, want %d", target, got.Code, want)
		}
	}
	for _, number := range []string{"0", "x", "99"} {
		if got := w.ask(w.history+"/"+number, w.adaKey, nil); got.Code != http.StatusNotFound {
			t.Errorf("version %s answers %d", number, got.Code)
		}
	}
	if got := w.ask(w.history+"/1", other, url.Values{"form": {"restore"}}); got.Code != http.StatusForbidden {
		t.Errorf("others restore: %d", got.Code)
	}
	w.posts("/en"+w.history+"/1", w.adaKey, "/en"+w.history+"?done=admin-history.done-restored", url.Values{"form": {"restore"}})
	w.shows("/en"+w.history, w.adaKey, []string{"4 versions", "restored this dataset"})
	got, err := w.portal.Catalog.Dataset(t.Context(), w.adaView, w.datasetID, catalog.Parts{})
	if err != nil || got.Title != "Puits <script>" || got.Description != "Where the old wells are." {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestBin(t *testing.T) {
	w := newWorkshop(t)
	if err := w.portal.Catalog.DeleteDataset(t.Context(), w.adaView, w.datasetID, false); err != nil {
		t.Fatal(err)
	}
	w.shows("/en/admin/me/bin", w.adaKey, []string{">Wells</a>", "30 days", "Bring back", "Ada Grain"})
	w.shows("/en/admin/me/bin?kind=reuse", w.adaKey, []string{"The bin is empty"})
	w.shows("/en/admin/me/bin", w.rootKey, []string{"The bin is empty"})
	w.shows("/en/admin/site/bin", w.rootKey, []string{">Wells</a>"})
	_, other := w.person("eve@example.org", false)
	w.shows("/en/admin/me/bin", other, nil, "Wells")
	if got := w.ask("/admin/bin/dataset/"+w.datasetID, other, url.Values{}); got.Code < 400 {
		t.Errorf("others bring it back: %d", got.Code)
	}
	w.posts("/admin/bin/dataset/"+w.datasetID, w.adaKey, "/admin/me/bin?done=admin-history.done-back", url.Values{"list": {"https://evil.example"}})
	w.shows("/en/admin/me/bin", w.adaKey, []string{"The bin is empty"})
}

func TestTextDifference(t *testing.T) {
	long := strings.Repeat("same ", 100)
	for name, c := range map[string]struct{ before, after, want string }{
		"empty":   {"", "", ""},
		"same":    {"a b", "a b", "a b"},
		"new":     {"", "a b", "+[a b]"},
		"gone":    {"a b", "", "-[a b]"},
		"word":    {"a b c", "a x c", "a -[b ]+[x ]c"},
		"last":    {"a b", "a c", "a -[b]+[c]"},
		"moved":   {"a b c d", "b c d a", "-[a ]b c -[d]+[d a]"},
		"long":    {long + "old", long + "new", "…" + strings.Repeat("same ", aroundChange) + "-[old]+[new]"},
		"between": {"x " + long + "y", "z " + long + "q", "-[x ]+[z ]" + strings.Repeat("same ", aroundChange) + "…" + strings.Repeat("same ", aroundChange) + "-[y]+[q]"},
	} {
		var got strings.Builder
		for _, piece := range textDifference(c.before, c.after) {
			switch piece.Change {
			case "added":
				got.WriteString("+[" + piece.Text + "]")
			case "removed":
				got.WriteString("-[" + piece.Text + "]")
			case "gap":
				got.WriteString("…")
			default:
				got.WriteString(piece.Text)
			}
		}
		if got.String() != c.want {
			t.Errorf("%s: %q, want %q", name, got.String(), c.want)
		}
	}
}

func FuzzTextDifference(f *testing.F) {
	f.Add("a b c", "a c d")
	f.Add("", "x\n y")
	f.Fuzz(func(t *testing.T, before, after string) {
		if len(before)+len(after) > 2000 {
			return
		}
		var old, new strings.Builder
		for _, piece := range textDifference(before, after) {
			switch piece.Change {
			case "gap":
				return // what is left out cannot be put together again
			case "added":
				new.WriteString(piece.Text)
			case "removed":
				old.WriteString(piece.Text)
			default:
				old.WriteString(piece.Text)
				new.WriteString(piece.Text)
			}
		}
		if old.String() != before || new.String() != after {
			t.Errorf("%q and %q became %q and %q", before, after, old.String(), new.String())
		}
	})
}

// TestVersionsThatSayNothingAreLeftOut saves a dataset as it is: that is a version,
// and nothing to read about.
func TestVersionsThatSayNothingAreLeftOut(t *testing.T) {
	w := newWorkshop(t)
	w.update(catalog.DatasetInput{Title: catalog.Some("Wells"), Private: catalog.Some(false)})
	w.shows("/en"+w.history, w.adaKey, []string{"3 versions"}, `id="v4"`)
	for target, session := range map[string]string{"/en/datasets/" + w.dataset.ID + "/activity": "", "/en/admin/me/activity": w.adaKey} {
		if body := w.shows(target, session, nil); strings.Contains(body, `id="v4-`) {
			t.Errorf("%s tells of a change of nothing", target)
		}
	}
	for range historyShown + 5 {
		w.update(catalog.DatasetInput{Title: catalog.Some("Wells"), Private: catalog.Some(false)})
	}
	w.shows("/en"+w.history+"?at=1", w.adaKey, []string{`id="v1"`, `id="v3"`})
}

// TestHistoryNamesWhatValuesReferTo changes what a dataset refers to by
// identifiers: people read names, and identifiers of what is unknown.
func TestHistoryNamesWhatValuesReferTo(t *testing.T) {
	w := newWorkshop(t)
	w.license("lov2", "Licence ouverte")
	point := &catalog.ContactPoint{ID: "65a000000000000000000021", Version: 1, Name: "Bureau des puits", Role: "contact", CreatedAt: db.Now()}
	point.OwnerID = &w.ada.ID
	w.insert(point)
	w.update(catalog.DatasetInput{
		License: catalog.Some("lov2"), Frequency: catalog.Some("monthly"), ContactPoints: catalog.Some([]string{point.ID}), Private: catalog.Some(false),
	})
	w.shows("/en"+w.history, w.adaKey, []string{"<ins>Licence ouverte</ins>", "<ins>Bureau des puits</ins>", "<ins>Monthly</ins>"}, "<ins>lov2", "<ins>"+point.ID)
	w.exec("DELETE FROM contact_points WHERE id = ?", point.ID)
	w.shows("/en"+w.history, w.adaKey, []string{"<ins>" + point.ID + "</ins>"})
}
