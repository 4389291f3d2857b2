package catalog

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/mail"
)

// TransferInput offers an object to another owner.
type TransferInput struct {
	// Kind is dataset, reuse or dataservice.
	Kind, ID string
	// RecipientKind is organization or user.
	RecipientKind, RecipientID string
	Comment                    string
}

// maxTransferComment bounds what people write about a transfer, in characters.
const maxTransferComment = 10_000

// movable are the tables of what can change hands, with the column of the last
// change of each.
var movable = map[string]struct{ table, modified string }{
	KindDataset: {"datasets", "modified_internal"}, KindReuse: {"reuses", "modified_at"}, KindDataservice: {"dataservices", "modified_at"},
}

// moving is what a change of owner knows of an object.
type moving struct {
	ID, Title, Slug string
	OrganizationID  *string
	OwnerID         *string
	Private         bool
	Visible         bool
	Version         int64
	DeletedAt       db.Time
}

func (m *moving) owner() account.Owner {
	owned := Owned{OrganizationID: m.OrganizationID, OwnerID: m.OwnerID}
	return owned.OwnedBy()
}

// loadMoving loads an object that changes hands, before which other writes wait;
// nil when there is none.
func loadMoving(ctx context.Context, tx *db.Tx, kind, id string) (*moving, error) {
	table := movable[kind].table
	if err := lock(ctx, tx, table, id); err != nil {
		return nil, err
	}
	var rows []moving
	err := tx.NewRaw("SELECT id, title, slug, organization_id, owner_id, private, visible, version, deleted_at FROM "+table+" WHERE id = ?", id).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// RequestTransfer offers an object to another owner, who is told by a letter.
// Its owner may, and the administrators of its organisation. created is false
// when the same was offered already: the offer has the new comment then.
func (s *Store) RequestTransfer(ctx context.Context, v account.Viewer, in TransferInput) (transfer *Transfer, created bool, err error) {
	if v.Anonymous() {
		return nil, false, fault.New(fault.Unauthorized, "Log in to offer what is yours to others.")
	}
	comment := tidy(in.Comment)
	if err := checkTransfer(in, comment); err != nil {
		return nil, false, err
	}
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		object, err := s.transferable(ctx, tx, v, in)
		if err != nil {
			return err
		}
		waiting, err := waitingTransfer(ctx, tx.Tx, in)
		if err != nil {
			return err
		}
		transfer, created = waiting, waiting == nil
		if created {
			transfer, err = s.offer(ctx, tx, v, object, in, comment)
		} else {
			transfer.Comment = comment
			_, err = tx.NewUpdate().Model(transfer).WherePK().Column("comment").Exec(ctx)
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	transfer, err = s.Transfer(ctx, v, transfer.ID)
	return transfer, created, err
}

func checkTransfer(in TransferInput, comment string) error {
	var wrong refusals
	switch {
	case movable[in.Kind].table == "":
		wrong.at("Unknown class: expected Dataset, Reuse or Dataservice.", "subject", "class")
	case !db.IsID(in.ID):
		wrong.at("Unknown reference '"+clipped(in.ID)+"'", "subject", "id")
	}
	switch {
	case in.RecipientKind != KindOrganization && in.RecipientKind != KindUser:
		wrong.at("Unknown class: expected Organization or User.", "recipient", "class")
	case !db.IsID(in.RecipientID):
		wrong.at("Unknown reference '"+clipped(in.RecipientID)+"'", "recipient", "id")
	}
	if comment == "" {
		wrong.at("This field is required.", "comment")
	} else if text := wrongText(comment, maxTransferComment); text != "" {
		wrong.at(text, "comment")
	}
	return wrong.collect()
}

// transferable loads the object of an offer that the viewer may make.
func (s *Store) transferable(ctx context.Context, tx *event.Tx, v account.Viewer, in TransferInput) (*moving, error) {
	object, err := loadMoving(ctx, tx.Tx, in.Kind, in.ID)
	if err != nil {
		return nil, err
	}
	if object == nil || hidden(v, object.Private, object.DeletedAt, object.owner(), object.ID) {
		return nil, fault.At("Unknown reference '"+clipped(in.ID)+"'", "subject", "id")
	}
	if !v.May(account.AskTransfer, object.owner(), object.ID) {
		return nil, fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	if !object.DeletedAt.IsZero() {
		return nil, fault.New(fault.Gone, deleted[in.Kind])
	}
	recipient := ownerOf(in.RecipientKind, in.RecipientID)
	if recipient == object.owner() {
		return nil, fault.New(fault.Invalid, "Recipient should be different than the current owner")
	}
	return object, knownRecipient(ctx, tx.Tx, recipient)
}

// knownRecipient refuses a recipient that does not exist or was deleted.
func knownRecipient(ctx context.Context, tx *db.Tx, recipient account.Owner) error {
	err := knownOwner(ctx, tx, recipient)
	if fault.Is(err, fault.Invalid) {
		return fault.At("Unknown reference '"+recipient.Ref()+"'", "recipient", "id")
	}
	return err
}

// waitingTransfer finds the same offer that waits for an answer; nil when there
// is none.
func waitingTransfer(ctx context.Context, tx *db.Tx, in TransferInput) (*Transfer, error) {
	var rows []Transfer
	err := tx.NewSelect().Model(&rows).Where("object_id = ?", in.ID).Where("status = ?", TransferPending).
		Where("recipient_id = ?", in.RecipientID).Limit(1).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func (s *Store) offer(ctx context.Context, tx *event.Tx, v account.Viewer, object *moving, in TransferInput, comment string) (*Transfer, error) {
	ownerKind, owner := kindOf(object.owner())
	rows := []Transfer{{
		ID: db.NewID(), ObjectKind: in.Kind, ObjectID: in.ID, OwnerKind: ownerKind, OwnerID: owner, RecipientKind: in.RecipientKind,
		RecipientID: in.RecipientID, UserID: optional(v.UserID()), Comment: comment, Status: TransferPending, CreatedAt: db.Now(),
	}}
	t := &rows[0]
	if _, err := tx.NewInsert().Model(t).Exec(ctx); err != nil {
		return nil, err
	}
	if err := completeTransfers(ctx, tx, v, rows); err != nil {
		return nil, err
	}
	emitTransfer(tx, v, t, "asked")
	return t, s.writeOfTransfer(ctx, tx, v, t, t.to(), mail.Letter{Kind: "transfer.asked", Button: "/admin/transfers", Quote: comment})
}

// emitTransfer tells the log what became of a transfer; nobody but those
// concerned may know of it.
func emitTransfer(tx *event.Tx, v account.Viewer, t *Transfer, what string) {
	actorKind, actor := v.Actor()
	tx.Emit(event.Event{
		Kind: "transfer." + what, ObjectKind: "transfer", Object: t.ID, Owner: t.RecipientID, ActorKind: actorKind, Actor: actor, Version: 1,
	})
}

// writeOfTransfer posts a letter about a transfer to an owner, but not to the
// viewer, who knows.
func (s *Store) writeOfTransfer(ctx context.Context, tx *event.Tx, v account.Viewer, t *Transfer, to account.Owner, l mail.Letter) error {
	people, err := account.Correspondents(ctx, tx, to)
	if err != nil {
		return err
	}
	l.Args = []any{"owner", t.Owner.Name(), "recipient", t.Recipient.Name(), "title", t.Title()}
	var letters []mail.Letter
	for i := range people {
		if people[i].ID != v.UserID() {
			letters = append(letters, people[i].LetterTo(l))
		}
	}
	if s.deps.Mail == nil {
		return nil
	}
	return s.deps.Mail.Post(ctx, tx.Tx, letters...)
}

// AnswerTransfer accepts or refuses an offer. The recipient may, and the
// administrators of the organisation that is the recipient; once. Accepting it
// makes the recipient the owner.
func (s *Store) AnswerTransfer(ctx context.Context, v account.Viewer, id string, accept bool, comment string) (*Transfer, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to answer an offer.")
	}
	comment = tidy(comment)
	if text := wrongText(comment, maxTransferComment); text != "" {
		return nil, fault.At(text, "comment")
	}
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := lock(ctx, tx.Tx, "transfers", id); err != nil {
			return err
		}
		t, err := transferOf(ctx, tx, v, id)
		if err != nil {
			return err
		}
		if !t.MayAnswer(v) {
			return fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
		}
		if t.Status != TransferPending {
			return fault.New(fault.Invalid, "This transfer has been answered already.")
		}
		t.RespondedAt, t.RespondedBy, t.Answer = db.Now(), optional(v.UserID()), optional(comment)
		if accept {
			return s.accept(ctx, tx, v, t)
		}
		return s.refuse(ctx, tx, v, t)
	})
	if err != nil {
		return nil, err
	}
	return s.Transfer(ctx, v, id)
}

func (t *Transfer) saveAnswer(ctx context.Context, tx *event.Tx, v account.Viewer, status string) error {
	t.Status = status
	_, err := tx.NewUpdate().Model(t).WherePK().Column("status", "responded_at", "responded_by", "answer").Exec(ctx)
	emitTransfer(tx, v, t, status)
	return err
}

func (s *Store) refuse(ctx context.Context, tx *event.Tx, v account.Viewer, t *Transfer) error {
	if err := t.saveAnswer(ctx, tx, v, TransferRefused); err != nil {
		return err
	}
	return s.writeOfTransfer(ctx, tx, v, t, t.from(), t.answerLetter("transfer.refused"))
}

func (s *Store) accept(ctx context.Context, tx *event.Tx, v account.Viewer, t *Transfer) error {
	object, err := loadMoving(ctx, tx.Tx, t.ObjectKind, t.ObjectID)
	switch {
	case err != nil:
		return err
	case object == nil || !object.DeletedAt.IsZero():
		return fault.New(fault.Gone, deleted[t.ObjectKind])
	case object.owner() != t.from():
		return fault.New(fault.Invalid, "This object has changed hands since it was offered: ask its present owner.")
	}
	if err := knownRecipient(ctx, tx.Tx, t.to()); err != nil {
		return err
	}
	if err := t.saveAnswer(ctx, tx, v, TransferAccepted); err != nil {
		return err
	}
	if err := s.ChangeOwner(ctx, tx, v, t.ObjectKind, t.ObjectID, t.to()); err != nil {
		return err
	}
	return s.writeOfTransfer(ctx, tx, v, t, t.from(), t.answerLetter("transfer.accepted"))
}

// answerLetter tells a former owner what became of an offer.
func (t *Transfer) answerLetter(kind string) mail.Letter {
	l := mail.Letter{Kind: kind}
	switch {
	case t.Dataset != nil:
		l.Button = "/datasets/" + t.Dataset.Slug
	case t.Reuse != nil:
		l.Button = "/reuses/" + t.Reuse.Slug
	case t.Dataservice != nil:
		l.Button = "/dataservices/" + t.Dataservice.Slug
	}
	if t.Answer != nil {
		l.Quote = *t.Answer
	}
	return l
}
