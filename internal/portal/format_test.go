package portal

import "testing"

func TestFormatLabels(t *testing.T) {
	for format, want := range map[string]string{
		"csv": "CSV", "vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX", "application/vnd.ms-excel": "XLS",
		"file:///srv/udata/ftype/csv": "CSV", "geo+json": "GEOJSON", "": "", "/": "/", "averylongnameofaformat": "AVERYLONGNAM",
	} {
		if got := formatLabel(format); got != want {
			t.Errorf("%q: %q, want %q", format, got, want)
		}
	}
}
