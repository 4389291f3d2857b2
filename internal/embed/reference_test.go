package embed

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func TestReferencesAreAnsweredInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, 0)
		w := s.get("/api/1/oembeds/?references=dataset-" + bareID + ",dataset-" + openID + ",dataset-trees,territory-fr-town-13004-population_com")
		list := decoded[[]OEmbed](t, w)
		if w.Code != http.StatusOK || len(list) != 4 {
			t.Fatalf("answered %d: %.300s", w.Code, w.Body)
		}
		for i, words := range []string{`id="dataset-` + bareID + `"`, `id="dataset-` + openID + `"`, `id="dataset-` + openID + `"`, `id="territory-fr:commune:13004:population_com"`} {
			if !strings.Contains(list[i].HTML, words) || list[i].Type != "rich" {
				t.Errorf("%d: %s", i, list[i].HTML)
			}
		}
	})
}

// TestLegacyCard holds what pages have styled and read since 2016.
func TestLegacyCard(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	html := decoded[[]OEmbed](t, s.get("/api/1/oembeds/?lang=en&references=dataset-"+openID))[0].HTML
	for _, part := range []string{
		"<style>@layer udata", `<article class="dataset-card" id="dataset-` + openID + `">`,
		`<h4 class="udata-title" data-tooltip="Trees of &#34;Valmont&#34; &lt;&amp; around&gt;"><a href="https://data.example.org/en/datasets/trees" title="Trees of`,
		`<div class="udata-content">`, `<p class="udata-source"><a href="https://data.example.org/en/organizations/valmont" data-tooltip="Ville de Valmont"><img src="https://data.example.org/pictures/organizations/` + townID + `/100"`,
		`width="70" height="70"`, `<div class="udata-description"><p>Where trees grow`, `<aside class="udata-meta"`, `<p class="udata-code"><a class="integrate"`, `data-label="Close">Embed</a>`,
		`<p class="udata-calendar"`, "From 1 January 2019 to 31 December 2020", `<p class="udata-stats"`, `data-tooltip="License: `, "© lov2",
	} {
		if !strings.Contains(html, part) {
			t.Errorf("%s is missing in %s", part, html)
		}
	}
	bare := decoded[[]OEmbed](t, s.get("/api/1/oembeds/?references=dataset-"+bareID))[0].HTML
	for _, part := range []string{"udata-calendar\"", "udata-marker\"", "udata-stats\"", "©"} {
		if strings.Contains(bare, part) {
			t.Errorf("%s is told of a dataset that says none: %s", part, bare)
		}
	}
}

func TestReferencesOfTerritories(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for _, reference := range []string{
		"fr-town-13004-population_com", "fr-commune-13004-population_com", "fr:commune:13004:population_com", "fr:commune:13004@latest:population_com",
		"fr:commune:13004@1942-01-01:population_com", "FR-TOWN-13004-population_com",
		"fr/town/13004-population_com", "fr:commune:13004-population_com",
	} {
		w := s.get("/api/1/oembeds/?references=territory-" + reference)
		if w.Code != http.StatusOK {
			t.Errorf("%s answered %d: %s", reference, w.Code, w.Body)
			continue
		}
		if html := decoded[[]OEmbed](t, w)[0].HTML; !strings.Contains(html, "https://figures.example.org/13004.csv") || !strings.Contains(html, "<em>town</em>") || !strings.Contains(html, "Arles") {
			t.Errorf("%s: %s", reference, html)
		}
	}
}

// TestReferenceRefusals holds the words that clients of the reference know.
func TestReferenceRefusals(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for references, words := range map[string]string{
		"": "Missing required parameter", "foo": "Invalid ID.", "dataset-": "Unknown dataset ID.", "dataset-none": "Unknown dataset ID.",
		"dataset-" + privateID: "Unknown dataset ID.", "dataset-" + deletedID: "Unknown dataset ID.", "dataset-secret": "Unknown dataset ID.",
		"organization-" + townID: "Invalid object type.", "x-y": "Invalid object type.", "territory-13004": "Invalid territory ID.",
		"territory-fr-town-99999-population_com": "Unknown territory identifier.", "territory-fr-region-93-population_com": "Unknown kind of territory.",
		"territory-fr-town-13004-nothing": "Unknown territory dataset id.", "dataset-" + openID + ",dataset-none": "Unknown dataset ID.",
		strings.Repeat("dataset-x,", mostReferences) + "dataset-x": "At most 100 references",
	} {
		ask := "/api/1/oembeds/"
		if references != "" {
			ask += "?references=" + references
		}
		w := s.get(ask)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), words) || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%.100s answered %d %.300s, not %s", references, w.Code, w.Body, words)
		}
	}
}

// TestOneBadReferenceAmongTwelve gives eleven cards and one error in its place.
func TestOneBadReferenceAmongTwelve(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	references := strings.Repeat("dataset-"+openID+",", 6) + "dataset-secret," + strings.TrimSuffix(strings.Repeat("dataset-"+openID+",", 5), ",")
	list := decoded[[]OEmbed](t, s.get("/api/1/oembeds/?partial=1&references="+references))
	if len(list) != 12 {
		t.Fatalf("%d answers", len(list))
	}
	for i, one := range list {
		bad := one.Type == "error" && one.Error == "Unknown dataset ID." && strings.Contains(one.HTML, `<p class="udata-error" role="status">`) && strings.Contains(one.HTML, base+"/")
		if bad != (i == 6) {
			t.Errorf("%d: %+v", i, one)
		}
	}
}

func TestCardsOfAllKindsByReference(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	list := decoded[[]OEmbed](t, s.get("/api/1/oembeds/?form=card&partial=1&references=dataset-trees,reuse-map,organization-valmont,dataservice-"+serviceID+
		",topic-nature,territory-fr-town-13004,territory-fr-town-13004-population_com,reuse-none,user-eve"))
	for i, words := range []string{"dataset-card", "reuse-card", "organization-card", "dataservice-card", "topic-card", "territory-card", "territory-card"} {
		if !strings.HasPrefix(list[i].HTML, `<a class="card `+words+`"`) || strings.Contains(list[i].HTML, "<style") {
			t.Errorf("%d: %s", i, list[i].HTML)
		}
	}
	if list[7].Error != "Unknown reuse ID." || list[8].Error != "Invalid object type." {
		t.Errorf("%q, %q", list[7].Error, list[8].Error)
	}
	if w := s.get("/api/1/oembeds/?form=other&references=dataset-trees"); w.Code != http.StatusBadRequest {
		t.Errorf("a form that there is not answered %d", w.Code)
	}
}

// TestReferencesAskTheDatabaseLittle reads a hundred datasets with as many
// queries as one.
func TestReferencesAskTheDatabaseLittle(t *testing.T) {
	d := dbtest.SQLite(t)
	s := newSite(t, d, 0)
	var count atomic.Int64
	d.Watch(func(context.Context, string, time.Duration) { count.Add(1) })
	ask := func(n int) int64 {
		references := make([]string, n)
		for i := range references {
			references[i] = "dataset-" + []string{openID, bareID}[i%2]
		}
		before := count.Load()
		if w := s.get("/api/1/oembeds/?references=" + strings.Join(references, ",")); w.Code != http.StatusOK {
			t.Fatal(w.Body)
		}
		return count.Load() - before
	}
	if two, many := ask(2), ask(100); two != many || two == 0 {
		t.Errorf("%d queries for two, %d for a hundred", two, many)
	}
}
