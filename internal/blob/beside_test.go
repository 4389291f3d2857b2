package blob_test

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"grenier/internal/blob"
	"grenier/internal/blob/blobtest"
)

// A store beside the hosted files has none of theirs, and they have none of its own.
func TestOpenBeside(t *testing.T) {
	folder := t.TempDir()
	for name, address := range map[string]string{
		"data folder": "", "folder": (&url.URL{Scheme: "file", Path: filepath.Join(folder, "elsewhere")}).String(), "s3": blobtest.S3(t),
	} {
		t.Run(name, func(t *testing.T) {
			files, err := blob.Open(address, filepath.Join(folder, "files"), 0)
			if err != nil {
				t.Fatal(err)
			}
			beside, err := blob.OpenBeside(address, folder, "harvests", 0)
			if err != nil {
				t.Fatal(err)
			}
			for seed, store := range []blob.Store{files, beside} {
				body := bytesOf(100, uint64(seed))
				if err := store.Put(t.Context(), keyOf(body), bytes.NewReader(body), 100); err != nil {
					t.Fatal(err)
				}
			}
			for seed, store := range []blob.Store{files, beside} {
				list, err := store.List(t.Context(), "", "", 10)
				if err != nil || len(list) != 1 || list[0].Key != keyOf(bytesOf(100, uint64(seed))) {
					t.Errorf("the store %d holds %v (%v)", seed, list, err)
				}
			}
		})
	}
	for _, place := range []string{"harvests", "elsewhere/harvests"} {
		if _, err := os.Stat(filepath.Join(folder, place)); err != nil {
			t.Error(err)
		}
	}
}
