package api

import (
	"net/http"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/web"
)

// datasetArgs are the filters of every list of datasets.
type datasetArgs struct {
	Query             string   `query:"q" help:"The search query"`
	Sort              string   `query:"sort" sort:"title,created,last_update,reuses,followers,views" help:"The field (and direction) on which sorting apply"`
	Tags              []string `query:"tag" help:"The tags that must all be there"`
	License           string   `query:"license" help:"A license identifier"`
	Featured          *bool    `query:"featured" help:"If set to true, it will filter on featured datasets only"`
	Geozone           string   `query:"geozone" help:"A zone identifier"`
	Granularity       string   `query:"granularity" help:"A spatial granularity"`
	TemporalCoverage  string   `query:"temporal_coverage" help:"Two days: YYYY-MM-DD-YYYY-MM-DD"`
	AccessType        string   `query:"access_type" enum:"open,open_with_account,restricted" help:"The access type"`
	Organization      string   `query:"organization" oid:"Organization arg must be an identifier" help:"An organization identifier"`
	OrganizationBadge string   `query:"organization_badge" enum:"public-service,certified,association,company,local-authority" help:"A badge of the organization"`
	Badge             string   `query:"badge" enum:"pivotal-data,spd,inspire,hvd,sl,sr" help:"A badge of the dataset"`
	Owner             string   `query:"owner" oid:"Owner arg must be an identifier" help:"A user identifier"`
	FollowedBy        string   `query:"followed_by" oid:"Followed_by arg must be an identifier" help:"The identifier of a user who follows the dataset"`
	Format            string   `query:"format" help:"A format of a resource"`
	Schema            string   `query:"schema" help:"The name of a schema of a resource"`
	SchemaVersion     string   `query:"schema_version" help:"The version of a schema of a resource"`
	Topic             string   `query:"topic" oid:"Topic arg must be an identifier" help:"A topic identifier"`
	Credit            string   `query:"credit" help:"Accepted, without effect"`
	Dataservice       string   `query:"dataservice" oid:"Dataservice arg must be an identifier" help:"A dataservice identifier"`
	Reuse             string   `query:"reuse" oid:"Reuse arg must be an identifier" help:"A reuse identifier"`
	Archived          *bool    `query:"archived" help:"Archived datasets only, or none; needs somebody logged in"`
	Deleted           *bool    `query:"deleted" help:"Deleted datasets only, or none; needs somebody logged in"`
	Private           *bool    `query:"private" help:"Private datasets only, or none; needs somebody logged in"`
}

// filter turns the arguments into the subject's filter. Objects that the
// caller does not know do not filter.
func (q datasetArgs) filter(c *web.Call, a *API) (catalog.DatasetFilter, error) {
	f := catalog.DatasetFilter{
		Query: q.Query, Sort: q.Sort, Tags: q.Tags, License: q.License, Featured: q.Featured, Geozone: q.Geozone,
		Granularity: q.Granularity, TemporalCoverage: q.TemporalCoverage, AccessType: q.AccessType, Organization: q.Organization,
		OrganizationBadge: q.OrganizationBadge, Badge: q.Badge, Owner: q.Owner, FollowedBy: q.FollowedBy, Format: q.Format,
		Schema: q.Schema, SchemaVersion: q.SchemaVersion, Topic: q.Topic, Dataservice: q.Dataservice, Reuse: q.Reuse,
		Archived: q.Archived, Deleted: q.Deleted, Private: q.Private,
	}
	for kind, id := range map[string]*string{
		catalog.KindTopic: &f.Topic, catalog.KindDataservice: &f.Dataservice, catalog.KindReuse: &f.Reuse,
	} {
		if *id == "" {
			continue
		}
		known, err := a.Catalog.Known(c.Context(), viewer(c), kind, *id)
		if err != nil {
			return f, err
		}
		if !known {
			*id = ""
		}
	}
	return f, nil
}

type datasetListArgs struct {
	web.Paging
	datasetArgs
}

func (a *API) listDatasets(c *web.Call, q datasetListArgs) error { return a.datasetPage(c, q, v1) }

func (a *API) listDatasetsV2(c *web.Call, q datasetListArgs) error { return a.datasetPage(c, q, v2) }

func (a *API) datasetPage(c *web.Call, q datasetListArgs, version int) error {
	f, err := q.filter(c, a)
	if err != nil {
		return err
	}
	ids, total, err := a.Catalog.DatasetIDs(c.Context(), viewer(c), f, catalog.Page{Offset: q.Offset(), Limit: q.PageSize})
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(ids)); err != nil {
		return err
	}
	return a.sendDatasets(c, q.Paging, ids, total, version, "")
}

