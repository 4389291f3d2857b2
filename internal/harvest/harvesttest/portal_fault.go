package harvesttest

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// faultOf finds what disturbs a request; p.mu is held.
func (p *Portal) faultOf(r *http.Request) *Fault {
	address := r.URL.RequestURI()
	for i := range p.options.Faults {
		f := p.options.Faults[i]
		if !strings.Contains(address, f.Path) {
			continue
		}
		p.met[i]++
		n := p.met[i] - f.After
		if n <= 0 || f.Every > 0 && n%f.Every != 0 {
			continue
		}
		if f.Every > 0 {
			n /= f.Every
		}
		if f.Times > 0 && n > f.Times {
			continue
		}
		return &f
	}
	return nil
}

// disturb answers a request itself, and then returns nil, or gives the writer
// through which the right answer goes.
func (f *Fault) disturb(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
			return nil
		}
	}
	switch {
	case f.Location != "":
		http.Redirect(w, r, f.Location, http.StatusFound)
		return nil
	case f.HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form><input type=password></form></body></html>")
		return nil
	case f.Status != 0:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		http.Error(w, http.StatusText(f.Status), f.Status)
		return nil
	}
	return &disturbed{ResponseWriter: w, left: f.Cut, cut: f.Cut > 0, contentType: f.ContentType}
}

// disturbed is an answer with a wrong type, or one that ends too early.
type disturbed struct {
	http.ResponseWriter
	contentType string
	cut         bool
	left        int
	begun       bool
}

func (d *disturbed) WriteHeader(status int) {
	d.begun = true
	if d.contentType != "" {
		d.Header().Set("Content-Type", d.contentType)
	}
	if d.cut {
		// More is announced than comes, and the connection closed in between.
		d.Header().Set("Content-Length", "1000000000")
	}
	d.ResponseWriter.WriteHeader(status)
}

func (d *disturbed) Write(p []byte) (int, error) {
	if !d.begun {
		d.WriteHeader(http.StatusOK)
	}
	if !d.cut {
		return d.ResponseWriter.Write(p)
	}
	if len(p) < d.left {
		d.left -= len(p)
		return d.ResponseWriter.Write(p)
	}
	_, _ = d.ResponseWriter.Write(p[:d.left])
	if flusher, ok := d.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
	panic(http.ErrAbortHandler)
}
