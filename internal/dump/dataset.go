package dump

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// datasetRow is what a line about a dataset is made of.
type datasetRow struct {
	id, title, slug, acronym                    str
	organization, organizationID                str
	owner, ownerID                              str
	description, descriptionShort               str
	frequency, license, licenseID               str
	temporalStart, temporalEnd                  str
	granularity, zoneIDs, geometry              str
	tags, badges, formats                       str
	featured, hasSpatial                        boolean
	createdAt, modifiedAt, lastUpdate, archived db.Time
	resources, mainResources                    number
	openFormat, allAvailable, documented        boolean
	descriptionLength                           number
	discussions, discussionsOpen                number
	reuses, dataservices, followers, views      number
	downloads                                   number
	reusesByMonths, followersByMonths           str
	harvest                                     harvestRow
	cells                                       str

	// Worked out from the above.
	url, zones, score string
}

// harvestRow is where a harvested object comes from.
type harvestRow struct {
	backend, domain, remoteID, remoteURL, uri, identifier str
	createdAt, issuedAt, modifiedAt, lastUpdate           db.Time
}

func (h *harvestRow) fields() []field {
	return []field{
		{"h.backend", &h.backend}, {"h.domain", &h.domain}, {"h.remote_id", &h.remoteID}, {"h.remote_url", &h.remoteURL},
		{"h.uri", &h.uri}, {"h.dct_identifier", &h.identifier}, {"h.created_at", &h.createdAt}, {"h.issued_at", &h.issuedAt},
		{"h.modified_at", &h.modifiedAt}, {"h.last_update", &h.lastUpdate},
	}
}

var datasets = source[datasetRow]{
	columns: datasetColumns,
	fields: func(r *datasetRow) []field {
		return append([]field{
			{"d.id", &r.id}, {"d.title", &r.title}, {"d.slug", &r.slug}, {"d.acronym", &r.acronym},
			{"o.name", &r.organization}, {"d.organization_id", &r.organizationID}, {"u.slug", &r.owner}, {"d.owner_id", &r.ownerID},
			{"d.description_short", &r.descriptionShort}, {"d.frequency", &r.frequency}, {"d.license", &r.licenseID}, {"l.title", &r.license},
			{"d.temporal_start", &r.temporalStart}, {"d.temporal_end", &r.temporalEnd}, {"d.granularity", &r.granularity},
			{"d.has_spatial", &r.hasSpatial}, {"d.featured", &r.featured}, {"d.created_at", &r.createdAt}, {"d.modified_at", &r.modifiedAt},
			{"d.last_update", &r.lastUpdate}, {"d.archived_at", &r.archived}, {"d.resources", &r.resources},
			{"d.main_resources", &r.mainResources}, {"d.open_format", &r.openFormat}, {"d.all_available", &r.allAvailable},
			{"d.documented", &r.documented}, {"d.description_length", &r.descriptionLength}, {"d.discussions", &r.discussions},
			{"d.discussions_open", &r.discussionsOpen}, {"d.reuses", &r.reuses}, {"d.dataservices", &r.dataservices},
			{"d.followers", &r.followers}, {"d.views", &r.views}, {"d.downloads", &r.downloads},
			{"d.reuses_by_months", &r.reusesByMonths}, {"d.followers_by_months", &r.followersByMonths}, {"d.description", &r.description},
			{"s.geometry", &r.geometry}, {"g.cells", &r.cells},
			{"(SELECT string_agg(t.tag, ',' ORDER BY t.position) FROM tags t WHERE t.object_id = d.id)", &r.tags},
			{"(SELECT string_agg(b.badge, ',' ORDER BY b.position) FROM badges b WHERE b.object_id = d.id)", &r.badges},
			{"(SELECT string_agg(z.zone, ',' ORDER BY z.position) FROM object_zones z WHERE z.object_id = d.id)", &r.zoneIDs},
			{"(SELECT string_agg(f.format, ',' ORDER BY f.position) FROM formats f WHERE f.dataset_id = d.id)", &r.formats},
		}, r.harvest.fields()...)
	},
	table: "datasets", alias: "d", chosen: "LEFT JOIN organizations o ON o.id = d.organization_id",
	joins: `LEFT JOIN organizations o ON o.id = d.organization_id LEFT JOIN users u ON u.id = d.owner_id
		LEFT JOIN licenses l ON l.id = d.license LEFT JOIN harvests h ON h.object_id = d.id
		LEFT JOIN coverages s ON s.object_id = d.id LEFT JOIN given g ON g.object_id = d.id`,
	order:    []string{"d.id"},
	key:      "d.id",
	after:    func(r *datasetRow) []any { return []any{string(r.id)} },
	complete: completeDataset,
}

