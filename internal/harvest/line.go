package harvest

// Contract names the version of the lines.
const Contract = "grenier-harvest/1"

// LineType says what a line tells.
type LineType string

// The types of lines. Readers leave out those that they do not know.
const (
	// LineStart comes first: how many records are to come, and in what format.
	LineStart LineType = "start"
	// LineDataset and LineDataservice are records.
	LineDataset     LineType = "dataset"
	LineDataservice LineType = "dataservice"
	// LineUnchanged is a record that is still there as it was.
	LineUnchanged LineType = "unchanged"
	// LineGone is a record that the portal says it has removed.
	LineGone LineType = "gone"
	// LineSkip is a record that is left out, with the reason.
	LineSkip LineType = "skip"
	// LineError is a record that failed, or without RemoteID a trouble of the job.
	LineError LineType = "error"
	// LineLog is a remark on a record or on the job.
	LineLog LineType = "log"
	// LineCheckpoint is a place to go on from.
	LineCheckpoint LineType = "checkpoint"
	// LineEnd comes last and says whether the whole portal was read.
	LineEnd LineType = "end"
)

// Line is one thing that a backend tells of a portal. Which members count
// depends on the type.
type Line struct {
	T LineType `json:"t"`
	// RemoteID names a record within the portal. It is empty for a record without
	// one, which the engine skips.
	RemoteID string `json:"remote_id,omitempty"`
	// RemoteURL is the page of a record for people.
	RemoteURL string `json:"remote_url,omitempty"`
	// Hash, when it equals that of the last run, says that the record is as it
	// was. Without one, the engine compares what is told.
	Hash        string       `json:"hash,omitempty"`
	Dataset     *Dataset     `json:"-"` // "data" of a dataset
	Dataservice *Dataservice `json:"-"` // "data" of a dataservice
	// Page is the number of the page that a record was on, nil when there are none.
	Page *int `json:"page,omitempty"`
	// Kind is that of a record that is unchanged, gone, skipped or failed:
	// "dataset", which empty means too, or "dataservice".
	Kind string `json:"kind,omitempty"`
	// Reason is why a record is skipped.
	Reason string `json:"reason,omitempty"`
	// Message is for people, Details for those who administer the platform.
	Message string `json:"message,omitempty"`
	Details string `json:"details,omitempty"`
	// Fatal ends the job as failed.
	Fatal bool `json:"fatal,omitempty"`
	// Level is debug, info, warning or error.
	Level string `json:"level,omitempty"`
	// Cursor is where to go on, Done how many records came before it.
	Cursor string `json:"cursor,omitempty"`
	Done   int    `json:"done,omitempty"`
	// Total is how many records are to come, nil when not known.
	Total  *int   `json:"total,omitempty"`
	Format string `json:"format,omitempty"`
	// Complete tells that nothing of the portal was left out.
	Complete bool `json:"complete,omitempty"`
	// Logs are remarks on the record of this very line. They do not count for
	// its hash.
	Logs []Log `json:"logs,omitempty"`
}

// Log is a remark on a record or a job.
type Log struct {
	Level   string `json:"level"`
	Message string `json:"message"`
}

// Dataset is a dataset as its portal tells it. All but the title may be missing;
// what is missing leaves the catalogue's own as it is. Texts are raw: the engine
// makes Markdown of HTML, slugs of tags, licences of their names and days of
// dates (see Mapping).
type Dataset struct {
	Title   string `json:"title"`
	Acronym string `json:"acronym,omitempty"`
	// Name is what the portal calls it in addresses, taken for the slug of a new
	// dataset.
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	// DescriptionFormat is markdown, html, text, or empty to find out.
	DescriptionFormat string   `json:"description_format,omitempty"`
	Tags              []string `json:"tags,omitempty"`
	// License are identifiers, names or addresses of one; the first that is
	// recognised is taken.
	License []string `json:"license,omitempty"`
	// Frequency is one of the catalogue's, or an IRI of Dublin Core or the EU.
	Frequency string    `json:"frequency,omitempty"`
	Temporal  *Period   `json:"temporal_coverage,omitempty"`
	Spatial   *Spatial  `json:"spatial,omitempty"`
	Contacts  []Contact `json:"contact_points,omitempty"`
	Schema    *Schema   `json:"schema,omitempty"`
	// AccessRights and Rights are IRIs or texts.
	AccessRights []string `json:"access_rights,omitempty"`
	Rights       []string `json:"rights,omitempty"`
	// AccessType is open, open_with_account or restricted where the portal says it so.
	AccessType string `json:"access_type,omitempty"`
	Private    *bool  `json:"private,omitempty"`
	// Extras are added to those of other origins; a null removes one.
	Extras  map[string]any `json:"extras,omitempty"`
	Harvest Origin         `json:"harvest,omitzero"`
	// Resources are those that the portal lists, in its order.
	Resources []Resource `json:"resources,omitempty"`
	// ResourcesWhole tells that resources that are not listed are to go, also
	// those that were added by hand.
	ResourcesWhole bool `json:"resources_whole,omitempty"`
}

