package app

import (
	"slices"
	"testing"

	"grenier/internal/config"
	"grenier/internal/i18n"
)

// TestBackendsHaveWords holds that the API names and explains, in every language,
// what sources of the backends of this program may be told.
func TestBackendsHaveWords(t *testing.T) {
	a := &App{Settings: &config.Settings{HarvestBackends: []string{"*"}}}
	kinds := a.backends()
	if len(kinds) < 10 {
		t.Fatalf("only %d backends are there", len(kinds))
	}
	var ids []string
	for _, b := range kinds {
		d := b.Describe()
		ids = append(ids, d.ID)
		keys := []string{}
		for _, k := range d.Filters {
			keys = append(keys, k.Key)
		}
		for _, k := range d.Features {
			keys = append(keys, k.Key)
		}
		for _, k := range d.ExtraConfigs {
			keys = append(keys, k.Key)
		}
		for _, key := range keys {
			if !i18n.Has(i18n.HarvestSetting, key) {
				t.Errorf("%s: %q has no words", d.ID, key)
			}
		}
	}
	for _, id := range []string{"ckan", "dkan", "ods", "maaf", "dcat", "csw-dcat", "csw-iso-19139", "datajson", "udata", "csv"} {
		if !slices.Contains(ids, id) {
			t.Errorf("the backend %s is missing", id)
		}
	}
	a.Settings.HarvestBackends = []string{"csw-*", "dcat"}
	if some := a.backends(); len(some) != 3 {
		t.Errorf("%d backends are enabled, want 3", len(some))
	}
}
