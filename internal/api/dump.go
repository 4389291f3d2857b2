package api

import (
	"net/http"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/dump"
	"grenier/internal/limit"
	"grenier/internal/search"
	"grenier/internal/web"
)

// Dumps are the catalogue's CSV files, and the bounds on how many are sent at
// once.
type Dumps struct {
	files       *dump.Dumps
	whole, part *limit.Slots
}

// dumpRetry is after how long a refused client may come back.
const dumpRetry = 15 * time.Second

// NewDumps lets so many whole dumps be sent at once, one for each client
// address, and four times as many that a filter or an organisation narrows.
func NewDumps(files *dump.Dumps, concurrency int) *Dumps {
	return &Dumps{
		files: files,
		whole: limit.NewSlots(concurrency, 1, dumpRetry),
		part:  limit.NewSlots(4*concurrency, 4, dumpRetry),
	}
}

// dumpRoutes declares the files of the whole site and of one organisation.
func (a *API) dumpRoutes() {
	a.siteDumps(a.v1, "/site")
	doc := func(what string) web.Doc {
		return dumpDoc("Export the "+what+" of an organization as CSV", "organizations")
	}
	web.Get[web.Raw](a.v1, "/organizations/{org}/datasets.csv", doc("datasets"), func(c *web.Call, _ web.None) error {
		return a.organizationDump(c, "-datasets", func(id string) dump.Dump { return a.Dumps.files.Datasets(datasetsOf(id)) })
	})
	web.Get[web.Raw](a.v1, "/organizations/{org}/datasets-resources.csv", doc("resources"), func(c *web.Call, _ web.None) error {
		return a.organizationDump(c, "-datasets-resources", func(id string) dump.Dump { return a.Dumps.files.Resources(datasetsOf(id)) })
	})
	web.Get[web.Raw](a.v1, "/organizations/{org}/dataservices.csv", doc("dataservices"), func(c *web.Call, _ web.None) error {
		return a.organizationDump(c, "-dataservices", func(id string) dump.Dump {
			f := dump.DataserviceFilter{Visible: true}
			f.Organization = id
			return a.Dumps.files.Dataservices(f)
		})
	})
}

// RootDumps declares the files of the whole site in a table of the root.
func (a *API) RootDumps(root *web.Table) {
	a.siteDumps(root, "")
	a.rootCatalog(root)
}

func (a *API) siteDumps(t *web.Table, base string) {
	doc := func(what string) web.Doc { return dumpDoc("Export the "+what+" as CSV", "site") }
	web.Get[web.Raw](t, base+"/datasets.csv", doc("datasets"), func(c *web.Call, q datasetSearchArgs) error {
		return a.datasetDump(c, q, a.Dumps.files.Datasets)
	})
	web.Get[web.Raw](t, base+"/resources.csv", doc("resources"), func(c *web.Call, q datasetSearchArgs) error {
		return a.datasetDump(c, q, a.Dumps.files.Resources)
	})
	web.Get[web.Raw](t, base+"/organizations.csv", doc("organizations"), func(c *web.Call, q organizationArgs) error {
		return a.sendDump(c, a.Dumps.files.Organizations(dump.OrganizationFilter{
			Query: q.Query, Badge: q.Badge, Name: q.Name, BusinessNumberID: q.BusinessNumberID,
		}), "")
	})
	web.Get[web.Raw](t, base+"/reuses.csv", doc("reuses"), func(c *web.Call, q reuseArgs) error {
		f, err := q.filter(c, a, account.Nobody)
		if err != nil {
			return err
		}
		f.Sort = ""
		return a.sendDump(c, a.Dumps.files.Reuses(f), "")
	})
	web.Get[web.Raw](t, base+"/dataservices.csv", doc("dataservices"), func(c *web.Call, q dataserviceArgs) error {
		f, err := q.filter(c, a, account.Nobody)
		if err != nil {
			return err
		}
		f.Sort = ""
		return a.sendDump(c, a.Dumps.files.Dataservices(dump.DataserviceFilter{DataserviceFilter: f}), "")
	})
	web.Get[web.Raw](t, base+"/tags.csv", doc("tags"), func(c *web.Call, _ web.None) error {
		return a.sendDump(c, a.Dumps.files.Tags(), "")
	})
	web.Get[web.Raw](t, base+"/harvests.csv", doc("harvest sources"), func(c *web.Call, _ web.None) error {
		return a.sendDump(c, a.Dumps.files.Harvests(), "")
	})
}

