package dcat

import (
	"encoding/json"
	"strings"
	"time"
)

// Record is a dataset in the words of DCAT. Every member may be missing but for
// the title. What is written and read back is the same record, themes, series
// and quality aside, which are read only.
type Record struct {
	// URI names the dataset; empty for one that only its own document knows.
	URI        string
	Identifier string
	// Others are identifiers that others gave.
	Others      []Identifier
	Title       string
	Description string
	Acronym     string
	CreatedAt   time.Time
	IssuedAt    time.Time
	ModifiedAt  time.Time
	LandingPage string
	Keywords    []string
	// Themes are the labels of themes, read only.
	Themes []string
	// HVD tells that it is a high-value dataset, HVDCategories the codes of
	// its categories; Inspire that its themes are those of INSPIRE (read only).
	HVD           bool
	HVDCategories []string
	Inspire       bool
	// Frequency is one of the catalogue's, empty when not said.
	Frequency string
	// AccessRights, Rights, Licenses and Provenance are IRIs or texts; see
	// Access.
	AccessRights, Rights, Licenses, Provenance []string
	Agents                                     []Agent
	Temporal                                   *Period
	Places                                     []Place
	// Geometry is a MultiPolygon of GeoJSON in degrees, nil for none. Records
	// that were read may share it: it is not to be written into.
	Geometry json.RawMessage
	// Resolution is the spatial resolution as a text, "10 m" or "1/25000",
	// read only.
	Resolution    string
	Standards     []Standard
	Distributions []Distribution
	// RecordID identifies the record of a catalogue that describes the dataset,
	// Languages are the IRIs or codes of the languages of the data, Series the
	// IRIs of the series that it is in (read only).
	RecordID          string
	Languages, Series []string
}

// Identifier is an identifier in the words of who gave it.
type Identifier struct{ Notation, Creator string }

// Agent is a person or an organisation with a part in a dataset.
type Agent struct {
	// Role is that of contact points.
	Role string
	// URI names the agent, empty when nothing does.
	URI string
	// Kind is empty when it is not known what the agent is.
	Kind AgentKind
	Name string
	// Acronym is that of an organisation.
	Acronym string
	Email   string
	// Page is where to read about the agent, or to write to them.
	Page string
}

// AgentKind is what an agent is.
type AgentKind string

// The kinds of agents.
const (
	AnOrganization AgentKind = "Organization"
	APerson        AgentKind = "Person"
)

// Period is a time in days, YYYY-MM-DD; either end may be open.
type Period struct{ Start, End string }

// Place is somewhere that a dataset covers, named.
type Place struct{ URI, Identifier, Name string }

// Standard is what data follows: a schema, or a system of coordinates.
type Standard struct{ URI, Name, Version string }

// Distribution is a form in which data can be had.
type Distribution struct {
	URI, Identifier, Title, Description string
	// Type is one of the catalogue's types of resources (documentation, api …),
	// empty for data and where nothing is said.
	Type string
	// DownloadURL is the file, AccessURL where to get at it.
	DownloadURL, AccessURL string
	IssuedAt, ModifiedAt   time.Time
	// ByteSize is nil when not known.
	ByteSize          *int64
	Format, MediaType string
	Checksum          *Checksum
	// AccessRights, Rights and Licenses are as those of a Record.
	AccessRights, Rights, Licenses []string
	HVD                            bool
	Standard                       *Standard
	// Service gives access to it; nil for a file. Several distributions that
	// were read may share it.
	Service *Service
	// Part tells that it was told as a part of the dataset, not as a form of
	// it (read only).
	Part bool
}

// Checksum tells whether a file is whole.
type Checksum struct{ Type, Value string }

// URL is where the data is: the file, else the way to it.
func (d *Distribution) URL() string {
	if d.DownloadURL != "" {
		return d.DownloadURL
	}
	return d.AccessURL
}

// Protocol is the short name of the OGC standard of its service in lower case
// (wms, wfs …), empty when there is none.
func (d *Distribution) Protocol() string {
	if d.Service == nil {
		return ""
	}
	for _, standard := range d.Service.Standards {
		if name, ok := strings.CutPrefix(standard.URI, ogcStandard); ok {
			return strings.ToLower(lastPart(name))
		}
	}
	return ""
}

// Service is an API in the words of DCAT.
type Service struct {
	URI, Identifier, Title, Description string
	CreatedAt, IssuedAt, ModifiedAt     time.Time
	EndpointURL, EndpointDescription    string
	LandingPage                         string
	// Documentation are pages about the service for people.
	Documentation []string
	Keywords      []string
	Themes        []string // read only
	HVD           bool
	HVDCategories []string
	// Serves are the URIs of the datasets that it gives, ServesIDs their
	// identifiers where they have no URI (read only).
	Serves, ServesIDs              []string
	Agents                         []Agent
	AccessRights, Rights, Licenses []string
	Standards                      []Standard
	RecordID                       string // as that of a Record
}

// lastPart is what follows the last slash or hash of an address.
func lastPart(address string) string {
	return address[strings.LastIndexAny(address, "/#")+1:]
}
