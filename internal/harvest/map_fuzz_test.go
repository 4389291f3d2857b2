package harvest

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"grenier/internal/catalog"
	"grenier/internal/geo/shape"
)

// FuzzDescriptions: whatever a portal writes becomes a text that documents may
// hold, and a text that is clean stays as it is.
func FuzzDescriptions(f *testing.F) {
	for _, seed := range []string{
		"<p>Un <b>mot</b></p>", "<ul><li>a<ol><li>b", "<table><tr><td>x|y", "<pre>\n```\n</pre>", "a\x00b\u202E", strings.Repeat("<div>", 300) + "x",
		"<a href='javascript:alert(1)'>x</a>", "<blockquote><p>a</p><p>b</p></blockquote>", "&lt;script&gt;", "<br><br><hr>", "# a\n- b", "<b> </b>", "<em>\n</em>x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		for _, format := range []string{"", "html", "text", "markdown"} {
			got := cleanDescription(given, format)
			if !utf8.ValidString(got) || utf8.RuneCountInString(got) > catalog.DescriptionMax {
				t.Fatalf("%q becomes %q", given, got)
			}
			if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' || unseen(r) }) {
				t.Fatalf("%q keeps what nobody sees: %q", given, got)
			}
			if strings.TrimSpace(got) != got {
				t.Fatalf("%q becomes %q, with blanks around", given, got)
			}
			if again := cleanDescription(got, "markdown"); again != got {
				t.Fatalf("%q becomes %q the second time", got, again)
			}
		}
	})
}

// FuzzDates: what is read as a date is one.
func FuzzDates(f *testing.F) {
	for _, seed := range []string{"2024-05-06T07:08:09+02:00", "mar, 10/12/2019 - 09:23", "1er février 2020", "20191210T0923", "12/25/2024 3pm", "99/99/9999", "2020-02/.."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		if moment, _, ok := readDate(given); ok && (moment.Year() < 999 || moment.Year() > 10000) {
			t.Fatalf("%q is read as %v", given, moment)
		}
		if p, ok := period(Period{Start: given}); ok && (len(p.Start) != 10 || p.End != "" && len(p.End) != 10) {
			t.Fatalf("%q is read as %+v", given, p)
		}
	})
}

// FuzzShapes: the catalogue can read what is kept of a shape.
func FuzzShapes(f *testing.F) {
	for _, seed := range []string{
		`{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4],[1,2]]]}`, `{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","coordinates":[[[[1,2],[3,2],[3,4],[1,2]]]]}]}`,
		`{"type":"Point","coordinates":[1,2]}`, `{"type":"Polygon","coordinates":[[[1e300,2],[3,2],[3,4],[1e300,2]]]}`, `{"type":"Polygon","coordinates":[[[1,2],[1,2],[1,2],[1,2]]]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		w := &mapping{mapper: &Mapper{}}
		in, ok := w.spatial(&Spatial{Geometry: given})
		if !ok {
			return
		}
		if !json.Valid(in.Geometry) {
			t.Fatalf("%q becomes %q", given, in.Geometry)
		}
		if _, err := shape.FromGeoJSON(in.Geometry); err != nil && err != shape.ErrNoArea {
			t.Fatalf("%q becomes %q, which cannot be read: %v", given, in.Geometry, err)
		}
	})
}
