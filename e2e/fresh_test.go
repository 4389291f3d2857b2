package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/e2e/harness"
	"grenier/internal/db/dbtest"
)

func decode(t *testing.T, answer harness.Answer, into any) {
	t.Helper()
	if err := json.Unmarshal(answer.Body, into); err != nil {
		t.Errorf("the answer is no document: %v: %s", err, answer.Body)
	}
}

// atOnce is how late another list, the search, a dump or another node may be.
const atOnce = time.Second

// page is a page of datasets.
type page struct {
	Data []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	} `json:"data"`
}

// listed tells why a dataset is not in a list under a title.
func listed(client *harness.Client, path, id, title string) error {
	var answer page
	if err := client.Get(path, &answer); err != nil {
		return err
	}
	for _, d := range answer.Data {
		if d.ID == id && d.Title == title {
			return nil
		}
	}
	return fmt.Errorf("%s has no dataset %s %q: %v", path, id, title, answer.Data)
}

// detailed tells why the detail of a dataset does not have a title.
func detailed(client *harness.Client, id, title string) error {
	var document datasetDocument
	if err := client.Get("/api/1/datasets/"+id+"/", &document); err != nil {
		return err
	}
	if document.Title != title {
		return fmt.Errorf("the detail has the title %q, want %q", document.Title, title)
	}
	return nil
}

// dumped tells why a dump does not hold a dataset under a title.
func dumped(client *harness.Client, path, id, title string) error {
	rows, err := client.Table(path)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row["id"] == id {
			if row["title"] == title {
				return nil
			}
			return fmt.Errorf("%s has the title %q, want %q", path, row["title"], title)
		}
	}
	return fmt.Errorf("%s has no dataset %s among %d", path, id, len(rows))
}

