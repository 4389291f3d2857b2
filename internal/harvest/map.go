package harvest

import (
	"errors"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/geo"
)

// mappingVersion goes into the hash of each record: another one makes all records
// be written again. Raise it when the mapping of unchanged records changes.
const mappingVersion = "1"

// Mapper makes of what portals tell what the catalogue keeps: licences of their
// names, slugs of tags, Markdown of HTML, moments of dates. It asks nobody: all
// that it needs is in the tables that it holds. It may be used by several at once.
type Mapper struct {
	licenses *licenseTable
	zones    *geo.Directory
	schemas  []catalog.CatalogSchema
	language string
	now      time.Time
}

// Tables are what a Mapper knows of the catalogue.
type Tables struct {
	Licenses []catalog.License
	// Zones is nil where no territory is known.
	Zones *geo.Directory
	// Schemas may be nil.
	Schemas []catalog.CatalogSchema
	// Language is the site's, a code of ISO 639-1.
	Language string
	// Now is the moment after which nothing can have been modified.
	Now time.Time
}

// NewMapper returns a mapper.
func NewMapper(t Tables) *Mapper {
	return &Mapper{zones: t.Zones, schemas: t.Schemas, language: t.Language, now: t.Now}
}

type licenseTable struct{}

var errMapping = errors.New("harvest: records are not mapped yet")

// Dataset maps a record of a dataset. ID, Missing and Keep are left to the caller, as is Harvest.Backend.
// The logs tell what was left out; the error is why the record cannot be taken at
// all: it has no identifier or no title.
func (m *Mapper) Dataset(l Line, s *Source) (catalog.HarvestedDataset, []Log, error) {
	return catalog.HarvestedDataset{}, nil, errMapping
}

// Dataservice maps a record of a dataservice. Datasets are left to the caller: the
// record names them by identifiers of their portal.
func (m *Mapper) Dataservice(l Line, s *Source) (catalog.HarvestedDataservice, []Log, error) {
	return catalog.HarvestedDataservice{}, nil, errMapping
}

// Hash sums up a record as far as the mapping looks at it: as long as it is the
// same, the record need not be mapped. That is what the portal says it is (Line.Hash) where it
// does.
func (m *Mapper) Hash(l Line) string {
	return ""
}
