package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// The states of a transfer.
const (
	TransferPending  = "pending"
	TransferAccepted = "accepted"
	TransferRefused  = "refused"
)

// Transfer offers a dataset, reuse or dataservice to another owner.
type Transfer struct {
	bun.BaseModel `bun:"table:transfers,alias:t"`

	ID            string  `bun:"id,pk"`
	ObjectKind    string  `bun:"object_kind"`
	ObjectID      string  `bun:"object_id"`
	OwnerKind     string  `bun:"owner_kind"`
	OwnerID       string  `bun:"owner_id"`
	RecipientKind string  `bun:"recipient_kind"`
	RecipientID   string  `bun:"recipient_id"`
	UserID        *string `bun:"user_id"`
	Comment       string  `bun:"comment"`
	Status        string  `bun:"status"`
	CreatedAt     db.Time `bun:"created_at"`
	RespondedAt   db.Time `bun:"responded_at"`
	RespondedBy   *string `bun:"responded_by"`
	Answer        *string `bun:"answer"`

	// Loaded besides the row.
	User *account.UserRef `bun:"-"`
	// Owner and Recipient have one member set each.
	Owner, Recipient Party `bun:"-"`
	// One of these is set, unless the object is gone or, since the transfer was
	// answered, hidden from the viewer.
	Dataset     *DatasetRef     `bun:"-"`
	Reuse       *ReuseRef       `bun:"-"`
	Dataservice *DataserviceRef `bun:"-"`
}

// Party is an organisation or a person.
type Party struct {
	Organization *account.OrganizationRef
	User         *account.UserRef
}

// Name is how a party is shown, empty when it is gone.
func (p Party) Name() string {
	switch {
	case p.Organization != nil:
		return p.Organization.Name
	case p.User != nil:
		return p.User.FullName()
	}
	return ""
}

func ownerOf(kind, id string) account.Owner {
	if kind == KindOrganization {
		return account.Owner{Organization: id}
	}
	return account.Owner{User: id}
}

// kindOf names the kind and identifier of an owner.
func kindOf(o account.Owner) (kind, id string) {
	if o.Organization != "" {
		return KindOrganization, o.Organization
	}
	return KindUser, o.User
}

// from and to are the owners between which the object goes.
func (t *Transfer) from() account.Owner { return ownerOf(t.OwnerKind, t.OwnerID) }
func (t *Transfer) to() account.Owner   { return ownerOf(t.RecipientKind, t.RecipientID) }

// MayAnswer tells whether a viewer may accept or refuse the transfer.
func (t *Transfer) MayAnswer(v account.Viewer) bool { return v.May(account.AnswerTransfer, t.to(), "") }

// concerns tells whether a viewer may know of the transfer.
func (t *Transfer) concerns(v account.Viewer) bool {
	return t.MayAnswer(v) || v.May(account.AskTransfer, t.from(), t.ObjectID) ||
		t.UserID != nil && *t.UserID == v.UserID() && v.Whole()
}

// Title is that of the object, empty when the viewer may not know it.
func (t *Transfer) Title() string {
	switch {
	case t.Dataset != nil:
		return t.Dataset.Title
	case t.Reuse != nil:
		return t.Reuse.Title
	case t.Dataservice != nil:
		return t.Dataservice.Title
	}
	return ""
}

// TransferFilter narrows transfers; empty members do not.
type TransferFilter struct {
	Subject, SubjectKind, Recipient, Status string
	// Incoming keeps those that the viewer may answer, Outgoing those of what
	// the viewer may hand over and those that they asked for: also for
	// administrators of the platform, who see all without.
	Incoming, Outgoing bool
	// Limit is at most 1,000, which 0 stands for.
	Limit, Offset int
}

// mostTransfers bounds the transfers that are shown at once.
const mostTransfers = 1_000

// Transfers returns the transfers that concern the viewer, the latest first, and
// how many there are: those of what they may hand over, those that they asked
// for, and those that they may answer. Administrators see all.
func (s *Store) Transfers(ctx context.Context, v account.Viewer, f TransferFilter) ([]Transfer, int, error) {
	if v.Anonymous() {
		return nil, 0, nil
	}
	var rows []Transfer
	query := s.db.Read().NewSelect().Model(&rows)
	for column, value := range map[string]string{
		"object_id": f.Subject, "object_kind": f.SubjectKind, "recipient_id": f.Recipient, "status": f.Status,
	} {
		if value != "" {
			query = query.Where("? = ?", bun.Ident("t."+column), value)
		}
	}
	owners := transferOwners(v)
	switch {
	case f.Incoming:
		query = query.Where("t.recipient_id IN (?)", bun.List(owners))
	case f.Outgoing:
		query = query.Where("(t.owner_id IN (?) OR t.user_id = ?)", bun.List(owners), v.UserID())
	case !v.Admin():
		query = query.Where("(t.owner_id IN (?0) OR t.recipient_id IN (?0) OR t.user_id = ?1)", bun.List(owners), v.UserID())
	}
	total, err := query.Clone().Count(ctx)
	if err != nil {
		return nil, 0, err
	}
	limit := f.Limit
	if limit <= 0 || limit > mostTransfers {
		limit = mostTransfers
	}
	if err := query.OrderExpr("t.created_at DESC, t.id DESC").Limit(int64(limit)).Offset(int64(f.Offset)).Scan(ctx); err != nil {
		return nil, 0, err
	}
	kept := rows[:0]
	for i := range rows {
		if rows[i].concerns(v) { // a token may be for less than its person
			kept = append(kept, rows[i])
		}
	}
	return kept, int(total) - (len(rows) - len(kept)), completeTransfers(ctx, s.db.Read(), v, kept)
}