// Period is a time: days, months or years as the portal writes them. Either end
// may be empty.
type Period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// Spatial is a coverage: a shape or zones. Where both are told, zones are kept.
type Spatial struct {
	// Geometry is a GeoJSON geometry in degrees; nil for none.
	Geometry    any      `json:"geom,omitempty"`
	Zones       []string `json:"zones,omitempty"`
	Granularity string   `json:"granularity,omitempty"`
}

// Contact is somebody with a part in the data.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Form  string `json:"contact_form,omitempty"`
	// Role is one of the catalogue's roles of contact points.
	Role string `json:"role,omitempty"`
}

// Schema is what data conforms to.
type Schema struct {
	URL     string `json:"url,omitempty"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// Origin is what the portal says of an object's own history. Dates are as the
// portal writes them.
type Origin struct {
	URI           string `json:"uri,omitempty"`
	DctIdentifier string `json:"dct_identifier,omitempty"`
	CreatedAt     string `json:"created_at,omitempty"`
	IssuedAt      string `json:"issued_at,omitempty"`
	ModifiedAt    string `json:"modified_at,omitempty"`
}

// Resource is a file or an address of a dataset. It is matched to what the
// catalogue has by RemoteID, else by URL (with the title for the protocols wfs,
// wms and wmts, where several layers share one address).
type Resource struct {
	RemoteID    string `json:"remote_id,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// DescriptionFormat is as that of a dataset.
	DescriptionFormat string         `json:"description_format,omitempty"`
	URL               string         `json:"url"`
	Type              string         `json:"type,omitempty"`
	Format            string         `json:"format,omitempty"`
	Mime              string         `json:"mime,omitempty"`
	Filesize          *int64         `json:"filesize,omitempty"`
	Checksum          *Checksum      `json:"checksum,omitempty"`
	Schema            *Schema        `json:"schema,omitempty"`
	Extras            map[string]any `json:"extras,omitempty"`
	Harvest           Origin         `json:"harvest,omitzero"`
}

// Checksum tells whether a file is whole.
type Checksum struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Dataservice is an API as its portal tells it.
type Dataservice struct {
	Title                     string    `json:"title"`
	Description               string    `json:"description,omitempty"`
	DescriptionFormat         string    `json:"description_format,omitempty"`
	BaseAPIURL                string    `json:"base_api_url,omitempty"`
	MachineDocumentationURL   string    `json:"machine_documentation_url,omitempty"`
	TechnicalDocumentationURL string    `json:"technical_documentation_url,omitempty"`
	BusinessDocumentationURL  string    `json:"business_documentation_url,omitempty"`
	License                   []string  `json:"license,omitempty"`
	AccessRights              []string  `json:"access_rights,omitempty"`
	Rights                    []string  `json:"rights,omitempty"`
	AccessType                string    `json:"access_type,omitempty"` // as that of a dataset
	AuthorizationRequestURL   string    `json:"authorization_request_url,omitempty"`
	RateLimiting              string    `json:"rate_limiting,omitempty"`
	RateLimitingURL           string    `json:"rate_limiting_url,omitempty"`
	Availability              *float64  `json:"availability,omitempty"` // percent of the time
	AvailabilityURL           string    `json:"availability_url,omitempty"`
	Tags                      []string  `json:"tags,omitempty"`
	Contacts                  []Contact `json:"contact_points,omitempty"`
	// Datasets are remote identifiers or URIs of the datasets that it gives.
	Datasets []string       `json:"datasets,omitempty"`
	Extras   map[string]any `json:"extras,omitempty"`
	Harvest  Origin         `json:"harvest,omitzero"`
}
