package harvest

import (
	"encoding/json"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// Kinds of objects in the log and in history.
const (
	KindSource = "harvest-source"
)

// Validation says whether an administrator lets a source be harvested.
type Validation string

// The states of validation.
const (
	Pending  Validation = "pending"
	Accepted Validation = "accepted"
	Refused  Validation = "refused"
)

// Source is a portal that is harvested.
type Source struct {
	bun.BaseModel `bun:"table:harvest_sources,alias:hs"`

	ID          string `bun:"id,pk"`
	Version     int64  `bun:"version"`
	Slug        string `bun:"slug"`
	Name        string `bun:"name"`
	NameFold    string `bun:"name_fold"`
	Description string `bun:"description"`
	URL         string `bun:"url"`
	// Domain is the host of the address without its port.
	Domain  string `bun:"domain"`
	Backend string `bun:"backend"`
	// Config is a Config, Options are Options; Secrets are sealed.
	Config         db.JSON `bun:"config"`
	OptionsJSON    db.JSON `bun:"options"`
	Secrets        *string `bun:"secrets"`
	OrganizationID *string `bun:"organization_id"`
	OwnerID        *string `bun:"owner_id"`
	Frequency      string  `bun:"frequency"`
	Active         bool    `bun:"active"`
	Autoarchive    bool    `bun:"autoarchive"`

	Validation        Validation `bun:"validation"`
	ValidatedBy       *string    `bun:"validated_by"`
	ValidatedAt       db.Time    `bun:"validated_at"`
	ValidationComment *string    `bun:"validation_comment"`

	// Schedule is a cron expression of five fields, nil for none; NextRun is when
	// it is due.
	Schedule   *string `bun:"schedule"`
	NextRun    db.Time `bun:"next_run"`
	CreatedAt  db.Time `bun:"created_at"`
	ModifiedAt db.Time `bun:"modified_at"`
	DeletedAt  db.Time `bun:"deleted_at"`

	// LastJob is the newest job that is no preview; LastGoodJob the newest that
	// read everything, and LastGoodTotal how many records it listed.
	LastJob       *string `bun:"last_job"`
	LastGoodJob   *string `bun:"last_good_job"`
	LastGoodTotal int64   `bun:"last_good_total"`
	// ShrunkJob is the job that listed far less than the last good one and waits
	// for a confirmation; nil when none does.
	ShrunkJob *string `bun:"shrunk_job"`
	// Failures are the jobs in a row that failed, since FailingSince.
	Failures     int64   `bun:"failures"`
	FailingSince db.Time `bun:"failing_since"`
	// Advice is what the operator should know of the source: that it moved for good.
	Advice *string `bun:"advice"`
}

// OwnedBy is whom the source, and what it brings, belongs to.
func (s *Source) OwnedBy() account.Owner {
	var o account.Owner
	if s.OrganizationID != nil {
		o.Organization = *s.OrganizationID
	} else if s.OwnerID != nil {
		o.User = *s.OwnerID
	}
	return o
}

// ConfigOf is what the source tells its backend.
func (s *Source) ConfigOf() Config {
	var c Config
	_ = json.Unmarshal(s.Config, &c) // was judged when it was written
	return c
}

// Vanish is what becomes of objects whose record is no longer listed.
type Vanish string

// The policies.
const (
	// ArchiveVanished archives them after the days of grace.
	ArchiveVanished Vanish = "archive"
	// DeleteVanished deletes them after the days of grace.
	DeleteVanished Vanish = "delete"
	// KeepVanished leaves them alone.
	KeepVanished Vanish = "keep"
)

// Protectable are the fields whose local edits a source may keep.
var Protectable = []string{"title", "description", "tags", "license", "frequency", "spatial", "temporal_coverage", "contact_points"}

// Options are what a source asks of the engine. Zero values are the defaults.
type Options struct {
	// ProtectedFields are the fields whose local edits are kept.
	ProtectedFields []string `json:"protected_fields,omitempty"`
	// OnVanish is the policy for vanished records; "" archives them when the
	// source's autoarchive says so, else keeps them.
	OnVanish Vanish `json:"on_vanish,omitempty"`
	// GraceDays are the days for which a record may be missing; nil for the site's.
	GraceDays *int `json:"grace_days,omitempty"`
	// DeleteMissingResources removes resources that came from the source and are
	// no longer listed, after the days of grace.
	DeleteMissingResources bool `json:"delete_missing_resources,omitempty"`
	// Relink makes a record whose identifier changed the same dataset again, where
	// its address or all addresses of its resources are the same.
	Relink bool `json:"relink,omitempty"`
	// AllowRemoteContext lets contexts of JSON-LD be fetched.
	AllowRemoteContext bool `json:"allow_remote_context,omitempty"`
	// InsecureTLS takes certificates as they come. Administrators alone set it.
	InsecureTLS bool `json:"insecure_tls,omitempty"`
	// IntervalMS is the pause between starts of requests, in milliseconds, and
	// Parallel how many run at once (at most 4); 0 for the site's.
	IntervalMS int `json:"interval_ms,omitempty"`
	Parallel   int `json:"parallel,omitempty"`
	// MaxHours bounds a run (at most 24); 0 for 6.
	MaxHours int `json:"max_hours,omitempty"`
}

// OptionsOf is what the source asks of the engine.
func (s *Source) OptionsOf() Options {
	var o Options
	_ = json.Unmarshal(s.OptionsJSON, &o) // was judged when it was written
	return o
}