// The versions of the API.
const (
	v1 = 1
	v2 = 2
)

// listHolds bounds how long a list is kept, whose objects may change by time
// alone.
const listHolds = time.Minute

// sendDatasets answers with a page of datasets. extra holds further members of
// the envelope, rendered.
func (a *API) sendDatasets(c *web.Call, p web.Paging, ids []string, total, version int, extra string) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	items, err := a.datasetItems(c, ids, version, f)
	if err != nil {
		return err
	}
	c.Keep(f.at.Add(listHolds), web.Epoch(catalog.KindDataset))
	return c.Send(http.StatusOK, web.AppendPage(nil, c, p, items, total, extra))
}

// datasetItems renders datasets of a list. What everybody may see is kept for
// the next list that shows it.
func (a *API) datasetItems(c *web.Call, ids []string, version int, f form) ([][]byte, error) {
	community := version == v1 && c.Wants("data", "community_resources")
	keep := f.viewer.Anonymous() && !f.full && !community
	items := make([][]byte, len(ids))
	var missing []string
	for i, id := range ids {
		if keep {
			items[i], _ = a.Pieces.Get(pieceName(version, id))
		}
		if items[i] == nil {
			missing = append(missing, id)
		}
	}
	asOf := a.Versions.Now()
	rendered := make(map[string][]byte, len(missing))
	for len(missing) > 0 {
		batch := missing[:min(len(missing), renderBatch)]
		missing = missing[len(batch):]
		datasets, err := a.Catalog.DatasetsByIDs(c.Context(), f.viewer, batch, catalog.Parts{
			Resources: version == v1 && c.Wants("data", "resources"), Community: community,
		})
		if err != nil {
			return nil, err
		}
		for i := range datasets {
			body, err := a.renderDataset(&datasets[i], version, f)
			if err != nil {
				return nil, err
			}
			rendered[datasets[i].ID] = body
			if keep && (version == v2 || c.Wants("data", "resources")) {
				keys, until := dependencies(&datasets[i], f.at, a.QualityDescriptionLength)
				a.Pieces.Put(pieceName(version, datasets[i].ID), asOf, keys, until, body)
			}
		}
	}
	return assemble(c, ids, items, rendered), nil
}

// renderBatch bounds the datasets that are loaded at a time.
const renderBatch = 100

func pieceName(version int, id string) string {
	if version == v1 {
		return "dataset/1/" + id
	}
	return "dataset/2/" + id
}

// assemble puts kept and fresh items in order; one that vanished meanwhile is
// left out. The answer depends on every object in it.
func assemble(c *web.Call, ids []string, items [][]byte, rendered map[string][]byte) [][]byte {
	page := make([][]byte, 0, len(ids))
	for i, id := range ids {
		item := items[i]
		if item == nil {
			item = rendered[id]
		}
		if item == nil {
			continue
		}
		page = append(page, item)
		c.Keep(time.Time{}, web.Object(catalog.KindDataset, id))
	}
	return page
}

func (a *API) renderDataset(d *catalog.Dataset, version int, f form) ([]byte, error) {
	if version == v1 {
		return render(a.dataset(d, f))
	}
	return render(a.datasetV2(d, f))
}

// dependencies are the objects shown within a dataset, and the moment at which
// something in it changes by time alone.
func dependencies(d *catalog.Dataset, at time.Time, descriptionLength int) ([]web.Key, time.Time) {
	keys := []web.Key{web.Object(catalog.KindDataset, d.ID)}
	add := func(owner account.Owner) {
		if owner.Organization != "" {
			keys = append(keys, web.Object(catalog.KindOrganization, owner.Organization))
		}
		if owner.User != "" {
			keys = append(keys, web.Object(catalog.KindUser, owner.User))
		}
	}
	add(d.OwnedBy())
	for i := range d.ContactPoints {
		keys = append(keys, web.Object(catalog.KindContact, d.ContactPoints[i].ID))
		add(d.ContactPoints[i].OwnedBy())
	}
	until := d.Quality(at, descriptionLength).Until
	for i := range d.Resources {
		if later := d.Resources[i].HarvestModifiedAt; later.After(at) && (until.IsZero() || later.Before(until)) {
			until = later.Time
		}
	}
	return keys, until
}
