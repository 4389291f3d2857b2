package web

import "testing"

// TestFilesElsewhere: addresses of hosted files lead to where they are served
// from, all others to the site.
func TestFilesElsewhere(t *testing.T) {
	here := &Site{Base: "https://data.example.org"}
	there := &Site{Base: "https://data.example.org", Files: "https://static.example.org"}
	piece := []byte("{\"page\":\"\x00/datasets/a\",\"url\":\"\x00/s/resources/a\",\"x\":\"\x00/search\",\"logo\":\"\x00/s/avatars/b\"}")
	for _, c := range []struct {
		site *Site
		want string
	}{
		{here, `{"page":"https://data.example.org/datasets/a","url":"https://data.example.org/s/resources/a","x":"https://data.example.org/search","logo":"https://data.example.org/s/avatars/b"}`},
		{there, `{"page":"https://data.example.org/datasets/a","url":"https://static.example.org/s/resources/a","x":"https://data.example.org/search","logo":"https://static.example.org/s/avatars/b"}`},
	} {
		if got := string(c.site.Complete(nil, piece)); got != c.want {
			t.Errorf("completed as %s", got)
		}
	}
	for address, want := range map[string]string{
		"/s/resources/a": "https://static.example.org/s/resources/a", "https://example.org/s/a": "https://example.org/s/a", "": "",
	} {
		if got := there.FileURL(address); got != want {
			t.Errorf("%q becomes %q", address, got)
		}
	}
}
