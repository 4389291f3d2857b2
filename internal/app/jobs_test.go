package app

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"grenier/internal/config"
	"grenier/internal/db/dbtest"
	"grenier/internal/portal"
)

// TestJobsHaveWords holds that the page of background jobs names and explains all
// that is registered, in every language.
func TestJobsHaveWords(t *testing.T) {
	kinds := (&App{Settings: &config.Settings{}, DB: dbtest.SQLite(t)}).newRunner().Kinds()
	if len(kinds) < 12 {
		t.Fatalf("only %d kinds of jobs are registered", len(kinds))
	}
	folders, err := os.ReadDir("../portal/texts")
	if err != nil || len(folders) != 6 {
		t.Fatalf("the languages are %v, %v", folders, err)
	}
	for _, folder := range folders {
		content, err := os.ReadFile("../portal/texts/" + folder.Name() + "/admin-job.json")
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]any
		if err := json.Unmarshal(content, &words); err != nil {
			t.Fatal(err)
		}
		for _, kind := range kinds {
			label, text := portal.JobMessages(kind)
			for _, id := range []string{label, text} {
				if said, _ := words[id].(string); strings.TrimSpace(said) == "" {
					t.Errorf("%s: the job %s lacks the message %q", folder.Name(), kind, id)
				}
			}
		}
	}
}
