package catalog

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/text"
)

// ReuseInput is what a person or a program writes of a reuse. What is left out
// stays as it is.
type ReuseInput struct {
	Title, Description, Type, Topic, URL Opt[string]
	Tags                                 Opt[[]string]
	Private                              Opt[bool]
	Extras                               Opt[json.RawMessage]
	Archived                             Opt[time.Time]
	// Deleted is only ever sent as null, which brings a reuse back.
	Deleted Opt[time.Time]
	// Datasets and Dataservices are identifiers of what it is made with.
	Datasets, Dataservices Opt[[]string]
	Organization, Owner    Opt[string]
}

// apply changes a reuse as the input says.
func (r *ReuseRecord) apply(ctx context.Context, tx *event.Tx, s *Store, v account.Viewer, in ReuseInput) error {
	before := *r
	wrong := s.checks()
	wrong.text(in.Title, TitleMax, &r.Title, "title")
	wrong.text(in.Description, DescriptionMax, &r.Description, "description")
	wrong.choice(in.Type, i18n.IDs(i18n.ReuseType), &r.Type, "type")
	wrong.choice(in.Topic, i18n.IDs(i18n.ReuseTopic), &r.Topic, "topic")
	wrong.link(in.URL, &r.URL, "url")
	wrong.labels(in.Tags, &r.Tags)
	wrong.dictionary(in.Extras, &r.Extras, "extras")
	switched(in.Private, &r.Private)
	if in.Archived.Set {
		r.ArchivedAt = db.TimeOf(in.Archived.Value)
	}
	if in.Deleted.Set && in.Deleted.Null {
		r.DeletedAt = db.Time{}
	}
	sum := sha1.Sum([]byte(r.URL))
	r.TitleFold, r.URLHash = text.Fold(r.Title), hex.EncodeToString(sum[:])
	errs := []error{wrong.collect()}
	var err error
	if r.DatasetIDs, err = reuseDatasets.linkedTo(ctx, tx, v, in.Datasets, before.DatasetIDs, "datasets"); err != nil {
		errs = append(errs, err)
	}
	if r.DataserviceIDs, err = reuseDataservices.linkedTo(ctx, tx, v, in.Dataservices, before.DataserviceIDs, "dataservices"); err != nil {
		errs = append(errs, err)
	}
	if r.URLHash != before.URLHash || r.public() && !before.public() {
		errs = append(errs, r.unregistered(ctx, tx, v))
	}
	return fault.Collect(errs...)
}

// unregistered refuses an address that another reuse has, as far as the viewer
// may know of it. On PostgreSQL writes of one address wait for each other.
func (r *ReuseRecord) unregistered(ctx context.Context, tx *event.Tx, v account.Viewer) error {
	if r.URL == "" {
		return nil
	}
	if tx.Postgres() {
		if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(hashtext('address of a reuse'), hashtext(?))", r.URLHash).Exec(ctx); err != nil {
			return err
		}
	}
	listed, args := v.Listed("ru", publicReuse)
	var found []string
	err := tx.NewRaw("SELECT ru.id FROM reuses ru WHERE ru.url_hash = ? AND ru.id <> ? AND ru.deleted_at IS NULL AND "+listed+" LIMIT 1",
		append([]any{r.URLHash, r.ID}, args...)...).Scan(ctx, &found)
	if err == nil && len(found) > 0 {
		err = fault.At("This URL is already registered", "url")
	}
	return err
}

// public tells whether everybody may read the reuse.
func (r *Reuse) public() bool { return !r.Private && r.DeletedAt.IsZero() }

func (r *ReuseRecord) state() state {
	return state{kind: KindReuse, id: r.ID, owner: r.OwnedBy(), private: r.Private, deletedAt: r.DeletedAt}
}

// written are the members that people write, by their names in the API.
func (r *ReuseRecord) written() []field {
	return []field{
		{"title", r.Title}, {"slug", r.Slug}, {"description", r.Description}, {"type", r.Type}, {"topic", r.Topic}, {"url", r.URL},
		{"private", r.Private}, {"archived", r.ArchivedAt.Ptr()}, {"deleted", r.DeletedAt.Ptr()}, {"tags", nothing(r.Tags)},
		{"extras", json.RawMessage(r.Extras)}, {"datasets", nothing(r.DatasetIDs)}, {"dataservices", nothing(r.DataserviceIDs)},
		{"organization", r.OrganizationID}, {"owner", r.OwnerID}, {"image", r.Image},
	}
}

func (r *ReuseRecord) besides() besides { return besides{tags: r.Tags, extras: r.Extras} }

// counts are the objects in whose counters the reuse counts: none unless the
// public finds it.
func (r *ReuseRecord) counts() counts {
	if !r.Visible {
		return nil
	}
	return countsOf(r.OwnedBy(), r.DatasetIDs, r.DataserviceIDs)
}

// loadReuse loads a reuse for a write.
func loadReuse(ctx context.Context, tx *event.Tx, id string) (*ReuseRecord, error) {
	return locked(ctx, tx, "reuses", KindReuse, id, loadReuses)
}
