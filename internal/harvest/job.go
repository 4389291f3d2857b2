package harvest

import (
	"encoding/json"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// Status is how far a job is.
type Status string

// The states of a job. The API of the reference knows neither of the last two
// and is told Failed, with an error that says more.
const (
	// Initialized waits for its turn, Processing runs.
	Initialized Status = "initialized"
	Processing  Status = "processing"
	Done        Status = "done"
	// DoneErrors: it read what there was, and some records failed.
	DoneErrors Status = "done-errors"
	Failed     Status = "failed"
	// Cancelled was stopped by somebody, Suspended goes on by itself at ResumeAt.
	Cancelled Status = "cancelled"
	Suspended Status = "suspended"
)

// Over tells whether a job has come to its end.
func (s Status) Over() bool {
	return s == Done || s == DoneErrors || s == Failed || s == Cancelled
}

// Why a job was made.
const (
	ByHand       = "hand"
	ByValidation = "validation"
	BySchedule   = "schedule"
	ByCommand    = "command"
)

// Job is one run of a source, or a preview of one.
type Job struct {
	bun.BaseModel `bun:"table:harvest_jobs,alias:hj"`

	ID       string `bun:"id,pk"`
	SourceID string `bun:"source_id"`
	// Preview tells that nothing of it was written but the report.
	Preview bool   `bun:"preview"`
	Status  Status `bun:"status"`
	// Phase is what it is at: "listing", "writing", "services", "vanished", "ending".
	Phase     string  `bun:"phase"`
	Reason    string  `bun:"reason"`
	StartedBy *string `bun:"started_by"`
	CreatedAt db.Time `bun:"created_at"`
	StartedAt db.Time `bun:"started_at"`
	EndedAt   db.Time `bun:"ended_at"`

	// Node holds the job until LeaseUntil, which it moves on while it lives.
	Node       *string `bun:"node"`
	LeaseUntil db.Time `bun:"lease_until"`
	StopAsked  bool    `bun:"stop_asked"`
	// ResumeAt is when a suspended job goes on.
	ResumeAt db.Time `bun:"resume_at"`
	// Resumed counts how often it went on after an interruption.
	Resumed int64 `bun:"resumed"`
	// Lapses counts how often in a row the process that had the job ended without a word,
	// and before anything of it was written.
	Lapses int64 `bun:"lapses"`
	// Digest is of what the run depends on: a job does not go on with another one.
	Digest string  `bun:"digest"`
	Cursor *string `bun:"cursor"`
	// CursorItems are how many items came before the cursor.
	CursorItems int64 `bun:"cursor_items"`
	// Since is the moment before which records were left out that did not change; zero
	// for a whole run.
	Since db.Time `bun:"since"`

	// Total is how many records the portal announced, nil when it did not.
	Total        *int64 `bun:"total"`
	Items        int64  `bun:"items"`
	Datasets     int64  `bun:"datasets"`
	Dataservices int64  `bun:"dataservices"`
	// By status of the items.
	ItemsDone     int64 `bun:"done"`
	ItemsFailed   int64 `bun:"failed"`
	ItemsSkipped  int64 `bun:"skipped"`
	ItemsArchived int64 `bun:"archived"`
	// By outcome.
	Created   int64 `bun:"created"`
	Changed   int64 `bun:"changed"`
	Unchanged int64 `bun:"unchanged"`
	Conflicts int64 `bun:"conflicts"`
	// Requests, Retries and Bytes are those of the network.
	Requests int64 `bun:"requests"`
	Retries  int64 `bun:"retries"`
	Bytes    int64 `bun:"bytes"`
	// Complete tells that the whole portal was read.
	Complete bool    `bun:"complete"`
	Errors   db.JSON `bun:"errors"`
}

// Trouble is an error of a job or of an item.
type Trouble struct {
	CreatedAt db.Time `json:"created_at"`
	Message   string  `json:"message"`
	// Details are for administrators of the platform.
	Details string `json:"details,omitempty"`
}

// Troubles are the errors of a job.
func (j *Job) Troubles() []Trouble { return troublesOf(j.Errors) }

func troublesOf(stored db.JSON) []Trouble {
	var troubles []Trouble
	if len(stored) > 0 {
		_ = json.Unmarshal(stored, &troubles) // written by this package
	}
	return troubles
}