// datasetColumns are the columns of the reference's export of 2026 in its
// order, then those that it lacks of the ones the reference declares.
var datasetColumns = append([]column[datasetRow]{
	{"id", func(c *cells, r *datasetRow) { c.text(string(r.id)) }},
	{"title", func(c *cells, r *datasetRow) { c.text(string(r.title)) }},
	{"slug", func(c *cells, r *datasetRow) { c.text(string(r.slug)) }},
	{"acronym", func(c *cells, r *datasetRow) { c.text(string(r.acronym)) }},
	{"url", func(c *cells, r *datasetRow) { c.joined(r.url, string(r.slug)) }},
	{"organization", func(c *cells, r *datasetRow) { c.text(string(r.organization)) }},
	{"organization_id", func(c *cells, r *datasetRow) { c.text(string(r.organizationID)) }},
	{"owner", func(c *cells, r *datasetRow) { c.text(string(r.owner)) }},
	{"owner_id", func(c *cells, r *datasetRow) { c.text(string(r.ownerID)) }},
	{"description", func(c *cells, r *datasetRow) { c.text(string(r.description)) }},
	{"description_short", func(c *cells, r *datasetRow) { c.text(string(r.descriptionShort)) }},
	{"frequency", func(c *cells, r *datasetRow) { c.text(string(r.frequency)) }},
	{"license", func(c *cells, r *datasetRow) { c.text(string(r.license)) }},
	{"temporal_coverage.start", func(c *cells, r *datasetRow) { c.text(string(r.temporalStart)) }},
	{"temporal_coverage.end", func(c *cells, r *datasetRow) { c.text(string(r.temporalEnd)) }},
	{"spatial.granularity", func(c *cells, r *datasetRow) { c.text(string(r.granularity)) }},
	{"spatial.zones", func(c *cells, r *datasetRow) { c.text(r.zones) }},
	{"featured", func(c *cells, r *datasetRow) { c.boolean(bool(r.featured)) }},
	{"created_at", func(c *cells, r *datasetRow) { c.moment(r.createdAt) }},
	{"last_modified", func(c *cells, r *datasetRow) { c.moment(r.modifiedAt) }},
	{"tags", func(c *cells, r *datasetRow) { c.text(string(r.tags)) }},
	{"archived", func(c *cells, r *datasetRow) { c.since(r.archived) }},
	{"resources_count", func(c *cells, r *datasetRow) { c.integer(r.resources.value) }},
	{"main_resources_count", func(c *cells, r *datasetRow) { c.integer(r.mainResources.value) }},
	{"resources_formats", func(c *cells, r *datasetRow) { c.text(string(r.formats)) }},
	{"harvest.backend", func(c *cells, r *datasetRow) { c.text(string(r.harvest.backend)) }},
	{"harvest.domain", func(c *cells, r *datasetRow) { c.text(string(r.harvest.domain)) }},
	{"harvest.created_at", func(c *cells, r *datasetRow) { c.moment(r.harvest.createdAt) }},
	{"harvest.modified_at", func(c *cells, r *datasetRow) { c.moment(r.harvest.modifiedAt) }},
	{"harvest.remote_url", func(c *cells, r *datasetRow) { c.text(string(r.harvest.remoteURL)) }},
	{"quality_score", func(c *cells, r *datasetRow) { c.text(r.score) }},
	{"metric.discussions", func(c *cells, r *datasetRow) { c.integer(r.discussions.value) }},
	{"metric.discussions_open", func(c *cells, r *datasetRow) { c.integer(r.discussionsOpen.value) }},
	{"metric.reuses", func(c *cells, r *datasetRow) { c.integer(r.reuses.value) }},
	{"metric.reuses_by_months", func(c *cells, r *datasetRow) { c.months(string(r.reusesByMonths)) }},
	{"metric.dataservices", func(c *cells, r *datasetRow) { c.integer(r.dataservices.value) }},
	{"metric.followers", func(c *cells, r *datasetRow) { c.integer(r.followers.value) }},
	{"metric.followers_by_months", func(c *cells, r *datasetRow) { c.months(string(r.followersByMonths)) }},
	{"metric.views", func(c *cells, r *datasetRow) { c.integer(r.views.value) }},
	{"metric.resources_downloads", func(c *cells, r *datasetRow) { c.number(r.downloads) }},
}, []column[datasetRow]{
	{"spatial.geom", func(c *cells, r *datasetRow) { c.text(string(r.geometry)) }},
	{"badges", func(c *cells, r *datasetRow) { c.text(string(r.badges)) }},
	{"harvest.remote_id", func(c *cells, r *datasetRow) { c.text(string(r.harvest.remoteID)) }},
	{"harvest.uri", func(c *cells, r *datasetRow) { c.text(string(r.harvest.uri)) }},
	{"harvest.issued_at", func(c *cells, r *datasetRow) { c.moment(r.harvest.issuedAt) }},
	{"harvest.last_update", func(c *cells, r *datasetRow) { c.moment(r.harvest.lastUpdate) }},
	{"harvest.dct_identifier", func(c *cells, r *datasetRow) { c.text(string(r.harvest.identifier)) }},
}...)

