package dcat

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"grenier/internal/rdf"
)

// dataset reads a dataset.
func (r *reader) dataset(s rdf.Term) Record {
	out := Record{
		URI: uriOf(s), Identifier: r.identifier(s), Title: r.text(s, nsDCT+"title"),
		Description: r.text(s, nsDCT+"description", nsDCT+"abstract"), Acronym: r.text(s, nsSKOS+"altLabel"),
		CreatedAt: r.moment(s, nsDCT+"created"), IssuedAt: r.moment(s, nsDCT+"issued"), ModifiedAt: r.modified(s),
		LandingPage: r.address(s, nsDCAT+"landingPage"), Keywords: r.texts(s, nsDCAT+"keyword"), Frequency: r.frequency(s),
		AccessRights: r.accessRights(s), Rights: r.statements(s, nsDCT+"rights"),
		Licenses: r.statements(s, nsDCT+"license"), Provenance: r.statements(s, nsDCT+"provenance"),
		Agents: r.agents(s), Temporal: r.period(s), Resolution: r.resolution(s),
		RecordID: r.recordID(s), Languages: r.named(s, nsDCT+"language"), Series: r.named(s, nsDCAT+"inSeries"),
	}
	r.themes(s, &out)
	r.places(s, &out)
	for _, o := range r.Objects(s, nsADMS+"identifier") {
		if other := (Identifier{Notation: r.text(o, nsSKOS+"notation"), Creator: r.text(o, nsDCT+"creator")}); other.Notation != "" {
			out.Others = append(out.Others, other)
		}
	}
	for _, o := range r.Objects(s, nsDCT+"conformsTo") {
		if standard := r.standard(o); standard != (Standard{}) {
			out.Standards = append(out.Standards, standard)
		}
	}
	for _, predicate := range []string{"distribution", "distributions"} { // the second is a misspelling that is met
		for _, o := range r.Objects(s, nsDCAT+predicate) {
			out.Distributions = append(out.Distributions, r.distribution(o))
		}
	}
	for _, o := range r.Objects(s, nsDCT+"hasPart") {
		if o.Kind == rdf.IRI && !r.isDataset(o) {
			part := r.distribution(o)
			part.DownloadURL, part.AccessURL, part.Part = o.Value, "", true
			out.Distributions = append(out.Distributions, part)
		}
	}
	return out
}

// accessRights are what dct:accessRights says, and where it says nothing what is
// said by a misspelling of it that is met.
func (r *reader) accessRights(s rdf.Term) []string {
	if said := r.statements(s, nsDCT+"accessRights"); len(said) > 0 {
		return said
	}
	return r.statements(s, nsDCAT+"accessRights")
}

// named are the IRIs and texts of a predicate.
func (r *reader) named(s rdf.Term, predicate string) []string {
	var all []string
	for _, o := range r.Objects(s, predicate) {
		if o.Kind != rdf.Blank && o.Value != "" {
			all = append(all, o.Value)
		}
	}
	return all
}

// recordID identifies the record of a catalogue whose topic something is. Where
// the identifier is an IRI of a UUID, it is the UUID.
func (r *reader) recordID(s rdf.Term) string {
	records := r.Objects(s, nsFOAF+"isPrimaryTopicOf")
	if len(records) == 0 {
		records = r.Subjects(nsFOAF+"primaryTopic", s)
	}
	for _, record := range records {
		for _, id := range r.Objects(record, nsDCT+"identifier") {
			switch {
			case id.Kind == rdf.Literal && id.Datatype == rdf.XSD+"anyURI":
				return strings.TrimPrefix(id.Value, "urn:uuid:")
			case id.Kind != rdf.Blank && id.Value != "":
				return id.Value
			}
		}
	}
	return ""
}

func (r *reader) isDataset(node rdf.Term) bool {
	return slices.ContainsFunc(r.Objects(node, rdf.Type), func(o rdf.Term) bool {
		return o.Value == nsDCAT+"Dataset" || o.Value == nsDCAT+"DatasetSeries" || o.Value == nsDCAT+"DataService"
	})
}

