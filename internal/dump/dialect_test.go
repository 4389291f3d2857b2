package dump

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"grenier/internal/db"
)

func TestCells(t *testing.T) {
	at := func(text string) db.Time {
		moment, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return db.TimeOf(moment)
	}
	for _, c := range []struct {
		name  string
		write func(*cells)
		want  string
	}{
		{"empty", func(c *cells) { c.empty() }, `""`},
		{"no text", func(c *cells) { c.text("") }, `""`},
		{"text", func(c *cells) { c.text("l'été; à «Nîmes»") }, `"l'été; à «Nîmes»"`},
		{"quotes", func(c *cells) { c.text(`"a" and ""`) }, `"""a"" and """""`},
		{"lines", func(c *cells) { c.text("a\r\nb\nc") }, "\"a\r\nb\nc\""},
		{"joined", func(c *cells) { c.joined("https://x/", `a"b`) }, `"https://x/a""b"`},
		{"integer", func(c *cells) { c.integer(-12) }, `-12`},
		{"zero", func(c *cells) { c.number(number{0, true}) }, `0`},
		{"unknown number", func(c *cells) { c.number(number{}) }, `""`},
		{"half", func(c *cells) { c.decimal(decimal{0.5, true}) }, `0.5`},
		{"whole decimal", func(c *cells) { c.decimal(decimal{99, true}) }, `99.0`},
		{"unknown decimal", func(c *cells) { c.decimal(decimal{}) }, `""`},
		{"true", func(c *cells) { c.boolean(true) }, `True`},
		{"false", func(c *cells) { c.boolean(false) }, `False`},
		{"known truth", func(c *cells) { c.truth(truth{true, true}) }, `True`},
		{"unknown truth", func(c *cells) { c.truth(truth{}) }, `""`},
		{"moment", func(c *cells) { c.moment(at("2024-03-01T10:11:12Z")) }, `"2024-03-01T10:11:12"`},
		{"milliseconds", func(c *cells) { c.moment(at("2024-03-01T10:11:12.345Z")) }, `"2024-03-01T10:11:12.345000"`},
		{"a microsecond", func(c *cells) { c.moment(at("2024-03-01T10:11:12.000001Z")) }, `"2024-03-01T10:11:12.000001"`},
		{"year 3", func(c *cells) { c.moment(at("0003-02-05T00:00:00Z")) }, `"0003-02-05T00:00:00"`},
		{"other zone", func(c *cells) { c.moment(at("2024-03-01T10:11:12+02:00")) }, `"2024-03-01T08:11:12"`},
		{"no moment", func(c *cells) { c.moment(db.Time{}) }, `""`},
		{"archived", func(c *cells) { c.since(at("2024-03-01T10:11:12Z")) }, `"2024-03-01T10:11:12"`},
		{"not archived", func(c *cells) { c.since(db.Time{}) }, `False`},
		{"never counted", func(c *cells) { c.months("") }, `0`},
		{"no months", func(c *cells) { c.months("{}") }, `"{}"`},
		{"months", func(c *cells) { c.months(`{"2025-01":0,"2025-02":13}`) }, `"{'2025-01': 0, '2025-02': 13}"`},
		{"spaced months", func(c *cells) { c.months("{ \"2025-01\" : 0 ,\n\"2025-02\": 13 }") }, `"{'2025-01': 0, '2025-02': 13}"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var line cells
			c.write(&line)
			if got := string(line.buf); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Whatever the texts, a reader of the dialect gets them back.
func TestTextsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOfN(rapid.StringMatching(`[a-z";,\n é]{0,8}`), 1, 6).Draw(t, "cells")
		var line cells
		for i, text := range given {
			line.next(i)
			line.text(text)
		}
		line.end()
		reader := csv.NewReader(strings.NewReader(string(line.buf)))
		reader.Comma = ';'
		read, err := reader.Read()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(read, "\x00") != strings.Join(given, "\x00") {
			t.Fatalf("wrote %q, read %q", given, read)
		}
	})
}

func TestColumns(t *testing.T) {
	for kind, want := range map[Kind]int{Datasets: 47, Resources: 30, Organizations: 26, Reuses: 25, Dataservices: 40, Tags: 4, Harvests: 9, "users": 0} {
		if got := len(Columns(kind)); got != want {
			t.Errorf("%s: %d columns, want %d", kind, got, want)
		}
	}
	if len(Kinds) != 7 {
		t.Errorf("%d kinds", len(Kinds))
	}
}

func TestFileName(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	if got := FileName("ville-datasets", at); got != "ville-datasets-2026-01-02-02-04.csv" {
		t.Error(got)
	}
}
