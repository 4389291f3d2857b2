package dcat

import (
	"net/url"
	"strings"
	"time"

	"grenier/internal/catalog"
)

// distribution says a resource of a dataset.
func (s *Site) distribution(r *catalog.Resource, d *catalog.Dataset, record *Record) Distribution {
	address := s.FileURL(r.URL)
	out := Distribution{
		URI: s.DatasetPage(d.ID) + "?resource_id=" + r.ID, Identifier: r.ID, Title: r.Title, Description: value(r.Description),
		DownloadURL: address, AccessURL: s.Base + "/api/1/datasets/r/" + r.ID,
		IssuedAt: first(r.HarvestIssuedAt, r.CreatedInternal), ModifiedAt: modifiedAt(r),
		Type:   kindOf(r.Type),
		Format: strings.ToLower(strings.TrimSpace(value(r.Format))), MediaType: strings.ToLower(strings.TrimSpace(value(r.Mime))),
		HVD: record.HVD, Rights: record.Rights, Standard: standardOf(r.SchemaName, r.SchemaVersion, r.SchemaURL),
	}
	if r.Filesize != nil && *r.Filesize >= 0 {
		out.ByteSize = r.Filesize
	}
	if sum := strings.TrimSpace(value(r.ChecksumValue)); isHex(sum) {
		kind := value(r.ChecksumType)
		if kind == "" {
			kind = "sha1"
		}
		out.Checksum = &Checksum{Type: kind, Value: sum}
	}
	s.license(d, &out)
	if protocol, endpoint := ogcService(address, out.Format); protocol != "" {
		out.Service = &Service{
			Title: r.Title, EndpointURL: endpoint, EndpointDescription: address, HVD: record.HVD, HVDCategories: record.HVDCategories,
			Rights: out.Rights, Licenses: out.Licenses, Standards: []Standard{{URI: ogcStandard + protocol}},
		}
		for _, a := range record.Agents {
			if a.Role == roleContact {
				out.Service.Agents = append(out.Service.Agents, a)
			}
		}
	}
	return out
}

// kindOf is what kind of resource it is, unless it is the data itself.
func kindOf(kind string) string {
	if kind == "main" {
		return ""
	}
	return kind
}

// license says the licence of a dataset: by its address, else by its title.
func (s *Site) license(d *catalog.Dataset, out *Distribution) {
	license, ok := s.Licenses[value(d.License)]
	if !ok {
		return
	}
	if iri, ok := absolute(value(license.URL)); ok {
		out.Licenses = []string{iri}
		return
	}
	out.Rights = append(append([]string(nil), out.Rights...), license.Title)
}

// modifiedAt is what the origin of a resource says, else what is known here.
func modifiedAt(r *catalog.Resource) time.Time {
	if r.HarvestModifiedAt.IsZero() && r.Filetype == "remote" {
		return first(r.AnalysedModifiedAt, r.ModifiedInternal)
	}
	return first(r.HarvestModifiedAt, r.ModifiedInternal)
}

// ogcProtocols are the services that distributions tell of.
var ogcProtocols = []string{"wfs", "wms", "wmts"}

// ogcService finds the OGC service behind a resource: by its format, or by an
// address that asks for the capabilities of one.
func ogcService(address, format string) (protocol, endpoint string) {
	if _, ok := absolute(address); !ok {
		return "", ""
	}
	for _, known := range ogcProtocols {
		if format == known || format == "ogc:"+known {
			protocol = known
		}
	}
	endpoint, query, _ := strings.Cut(address, "?")
	if protocol == "" {
		asked, err := url.ParseQuery(strings.ToLower(query))
		if err != nil || asked.Get("request") != "getcapabilities" {
			return "", ""
		}
		protocol = asked.Get("service")
		if !isProtocol(protocol) {
			return "", ""
		}
	}
	return protocol, endpoint
}

// isProtocol tells whether a text can end the IRI of a standard.
func isProtocol(s string) bool {
	return s != "" && len(s) <= 32 && !strings.ContainsFunc(s, func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') })
}

// byService says a service as a distribution of the high-value dataset that it
// gives.
func (s *Site) byService(d *catalog.Dataservice) Distribution {
	return Distribution{
		Title: d.Title, AccessURL: orElse(value(d.BaseAPIURL), s.Base+"/dataservices/"+d.Slug), HVD: true,
		Service: &Service{URI: s.serviceURI(d)},
	}
}

// orElse is an address as an IRI, the other one when it is none.
func orElse(address, otherwise string) string {
	if iri, ok := absolute(address); ok {
		return iri
	}
	return otherwise
}
