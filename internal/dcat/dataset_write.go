package dcat

import (
	"strconv"

	"grenier/internal/rdf"
)

// Dataset describes a dataset and returns the node that stands for it. page is
// the address by which it is known when another one in the document has its
// URI. An error that is an ErrRecord concerns this dataset alone.
func (d *Document) Dataset(r *Record, page string) (rdf.Term, error) {
	node := d.name(r.URI, page)
	err := d.describe("dataset "+r.Identifier, len(r.Distributions) >= longRecord, func() { d.dataset(node, r) })
	if err == nil {
		d.take(node, page)
	}
	return node, err
}

func (d *Document) dataset(s rdf.Term, r *Record) {
	d.isA(s, nsDCAT+"Dataset")
	d.text(s, nsDCT+"identifier", r.Identifier)
	d.text(s, nsDCT+"title", r.Title)
	d.text(s, nsDCT+"description", r.Description)
	d.text(s, nsSKOS+"altLabel", r.Acronym)
	d.moment(s, nsDCT+"created", r.CreatedAt)
	d.moment(s, nsDCT+"issued", r.IssuedAt)
	d.moment(s, nsDCT+"modified", r.ModifiedAt)
	d.page(s, nsDCAT+"landingPage", r.LandingPage)
	for _, other := range r.Others {
		o := d.blank()
		d.add(s, nsADMS+"identifier", o)
		d.isA(o, nsADMS+"Identifier")
		d.text(o, nsDCT+"creator", other.Creator)
		d.text(o, nsSKOS+"notation", other.Notation)
	}
	for _, keyword := range r.Keywords {
		d.text(s, nsDCAT+"keyword", keyword)
	}
	d.highValue(s, r.HVD, r.HVDCategories)
	d.member(s, nsDCT+"accrualPeriodicity", FrequencyIRI(r.Frequency), nsDCT+"Frequency")
	d.statements(s, nsDCT+"accessRights", r.AccessRights, nsDCT+"RightsStatement")
	d.statements(s, nsDCT+"rights", r.Rights, nsDCT+"RightsStatement")
	d.statements(s, nsDCT+"license", r.Licenses, nsDCT+"LicenseDocument")
	d.statements(s, nsDCT+"provenance", r.Provenance, nsDCT+"ProvenanceStatement")
	d.agents(s, r.Agents)
	d.period(s, r.Temporal)
	d.places(s, r)
	for i := range r.Standards {
		d.standard(s, &r.Standards[i])
	}
	for i := range r.Distributions {
		d.distribution(s, &r.Distributions[i])
	}
}

// highValue says that the law demands the data, and the categories for which.
func (d *Document) highValue(s rdf.Term, is bool, categories []string) {
	if is {
		d.member(s, nsDCATAP+"applicableLegislation", hvdLegislation, nsELI+"LegalResource")
	}
	for _, code := range categories {
		o := rdf.NewIRI(hvdCategory + code)
		d.add(s, nsDCATAP+"hvdCategory", o)
		if category, ok := categoryOf(o.Value); ok && d.once("category "+code) {
			d.isA(o, nsSKOS+"Concept")
			d.add(o, nsSKOS+"prefLabel", rdf.NewText(category.Label, "fr"))
		}
	}
}

func (d *Document) period(s rdf.Term, p *Period) {
	if p == nil || *p == (Period{}) {
		return
	}
	o := d.blank()
	d.add(s, nsDCT+"temporal", o)
	d.isA(o, nsDCT+"PeriodOfTime")
	d.typed(o, nsDCAT+"startDate", p.Start, rdf.XSD+"date")
	d.typed(o, nsDCAT+"endDate", p.End, rdf.XSD+"date")
}

func (d *Document) places(s rdf.Term, r *Record) {
	for _, p := range r.Places {
		o, ok := d.link(s, nsDCT+"spatial", p.URI)
		if !ok {
			o = d.blank()
			d.add(s, nsDCT+"spatial", o)
		} else if !d.once("place " + o.Value) {
			continue
		}
		d.isA(o, nsDCT+"Location")
		d.text(o, nsDCT+"identifier", p.Identifier)
		d.text(o, nsSKOS+"prefLabel", p.Name)
	}
	if len(r.Geometry) > 0 {
		o := d.blank()
		d.add(s, nsDCT+"spatial", o)
		d.isA(o, nsDCT+"Location")
		d.typed(o, nsGSP+"asGeoJSON", string(r.Geometry), geoJSONLiteral)
	}
}

