package catalog

import (
	"context"
	"errors"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
)

var errHarvest = errors.New("catalog: harvested objects are not written yet")

// PutHarvested writes harvested datasets, MaxHarvested at most, with their resources, contact
// points, versions, history, events and counters. The queries do not grow with the
// number of datasets, but for the changes themselves. The results come in the
// order of the batch; a record that cannot be taken has its Err, and nothing of it
// is written. The error is of the write as a whole.
func (s *Store) PutHarvested(ctx context.Context, tx *event.Tx, v account.Viewer, batch []HarvestedDataset) ([]HarvestResult, error) {
	return nil, errHarvest
}

// CompareHarvested tells what PutHarvested would do, and gives the datasets as
// they would be, complete with resources, in the order of the batch. It writes
// nothing: contact points that would be made are left out.
func (s *Store) CompareHarvested(ctx context.Context, batch []HarvestedDataset) ([]HarvestResult, []Dataset, error) {
	return nil, nil, errHarvest
}

// PutHarvestedServices writes harvested dataservices as PutHarvested does datasets.
func (s *Store) PutHarvestedServices(ctx context.Context, tx *event.Tx, v account.Viewer, batch []HarvestedDataservice) ([]HarvestResult, error) {
	return nil, errHarvest
}

// CompareHarvestedServices tells what PutHarvestedServices would do, and gives the
// dataservices as they would be.
func (s *Store) CompareHarvestedServices(ctx context.Context, batch []HarvestedDataservice) ([]HarvestResult, []Dataservice, error) {
	return nil, nil, errHarvest
}

// TouchHarvested notes that objects were seen at their origin. It is no change:
// there is neither version nor event.
func (s *Store) TouchHarvested(ctx context.Context, tx *event.Tx, ids []string, at db.Time) error {
	return errHarvest
}

// Ways in which objects vanish.
const (
	VanishArchive = "archive"
	VanishDelete  = "delete"
)

// VanishHarvested archives or deletes objects of a kind whose records are gone,
// with the reason that their harvest shows (not-on-remote, harvester-deleted).
// Objects that are archived or deleted already stay as they are and are left out of
// the results.
func (s *Store) VanishHarvested(ctx context.Context, tx *event.Tx, v account.Viewer, kind string, ids []string, how, reason string) ([]HarvestResult, error) {
	return nil, errHarvest
}

// SweepHarvestedResources marks or removes the resources that came from a source
// and have been missing for longer than the days of grace, a batch of datasets in
// a write. It returns how many resources it marked or removed.
func (s *Store) SweepHarvestedResources(ctx context.Context, v account.Viewer, source string, missing MissingResources) (int, error) {
	return 0, errHarvest
}

// DetachHarvest makes objects of a kind forget where they come from, their
// resources too. They stay as they are and are harvested no more.
func (s *Store) DetachHarvest(ctx context.Context, v account.Viewer, kind string, ids ...string) error {
	return errHarvest
}

// Attachment ties an object of the catalogue to a record of a portal.
type Attachment struct {
	// ID is the object's.
	ID string
	// Domain is the host of the portal, RemoteID its name for the record.
	Domain, RemoteID string
}

// AttachHarvest ties datasets to records of portals, so that the next harvest
// updates them. Whoever was tied to the same record is detached.
func (s *Store) AttachHarvest(ctx context.Context, v account.Viewer, attachments ...Attachment) error {
	return errHarvest
}

// Identity is an object that may be what a record tells of.
type Identity struct {
	ID, Title string
	Owner     account.Owner
	Version   int64
	Deleted   bool
	Archived  bool
	// Source, Domain, RemoteID and URI are what its harvest says; "" for what it
	// does not.
	Source, Domain, RemoteID, URI string
	// ByURI tells that it was found by its URI alone.
	ByURI bool
	// LastUpdate is when its source last saw it.
	LastUpdate db.Time
}

// HarvestIdentities finds the objects of a kind that records may tell of, in one
// query: those with one of the remote identifiers, in the same domain or of the
// same source (for datasets in any when the identifier is a web address), and those
// of the same source or domain with one of the URIs. Several may have one
// identifier; those of the source come first, then those of the domain, the oldest first.
func HarvestIdentities(ctx context.Context, read bun.IDB, kind, domain, source string, remoteIDs, uris []string) ([]Identity, error) {
	return nil, errHarvest
}
