package dcat

import (
	"slices"
	"strconv"
	"strings"

	"grenier/internal/rdf"
)

// distribution reads a form in which data can be had.
func (r *reader) distribution(s rdf.Term) Distribution {
	out := Distribution{
		URI: uriOf(s), Identifier: r.identifier(s), Title: r.text(s, nsDCT+"title"), Description: r.text(s, nsDCT+"description"),
		Type:        r.kind(s),
		DownloadURL: r.address(s, nsDCAT+"downloadURL"), AccessURL: r.address(s, nsDCAT+"accessURL"),
		IssuedAt: r.moment(s, nsDCT+"issued"), ModifiedAt: r.modified(s), ByteSize: r.byteSize(s),
		Format: r.format(s), MediaType: r.mediaType(s), Checksum: r.checksum(s),
		AccessRights: r.accessRights(s), Rights: r.statements(s, nsDCT+"rights"), Licenses: r.statements(s, nsDCT+"license"),
	}
	_, out.HVD, _ = r.highValue(s)
	if o, ok := r.Object(s, nsDCT+"conformsTo"); ok {
		if standard := r.standard(o); standard != (Standard{}) {
			out.Standard = &standard
		}
	}
	if o, ok := r.Object(s, nsDCAT+"accessService"); ok && o.Kind != rdf.Literal {
		out.Service = r.accessService(o)
	}
	return out
}

// kind is the type of resource that a distribution says to be.
func (r *reader) kind(s rdf.Term) string {
	for _, o := range r.Objects(s, nsDCT+"type") {
		if name := r.text(o, nsSKOS+"prefLabel"); slices.Contains(resourceTypes, name) {
			return name
		}
	}
	return ""
}

// resourceTypes are the catalogue's types of resources but for data itself.
var resourceTypes = []string{"documentation", "update", "api", "code", "other"}

// accessService reads a service that gives access to distributions, once for
// all of them.
func (r *reader) accessService(s rdf.Term) *Service {
	known, ok := r.access[s]
	if !ok {
		service := r.service(s)
		known = &service
		r.access[s] = known
	}
	return known
}

func (r *reader) byteSize(s rdf.Term) *int64 {
	for _, text := range r.texts(s, nsDCAT+"byteSize") {
		number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err == nil && number >= 0 && number < 1<<62 {
			size := int64(number)
			if whole, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
				size = whole
			}
			return &size
		}
	}
	return nil
}

// format is the short name of a format in lower case: by a label, or the last
// part of an authority's name.
func (r *reader) format(s rdf.Term) string {
	for _, o := range r.Objects(s, nsDCT+"format") {
		name := strings.TrimSpace(r.said(o))
		switch {
		case name == "":
			continue
		case strings.HasPrefix(name, euFileType):
			name = lastPart(name)
		case strings.HasPrefix(name, ianaMediaType), strings.HasPrefix(name, ianaMediaOld):
			name = lastPart(name)
		}
		return strings.ToLower(name)
	}
	return ""
}

// mediaType is a media type without the address of its registry.
func (r *reader) mediaType(s rdf.Term) string {
	for _, o := range r.Objects(s, nsDCAT+"mediaType") {
		if name := strings.TrimSpace(r.said(o)); name != "" {
			return strings.TrimPrefix(strings.TrimPrefix(name, ianaMediaType), ianaMediaOld)
		}
	}
	return ""
}

func (r *reader) checksum(s rdf.Term) *Checksum {
	o, ok := r.Object(s, nsSPDX+"checksum")
	if !ok {
		return nil
	}
	algorithm := r.address(o, nsSPDX+"algorithm")
	kind, known := strings.CutPrefix(algorithm, checksumPrefix)
	if !known {
		kind, known = strings.CutPrefix(algorithm, checksumPrefixS)
	}
	value := r.text(o, nsSPDX+"checksumValue")
	if !known || value == "" {
		return nil
	}
	return &Checksum{Type: kind, Value: value}
}
