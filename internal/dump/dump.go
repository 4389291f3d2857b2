// Package dump writes the catalogue as CSV files: datasets, resources,
// organisations, reuses, dataservices and tags, made while they are sent, with
// what the tables hold at that moment.
//
// A dump takes constant memory whatever its length. It walks its table by
// identifier, a batch at a time; each batch is one statement, so that a row
// agrees with itself. Between two batches no connection and no transaction is
// held: a client that stops reading costs memory for two batches and nothing
// else. The price is that a dump of several seconds is no snapshot: a row shows
// the state of the moment its batch was read. As identifiers never change, what
// exists during the whole dump is in it exactly once.
//
// Only what everybody may read is in a dump, whoever asks.
package dump

import (
	"cmp"
	"context"
	"io"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/geo"
)

// Kind is what a dump holds, and the base of its file's name.
type Kind string

// The kinds of dumps.
const (
	Datasets      Kind = "datasets"
	Resources     Kind = "resources"
	Organizations Kind = "organizations"
	Reuses        Kind = "reuses"
	Dataservices  Kind = "dataservices"
	Tags          Kind = "tags"
	Harvests      Kind = "harvests"
)

// Kinds are all kinds of dumps.
var Kinds = []Kind{Datasets, Resources, Organizations, Reuses, Dataservices, Tags, Harvests}

// Columns are the names in the first line of a kind's dump, in order.
func Columns(k Kind) []string {
	switch k {
	case Datasets:
		return namesOf(datasetColumns)
	case Resources:
		return namesOf(resourceColumns)
	case Organizations:
		return namesOf(organizationColumns)
	case Reuses:
		return namesOf(reuseColumns)
	case Dataservices:
		return namesOf(dataserviceColumns)
	case Tags:
		return namesOf(tagColumns)
	case Harvests:
		return namesOf(sourceColumns)
	}
	return nil
}

// Options are what the cells depend on besides the tables.
type Options struct {
	// QualityDescriptionLength is the length from which a description counts
	// as good.
	QualityDescriptionLength int
	// ExploreURL is the address of the explorer of tables, without a slash
	// at its end; empty when there is none.
	ExploreURL string
	// FilesURL is where hosted files are served from, without a slash at its
	// end; empty for the site itself.
	FilesURL string
	// Clock tells the time; nil means time.Now.
	Clock func() time.Time
}

// Dumps makes dumps of a database.
type Dumps struct {
	db      *db.DB
	catalog *catalog.Store
	zones   *geo.Directory
	search  account.TextSearch
	options Options
}

// New returns the dumps of the database of a log.
func New(log *event.Log, store *catalog.Store, zones *geo.Directory, search account.TextSearch, o Options) *Dumps {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Dumps{db: log.DB(), catalog: store, zones: zones, search: search, options: o}
}

// Dump is one dump to be made: a kind and what narrows it.
type Dump struct {
	Kind Kind
	// filter is what narrows it, for the validator; nil for a whole dump.
	filter any
	// ranked is set when a text search chose the rows: its index follows the
	// log a moment later, so that the log's position does not tell its state.
	ranked bool
	run    func(context.Context, *run) error
}

// Whole tells whether nothing narrows the dump.
func (d *Dump) Whole() bool { return d.filter == nil }

// run is the making of one dump.
type run struct {
	*Dumps
	// base is the site's address, which addresses of pages begin with.
	base string
	// now is the moment against which freshness is judged.
	now  time.Time
	pipe *pipe
}

// Write makes a dump: its header line and its rows. base is the address of the
// site without a slash at its end. Nothing is written before the first rows
// have been read, so that an error of the database can still be answered.
func (s *Dumps) Write(ctx context.Context, w io.Writer, d Dump, base string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := &run{Dumps: s, base: base, now: s.options.Clock(), pipe: newPipe()}
	r.pipe.header(Columns(d.Kind))
	go func() { r.pipe.close(d.run(ctx, r)) }()
	return r.pipe.drain(w, stop)
}

// hosted is the whole address of a hosted file; any other is left as it is.
func (r *run) hosted(address str) str {
	if !catalog.Hosted(string(address)) {
		return address
	}
	return str(cmp.Or(r.options.FilesURL, r.base)) + address
}

// FileName is the name under which a dump is saved, by the moment it was made.
func FileName(base string, at time.Time) string {
	return base + at.UTC().Format("-2006-01-02-15-04") + ".csv"
}
