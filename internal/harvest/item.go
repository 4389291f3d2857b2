package harvest

import (
	"encoding/json"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/history"
)

// ItemStatus is how far an item is, in the words of the API.
type ItemStatus string

// The states of an item.
const (
	ItemDone     ItemStatus = "done"
	ItemFailed   ItemStatus = "failed"
	ItemSkipped  ItemStatus = "skipped"
	ItemArchived ItemStatus = "archived"
)

// Outcome is what a record came to, or would come to in a preview.
type Outcome string

// The outcomes.
const (
	// OutcomeNew makes an object, OutcomeChanged changes one, OutcomeUnchanged finds it as it is.
	OutcomeNew       Outcome = "new"
	OutcomeChanged   Outcome = "changed"
	OutcomeUnchanged Outcome = "unchanged"
	// OutcomeVanished is an object of the source whose record is not listed any more.
	OutcomeVanished Outcome = "vanished"
	// OutcomeRefused cannot be taken, OutcomeSkipped is not meant to be.
	OutcomeRefused Outcome = "refused"
	OutcomeSkipped Outcome = "skipped"
	// OutcomeConflict belongs to somebody else, or to another source.
	OutcomeConflict Outcome = "conflict"
)

// Outcomes in the order in which reports list them.
var Outcomes = []Outcome{OutcomeNew, OutcomeChanged, OutcomeUnchanged, OutcomeVanished, OutcomeRefused, OutcomeSkipped, OutcomeConflict}

// Item is a record of a job.
type Item struct {
	bun.BaseModel `bun:"table:harvest_items,alias:hi"`

	JobID string `bun:"job_id,pk"`
	Seq   int64  `bun:"seq,pk"`
	// Kind is dataset or dataservice.
	Kind      string     `bun:"kind"`
	RemoteID  *string    `bun:"remote_id"`
	RemoteURL *string    `bun:"remote_url"`
	ObjectID  *string    `bun:"object_id"`
	Title     *string    `bun:"title"`
	Status    ItemStatus `bun:"status"`
	Outcome   Outcome    `bun:"outcome"`
	CreatedAt db.Time    `bun:"created_at"`
	StartedAt db.Time    `bun:"started_at"`
	EndedAt   db.Time    `bun:"ended_at"`
	// Page is the number of the page that it was on.
	Page   *int64  `bun:"page"`
	Errors db.JSON `bun:"errors"`
	Logs   db.JSON `bun:"logs"`
	// Difference is what changed, by field: the value before and after.
	Difference db.JSON `bun:"difference"`
}

// Troubles are what is wrong with the record.
func (i *Item) Troubles() []Trouble { return troublesOf(i.Errors) }

// LogLines are remarks on the record.
func (i *Item) LogLines() []Log {
	var lines []Log
	if len(i.Logs) > 0 {
		_ = json.Unmarshal(i.Logs, &lines) // written by this package
	}
	return lines
}

// Changes are what changed, by field.
func (i *Item) Changes() history.Difference {
	var difference history.Difference
	if len(i.Difference) > 0 {
		_ = json.Unmarshal(i.Difference, &difference) // written by this package
	}
	return difference
}
