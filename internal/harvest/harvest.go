// Package harvest brings the catalogues of remote portals into this one and
// keeps them in step: sources, their jobs, what each record came to, and what is
// known of a record from one job to the next. How a portal is read is the matter
// of the backends in the folders below; all that they tell comes as lines, and
// what becomes of a line is decided here.
package harvest

import (
	"cmp"
	"slices"
	"time"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/geo"
	"grenier/internal/job"
	"grenier/internal/limit"
)

// Rules are the settings of the site for harvesting. New fills in what is zero.
type Rules struct {
	// ManualRun lets owners run their sources.
	ManualRun bool
	// PreviewItems bounds a preview by the API (20), PreviewTime its time (30 s).
	PreviewItems int
	PreviewTime  time.Duration
	// MaxItems bounds a run; 0 for no bound.
	MaxItems int
	// DefaultSchedule is given to a source that is accepted (0 0 * * *).
	DefaultSchedule string
	// JobRetention is how long jobs are kept (365 days).
	JobRetention time.Duration
	// AuditMost is how much is kept of what portals answer to a job, in compressed
	// bytes; 0 keeps nothing. AuditRetention is how long (90 days), at most as long as
	// the job.
	AuditMost      int64
	AuditRetention time.Duration
	// GraceDays are the days after which what vanished is archived (7).
	GraceDays int
	// ValidationContact is the address of a form for those who ask for validation.
	ValidationContact string
	// Pace is the pause between starts of requests to one host (200 ms).
	Pace time.Duration
	// Language is the site's, a code of ISO 639-1.
	Language string
	// Location is the time zone of schedules; nil for UTC.
	Location *time.Location
}

// Deps are what harvesting needs besides the database.
type Deps struct {
	Catalog *catalog.Store
	Zones   *geo.Directory
	// Schemas are those that data may conform to; nil when none are known.
	Schemas *catalog.Schemas
	// Client carries requests; it guards which addresses are reached. Insecure is
	// the same for portals whose certificates are not verified.
	Client, Insecure *fetch.Client
	// Jobs does the work in the background.
	Jobs *job.Runner
	// Mail takes letters; nil writes none.
	Mail account.Poster
	// Rates bounds previews and new sources; nil bounds none.
	Rates *limit.Rates
	// Secret seals the secrets of sources.
	Secret []byte
	// Audit keeps what portals answered, alone in its store; nil keeps nothing.
	Audit blob.Store
	// Backends are those that sources may have.
	Backends []Backend
	Rules    Rules
}

// Store keeps sources and runs them.
type Store struct {
	db   *db.DB
	log  *event.Log
	deps Deps
	// pacer is shared by all sources, so that a host is asked by one at a time.
	pacer *Pacer
	// atRecord, when it is set, is told of each record that is looked at on its own,
	// before it is.
	atRecord func(remoteID string)
	// mostAtOnce bounds the records of one write.
	mostAtOnce int
}

// New returns the harvesting of a database.
func New(log *event.Log, deps Deps) *Store {
	r := &deps.Rules
	r.PreviewItems, r.PreviewTime = cmp.Or(r.PreviewItems, 20), cmp.Or(r.PreviewTime, 30*time.Second)
	r.DefaultSchedule, r.JobRetention = cmp.Or(r.DefaultSchedule, "0 0 * * *"), cmp.Or(r.JobRetention, 365*24*time.Hour)
	r.AuditRetention = cmp.Or(r.AuditRetention, 90*24*time.Hour)
	r.Language = cmp.Or(r.Language, "fr")
	return &Store{db: log.DB(), log: log, deps: deps, pacer: NewPacer(r.Pace), mostAtOnce: maxBatch}
}

// Backends are what the backends say of themselves, by label.
func (s *Store) Backends() []Description {
	all := make([]Description, len(s.deps.Backends))
	for i, b := range s.deps.Backends {
		all[i] = b.Describe()
	}
	slices.SortStableFunc(all, func(a, b Description) int { return cmp.Compare(a.Label, b.Label) })
	return all
}

// identified is a backend that knows its identifier without describing itself, for
// which a plug-in must be asked.
type identified interface{ ID() string }

func idOf(b Backend) string {
	if known, ok := b.(identified); ok {
		return known.ID()
	}
	return b.Describe().ID
}

// backend finds a backend by its identifier.
func (s *Store) backend(id string) (Backend, error) {
	for _, b := range s.deps.Backends {
		if idOf(b) == id {
			return b, nil
		}
	}
	return nil, fault.Newf(fault.Invalid, "Unknown backend %q", id)
}