// completeDataset works out the score and the names of zones, and puts what an
// import gave in the place of what rows cannot say.
func completeDataset(r *run, row *datasetRow) error {
	row.url = r.base + "/datasets/"
	row.zones = r.zoneNames(string(row.zoneIDs))
	var given *catalog.GivenDataset
	if row.cells != "" {
		given = &catalog.GivenDataset{}
		if err := json.Unmarshal([]byte(row.cells), given); err != nil {
			return err
		}
	}
	row.score = row.quality(r, given)
	row.restore(given)
	return nil
}

// zoneNames are the names of zones whose identifiers are joined by commas. A
// zone that nobody knows any more shows its identifier.
func (r *run) zoneNames(ids string) string {
	if ids == "" {
		return ""
	}
	names := strings.Split(ids, ",")
	for i, id := range names {
		if zone, ok := r.zones.Get(id); ok {
			names[i] = zone.Name
		}
	}
	return strings.Join(names, ",")
}

// quality is the score with two decimals: as given, or computed.
func (row *datasetRow) quality(r *run, given *catalog.GivenDataset) string {
	if given != nil && given.QualityScore != "" {
		return given.QualityScore
	}
	d := catalog.Dataset{
		License: row.licenseID.pointer(), TemporalStart: row.temporalStart.pointer(), HasSpatial: bool(row.hasSpatial),
		Frequency: row.frequency.pointer(), DescriptionLength: row.descriptionLength.value, LastUpdate: row.lastUpdate,
		ResourceCount: row.resources.value, OpenFormat: bool(row.openFormat), AllAvailable: bool(row.allAvailable),
		Documented: bool(row.documented), Given: given,
	}
	return strconv.FormatFloat(d.Quality(r.now, r.options.QualityDescriptionLength).Score, 'f', 2, 64)
}

// restore shows what an import gave. Numbers and formats of resources hold
// until rows of resources come.
func (row *datasetRow) restore(given *catalog.GivenDataset) {
	if given == nil {
		return
	}
	if row.resources.value == 0 {
		if given.Resources != nil {
			row.resources.value = *given.Resources
		}
		if given.MainResources != nil {
			row.mainResources.value = *given.MainResources
		}
		if given.Formats != nil {
			row.formats = str(strings.Join(given.Formats, ","))
		}
	}
	if given.Zones != "" {
		row.zones = given.Zones
	}
	if given.License != nil {
		row.license = str(*given.License)
	}
	if given.Tags != nil {
		row.tags = str(*given.Tags)
	}
	if given.Frequency != nil {
		row.frequency = str(*given.Frequency)
	}
}

// Datasets is a dump of datasets. Archived ones are in it.
func (s *Dumps) Datasets(f DatasetFilter) Dump {
	return Dump{Kind: Datasets, filter: narrowing(f), ranked: f.Query != "", run: func(ctx context.Context, r *run) error {
		return r.eachScope(ctx, f, "d.id", func(where []condition) error { return datasets.walk(ctx, r, where) })
	}}
}
