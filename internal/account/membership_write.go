package account

import (
	"context"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/mail"
)

// maxComment bounds what people write to each other about membership and
// transfers, in characters.
const maxComment = 10_000

// manage changes what stands beside an organisation: members, requests. Its
// administrators may.
func (w *Writer) manage(ctx context.Context, v Viewer, organization string, fn func(context.Context, *event.Tx, *Organization) error) error {
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		o, err := lockOrganization(ctx, tx.Tx, v, organization, false)
		if err != nil {
			return err
		}
		if !v.MayManage(organization) {
			return errForbidden
		}
		return fn(ctx, tx, o)
	})
}

// AskMembership asks the administrators of an organisation to take the viewer
// as a member. created is false when a request was waiting already: it has the
// new comment then. Everybody with an account may.
func (w *Writer) AskMembership(ctx context.Context, v Viewer, organization, comment string) (request *MembershipRequest, created bool, err error) {
	comment, err = requiredComment(comment)
	if v.User == nil {
		return nil, false, fault.New(fault.Unauthorized, "Log in to ask for membership.")
	}
	if err != nil {
		return nil, false, err
	}
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		o, err := lockOrganization(ctx, tx.Tx, v, organization, false)
		if err != nil {
			return err
		}
		if !v.May(Join, Owner{Organization: organization}, "") {
			return errForbidden
		}
		request, created, err = w.ask(ctx, tx, v, o, comment)
		return err
	})
	return request, created, err
}

func (w *Writer) ask(ctx context.Context, tx *event.Tx, v Viewer, o *Organization, comment string) (*MembershipRequest, bool, error) {
	if _, err := memberOf(ctx, tx, o.ID, v.User.ID); !fault.Is(err, fault.NotFound) {
		if err == nil {
			err = fault.New(fault.Invalid, "You are a member of this organization already.")
		}
		return nil, false, err
	}
	waiting, err := pendingRequest(ctx, tx, o.ID, "user_id", v.User.ID)
	if err == nil && waiting == nil && v.User.Email != nil {
		waiting, err = pendingRequest(ctx, tx, o.ID, "email", *v.User.Email)
	}
	if err != nil {
		return nil, false, err
	}
	if waiting != nil {
		if waiting.Kind == InvitationKind {
			return nil, false, fault.New(fault.Invalid, "This organization has invited you already: accept its invitation.")
		}
		waiting.Comment, waiting.User = comment, v.User
		_, err := tx.NewUpdate().Model(waiting).WherePK().Column("comment").Exec(ctx)
		return waiting, false, err
	}
	request := &MembershipRequest{
		ID: db.NewUUID(), OrganizationID: o.ID, UserID: &v.User.ID, Kind: RequestKind, Status: StatusPending, Role: RoleEditor,
		Comment: comment, CreatedAt: db.Now(), CreatedBy: &v.User.ID, User: v.User,
	}
	if _, err := tx.NewInsert().Model(request).Exec(ctx); err != nil {
		return nil, false, err
	}
	v.emitRequest(tx, request, "asked")
	return request, true, w.writeToManagers(ctx, tx, o, mail.Letter{
		Kind: "membership.asked", Args: []any{"person", v.User.FullName(), "organization", o.Name}, Button: membersPage(o), Quote: comment,
	})
}

// requiredComment reads what somebody must say.
func requiredComment(given string) (string, error) {
	var wrong fieldErrors
	var comment string
	wrong.text(Some(given), maxComment, &comment, "comment")
	return comment, wrong.collect()
}

// emitRequest tells the log what became of a request; nobody but those
// concerned may know of it.
func (v Viewer) emitRequest(tx *event.Tx, request *MembershipRequest, what string) {
	actorKind, actor := v.Actor()
	tx.Emit(event.Event{
		Kind: "membership." + what, ObjectKind: "membership", Object: request.ID, Owner: request.OrganizationID, ActorKind: actorKind, Actor: actor, Version: 1,
	})
}

