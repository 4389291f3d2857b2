package db_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// around matches what reaches past bun to database/sql, where a time.Time, a
// bool or JSON would get another form than the one the columns hold.
var around = regexp.MustCompile(`\.(DB|Tx|Conn)\.(Query|QueryRow|Exec|Prepare|Begin|BeginTx|Conn)(Context)?\(|\bsql\.Open(DB)?\(|\bstdlib\.|\bpgxpool\.`)

// TestNobodyReachesAroundBun: values reach SQL only through bun outside this
// package.
func TestNobodyReachesAroundBun(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if entry.IsDir() {
			if name == filepath.Join("internal", "db") || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && name != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		for i, line := range strings.Split(string(text), "\n") {
			if around.MatchString(line) {
				t.Errorf("%s:%d reaches around bun: %s", name, i+1, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 50 {
		t.Errorf("only %d files were looked at", seen)
	}
}

func TestWhatReachesAroundIsSeen(t *testing.T) {
	for line, want := range map[string]bool{
		"store.DB.QueryContext(ctx, query, time.Now())": true,
		"tx.Tx.Exec(query, when)":                       true,
		`pool, err := sql.Open("sqlite", path)`:         true,
		"tx.NewRaw(query, when).Exec(ctx)":              false,
		"d.Read().NewSelect()":                          false,
	} {
		if around.MatchString(line) != want {
			t.Errorf("%q is told as %v", line, !want)
		}
	}
}
