package catalog

import (
	"context"
	_ "embed"
	"encoding/json"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// LicenseNotSpecified is what the API shows for a dataset without a licence.
const LicenseNotSpecified = "notspecified"

// License says what may be done with data.
type License struct {
	bun.BaseModel `bun:"table:licenses,alias:l"`

	ID              string  `bun:"id,pk" json:"id"`
	Title           string  `bun:"title" json:"title"`
	Maintainer      *string `bun:"maintainer" json:"maintainer"`
	URL             *string `bun:"url" json:"url"`
	Flags           db.JSON `bun:"flags" json:"flags"`
	AlternateURLs   db.JSON `bun:"alternate_urls" json:"alternate_urls"`
	AlternateTitles db.JSON `bun:"alternate_titles" json:"alternate_titles"`
	Position        int64   `bun:"position" json:"-"`
}

//go:embed licenses.json
var builtinLicenses []byte

// BuiltinLicenses are the licences that every installation starts with.
func BuiltinLicenses() ([]License, error) {
	var licenses []License
	if err := json.Unmarshal(builtinLicenses, &licenses); err != nil {
		return nil, err
	}
	for i := range licenses {
		licenses[i].Position = int64(i)
	}
	return licenses, nil
}

// SeedLicenses adds the built-in licences that the database lacks.
func (s *Store) SeedLicenses(ctx context.Context) error {
	licenses, err := BuiltinLicenses()
	if err != nil {
		return err
	}
	known, err := s.Licenses(ctx)
	if err != nil {
		return err
	}
	have := make(map[string]bool, len(known))
	for _, license := range known {
		have[license.ID] = true
	}
	var missing []License
	for _, license := range licenses {
		if !have[license.ID] {
			missing = append(missing, license)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(&missing).On("CONFLICT DO NOTHING").Exec(ctx)
		return err
	})
}

// Licenses returns every licence, in the API's order.
func (s *Store) Licenses(ctx context.Context) ([]License, error) {
	var licenses []License
	err := s.db.Read().NewSelect().Model(&licenses).OrderExpr("position, id").Scan(ctx)
	return licenses, err
}