func dumpDoc(summary, tag string) web.Doc {
	return web.Doc{
		Summary: summary, Tags: []string{tag}, Slow: true, NoMask: true, Produces: []string{"text/csv"},
		Description: "Made while it is sent, in the order of identifiers, never paged: page, page_size and sort have no effect.",
		Statuses: map[int]string{
			http.StatusNotModified:     "Nothing has changed since the ETag or the date that was sent",
			http.StatusTooManyRequests: "Too many dumps are being sent: come back after Retry-After",
		},
	}
}

// datasetsOf are the datasets of an organisation that the public finds.
func datasetsOf(organization string) dump.DatasetFilter {
	f := dump.DatasetFilter{Visible: true}
	f.Organization = organization
	return f
}

func (a *API) datasetDump(c *web.Call, q datasetSearchArgs, make func(dump.DatasetFilter) dump.Dump) error {
	f := dump.DatasetFilter{
		DatasetFilter: catalog.DatasetFilter{
			Query: q.Query, Tags: q.Tags, Badge: q.Badge, Organization: q.Organization, OrganizationBadge: q.OrganizationBadge,
			Owner: q.Owner, License: q.License, Geozone: q.Geozone, Featured: q.Featured, Topic: q.Topic, AccessType: q.AccessType,
		},
		OrganizationName: q.OrganizationName, Granularities: q.Granularity, Formats: q.Format, Schemas: q.Schema,
		FormatFamily: q.FormatFamily, ProducerType: q.ProducerType,
	}
	if err := a.askable(c, account.Nobody, map[string]*string{catalog.KindTopic: &f.Topic}); err != nil {
		return err
	}
	for _, r := range search.UpdateRanges(now()) {
		if r.Name == q.LastUpdateRange {
			f.UpdatedSince = db.TimeOf(time.UnixMicro(*r.Min))
		}
	}
	if q.TemporalCoverage != "" {
		var ok bool
		if f.CoveredFrom, f.CoveredTo, ok = catalog.DayRange(q.TemporalCoverage); !ok {
			return argumentError("temporal_coverage", "The temporal coverage must be two days: YYYY-MM-DD-YYYY-MM-DD")
		}
	}
	return a.sendDump(c, make(f), "")
}

// organizationDump answers with a file about what the public finds of one
// organisation, named after it.
func (a *API) organizationDump(c *web.Call, suffix string, make func(id string) dump.Dump) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	organization, err := a.Organizations.Get(c.Context(), account.Nobody, id)
	if err != nil {
		return err
	}
	return a.sendDump(c, make(id), organization.Slug+suffix)
}

// sendDump answers with a dump; name is the base of the file's name, the
// dump's kind when empty.
func (a *API) sendDump(c *web.Call, d dump.Dump, name string) error {
	etag, modified, err := a.Dumps.files.Version(c.Context(), d, c.Site.Base)
	if err != nil {
		return err
	}
	if c.NotModified(etag, modified) {
		return nil
	}
	if name == "" {
		name = string(d.Kind)
	}
	w := &dumpWriter{call: c, name: dump.FileName(name, now()), media: "text/csv; charset=utf-8"}
	if c.R.Method == http.MethodHead {
		return w.begin().Close()
	}
	slots := a.Dumps.part
	if d.Whole() {
		slots = a.Dumps.whole
	}
	release, err := slots.Take(c.Peer.Addr)
	if err == nil {
		defer release()
		err = a.Dumps.files.Write(c.Context(), w, d, c.Site.Base)
	}
	if err != nil {
		if w.stream == nil {
			c.W.Header().Del("Etag")
			c.W.Header().Del("Last-Modified")
		}
		return err
	}
	return w.stream.Close()
}

// dumpWriter begins the answer with its first bytes, so that what fails before
// is still answered as an error.
type dumpWriter struct {
	call        *web.Call
	name, media string
	stream      *web.Stream
}

func (w *dumpWriter) begin() *web.Stream {
	if w.stream == nil {
		w.call.W.Header().Set("Content-Disposition", "attachment; filename="+w.name)
		w.stream = w.call.Stream(http.StatusOK, w.media)
	}
	return w.stream
}

func (w *dumpWriter) Write(p []byte) (int, error) { return w.begin().Write(p) }
