// Package demo carries a real catalogue in small: datasets of data.gouv.fr
// chosen for variety, real answers of its API with their resources, the French
// public APIs, and some examples of what people make of them. README.md names
// the sources.
package demo

import (
	"context"
	"embed"
	"fmt"
	"path"

	"grenier/internal/intake"
)

//go:embed catalog examples
var files embed.FS

// Load imports the sample. Loading it again changes nothing.
func Load(ctx context.Context, importer *intake.Importer) (intake.Summary, error) {
	contents, err := Contents()
	if err != nil {
		return intake.Summary{}, err
	}
	return importer.ImportContents(ctx, contents, intake.Options{})
}

// Contents returns the files of the sample.
func Contents() ([]intake.Contents, error) {
	var contents []intake.Contents
	for _, folder := range []string{"catalog", "examples"} {
		entries, err := files.ReadDir(folder)
		if err != nil {
			return nil, fmt.Errorf("the sample: %w", err)
		}
		for _, entry := range entries {
			data, err := files.ReadFile(path.Join(folder, entry.Name()))
			if err != nil {
				return nil, fmt.Errorf("the sample: %w", err)
			}
			contents = append(contents, intake.Contents{Name: entry.Name(), Data: data})
		}
	}
	return contents, nil
}
