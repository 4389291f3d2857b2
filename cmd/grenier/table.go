package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"grenier/internal/db"
)

// tableFlag is embedded in commands that print a table.
type tableFlag struct {
	JSON bool `name:"json" help:"Print JSON instead of a table."`
}

// column is a column of a table: its title and its cell in a row.
type column[T any] struct {
	title string
	cell  func(T) string
}

// printTable writes rows for people, or as a JSON list for programs.
func printTable[T any](p *program, asJSON bool, rows []T, columns ...column[T]) error {
	if asJSON {
		if rows == nil {
			rows = []T{}
		}
		encoder := json.NewEncoder(p.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(rows)
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	cells := make([]string, len(columns))
	for i, column := range columns {
		cells[i] = strings.ToUpper(column.title)
	}
	writeRow(w, cells)
	for _, row := range rows {
		for i, column := range columns {
			cells[i] = column.cell(row)
		}
		writeRow(w, cells)
	}
	return w.Flush()
}

func writeRow(w *tabwriter.Writer, cells []string) {
	for i, cell := range cells {
		cells[i] = strings.Map(func(r rune) rune {
			if r < ' ' {
				return ' '
			}
			return r
		}, cell)
	}
	fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t "))
}

// yes shows a truth in a table.
func yes(value bool) string {
	if value {
		return "yes"
	}
	return "-"
}

// minute shows a moment in a table.
func minute(t db.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02 15:04")
}

// moment is a time in JSON, null when there is none.
func moment(t db.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.Format(time.RFC3339)
	return &text
}
