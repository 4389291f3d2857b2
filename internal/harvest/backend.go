package harvest

import (
	"context"
	"encoding/json"
	"time"
)

// Backend reads portals of one kind. What it tells of a portal is a sequence of
// lines, the same that harvesters outside this program write (the contract
// grenier-harvest/1, see docs/harvesting.md).
type Backend interface {
	// Describe says what the backend is and what its sources may be told.
	Describe() Description
	// Harvest reads the portal of a request and tells what it holds, a line at
	// a time. emit blocks until there is room for more; an error of it ends the
	// harvest and is returned as it is. What concerns one record alone is told by
	// a line, never by the error, which ends the job as failed. A backend that
	// read the whole portal says so by a last line of type End.
	Harvest(ctx context.Context, r Request, emit func(Line) error) error
}

// Description is what a backend says of itself; API and forms show it. Labels and
// descriptions are keys of texts for the backends of this program, and texts for
// those outside it.
type Description struct {
	ID           string        `json:"id"`
	Label        string        `json:"label"`
	Filters      []FilterKind  `json:"filters"`
	Features     []FeatureKind `json:"features"`
	ExtraConfigs []ExtraKind   `json:"extra_configs"`
	// Incremental tells that it can leave out what did not change since a moment.
	Incremental bool `json:"incremental"`
	// Resumable tells that it sends checkpoints and goes on from one.
	Resumable bool `json:"resumable"`
	// Insecure tells that certificates of its portals are not verified unless a
	// source asks for it.
	Insecure bool `json:"-"`
}

// FilterKind is a filter that sources of a backend may have.
type FilterKind struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	// Type is string, integer, boolean, uuid, date-time or date.
	Type        string `json:"type"`
	Description string `json:"description"`
}

// FeatureKind is a switch that sources of a backend may set.
type FeatureKind struct {
	Key         string `json:"key"`
	Label       string `json:"label"`
	Description string `json:"description"`
	Default     bool   `json:"default"`
}

// ExtraKind is a further setting that sources of a backend may have.
type ExtraKind struct {
	Key         string `json:"key"`
	Label       string `json:"label"`
	Description string `json:"description"`
	Default     any    `json:"default"`
}

// Request says what to harvest.
type Request struct {
	Job string
	// Dry tells that nothing of it will be kept.
	Dry bool
	// MaxItems is after how many items the rest is of no use; 0 for all. The
	// engine stops by itself; a backend may ask for smaller pages.
	MaxItems int
	// Since is the start of the last good run where the backend may leave out
	// what is older; zero for a whole run.
	Since time.Time
	// Cursor is what the last checkpoint of an interrupted run of this job said;
	// empty at the beginning.
	Cursor string
	// Language is the site's, a code of ISO 639-1.
	Language string
	// Now is the moment after which nothing can have been modified.
	Now    time.Time
	Source Target
	// Remote is the way to the portal. Backends of this program use no other.
	Remote *Remote
}

// Target is the source of a request.
type Target struct {
	ID, Name string
	// URL is the portal's address as the operator gave it.
	URL    string
	Config Config
	// Secrets are what only the portal may know: "apikey", "authorization" …
	Secrets map[string]string
	// Owner is whom what is harvested belongs to; empty members for nobody.
	Organization, OrganizationSlug, OrganizationName string
	// RemoteContexts lets contexts of JSON-LD be fetched.
	RemoteContexts bool
}

// Config is what a source tells its backend. It is public.
type Config struct {
	Filters  []Filter        `json:"filters,omitempty"`
	Features map[string]bool `json:"features,omitempty"`
	Extras   []Extra         `json:"extra_configs,omitempty"`
	// Other holds further top-level members as they were given.
	Other map[string]json.RawMessage `json:"-"`
}

// Filter keeps some records of a portal, or leaves them out.
type Filter struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
	// Type is "exclude" to leave out what matches, else "" or "include".
	Type string `json:"type,omitempty"`
}

// Exclude tells whether what matches is left out.
func (f Filter) Exclude() bool { return f.Type == "exclude" }

// Extra is a further setting.
type Extra struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// Feature tells whether a switch is on; otherwise is its default.
func (c Config) Feature(key string, otherwise bool) bool {
	if on, ok := c.Features[key]; ok {
		return on
	}
	return otherwise
}

// Extra returns a further setting that is a text; "" when it is not set.
func (c Config) Extra(key string) string {
	for _, extra := range c.Extras {
		if text, ok := extra.Value.(string); ok && extra.Key == key {
			return text
		}
	}
	return ""
}

// UnmarshalJSON keeps the members that it does not know.
func (c *Config) UnmarshalJSON(raw []byte) error {
	type plain Config
	if err := json.Unmarshal(raw, (*plain)(c)); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	for _, known := range []string{"filters", "features", "extra_configs"} {
		delete(all, known)
	}
	c.Other = nil
	if len(all) > 0 {
		c.Other = all
	}
	return nil
}

// MarshalJSON writes the further members beside the known ones.
func (c Config) MarshalJSON() ([]byte, error) {
	all := make(map[string]any, len(c.Other)+3)
	for key, value := range c.Other {
		all[key] = value
	}
	if c.Filters != nil {
		all["filters"] = c.Filters
	}
	if c.Features != nil {
		all["features"] = c.Features
	}
	if c.Extras != nil {
		all["extra_configs"] = c.Extras
	}
	return json.Marshal(all)
}
