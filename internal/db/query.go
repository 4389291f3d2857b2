package db

import (
	"strings"
)

// LikeEscape prepares text for a LIKE pattern with ESCAPE '!'.
func LikeEscape(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}

// OrderBy turns a sort key such as "-created" into an ORDER BY expression. The
// columns are the program's own; an unknown key falls back to the default,
// since faces refuse it before. The default must be one of the columns.
func OrderBy(key, fallback string, columns map[string]string) string {
	if key == "" {
		key = fallback
	}
	name, descending := strings.CutPrefix(key, "-")
	column, ok := columns[name]
	if !ok {
		if key == fallback {
			panic("db: the default order " + fallback + " names no column")
		}
		return OrderBy(fallback, fallback, columns)
	}
	if descending {
		return column + " DESC NULLS LAST"
	}
	return column + " ASC NULLS LAST"
}
