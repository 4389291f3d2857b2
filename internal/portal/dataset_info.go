package portal

import (
	"bytes"
	"encoding/json"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/geo"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// datasetInformations is the tab of all that is known of a dataset.
type datasetInformations struct {
	Dataset   datasetHead
	Frequency string
	// NextUpdate is when the producer, or else the frequency, promises the next
	// update, zero when nothing is promised; Late tells that it should have come.
	NextUpdate time.Time
	Late       bool
	// TemporalStart and TemporalEnd are days, empty where there is none.
	TemporalStart, TemporalEnd string
	Territory                  *territory
	Schemas                    []fileSchema
	Contacts                   []datasetContact
	Tags                       []Link
	Extras                     []fact
	MoreExtras                 int
	Harvest                    *datasetHarvest
	HarvestFacts               []fact
	Charts                     []template.HTML
	// Links are other forms of the description, for programs.
	Links []Sibling
}

// territory is what a dataset covers.
type territory struct {
	Zones       []Link
	MoreZones   int
	Granularity string
	// Names are those of the zones as a sentence.
	Names string
	// Map is nil when there is nothing to draw.
	Map *territoryMap
}

// territoryMap draws a territory.
type territoryMap struct {
	// BBox is west,south,east,north in degrees.
	BBox string
	// Contour is the address of the territory as GeoJSON, empty when only the
	// box is known.
	Contour string
	// Tiles and Attribution are those of the site's maps.
	Tiles, Attribution string
	// Picture is a small map, drawn without scripts.
	Picture template.HTML
}

// fact is a name and a value that another program gave.
type fact struct{ Name, Value, URL string }

func (p *Portal) showDatasetInformations(v *visit, a datasetArgs) error {
	d, done, err := v.dataset(a.Key, "/"+tabInformations)
	if done || err != nil {
		return err
	}
	content, err := v.datasetInformations(d)
	if err != nil {
		return err
	}
	page := v.datasetDraft(d, "dataset-informations", tabInformations, nil)
	page.data = content
	return v.show(page)
}

func (v *visit) datasetInformations(d *catalog.Dataset) (content datasetInformations, err error) {
	if content.Dataset, err = v.head(d, tabInformations); err != nil {
		return content, err
	}
	if content.Territory, err = v.territory(d); err != nil {
		return content, err
	}
	schemas, err := v.p.Catalog.SchemasOf(v.Context(), v.viewer, d.ID)
	if err != nil {
		return content, err
	}
	for _, s := range schemas[:min(len(schemas), mostSchemas)] {
		content.Schemas = append(content.Schemas, fileSchema{Name: deref(s.Name), Version: deref(s.Version), URL: linkable(deref(s.URL))})
	}
	content.Frequency = v.frequency(d)
	content.NextUpdate, content.Late = v.nextUpdate(d)
	content.TemporalStart, content.TemporalEnd = deref(d.TemporalStart), deref(d.TemporalEnd)
	content.Contacts, content.Tags = v.contacts(d), v.keywords(d.Tags)
	if content.Harvest, err = v.harvestOf(d); err != nil {
		return content, err
	}
	content.Extras, content.MoreExtras = factsOf(fields(d.Extras))
	content.HarvestFacts = v.harvestFacts(d)
	content.Charts = v.datasetCharts(d)
	content.Links = []Sibling{
		{"application/json", v.say.T("dataset.api-1"), "/api/1/datasets/" + d.ID + "/"},
		{"application/json", v.say.T("dataset.api-2"), "/api/2/datasets/" + d.ID + "/"},
	}
	return content, nil
}

// Bounds of what the page lists.
const (
	mostSchemas = 20
	mostZones   = 20
	mostExtras  = 40
	valueLength = 300 // characters of a value
)

// contacts are whom to ask, in the order of the dataset.
func (v *visit) contacts(d *catalog.Dataset) []datasetContact {
	list := make([]datasetContact, 0, len(d.ContactPoints))
	for i := range d.ContactPoints {
		c := &d.ContactPoints[i]
		list = append(list, datasetContact{
			Role: i18n.Label(i18n.ContactRole, c.Role, v.lang), Name: c.Name, Email: deref(c.Email), Form: linkable(deref(c.ContactForm)),
		})
	}
	return list
}

// nextUpdate is when the next update is promised, by the producer for a moment
// after the last one, else by the frequency; late tells that it is past.
func (v *visit) nextUpdate(d *catalog.Dataset) (promised time.Time, late bool) {
	promised = d.NextUpdate().Time
	if d.FrequencyDate.After(d.LastUpdate.Time) {
		promised = d.FrequencyDate.Time
	}
	return promised, !promised.IsZero() && promised.Before(v.now)
}

// territory tells what a dataset covers, nil when it does not say.
func (v *visit) territory(d *catalog.Dataset) (*territory, error) {
	t := &territory{}
	for _, id := range d.Zones[:min(len(d.Zones), mostZones)] {
		name, path := id, v.path("/datasets/search")+"?geozone="+template.URLQueryEscaper(id)
		if zone, ok := v.p.Zones.Get(id); ok {
			name, path = zone.Name, v.path(zone.Path())
		}
		t.Zones = append(t.Zones, Link{name, path})
		if t.Names != "" {
			t.Names += ", "
		}
		t.Names += name
	}
	t.MoreZones = len(d.Zones) - len(t.Zones)
	if granularity := deref(d.Granularity); granularity != "" {
		t.Granularity = i18n.Label(i18n.Granularity, granularity, v.lang)
	}
	covered, found, err := v.p.Zones.Coverage(v.Context(), d.Zones, d.Geometry)
	if err != nil {
		return nil, err
	}
	if found {
		if t.Map, err = v.territoryMap(d, covered); err != nil {
			return nil, err
		}
	}
	if len(t.Zones) == 0 && t.Granularity == "" && t.Map == nil {
		return nil, nil
	}
	return t, nil
}

func (v *visit) territoryMap(d *catalog.Dataset, covered geo.Coverage) (*territoryMap, error) {
	contour := ""
	if len(covered.Zones) > 0 || covered.Geometry != nil || covered.Box {
		contour = datasetPath(d, "coverage.geojson")
	}
	return v.mapOf(covered, contour)
}

// serveCoverage answers with the territory of a dataset as GeoJSON, for maps.
func (p *Portal) serveCoverage(c *web.Call, a datasetArgs) error {
	d, done, err := p.datasetOf(c, same, a.Key, "/coverage.geojson")
	if done || err != nil {
		return err
	}
	covered, _, err := p.Zones.Coverage(c.Context(), d.Zones, d.Geometry)
	if err != nil {
		return err
	}
	body, err := p.drawnCoverage(c.Context(), covered)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/geo+json", body)
}

// factsOf are the members of an object that another program gave, by name,
// and the number of those that are too many to show.
func factsOf(members map[string]json.RawMessage) (list []fact, more int) {
	names := slices.Sorted(maps.Keys(members))
	for i, name := range names {
		if i == mostExtras {
			return list, len(names) - mostExtras
		}
		value := plainValue(members[name])
		list = append(list, fact{Name: cutText(name, valueLength), Value: cutText(value, valueLength), URL: linkable(value)})
	}
	return list, 0
}

// plainValue writes a JSON value as people read it: texts without quotes, lists
// of texts joined by commas, others on one line.
func plainValue(raw json.RawMessage) string {
	var words string
	if json.Unmarshal(raw, &words) == nil {
		return words
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return strings.Join(list, ", ")
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return string(raw)
	}
	return compact.String()
}

// cutText shortens a text to so many characters.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// harvestFacts are what is known of where the description comes from.
func (v *visit) harvestFacts(d *catalog.Dataset) []fact {
	h := d.Harvest
	if h == nil {
		return nil
	}
	var list []fact
	add := func(name, value string) {
		if value != "" {
			list = append(list, fact{Name: v.say.T("dataset.harvest-" + name), Value: cutText(value, valueLength), URL: linkable(value)})
		}
	}
	add("domain", deref(h.Domain))
	add("url", deref(h.RemoteURL))
	add("id", deref(h.RemoteID))
	add("identifier", deref(h.DctIdentifier))
	add("uri", deref(h.URI))
	add("backend", deref(h.Backend))
	add("created", v.say.Date(h.CreatedAt))
	add("issued", v.say.Date(h.IssuedAt))
	add("modified", v.say.Date(h.ModifiedAt))
	add("last", v.say.DateTime(h.LastUpdate))
	add("archived", v.say.Date(h.ArchivedAt))
	return list
}

// datasetCharts draw the counters by month that a dataset has.
func (v *visit) datasetCharts(d *catalog.Dataset) []template.HTML {
	var charts []template.HTML
	for _, one := range []struct {
		name    string
		byMonth db.JSON
	}{{"reuses", d.ReusesByMonths}, {"followers", d.FollowersByMonths}} {
		if chart := v.monthChart("chart-"+one.name, v.say.T("dataset.chart-"+one.name), monthCounts(one.byMonth)); chart != "" {
			charts = append(charts, chart)
		}
	}
	return charts
}
