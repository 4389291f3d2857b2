package catalog

import (
	"encoding/json"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/history"
)

// MaxHarvested bounds the objects that one call writes.
const MaxHarvested = 200

// HarvestedDataset is a dataset as its origin tells it, ready to be written.
type HarvestedDataset struct {
	// ID names the dataset that it is; "" for a new one.
	ID string
	// Owner is whom a new dataset belongs to; nobody when it is empty. Present
	// ones keep theirs.
	Owner account.Owner
	// Slug is wanted for a new dataset; "" to make one of the title. Present ones
	// keep theirs.
	Slug string
	// Input is what is told. What is not Set stays as it is. Extras are members to
	// add; a null one is taken away. ContactPoints, Resources, Organization,
	// Owner, Archived and Deleted say nothing here.
	Input DatasetInput
	// Schema is what the data conforms to.
	Schema Opt[SchemaInput]
	// Contacts are found among those of the owner or made; nil leaves those that
	// are there.
	Contacts []HarvestedContact
	// Resources are those that the origin lists, in its order.
	Resources []HarvestedResource
	// ResourcesWhole takes away all that is not listed, whoever added it.
	ResourcesWhole bool
	// Missing is what becomes of resources of the source that are not listed.
	Missing MissingResources
	// Harvest says where it comes from. LastUpdate is the moment of this harvest;
	// Archived and ArchivedAt say nothing: they are cleared.
	Harvest Harvest
	// Keep names the fields whose local edits are kept (see ProtectableFields)
	// with the value that was last harvested of each, nil when none was. A field
	// whose present value is another was edited here.
	Keep map[string]json.RawMessage
}

// MissingResources says what becomes of resources that came from a source and
// are no longer listed. They are put behind the others at once; those added by
// hand are never touched.
type MissingResources struct {
	// Before is the end of the days of grace: what was missing before it is
	// marked as archived, or deleted. Zero for never.
	Before db.Time
	// Delete removes them instead.
	Delete bool
}

// HarvestedContact is whom to ask about a harvested object.
type HarvestedContact struct {
	Name, Email, Form, Role string
}

// HarvestedResource is a resource as its origin tells it. It is one that came from the same
// source with the same RemoteID, else the one with the same address.
type HarvestedResource struct {
	RemoteID string
	// Input is what is told; ID, Filetype and Schema say nothing here.
	Input ResourceInput
	// Schema is what the file conforms to.
	Schema               Opt[SchemaInput]
	IssuedAt, ModifiedAt db.Time
	URI                  string
	// ByURLAndTitle asks for the same title besides the same address: services
	// give many layers at one.
	ByURLAndTitle bool
}

// HarvestedDataservice is a dataservice as its origin tells it, ready to be
// written. Its members are as those of a HarvestedDataset.
type HarvestedDataservice struct {
	ID    string
	Owner account.Owner
	Slug  string
	// Input is what is told; Datasets, ContactPoints, Organization, Owner, Archived
	// and Deleted say nothing here.
	Input    DataserviceInput
	Contacts []HarvestedContact
	// Datasets are identifiers of datasets of the catalogue that it gives: they
	// are added to those it has.
	Datasets []string
	Harvest  Harvest
	Keep     map[string]json.RawMessage
}

// HarvestResult is what became of a harvested object, or would become of it.
type HarvestResult struct {
	// ID is the object's. In a comparison, that of a new one leads nowhere.
	ID, Slug, Title string
	Version         int64
	// Created and Changed tell what was done; neither when the object is as it was.
	Created, Changed bool
	// Difference is what changed, by field.
	Difference history.Difference
	// Kept are the fields whose local edits were kept.
	Kept []string
	// Values are the harvested values of the fields that may be protected: those
	// told now, and those of Keep that were not, long ones as their hashes; to be given
	// back as Keep next time.
	Values map[string]json.RawMessage
	// Logs are what was left out of the record, and why.
	Logs []string
	// Err is why nothing was written of the record.
	Err error
}

// ProtectableFields are the fields whose local edits a harvest may keep.
var ProtectableFields = []string{"title", "description", "tags", "license", "frequency", "spatial", "temporal_coverage", "contact_points"}
