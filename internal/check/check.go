// Package check finds out whether remote files of the catalogue are there, again
// and again, without being a burden to those who host them. What it finds goes
// into the extras of resources (check:…), where clients look for it, and into the
// quality of their datasets.
//
// Every resource with a remote file has a row with the moment of its next check.
// Hosts take turns: a host is asked by one node at a time, one file after the
// other with a pause between them, so that a host with a hundred thousand files
// waits for itself alone.
package check

import (
	"cmp"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fetch"
	"grenier/internal/limit"
)

// Rules are the settings of checks. New fills in what is zero.
type Rules struct {
	// Off asks nobody, not even for those who want to know at once.
	Off bool
	// Pace is the pause between two files of one host (2 s).
	Pace time.Duration
	// AtOnce is how many files one node asks for at a time (8).
	AtOnce int
	// Origin is the web origin whose right to read files in browsers is asked for.
	Origin string
	// Agent is the User-Agent; "" for the one of all outgoing requests.
	Agent string
	// Skip are parts of addresses that are never checked.
	Skip []string
	// Timeout bounds each request (5 s for HEAD and OPTIONS, twice that for GET).
	Timeout time.Duration
}

// Deps are what checks need besides the database.
type Deps struct {
	Catalog *catalog.Store
	// Client carries requests; it guards which addresses are reached.
	Client *fetch.Client
	Rules  Rules
	// Rates count the checks that people ask for; nil counts none.
	Rates *limit.Rates
}

// Store keeps the checks and makes them.
type Store struct {
	db   *db.DB
	log  *event.Log
	deps Deps
	// news wakes the work when a resource is due.
	news chan struct{}
	// byHand bounds the checks that people ask for.
	byHand chan struct{}
	done   [outcomes]atomic.Int64

	counting sync.Mutex // guards what was counted last
	figures  *Figures
	counted  time.Time
}

// New returns the checks of a database.
func New(log *event.Log, deps Deps) *Store {
	r := &deps.Rules
	r.Pace, r.AtOnce, r.Timeout = cmp.Or(r.Pace, 2*time.Second), cmp.Or(r.AtOnce, 8), cmp.Or(r.Timeout, 5*time.Second)
	s := &Store{db: log.DB(), log: log, deps: deps, news: make(chan struct{}, 1), byHand: make(chan struct{}, 4)}
	deps.Catalog.OnChecked(s.told)
	return s
}

// Check is what is known of the availability of a remote file.
type Check struct {
	bun.BaseModel `bun:"table:resource_checks,alias:c"`

	ResourceID string  `bun:"resource_id,pk"`
	DatasetID  string  `bun:"dataset_id"`
	URL        string  `bun:"url"`
	Host       string  `bun:"host"`
	DueAt      db.Time `bun:"due_at"`
	// CheckedAt is when it was last asked for, zero when never.
	CheckedAt db.Time `bun:"checked_at"`
	// Status is the answer's, nil when none came.
	Status *int64 `bun:"status"`
	// Available is nil when the host only asked to be left alone.
	Available *bool `bun:"available"`
	Timeout   bool  `bun:"timeout"`
	// Failures are the checks in a row that did not find it.
	Failures      int64   `bun:"failures"`
	ContentLength *int64  `bun:"content_length"`
	ContentType   *string `bun:"content_type"`
	ETag          *string `bun:"etag"`
	LastModified  *string `bun:"last_modified"`
	// CORS is a CORS, nil when browsers on other sites may not read it.
	CORS  db.JSON `bun:"cors"`
	Error *string `bun:"error"`
	// ModifiedAt is when the file changed, as far as its host tells; ChangedAt
	// when a check last found something else than the one before.
	ModifiedAt db.Time `bun:"modified_at"`
	ChangedAt  db.Time `bun:"changed_at"`
}

// Number tells one check from another of the same resource; it grows.
func (c *Check) Number() int64 { return c.CheckedAt.UnixMilli() }

// atOnce is due before everything else.
var atOnce = db.TimeOf(time.Unix(1, 0))

// maxHost is the longest name of a host (RFC 1035).
const maxHost = 253

// hostOf is whom an address asks; "" for what is not checked.
func (r Rules) hostOf(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	if scheme := strings.ToLower(u.Scheme); scheme != "http" && scheme != "https" || len(host) > maxHost {
		return ""
	}
	for _, part := range r.Skip {
		if part != "" && strings.Contains(address, part) {
			return ""
		}
	}
	return host
}

// wake lets the work of this node look for what is due.
func (s *Store) wake() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}