// readers keep asking, so that answers are kept and made anew all the time
// while others write.
func readers(t *testing.T, client *harness.Client, paths ...string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	for i := range 4 {
		reading.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				path := paths[n%len(paths)]
				answer, err := client.Do(http.MethodGet, path, nil)
				if err != nil || answer.Status != http.StatusOK {
					t.Errorf("GET %s beside the writes: %d %v", path, answer.Status, err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	return func() {
		cancel()
		reading.Wait()
	}
}

// TestWriterReadsOwnWrites: who writes and then reads at once never sees the
// value before, while others read the same all the time.
func TestWriterReadsOwnWrites(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { readOwnWrites(t, harness.Options{}) })
	t.Run("postgres", func(t *testing.T) { readOwnWrites(t, harness.Options{Database: dbtest.PostgresURL(t)}) })
}

func readOwnWrites(t *testing.T, options harness.Options) {
	server := harness.Start(t, options)
	writer, anybody := server.Client(server.Token(t, "writer@example.org")), server.Client("")
	var made datasetDocument
	writer.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Jeu zéro", "description": "d"}, http.StatusCreated, &made)
	detail := "/api/1/datasets/" + made.ID + "/"
	stop := readers(t, anybody, detail, "/api/1/datasets/?page_size=20", "/api/2/datasets/search/?q=jeu", "/api/2/datasets/"+made.ID+"/")
	defer stop()
	for n := range 40 {
		word := "unique" + strings.Repeat(string(rune('a'+n%26)), 1+n/26)
		title := "Jeu " + word
		before, err := anybody.Do(http.MethodGet, detail, nil)
		if err != nil {
			t.Fatal(err)
		}
		writer.MustDo(t, http.MethodPut, detail, map[string]any{"title": title, "description": "d"}, http.StatusOK, nil)
		for who, client := range map[string]*harness.Client{"the writer": writer, "anybody": anybody} {
			if err := detailed(client, made.ID, title); err != nil {
				t.Fatalf("write %d: for %s %v", n, who, err)
			}
		}
		again, err := anybody.Do(http.MethodGet, detail, nil, "If-None-Match", before.Header.Get("ETag"))
		if err != nil || again.Status != http.StatusOK {
			t.Fatalf("write %d: the version before is confirmed with %d (%v)", n, again.Status, err)
		}
		if err := listed(writer, "/api/1/datasets/?page_size=20", made.ID, title); err != nil {
			t.Fatalf("write %d: for the writer %v", n, err)
		}
		if n%8 == 0 {
			harness.Within(t, atOnce, "the list of others", func() error { return listed(anybody, "/api/1/datasets/?page_size=20", made.ID, title) })
			harness.Within(t, atOnce, "the search", func() error { return findable(anybody, word, made.ID) })
			harness.Within(t, atOnce, "the dump", func() error { return dumped(anybody, "/datasets.csv", made.ID, title) })
			harness.Within(t, atOnce, "the dump of the API", func() error { return dumped(anybody, "/api/1/site/datasets.csv", made.ID, title) })
		}
	}
	var fresh datasetDocument
	writer.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Jeu dernier", "description": "d"}, http.StatusCreated, &fresh)
	if err := listed(writer, "/api/1/datasets/?page_size=20", fresh.ID, "Jeu dernier"); err != nil {
		t.Errorf("a new dataset: for the writer %v", err)
	}
	writer.MustDo(t, http.MethodDelete, "/api/1/datasets/"+fresh.ID+"/", nil, http.StatusNoContent, nil)
	if answer, err := anybody.Do(http.MethodGet, "/api/1/datasets/"+fresh.ID+"/", nil); err != nil || answer.Status != http.StatusGone {
		t.Errorf("a deleted dataset is answered with %d (%v)", answer.Status, err)
	}
	harness.Within(t, atOnce, "the list of others without a deleted dataset", func() error {
		if listed(anybody, "/api/1/datasets/?page_size=20", fresh.ID, "Jeu dernier") == nil {
			return errors.New("it is still there")
		}
		return nil
	})
}

// TestOtherNodeFollows: what one node acknowledged, the other shows within a
// second, by every way.
func TestOtherNodeFollows(t *testing.T) {
	database := dbtest.PostgresURL(t)
	here, there := harness.Start(t, harness.Options{Database: database}), harness.Start(t, harness.Options{Database: database})
	writer, reader := here.Client(here.Token(t, "writer@example.org")), there.Client("")
	var made datasetDocument
	writer.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Jeu zéro", "description": "d"}, http.StatusCreated, &made)
	harness.Within(t, atOnce, "the detail of a new dataset on the other node", func() error { return detailed(reader, made.ID, "Jeu zéro") })
	stop := readers(t, reader, "/api/1/datasets/"+made.ID+"/", "/api/1/datasets/?page_size=20", "/api/2/datasets/search/?q=jeu")
	defer stop()
	for n := range 6 {
		word := "ailleurs" + string(rune('a'+n))
		title := "Jeu " + word
		writer.MustDo(t, http.MethodPut, "/api/1/datasets/"+made.ID+"/", map[string]any{"title": title, "description": "d"}, http.StatusOK, nil)
		harness.Within(t, atOnce, "the detail on the other node", func() error { return detailed(reader, made.ID, title) })
		harness.Within(t, atOnce, "the list on the other node", func() error { return listed(reader, "/api/1/datasets/?page_size=20", made.ID, title) })
		harness.Within(t, atOnce, "the search on the other node", func() error { return findable(reader, word, made.ID) })
		harness.Within(t, atOnce, "the dump on the other node", func() error { return dumped(reader, "/datasets.csv", made.ID, title) })
	}
}

// TestCommandIsSeenByServer: what a command in a second process writes, the
// running server shows within a second.
func TestCommandIsSeenByServer(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { seeCommands(t, harness.Options{}) })
	t.Run("postgres", func(t *testing.T) { seeCommands(t, harness.Options{Database: dbtest.PostgresURL(t)}) })
}

func seeCommands(t *testing.T, options harness.Options) {
	server := harness.Start(t, options)
	anybody := server.Client("")
	stop := readers(t, anybody, "/api/1/organizations/?page_size=20")
	defer stop()
	for n := range 3 {
		name := "Grange " + string(rune('A'+n))
		id := server.Run(t, "org", "create", name)
		harness.Within(t, atOnce, "the detail of an organization made by a command", func() error {
			var document struct{ Name string }
			if err := anybody.Get("/api/1/organizations/"+id+"/", &document); err != nil {
				return err
			}
			if document.Name != name {
				return fmt.Errorf("its name is %q", document.Name)
			}
			return nil
		})
		for what, path := range map[string]string{
			"the list": "/api/1/organizations/?page_size=20", "the search": "/api/2/organizations/search/?q=" + url.QueryEscape(name),
		} {
			harness.Within(t, atOnce, what+" with an organization made by a command", func() error {
				answer, err := anybody.Do(http.MethodGet, path, nil)
				if err == nil && !strings.Contains(string(answer.Body), id) {
					err = fmt.Errorf("%s has no %s", path, id)
				}
				return err
			})
		}
	}
	token := server.Token(t, "new@example.org")
	var me struct{ Email string }
	if err := server.Client(token).Get("/api/1/me/", &me); err != nil {
		t.Errorf("a token made by a command is refused: %v", err)
	}
	stop()
	server.Stop(t)
}
