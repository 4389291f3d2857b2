package catalog

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func TestResourceTypes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		one, other := s.dataset("one", nil).ID, s.dataset("other", nil).ID
		for i, r := range []Resource{
			{DatasetID: &one, Type: "main"}, {DatasetID: &one, Type: "main"}, {DatasetID: &one, Type: "documentation"},
			{DatasetID: &one, Type: "main", Community: true}, {DatasetID: &other, Type: "code"},
		} {
			r.ID, r.Version, r.Rank, r.Title, r.Filetype, r.URL = fmt.Sprintf("00000000-0000-4000-8000-%012d", i), 1, int64(i), "x", "remote", "https://x.example/"
			r.CreatedInternal, r.ModifiedInternal = db.Now(), db.Now()
			if i < 2 {
				r.Filesize = new(int64)
				*r.Filesize = 1 << 62 // two of them are more than an integer holds
			}
			s.insert(&r)
		}
		for dataset, want := range map[string]map[string]int{one: {"main": 2, "documentation": 1}, other: {"code": 1}, "none": {}} {
			got, err := s.store.ResourceTypes(t.Context(), dataset)
			if err != nil || !maps.Equal(got, want) {
				t.Errorf("%s: %v, %v, want %v", dataset, got, err, want)
			}
		}
		for dataset, want := range map[string]float64{one: 1 << 63, other: 0, "none": 0} {
			if got, err := s.store.ResourceBytes(t.Context(), dataset); err != nil || got != want {
				t.Errorf("%s: %v bytes, %v, want %v", dataset, got, err, want)
			}
		}
	})
}

func TestFirstResources(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		one, other := s.dataset("one", nil).ID, s.dataset("other", nil).ID
		for i, r := range []Resource{
			{DatasetID: &one, Title: "c", Rank: 3}, {DatasetID: &other, Title: "x"}, {DatasetID: &one, Title: "b", Rank: 2}, {DatasetID: &one, Title: "a", Rank: 1},
			{DatasetID: &one, Title: "community", Community: true},
		} {
			r.ID, r.Version, r.Type, r.Filetype, r.URL = fmt.Sprintf("00000000-0000-4000-8000-%012d", i), 1, "main", "remote", "https://x.example/"
			r.CreatedInternal, r.ModifiedInternal = db.Now(), db.Now()
			s.insert(&r)
		}
		first, err := s.store.FirstResources(t.Context(), []string{one, other, "none"}, 2)
		if err != nil {
			t.Fatal(err)
		}
		for dataset, want := range map[string]string{one: "a b", other: "x", "none": ""} {
			var titles []string
			for _, r := range first[dataset] {
				titles = append(titles, r.Title)
			}
			if got := strings.Join(titles, " "); got != want {
				t.Errorf("%s begins with %q, want %q", dataset, got, want)
			}
		}
		if none, err := s.store.FirstResources(t.Context(), nil, 2); err != nil || len(none) != 0 {
			t.Errorf("nothing asked for gives %v, %v", none, err)
		}
	})
}
