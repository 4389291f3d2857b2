package api_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// copyWriter writes at random what readers of the feed must come to know.
type copyWriter struct {
	s                           *apitest.Server
	t                           *testing.T
	random                      *rand.Rand
	key                         []string
	organizations               []string
	datasets, community, reuses []string
	gone                        []string // deleted datasets
	topics                      []string
}

func (w *copyWriter) any(of []string) string { return of[w.random.IntN(len(of))] }

func (w *copyWriter) made(path string, body map[string]any, key []string) string {
	w.t.Helper()
	return must(w.t, w.s.Do("POST", path, body, key...), 201).JSON(w.t).(map[string]any)["id"].(string)
}

// gesture does one thing that changes what is public.
func (w *copyWriter) gesture(n int) {
	w.t.Helper()
	flip := w.random.IntN(2) == 0
	switch w.random.IntN(11) {
	case 0:
		w.datasets = append(w.datasets, w.made("/api/1/datasets/", map[string]any{
			"title": fmt.Sprint("Set ", n), "description": "d", "frequency": "unknown", "private": flip, "organization": w.any(w.organizations),
		}, w.key))
	case 1:
		dataset := w.any(w.datasets)
		w.community = append(w.community, w.made("/api/1/datasets/community_resources/", map[string]any{
			"title": fmt.Sprint("Beside ", n), "url": "https://example.org/x.csv", "format": "csv", "filetype": "remote", "type": "other",
			"dataset": map[string]string{"class": "Dataset", "id": dataset},
		}, w.key))
	case 2, 3, 4:
		w.put("/api/1/datasets/"+w.any(w.datasets)+"/", map[string]any{"title": fmt.Sprint("Set ", n), "description": "d", "private": flip})
	case 5:
		id := w.any(w.datasets)
		archived := any(nil)
		if flip {
			archived = "2026-01-01T00:00:00+00:00"
		}
		w.put("/api/1/datasets/"+id+"/", map[string]any{"title": fmt.Sprint("Set ", n), "description": "d", "archived": archived})
	case 6:
		id := w.any(w.datasets)
		must(w.t, w.s.Do("DELETE", "/api/1/datasets/"+id+"/", nil, w.key...), 204)
		w.datasets, w.gone = removed(w.datasets, id), append(w.gone, id)
	case 7:
		if len(w.gone) > 0 {
			id := w.any(w.gone)
			w.put("/api/1/datasets/"+id+"/", map[string]any{"title": fmt.Sprint("Set ", n), "description": "d", "deleted": nil})
			w.datasets, w.gone = append(w.datasets, id), removed(w.gone, id)
		}
	case 8:
		w.reuses = append(w.reuses, w.made("/api/1/reuses/", map[string]any{
			"title": fmt.Sprint("Use ", n), "description": "d", "url": fmt.Sprint("https://example.org/", n), "type": "api", "topic": "health",
			"datasets": []any{map[string]string{"class": "Dataset", "id": w.any(w.datasets)}},
		}, w.key))
	case 9:
		id := w.any(w.reuses)
		must(w.t, w.s.Do("PUT", "/api/1/reuses/"+id+"/", map[string]any{"title": fmt.Sprint("Use ", n), "private": flip}, w.key...), 200)
	case 10:
		id := w.any(w.topics)
		must(w.t, w.s.Do("PUT", "/api/2/topics/"+id+"/", map[string]any{"name": fmt.Sprint("Topic ", n), "private": flip}, w.key...), 200)
	}
}

func (w *copyWriter) put(path string, body map[string]any) {
	w.t.Helper()
	must(w.t, w.s.Do("PUT", path, body, w.key...), 200)
}

func removed(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}

// TestCopiesStayIdentical writes at random while one reader keeps up with the feed and the log is cleared, and
// compares what the reader has, what one who begins with nothing gets, and what the lists show.
func TestCopiesStayIdentical(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		ada, token := s.User("ada@example.org", false)
		w := &copyWriter{s: s, t: t, random: rand.New(rand.NewPCG(7, 11)), key: []string{"X-API-KEY", token}}
		for _, name := range []string{"Ville", "Département"} {
			w.organizations = append(w.organizations, s.Organization(name, account.NewMember{UserID: ada, Role: account.RoleAdmin}))
		}
		for n := range 3 {
			w.datasets = append(w.datasets, w.made("/api/1/datasets/", map[string]any{"title": fmt.Sprint("First ", n), "description": "d", "frequency": "unknown", "organization": w.organizations[0]}, w.key))
			w.topics = append(w.topics, w.made("/api/2/topics/", map[string]any{"name": fmt.Sprint("Topic ", n), "description": "d", "tags": []string{"velo"}}, w.key))
			w.reuses = append(w.reuses, w.made("/api/1/reuses/", map[string]any{
				"title": fmt.Sprint("Use ", n), "description": "d", "url": fmt.Sprint("https://example.org/first/", n), "type": "api", "topic": "health",
				"datasets": []any{map[string]string{"class": "Dataset", "id": w.datasets[n]}},
			}, w.key))
		}
		copied, position := map[string]bool{}, ""
		catchUp := func() {
			for {
				lines, next := since2(s, position)
				apply(copied, lines)
				if next == position {
					return
				}
				position = next
			}
		}
		for round := range 8 {
			for n := range 12 {
				w.gesture(100*round + n)
			}
			catchUp()
			public := listed(t, s)
			if got := keys(copied); !slices.Equal(got, public) {
				t.Fatalf("round %d: the copy has %d objects, the lists %d:\nonly in the copy %v\nonly in the lists %v", round, len(got), len(public), minus(got, public), minus(public, got))
			}
			if _, err := s.Log.Prune(t.Context(), db.TimeOf(time.Now().Add(time.Hour))); err != nil {
				t.Fatal(err)
			}
			fresh, at := map[string]bool{}, ""
			for {
				lines, next := since2(s, at)
				apply(fresh, lines)
				if next == at {
					break
				}
				at = next
			}
			if got := keys(fresh); !slices.Equal(got, public) {
				t.Fatalf("round %d: who begins with nothing has %v more and lacks %v", round, minus(got, public), minus(public, got))
			}
			position = at // what was cleared sends the other to a full start
		}
		if len(w.community) == 0 || len(w.gone) == 0 {
			t.Errorf("too little happened: %d community resources, %d deleted", len(w.community), len(w.gone))
		}
	})
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// listed are the identifiers of all objects that the lists show to everybody.
func listed(t *testing.T, s *apitest.Server) []string {
	t.Helper()
	var ids []string
	for _, kind := range catalog.ListedKinds {
		path := map[string]string{
			catalog.KindDataset: "1/datasets/", catalog.KindReuse: "1/reuses/", catalog.KindDataservice: "1/dataservices/", catalog.KindOrganization: "1/organizations/",
			catalog.KindTopic: "2/topics/", catalog.KindPost: "1/posts/", catalog.KindCommunity: "1/datasets/community_resources/",
		}[kind]
		for _, o := range dig(s.Get("/api/"+path+"?page_size=100").JSON(t), "data").([]any) {
			ids = append(ids, o.(map[string]any)["id"].(string))
		}
	}
	slices.Sort(ids)
	return ids
}