// pendingRequest finds what waits for an answer, by person or address; nil when
// nothing does.
func pendingRequest(ctx context.Context, tx *event.Tx, organization, column, value string) (*MembershipRequest, error) {
	var rows []MembershipRequest
	err := tx.NewSelect().Model(&rows).Where("organization_id = ?", organization).Where("status = ?", StatusPending).
		Where(column+" = ?", value).Limit(1).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// requestOf loads a request or invitation of an organisation.
func requestOf(ctx context.Context, tx *event.Tx, organization, id string) (*MembershipRequest, error) {
	rows, err := requestRows(ctx, tx, organization, id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errUnknownRequest
	}
	return &rows[0], nil
}

// settle writes the answer to a request.
func (v Viewer) settle(ctx context.Context, tx *event.Tx, request *MembershipRequest, status string, answer *string) error {
	request.Status, request.Answer, request.HandledAt = status, answer, db.Now()
	if v.User != nil {
		request.HandledBy = &v.User.ID
	}
	_, err := tx.NewUpdate().Model(request).WherePK().Column("status", "answer", "handled_at", "handled_by").Exec(ctx)
	v.emitRequest(tx, request, status)
	return err
}

var errAnswered = fault.New(fault.Invalid, "This request has been answered already.")

// AcceptRequest makes who asked a member of the organisation, as an editor. Its
// administrators may. Conflict, with the member, when they are one already.
func (w *Writer) AcceptRequest(ctx context.Context, v Viewer, organization, id string) (*Member, error) {
	var member *Member
	already := false
	err := w.manage(ctx, v, organization, func(ctx context.Context, tx *event.Tx, o *Organization) error {
		request, err := requestOf(ctx, tx, organization, id)
		if err != nil {
			return err
		}
		if request.Kind != RequestKind || request.UserID == nil {
			return fault.New(fault.Invalid, "An invitation is accepted by who was invited.")
		}
		member, err = memberOf(ctx, tx, organization, *request.UserID)
		if already = err == nil; already {
			if request.Status == StatusPending {
				return v.settle(ctx, tx, request, StatusAccepted, nil)
			}
			return nil
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		if request.Status != StatusPending {
			return errAnswered
		}
		if member, err = addMember(ctx, tx, v, o, *request.UserID, RoleEditor); err != nil {
			return err
		}
		if err := v.settle(ctx, tx, request, StatusAccepted, nil); err != nil {
			return err
		}
		return w.writeToUser(ctx, tx, *request.UserID, mail.Letter{
			Kind: "membership.accepted", Args: []any{"organization", o.Name}, Button: "/admin/organizations/" + o.ID,
		})
	})
	if err != nil {
		return nil, err
	}
	if already {
		return member, fault.New(fault.Conflict, "This person is a member of the organization already.")
	}
	return member, nil
}

// RefuseRequest tells who asked why they do not become a member. The
// administrators of the organisation may.
func (w *Writer) RefuseRequest(ctx context.Context, v Viewer, organization, id, comment string) error {
	return w.manage(ctx, v, organization, func(ctx context.Context, tx *event.Tx, o *Organization) error {
		request, err := requestOf(ctx, tx, organization, id)
		if err != nil {
			return err
		}
		if request.Kind != RequestKind || request.UserID == nil {
			return fault.New(fault.Invalid, "An invitation is refused by who was invited: cancel it instead.")
		}
		if request.Status != StatusPending {
			return errAnswered
		}
		comment, err := requiredComment(comment)
		if err != nil {
			return err
		}
		if err := v.settle(ctx, tx, request, StatusRefused, &comment); err != nil {
			return err
		}
		return w.writeToUser(ctx, tx, *request.UserID, mail.Letter{
			Kind: "membership.refused", Args: []any{"organization", o.Name}, Button: "/organizations/" + o.Slug, Quote: comment,
		})
	})
}

// CancelInvitation takes back an invitation that was not answered. The
// administrators of the organisation may.
func (w *Writer) CancelInvitation(ctx context.Context, v Viewer, organization, id string) error {
	return w.manage(ctx, v, organization, func(ctx context.Context, tx *event.Tx, o *Organization) error {
		request, err := requestOf(ctx, tx, organization, id)
		if err != nil {
			return err
		}
		if request.Kind != InvitationKind {
			return fault.New(fault.Invalid, "Only invitations can be canceled")
		}
		if request.Status != StatusPending {
			return fault.New(fault.Invalid, "Only pending invitations can be canceled")
		}
		if err := v.settle(ctx, tx, request, StatusCanceled, nil); err != nil {
			return err
		}
		return w.writeToInvited(ctx, tx, request, mail.Letter{Kind: "membership.canceled", Args: []any{"organization", o.Name}})
	})
}