func (d *Document) standard(s rdf.Term, standard *Standard) {
	o, ok := d.link(s, nsDCT+"conformsTo", standard.URI)
	if !ok && standard.Name == "" && standard.Version == "" {
		return
	}
	if !ok {
		o = d.blank()
		d.add(s, nsDCT+"conformsTo", o)
	} else if !d.once("standard " + o.Value) {
		return
	}
	d.isA(o, nsDCT+"Standard")
	d.text(o, nsDCT+"title", standard.Name)
	d.text(o, nsOWL+"versionInfo", standard.Version)
}

func (d *Document) distribution(dataset rdf.Term, r *Distribution) {
	s, ok := d.link(dataset, nsDCAT+"distribution", r.URI)
	if !ok {
		s = d.blank()
		d.add(dataset, nsDCAT+"distribution", s)
	}
	d.isA(s, nsDCAT+"Distribution")
	d.text(s, nsDCT+"identifier", r.Identifier)
	d.text(s, nsDCT+"title", r.Title)
	d.text(s, nsDCT+"description", r.Description)
	d.kind(s, r.Type)
	d.link(s, nsDCAT+"downloadURL", r.DownloadURL)
	d.link(s, nsDCAT+"accessURL", r.AccessURL)
	d.moment(s, nsDCT+"issued", r.IssuedAt)
	d.moment(s, nsDCT+"modified", r.ModifiedAt)
	if r.ByteSize != nil {
		d.typed(s, nsDCAT+"byteSize", strconv.FormatInt(*r.ByteSize, 10), rdf.XSD+"nonNegativeInteger")
	}
	d.media(s, r)
	d.checksum(s, r.Checksum)
	d.highValue(s, r.HVD, nil)
	d.statements(s, nsDCT+"accessRights", r.AccessRights, nsDCT+"RightsStatement")
	d.statements(s, nsDCT+"rights", r.Rights, nsDCT+"RightsStatement")
	d.statements(s, nsDCT+"license", r.Licenses, nsDCT+"LicenseDocument")
	if r.Standard != nil {
		d.standard(s, r.Standard)
	}
	d.accessService(s, r.Service)
}

// kind says which type of resource a distribution is.
func (d *Document) kind(s rdf.Term, name string) {
	if name == "" {
		return
	}
	o := d.blank()
	d.add(s, nsDCT+"type", o)
	d.isA(o, nsSKOS+"Concept")
	d.text(o, nsSKOS+"prefLabel", name)
}

// media says format and media type: by the authorities' names where they have
// one, else by a label.
func (d *Document) media(s rdf.Term, r *Distribution) {
	switch {
	case fileTypes[r.Format]:
		d.member(s, nsDCT+"format", euFileType+upper(r.Format), nsDCT+"MediaTypeOrExtent")
	case r.Format != "":
		o := d.blank()
		d.add(s, nsDCT+"format", o)
		d.isA(o, nsDCT+"MediaTypeOrExtent")
		d.text(o, nsRDFS+"label", r.Format)
	}
	switch {
	case isMediaType(r.MediaType):
		d.member(s, nsDCAT+"mediaType", ianaMediaType+r.MediaType, nsDCT+"MediaType")
	case r.MediaType != "":
		o := d.blank()
		d.add(s, nsDCAT+"mediaType", o)
		d.isA(o, nsDCT+"MediaType")
		d.text(o, nsRDFS+"label", r.MediaType)
	}
}

func (d *Document) checksum(s rdf.Term, sum *Checksum) {
	if sum == nil || !isHex(sum.Value) {
		return
	}
	o := d.blank()
	d.add(s, nsSPDX+"checksum", o)
	d.isA(o, nsSPDX+"Checksum")
	d.member(o, nsSPDX+"algorithm", checksumPrefix+sum.Type, nsSPDX+"ChecksumAlgorithm")
	d.typed(o, nsSPDX+"checksumValue", sum.Value, rdf.XSD+"hexBinary")
}

// accessService names the service of a distribution, and describes it unless
// it has a name, under which the document describes it elsewhere.
func (d *Document) accessService(s rdf.Term, service *Service) {
	if service == nil {
		return
	}
	if _, named := d.link(s, nsDCAT+"accessService", service.URI); named {
		return
	}
	o := d.blank()
	d.add(s, nsDCAT+"accessService", o)
	d.service(o, service)
}

// isMediaType tells whether a text is a media type that an IRI can end with:
// type and subtype of RFC 6838 in lower case.
func isMediaType(s string) bool {
	slash := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '/':
			slash++
			if i == 0 || i == len(s)-1 {
				return false
			}
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.', c == '-', c == '+', c == '_':
		default:
			return false
		}
	}
	return slash == 1
}

func isHex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return len(s)%2 == 0 && s != ""
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