// transferOwners are those for whom the viewer hands over and answers: the
// person and the organisations that they administer.
func transferOwners(v account.Viewer) []string {
	owners := []string{v.UserID()}
	for id, role := range v.Memberships {
		if role == account.RoleAdmin {
			owners = append(owners, id)
		}
	}
	return owners
}

// PendingTransfers counts the transfers that wait for the viewer's answer.
func (s *Store) PendingTransfers(ctx context.Context, v account.Viewer) (int, error) {
	if v.User == nil {
		return 0, nil
	}
	count, err := s.db.Read().NewSelect().Model((*Transfer)(nil)).Where("recipient_id IN (?)", bun.List(transferOwners(v))).
		Where("status = ?", TransferPending).Count(ctx)
	return int(count), err
}

// Transfer returns one transfer to those whom it concerns; for others there is
// none.
func (s *Store) Transfer(ctx context.Context, v account.Viewer, id string) (*Transfer, error) {
	return transferOf(ctx, s.db.Read(), v, id)
}

func transferOf(ctx context.Context, read bun.IDB, v account.Viewer, id string) (*Transfer, error) {
	var rows []Transfer
	if err := read.NewSelect().Model(&rows).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 || !rows[0].concerns(v) {
		return nil, fault.New(fault.NotFound, "Transfer not found")
	}
	return &rows[0], completeTransfers(ctx, read, v, rows)
}

// completeTransfers adds the people, organisations and objects concerned, in a
// constant number of queries. Whom a transfer concerns may know its object while
// it waits for an answer; afterwards, who sees it.
func completeTransfers(ctx context.Context, read bun.IDB, v account.Viewer, rows []Transfer) error {
	if len(rows) == 0 {
		return nil
	}
	known, err := knownMoving(ctx, read, v, rows)
	if err != nil {
		return err
	}
	var owned []account.Owner
	objects := map[string][]string{}
	for i := range rows {
		t := &rows[i]
		owned = append(owned, t.from(), t.to())
		if t.UserID != nil {
			owned = append(owned, account.Owner{User: *t.UserID})
		}
		if known[t.ObjectID] || t.Status == TransferPending {
			objects[t.ObjectKind] = append(objects[t.ObjectKind], t.ObjectID)
		}
	}
	from, err := loadOwners(ctx, read, owned)
	if err != nil {
		return err
	}
	datasets, err := datasetRefs(ctx, read, account.System("transfers"), objects[KindDataset])
	if err != nil {
		return err
	}
	reuses, err := reuseRefs(ctx, read, objects[KindReuse])
	if err != nil {
		return err
	}
	dataservices, err := dataserviceRefs(ctx, read, objects[KindDataservice])
	party := func(o account.Owner) Party {
		return Party{Organization: from.organizations[o.Organization], User: from.users[o.User]}
	}
	for i := range rows {
		t := &rows[i]
		t.Owner, t.Recipient = party(t.from()), party(t.to())
		if t.UserID != nil {
			t.User = from.users[*t.UserID]
		}
		if known[t.ObjectID] || t.Status == TransferPending {
			t.Dataset, t.Reuse, t.Dataservice = datasets[t.ObjectID], reuses[t.ObjectID], dataservices[t.ObjectID]
		}
	}
	return err
}

// knownMoving finds the objects of answered transfers that the viewer sees.
func knownMoving(ctx context.Context, read bun.IDB, v account.Viewer, rows []Transfer) (map[string]bool, error) {
	answered := map[string][]string{}
	for i := range rows {
		if t := &rows[i]; t.Status != TransferPending {
			answered[t.ObjectKind] = append(answered[t.ObjectKind], t.ObjectID)
		}
	}
	known := make(map[string]bool)
	listed, args := v.Listed("o", "(o.private = FALSE AND o.deleted_at IS NULL)")
	for kind, ids := range answered {
		var found []string
		err := read.NewRaw("SELECT o.id FROM "+movable[kind].table+" o WHERE o.id IN (?) AND "+listed, append([]any{bun.List(ids)}, args...)...).Scan(ctx, &found)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			known[id] = true
		}
	}
	return known, nil
}