// identifier is the first identifier, a text before an IRI.
func (r *reader) identifier(s rdf.Term) string {
	if text := r.text(s, nsDCT+"identifier"); text != "" {
		return text
	}
	return r.address(s, nsDCT+"identifier")
}

func (r *reader) frequency(s rdf.Term) string {
	for _, o := range r.Objects(s, nsDCT+"accrualPeriodicity") {
		for _, text := range []string{o.Value, r.said(o)} {
			if id, ok := FrequencyOf(text); ok && text != "" {
				return id
			}
		}
	}
	return ""
}

// inspireThemes are the names and addresses of the vocabulary of INSPIRE themes.
var inspireThemes = []string{"http://inspire.ec.europa.eu/theme", "http://www.eionet.europa.eu/gemet/inspire_themes"}

const inspireVocabulary = "gemet - inspire themes, version 1.0"

// themes reads what a dataset is about, and whether the law demands it.
func (r *reader) themes(s rdf.Term, out *Record) {
	out.Themes, out.HVD, out.HVDCategories = r.highValue(s)
	for _, o := range r.Objects(s, nsDCAT+"theme") {
		if o.Kind == rdf.IRI && strings.HasPrefix(o.Value, inspireThemes[0]) {
			out.Inspire = true
		}
		for _, scheme := range r.Objects(o, nsSKOS+"inScheme") {
			name := strings.ToLower(r.text(scheme, nsDCT+"title", nsSKOS+"prefLabel", nsRDFS+"label"))
			if name == inspireVocabulary || slices.Contains(inspireThemes, strings.TrimRight(scheme.Value, "/")) {
				out.Inspire = true
			}
		}
	}
}

// highValue reads the labels of themes, whether the law demands the data, and
// the codes of its categories.
func (r *reader) highValue(s rdf.Term) (themes []string, is bool, codes []string) {
	note := func(o rdf.Term) bool {
		category, ok := categoryOf(o.Value)
		if ok && !slices.Contains(codes, category.Code) {
			codes = append(codes, category.Code)
		}
		return ok
	}
	for _, o := range r.Objects(s, nsDCAT+"theme") {
		switch label := r.text(o, nsSKOS+"prefLabel"); {
		case o.Kind == rdf.Literal:
			themes = append(themes, o.Value)
		case note(o):
			is = true
		case label != "":
			themes = append(themes, label)
		default:
			if known := themeLabel(o.Value, r.Language); known != "" {
				themes = append(themes, known)
			}
		}
	}
	for _, o := range r.Objects(s, nsDCATAP+"hvdCategory") {
		is = note(o) || is
	}
	for _, o := range r.Objects(s, nsDCATAP+"applicableLegislation") {
		is = is || o.Value == hvdLegislation
	}
	slices.Sort(codes)
	return themes, is, codes
}

// standard reads what data follows: an address or a text alone, or a node with
// a title, named by itself or by its type.
func (r *reader) standard(o rdf.Term) Standard {
	if o.Kind == rdf.Literal {
		return Standard{URI: o.Value}
	}
	standard := Standard{URI: uriOf(o), Name: r.text(o, nsDCT+"title"), Version: r.text(o, nsOWL+"versionInfo")}
	if standard.URI == "" {
		if kind, ok := r.Object(o, nsDCT+"type"); ok {
			standard.URI = uriOf(kind)
		}
	}
	return standard
}

// places reads where a dataset lies: the places that have names, and the polygons
// of all shapes and boxes.
func (r *reader) places(s rdf.Term, out *Record) {
	spatial := r.Objects(s, nsDCT+"spatial")
	if len(spatial) == 0 {
		return
	}
	for _, o := range spatial {
		if o.Kind == rdf.Literal {
			continue
		}
		place := Place{URI: uriOf(o), Identifier: r.text(o, nsDCT+"identifier"), Name: r.text(o, nsSKOS+"prefLabel", nsRDFS+"label", nsLOCN+"geographicName")}
		if place != (Place{}) {
			out.Places = append(out.Places, place)
		}
	}
	key := fmt.Sprint(spatial)
	area, known := r.areas[key]
	if !known {
		area = r.area(spatial)
		r.areas[key] = area
	}
	out.Geometry = area
}

