package portal

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fetch"
	"grenier/internal/limit"
	"grenier/internal/web"
)

// bundleRefusal says why there is no archive of all files.
type bundleRefusal struct {
	Dataset datasetHead
	// Reason is off, empty, many, large or busy.
	Reason string
	Files  int64
	// MostFiles and MostBytes are the limits.
	MostFiles int
	MostBytes int64
}

// Limits of an archive of all files of a dataset.
const (
	bundleFiles = 1_000
	bundleBytes = 5 << 30
	// bundlesAtOnce is how many archives are made at the same time.
	// and bundlesEach for one address, so that nobody holds all of them.
	bundlesAtOnce = 4
	bundlesEach   = 2
	bundleRetry   = time.Minute
	// bundleFileTime bounds the time of one file.
	bundleFileTime = 30 * time.Minute
)

// bundler makes archives, few at a time.
type bundler struct {
	p     *Portal
	slots *limit.Slots
}

func (p *Portal) bundleRoutes(t *table) {
	b := &bundler{p: p, slots: limit.NewSlots(bundlesAtOnce, bundlesEach, bundleRetry)}
	add(t, "/datasets/{dataset}/files.zip", web.Doc{People: true, NoMask: true, Slow: true}, b.serve)
}

// zipPath is the address of all files in one archive, empty where it is not
// offered: where other servers are left out, a file must be hosted here.
func (v *visit) zipPath(d *catalog.Dataset) (string, error) {
	if v.p.Fetch == nil || d.ResourceCount < 2 || d.ResourceCount > bundleFiles {
		return "", nil
	}
	size, err := v.p.Catalog.ResourceBytes(v.Context(), d.ID)
	if err != nil || size > bundleBytes {
		return "", err
	}
	if !v.p.Fetch.Reaches("https://") {
		if hosts, err := v.p.Files.Hosts(v.Context(), d.ID); err != nil || !hosts {
			return "", err
		}
	}
	return v.path(datasetPath(d, "files.zip")), nil
}

func (b *bundler) serve(v *visit, a datasetArgs) error {
	d, done, err := v.dataset(a.Key, "/files.zip")
	if done || err != nil {
		return err
	}
	switch {
	case b.p.Fetch == nil:
		return b.refuse(v, d, "off", http.StatusNotImplemented)
	case d.ResourceCount == 0:
		return b.refuse(v, d, "empty", http.StatusNotFound)
	case d.ResourceCount > bundleFiles:
		return b.refuse(v, d, "many", http.StatusRequestEntityTooLarge)
	}
	entries, size, err := b.entries(v.Context(), v, d)
	switch {
	case err != nil:
		return err
	case len(entries) > 0 && !slices.ContainsFunc(entries, func(e fetch.Entry) bool { return b.p.Fetch.Reaches(e.URL) }):
		return b.refuse(v, d, "off", http.StatusNotImplemented)
	case len(entries) == 0:
		return b.refuse(v, d, "empty", http.StatusNotFound)
	case size > bundleBytes:
		return b.refuse(v, d, "large", http.StatusRequestEntityTooLarge)
	}
	release, err := b.slots.Take(v.Peer.Addr)
	if err != nil {
		v.W.Header()["Retry-After"] = []string{strconv.Itoa(int(bundleRetry.Seconds()))}
		return b.refuse(v, d, "busy", http.StatusTooManyRequests)
	}
	defer release()
	return b.write(v, d, entries)
}

// entries are the files of a dataset, and their size as far as it is known.
// Addresses of services and pages are none.
func (b *bundler) entries(ctx context.Context, v *visit, d *catalog.Dataset) (entries []fetch.Entry, size int64, err error) {
	err = b.p.Catalog.EachResource(ctx, d.ID, func(rows []catalog.Resource) error {
		for i := range rows {
			r := &rows[i]
			format := strings.ToLower(strings.TrimSpace(deref(r.Format)))
			if opens(r, format) || fetchable(r.URL) == "" {
				continue
			}
			entry := fetch.Entry{Name: fileName(r.Title, format), URL: r.URL, Size: fileSize(r), Modified: r.ModifiedAt(v.now).Time}
			entries, size = append(entries, entry), size+min(entry.Size, bundleBytes+1)
		}
		return nil
	})
	return entries, size, err
}

func (b *bundler) write(v *visit, d *catalog.Dataset, entries []fetch.Entry) error {
	h := v.W.Header()
	h["Content-Disposition"] = []string{`attachment; filename="` + fileName(d.Title, "zip") + `"`}
	h["Cache-Control"] = []string{"private, no-store"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	out := v.Stream(http.StatusOK, "application/zip")
	note := fetch.Note{Name: v.say.T("share.zip-readme"), Text: d.Title + "\r\n" + v.Site.Base + datasetPath(d, tabFiles) + "\r\n\r\n" + v.citation(d).Text + "\r\n"}
	limits := fetch.BundleLimits{Total: bundleBytes, Files: bundleFiles, Timeout: bundleFileTime}
	if err := b.p.Fetch.Bundle(v.Context(), out, entries, limits, v.missing, note); err != nil {
		return err
	}
	return out.Close()
}

// missing tells in the page's language which files are not in an archive.
func (v *visit) missing(lost []fetch.Missing) string {
	var b strings.Builder
	b.WriteString(v.say.T("share.zip-missing") + "\r\n\r\n")
	for _, one := range lost {
		reason := ""
		if why := fetch.Why(one.Err); why != nil {
			reason = v.why(string(why.Reason), why.Status, why.Limit)
		}
		name := one.Stored
		if one.Partial {
			name += " " + v.say.T("share.zip-partial")
		}
		b.WriteString(name + "\r\n  " + one.URL + "\r\n  " + reason + "\r\n\r\n")
	}
	return b.String()
}

func (b *bundler) refuse(v *visit, d *catalog.Dataset, reason string, status int) error {
	head, err := v.head(d, tabFiles)
	if err != nil {
		return err
	}
	page := v.datasetDraft(d, "dataset-bundle", tabFiles, nil)
	page.title, page.noIndex, page.status, page.transient = v.say.T("share.zip-refused"), true, status, true
	page.data = bundleRefusal{Dataset: head, Reason: reason, Files: d.ResourceCount, MostFiles: bundleFiles, MostBytes: bundleBytes}
	return v.show(page)
}

// why tells people why a remote file cannot be had or shown, by the code of the
// reason; status is that of the answer, limit the bytes that were allowed.
func (v *visit) why(reason string, status int, limit int64) string {
	id := "resource.why-" + reason
	words := v.say.T(id, "status", strconv.Itoa(status), "limit", v.say.Size(limit))
	if words == id {
		return v.say.T("resource.why-unknown")
	}
	return words
}
