package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"grenier/internal/api/apitest"
	"grenier/internal/db/dbtest"
)

// BenchmarkFromRows renders answers of which nothing is kept.
func BenchmarkFromRows(b *testing.B) {
	s := apitest.New(b, dbtest.SQLite(b))
	_, token := s.User("editor@example.org", false)
	var resources []any
	for i := range 6 {
		resources = append(resources, map[string]any{
			"title": fmt.Sprintf("fichier %d", i), "url": fmt.Sprintf("https://example.org/%d.csv", i), "format": "csv", "filetype": "remote",
			"extras": map[string]any{"check:available": true, "check:status": 200, "check:date": "2024-05-03T01:12:44"},
		})
	}
	var id string
	for i := range 40 {
		id = create(s, token, written(fmt.Sprintf("Jeu %d", i), map[string]any{"resources": resources}))
	}
	s.Index()
	for name, path := range map[string]string{
		"dataset": "/api/1/datasets/" + id + "/", "list": "/api/1/datasets/?page_size=20", "listv2": "/api/2/datasets/?page_size=20",
		"search": "/api/2/datasets/search/?q=jeu&page_size=20",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				s.Config.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
