package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"grenier/internal/fetch"
)

// shelf keeps one file.
type shelf string

func (shelf) Local(address string) bool { return address == "/s/a.csv" || address == "/s/gone.csv" }

func (s shelf) OpenLocal(_ context.Context, address string) (fetch.LocalFile, error) {
	if address != "/s/a.csv" {
		return fetch.LocalFile{}, errors.New("gone")
	}
	return fetch.LocalFile{Size: int64(len(s)), Type: "text/csv", Read: func(_ context.Context, offset, length int64) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(s[offset : offset+length]))), nil
	}}, nil
}

// TestLocalOnly: a client that leaves it at the files kept here asks no other server.
func TestLocalOnly(t *testing.T) {
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer other.Close()
	client := fetch.New(fetch.Options{Local: shelf("0123456789"), LocalOnly: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if _, err := client.Get(t.Context(), other.URL, fetch.Request{}); fetch.Why(err) == nil || fetch.Why(err).Reason != fetch.Off || asked {
		t.Errorf("another server: %v, asked: %v", err, asked)
	}
	resp, err := client.Get(t.Context(), "/s/a.csv", fetch.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "0123456789" || resp.Body.Close() != nil {
		t.Errorf("a file kept here: %q, %v", body, err)
	}
	var none *fetch.Client
	if !client.Reaches("/s/a.csv") || client.Reaches(other.URL) || none.Reaches("/s/a.csv") || !fetch.New(fetch.Options{}).Reaches(other.URL) {
		t.Error("what a client reaches is told wrong")
	}
}

// TestLocalFiles: a file kept here is read as one of a server would be.
func TestLocalFiles(t *testing.T) {
	client := fetch.New(fetch.Options{Local: shelf("0123456789")})
	for _, c := range []struct {
		name   string
		ask    fetch.Request
		status int
		total  int64
		body   string
		reason fetch.Reason
	}{
		{"whole", fetch.Request{}, 200, 10, "0123456789", ""},
		{"a part", fetch.Request{Range: &fetch.Range{First: 2, Last: 4}}, 206, 10, "234", ""},
		{"the end", fetch.Request{Range: &fetch.Range{First: -1, Last: 3}}, 206, 10, "789", ""},
		{"over the end", fetch.Request{Range: &fetch.Range{First: 8, Last: 40}}, 206, 10, "89", ""},
		{"behind the end", fetch.Request{Range: &fetch.Range{First: 10, Last: 40}}, 0, 0, "", fetch.Status},
		{"too long", fetch.Request{MaxBytes: 4}, 0, 0, "", fetch.TooBig},
		{"cut", fetch.Request{MaxBytes: 4, Cut: true}, 200, 10, "0123", ""},
	} {
		resp, err := client.Get(t.Context(), "/s/a.csv", c.ask)
		if c.reason != "" {
			if why := fetch.Why(err); why == nil || why.Reason != c.reason {
				t.Errorf("%s: %v, want %s", c.name, err, c.reason)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil || string(body) != c.body || resp.Status != c.status || resp.Total() != c.total {
			t.Errorf("%s: %d of %d bytes, %q, %v", c.name, resp.Status, resp.Total(), body, err)
		}
	}
	if _, err := client.Get(t.Context(), "/s/gone.csv", fetch.Request{}); fetch.Why(err) == nil {
		t.Errorf("a file that is gone: %v", err)
	}
	if _, err := client.Get(t.Context(), "/etc/passwd", fetch.Request{}); fetch.Why(err) == nil || fetch.Why(err).Reason != fetch.NotWeb {
		t.Errorf("another path of the machine: %v", err)
	}
}
