package e2e

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/e2e/harness"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/verify"
)

// TestKill: the process is killed at random points while clients write. After
// each restart every acknowledged write is there, none is there in part, and
// search and dumps have caught up.
func TestKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killRounds(t, rounds(10, 200), harness.Options{}) })
	t.Run("postgres", func(t *testing.T) { killRounds(t, rounds(4, 40), harness.Options{Database: dbtest.PostgresURL(t)}) })
}

func rounds(few, many int) int {
	if soak() {
		return many
	}
	return few
}

func killRounds(t *testing.T, rounds int, options harness.Options) {
	server := harness.Start(t, options)
	client := server.Client(server.Token(t, "killer@example.org"))
	writers := make([]*writer, 6)
	for i := range writers {
		writers[i] = &writer{client: client, name: string(rune('a' + i))}
	}
	acknowledged := 0
	for round := range rounds {
		var writing sync.WaitGroup
		for _, w := range writers {
			writing.Go(func() { w.write(t) })
		}
		time.Sleep(time.Duration(30+rand.IntN(570)) * time.Millisecond)
		server.Kill()
		writing.Wait()
		if round%4 == 3 {
			// A start that is killed leaves nothing half done either.
			server.Launch(t)
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
			server.Kill()
		}
		server.Launch(t)
		server.AwaitReady(t)
		acknowledged = examine(t, server, client, writers, false)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	server.Stop(t)
	server.Launch(t)
	server.AwaitReady(t)
	examine(t, server, client, writers, true)
	t.Logf("%d acknowledged writes over %d kills", acknowledged, rounds)
	if acknowledged < 2*rounds {
		t.Error("so few writes prove little")
	}
}

// content is what a writer wrote into a dataset.
type content struct {
	title, description string
	resources          []string // titles, sorted
	deleted            bool
}

func (c content) String() string {
	return fmt.Sprintf("%q %q %v deleted=%t", c.title, c.description, c.resources, c.deleted)
}

func (c content) equal(o content) bool {
	return c.title == o.title && c.description == o.description && c.deleted == o.deleted && slices.Equal(c.resources, o.resources)
}

// written is a dataset of a writer: what was acknowledged, and what the one
// write without an answer would have made of it.
type written struct {
	id      string
	now     content
	ids     map[string]string // identifiers of resources by title
	pending *content
	// touched since its detail was last compared.
	touched bool
}

// writer writes datasets of its own, one request after the other.
type writer struct {
	client   *harness.Client
	name     string
	datasets []*written
	created  *content // a creation without an answer
	done     int
	words    int
}

// word returns a word that was never used before, and that is no slip of the
// keyboard away from the others.
func (w *writer) word() string {
	w.words++
	sum := sha256.Sum256(fmt.Append(nil, w.name, w.words))
	letters := []byte("mot")
	for _, n := range sum[:12] {
		letters = append(letters, 'a'+n%26)
	}
	return string(letters)
}

// write goes on until a request is not answered.
func (w *writer) write(t *testing.T) {
	for {
		var alive bool
		switch choice := rand.IntN(10); {
		case choice < 3 || len(w.datasets) == 0:
			alive = w.create(t)
		default:
			d := w.datasets[rand.IntN(len(w.datasets))]
			switch {
			case d.now.deleted:
				continue
			case choice < 5:
				alive = w.update(t, d)
			case choice < 7:
				alive = w.addResource(t, d)
			case choice < 8 && len(d.now.resources) > 0:
				alive = w.renameResource(t, d)
			case choice < 9 && len(d.now.resources) > 0:
				alive = w.removeResource(t, d)
			default:
				alive = choice != 9 || rand.IntN(3) > 0 || w.remove(t, d)
			}
		}
		if !alive {
			return
		}
	}
}

type resourceDocument struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type datasetDocument struct {
	ID          string             `json:"id"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Deleted     *string            `json:"deleted"`
	Resources   []resourceDocument `json:"resources"`
}

func (d datasetDocument) content() content {
	c := content{title: d.Title, description: d.Description, deleted: d.Deleted != nil}
	for _, r := range d.Resources {
		c.resources = append(c.resources, r.Title)
	}
	slices.Sort(c.resources)
	return c
}

func (d datasetDocument) ids() map[string]string {
	ids := make(map[string]string, len(d.Resources))
	for _, r := range d.Resources {
		ids[r.Title] = r.ID
	}
	return ids
}

func remote(title string) map[string]any {
	return map[string]any{"title": title, "type": "main", "filetype": "remote", "format": "csv", "url": "https://example.org/" + title + ".csv"}
}

// ask sends a write. answered is false when no answer came.
func (w *writer) ask(t *testing.T, method, path string, body any, status int) (answer harness.Answer, answered bool) {
	answer, err := w.client.Do(method, path, body)
	if err != nil {
		return answer, false
	}
	if answer.Status != status {
		t.Errorf("%s %s: %d %s", method, path, answer.Status, answer.Body)
		return answer, false
	}
	w.done++
	return answer, true
}

func (w *writer) create(t *testing.T) bool {
	made := content{title: "Jeu " + w.word(), description: "Contient " + w.word()}
	var resources []any
	for range rand.IntN(5) {
		title := w.word()
		made.resources = append(made.resources, title)
		resources = append(resources, remote(title))
	}
	slices.Sort(made.resources)
	answer, answered := w.ask(t, http.MethodPost, "/api/1/datasets/", map[string]any{
		"title": made.title, "description": made.description, "resources": resources, "tags": []string{"essai"},
	}, http.StatusCreated)
	if !answered {
		w.created = &made
		return false
	}
	var document datasetDocument
	decode(t, answer, &document)
	w.datasets = append(w.datasets, &written{id: document.ID, now: made, ids: document.ids(), touched: true})
	return true
}

// change sends a write that makes the content next of a dataset.
func (w *writer) change(t *testing.T, d *written, next content, method, path string, body any, status int) (harness.Answer, bool) {
	slices.Sort(next.resources)
	d.pending, d.touched = &next, true
	answer, answered := w.ask(t, method, "/api/1/datasets/"+d.id+"/"+path, body, status)
	if answered {
		d.now, d.pending = next, nil
	}
	return answer, answered
}

func (w *writer) update(t *testing.T, d *written) bool {
	next := d.now
	next.title, next.description = "Jeu "+w.word(), "Contient "+w.word()
	_, answered := w.change(t, d, next, http.MethodPut, "", map[string]any{"title": next.title, "description": next.description}, http.StatusOK)
	return answered
}

func (w *writer) addResource(t *testing.T, d *written) bool {
	title := w.word()
	next := d.now
	next.resources = append(slices.Clone(next.resources), title)
	answer, answered := w.change(t, d, next, http.MethodPost, "resources/", remote(title), http.StatusCreated)
	if answered {
		var document resourceDocument
		decode(t, answer, &document)
		d.ids[title] = document.ID
	}
	return answered
}

func (w *writer) renameResource(t *testing.T, d *written) bool {
	old, title := d.now.resources[rand.IntN(len(d.now.resources))], w.word()
	next := d.now
	next.resources = append(without(next.resources, old), title)
	_, answered := w.change(t, d, next, http.MethodPut, "resources/"+d.ids[old]+"/", map[string]any{"title": title}, http.StatusOK)
	if answered {
		d.ids[title] = d.ids[old]
		delete(d.ids, old)
	}
	return answered
}

func (w *writer) removeResource(t *testing.T, d *written) bool {
	old := d.now.resources[rand.IntN(len(d.now.resources))]
	next := d.now
	next.resources = without(next.resources, old)
	_, answered := w.change(t, d, next, http.MethodDelete, "resources/"+d.ids[old]+"/", nil, http.StatusNoContent)
	return answered
}

func (w *writer) remove(t *testing.T, d *written) bool {
	next := d.now
	next.deleted = true
	_, answered := w.change(t, d, next, http.MethodDelete, "", nil, http.StatusNoContent)
	return answered
}

func without(list []string, item string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(other string) bool { return other == item })
}

// examine compares what the server holds with what it acknowledged, takes over
// what became of writes without an answer, and returns how many were answered.
// The details are compared where something was written since the last time, and
// here and there; all of them when asked.
func examine(t *testing.T, server *harness.Server, client *harness.Client, writers []*writer, all bool) (done int) {
	t.Helper()
	rows, err := client.Table("/datasets.csv")
	if err != nil {
		t.Fatal(err)
	}
	dumped := make(map[string]string, len(rows))
	for _, row := range rows {
		dumped[row["id"]] = row["title"]
	}
	visible := make(map[string]string)
	for _, w := range writers {
		w.takeOverCreation(t, dumped)
		for _, d := range w.datasets {
			if d.touched || all || rand.IntN(20) == 0 {
				w.compare(t, d)
			}
			if !d.now.deleted {
				visible[d.id] = d.now.title
			}
		}
		done += w.done
	}
	same(t, "the dump", dumped, visible)
	same(t, "the search", searched(t, client), visible)
	findByWord(t, client, visible)
	caughtUp(t, client)
	sound(t, server)
	return done
}

// takeOverCreation finds out whether a creation without an answer was done; if
// so it must be whole.
func (w *writer) takeOverCreation(t *testing.T, dumped map[string]string) {
	made := w.created
	if made == nil {
		return
	}
	w.created = nil
	for id, title := range dumped {
		if title == made.title {
			w.datasets = append(w.datasets, &written{id: id, now: *made, touched: true})
		}
	}
}

// compare asks for the detail of a dataset.
func (w *writer) compare(t *testing.T, d *written) {
	var document datasetDocument
	if err := w.client.Get("/api/1/datasets/"+d.id+"/", &document); err != nil {
		t.Errorf("an acknowledged dataset is lost: %v", err)
		return
	}
	stored := document.content()
	switch {
	case stored.equal(d.now):
	case d.pending != nil && stored.equal(*d.pending):
		d.now = stored
	default:
		t.Errorf("dataset %s holds\n%s, acknowledged was\n%s, on the way was\n%v", d.id, stored, d.now, d.pending)
	}
	d.pending, d.ids, d.touched = nil, document.ids(), false
}

func same(t *testing.T, where string, got, want map[string]string) {
	t.Helper()
	for id, title := range want {
		if got[id] != title {
			t.Errorf("%s has %q for dataset %s, want %q", where, got[id], id, title)
		}
	}
	for id, title := range got {
		if _, ok := want[id]; !ok {
			t.Errorf("%s has dataset %s %q, which is deleted or nobody's", where, id, title)
		}
	}
}

// searched pages through everything that the search finds.
func searched(t *testing.T, client *harness.Client) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for page := 1; ; page++ {
		var answer struct {
			Data []struct {
				ID    string `json:"id"`
				Title string `json:"title"`
			} `json:"data"`
			Total int `json:"total"`
		}
		if err := client.Get(fmt.Sprintf("/api/2/datasets/search/?page_size=100&page=%d", page), &answer); err != nil {
			t.Fatal(err)
		}
		for _, d := range answer.Data {
			found[d.ID] = d.Title
		}
		if len(answer.Data) < 100 {
			if len(found) != answer.Total {
				t.Errorf("the search tells %d and gives %d", answer.Total, len(found))
			}
			return found
		}
	}
}

// findByWord looks some datasets up by the word that only their title has.
func findByWord(t *testing.T, client *harness.Client, visible map[string]string) {
	t.Helper()
	tried := 0
	for id, title := range visible {
		if tried++; tried > 10 {
			return
		}
		if err := findable(client, strings.TrimPrefix(title, "Jeu "), id); err != nil {
			t.Error(err)
		}
	}
}

// findable tells why a dataset is not the first that a word finds.
func findable(client *harness.Client, word, id string) error {
	var answer struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := client.Get("/api/2/datasets/search/?q="+url.QueryEscape(word), &answer); err != nil {
		return err
	}
	if len(answer.Data) == 0 || answer.Data[0].ID != id {
		return fmt.Errorf("the word %q finds %v, want %s", word, answer.Data, id)
	}
	return nil
}

var lag = regexp.MustCompile(`grenier_follower_lag_events\{follower="([a-z]+)"\} (\S+)`)

// caughtUp checks that every follower has reached the head of the log.
func caughtUp(t *testing.T, client *harness.Client) {
	t.Helper()
	answer, err := client.Do(http.MethodGet, "/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	followers := lag.FindAllStringSubmatch(string(answer.Body), -1)
	if len(followers) < 2 {
		t.Fatalf("the metrics tell of %d followers", len(followers))
	}
	for _, f := range followers {
		if f[2] != "0" {
			t.Errorf("the follower %s is %s events behind after the start", f[1], f[2])
		}
	}
}

// sound examines the database beside the server.
func sound(t *testing.T, server *harness.Server) {
	t.Helper()
	ctx := context.Background()
	d, err := db.Open(ctx, db.Options{URL: server.Database, Dir: server.Data})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	findings, err := verify.Verify(ctx, verify.Deps{DB: d, Log: event.NewLog(d)}, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Errorf("the database is not sound: %s: %s", f.Check, f.Text)
	}
}