// area joins the polygons of the values of dct:spatial, each once.
func (r *reader) area(spatial []rdf.Term) json.RawMessage {
	var all polygons
	seen := map[string]bool{}
	keep := func(some polygons) {
		for _, polygon := range some {
			text, err := json.Marshal(polygon)
			if err == nil && !seen[string(text)] {
				seen[string(text)] = true
				all = append(all, polygon)
			}
		}
	}
	for _, o := range spatial {
		if o.Kind == rdf.Literal {
			keep(boxRing(o.Value))
			continue
		}
		for _, q := range r.About(o) {
			keep(r.shape(q.Object))
			if q.Predicate.Value == nsLOCN+"geometry" && q.Object.Kind != rdf.Literal {
				for _, inner := range r.About(q.Object) {
					keep(r.shape(inner.Object))
				}
			}
		}
	}
	return areaOf(all)
}

// shape reads a literal that is a shape; others give none.
func (r *reader) shape(o rdf.Term) polygons {
	if o.Kind != rdf.Literal || len(o.Value) > min(maxArea, r.room) {
		return nil
	}
	switch o.Datatype {
	case geoJSONLiteral, vndGeoJSON:
		r.room -= len(o.Value)
		return polygonsOf([]byte(o.Value))
	case wktLiteral, wktLiteralOld:
		r.room -= len(o.Value)
		return wktPolygons(o.Value)
	case gmlLiteral:
		r.room -= len(o.Value)
		return envelope(o.Value)
	}
	return nil
}

// startNames and endNames are the predicates of the ends of a period.
var (
	startNames = []string{nsSchema + "startDate", "https://schema.org/startDate", nsDCAT + "startDate", nsSCV + "min"}
	endNames   = []string{nsSchema + "endDate", "https://schema.org/endDate", nsDCAT + "endDate", nsSCV + "max"}
)

const nsTime = "http://www.w3.org/2006/time#"

// period reads the time that a dataset covers; nil when nothing can be read.
func (r *reader) period(s rdf.Term) *Period {
	o, ok := r.Object(s, nsDCT+"temporal")
	if !ok {
		return nil
	}
	var p Period
	switch {
	case o.Kind == rdf.Literal:
		start, end, both := strings.Cut(o.Value, "/")
		if !both {
			end = start
		}
		p = Period{dayOf(start, false), dayOf(end, true)}
	default:
		p = Period{dayOf(r.text(o, startNames...), false), dayOf(r.text(o, endNames...), true)}
		if p == (Period{}) {
			p = Period{dayOf(r.instant(o, "hasBeginning"), false), dayOf(r.instant(o, "hasEnd"), true)}
		}
		if p == (Period{}) {
			p = governmentPeriod(o.Value)
		}
	}
	if p == (Period{}) {
		return nil
	}
	return &p
}

// instant is the date of one end of a period of OWL-Time.
func (r *reader) instant(period rdf.Term, end string) string {
	node, ok := r.Object(period, nsTime+end)
	if !ok {
		return ""
	}
	return r.text(node, nsTime+"inXSDDate", nsTime+"inXSDDateTime", nsTime+"inXSDDateTimeStamp", nsTime+"inDateTime")
}

// governmentPeriod reads the periods of reference.data.gov.uk from their names:
// /id/year/2016, /id/month/2016-05, /id/day/2016-05-01.
func governmentPeriod(iri string) Period {
	_, name, ok := strings.Cut(iri, "://reference.data.gov.uk/id/")
	if !ok {
		return Period{}
	}
	_, day, ok := strings.Cut(name, "/")
	if !ok {
		return Period{}
	}
	return Period{dayOf(day, false), dayOf(day, true)}
}

// dayOf is a date as a day: the first or the last one of a month or a year.
// Empty for what is no date.
func dayOf(text string, last bool) string {
	text = strings.TrimSpace(text)
	at, ok := momentOf(text)
	if !ok {
		return ""
	}
	switch {
	case last && len(text) == 4:
		at = at.AddDate(1, 0, -1)
	case last && len(text) == 7:
		at = at.AddDate(0, 1, -1)
	}
	return at.Format(time.DateOnly)
}
