// Package migrations holds the schema's migrations, a folder per dialect.
package migrations

import "embed"

// Files are the migrations in the folders sqlite and postgres. Both hold the
// same numbers, and define the same tables and columns.
//
//go:embed sqlite/*.sql postgres/*.sql
var Files embed.FS
