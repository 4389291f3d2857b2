package account

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/limit"
	"grenier/internal/mail"
)

// Invitation is whom an organisation wants as a member: a person or an address,
// not both.
type Invitation struct {
	UserID, Email string
	// Role is editor when empty.
	Role    Role
	Comment string
	// Assignments are what a partial editor may edit.
	Assignments []Subject
}

// Invite asks somebody to become a member of an organisation. An invitation to an
// address is answered by whoever has the address, now or later; whether that is
// somebody yet is told to nobody but them. Its administrators may; TooMany for who
// invites the same address again and again.
func (w *Writer) Invite(ctx context.Context, v Viewer, organization string, in Invitation) (request *MembershipRequest, err error) {
	write := func() error {
		request, err = w.inviteInto(ctx, v, organization, in)
		return err
	}
	if in.Email == "" {
		err = write()
	} else {
		err = w.writingTo(ctx, v, limit.InviteByAddress, strings.ToLower(strings.TrimSpace(in.Email)), write)
	}
	return request, err
}

// writingTo bounds how often one person has letters written to another by do;
// what do refuses does not count.
func (w *Writer) writingTo(ctx context.Context, v Viewer, rule limit.Rule, to string, do func() error) error {
	if v.User == nil {
		return do()
	}
	subject := v.User.ID + " " + to
	if err := w.deps.Rates.Take(ctx, rule, subject); err != nil {
		return err
	}
	err := do()
	if err == nil {
		return nil
	}
	if lost := w.deps.Rates.GiveBack(ctx, rule, subject); lost != nil {
		return errors.Join(err, lost)
	}
	return err
}

func (w *Writer) inviteInto(ctx context.Context, v Viewer, organization string, in Invitation) (*MembershipRequest, error) {
	var request *MembershipRequest
	err := w.manage(ctx, v, organization, func(ctx context.Context, tx *event.Tx, o *Organization) error {
		email, err := checkInvitation(&in)
		if err != nil {
			return err
		}
		user, err := invited(ctx, tx, in.UserID, email)
		if err != nil {
			return err
		}
		if err := uninvited(ctx, tx, organization, user, email); err != nil {
			return err
		}
		if err := checkSubjects(ctx, tx, organization, in.Assignments, "assignments"); err != nil {
			return err
		}
		request = &MembershipRequest{
			ID: db.NewUUID(), OrganizationID: organization, Kind: InvitationKind, Status: StatusPending, Role: in.Role, Comment: in.Comment,
			CreatedAt: db.Now(), Assignments: in.Assignments,
		}
		if email != "" {
			request.Email = &email
		} else {
			request.UserID, request.User = &user.ID, user
		}
		if v.User != nil {
			request.CreatedBy = &v.User.ID
		}
		return w.invite(ctx, tx, v, o, request)
	})
	return request, err
}

// checkInvitation gives an invitation its role and its address its usual form.
func checkInvitation(in *Invitation) (email string, err error) {
	var wrong fieldErrors
	if in.Role == "" {
		in.Role = RoleEditor
	}
	if !in.Role.known() {
		wrong.add(unknownRole, "role")
	}
	if len(in.Assignments) > 0 && in.Role != RolePartialEditor {
		wrong.add("Only partial editors have assignments.", "assignments")
	}
	comment := ""
	if in.Comment != "" {
		wrong.text(Some(in.Comment), maxComment, &comment, "comment")
	}
	in.Comment = comment
	switch {
	case in.UserID != "" && in.Email != "":
		wrong.add("Name a person or an address, not both.", "email")
	case in.Email != "":
		var text string
		email, text = normalEmail(in.Email)
		wrong.add(text, "email")
	case in.UserID == "":
		wrong.add("Name the person to invite, or their address.", "user")
	}
	return email, wrong.collect()
}

// invited finds the person that an invitation names; nil for an address that
// nobody has shown to be theirs.
func invited(ctx context.Context, tx *event.Tx, id, email string) (*User, error) {
	var people []User
	query := tx.NewSelect().Model(&people).Where("deleted_at IS NULL").Where("active = TRUE")
	if id != "" {
		query = query.Where("id = ?", id)
	} else {
		query = query.Where("email = ?", email).Where("confirmed_at IS NOT NULL")
	}
	if err := query.Scan(ctx); err != nil {
		return nil, err
	}
	if len(people) > 0 {
		return &people[0], nil
	}
	if id != "" {
		return nil, fault.At("Unknown user.", "user")
	}
	return nil, nil
}

// uninvited refuses an invitation of who is a member, has asked to be one or has
// been invited already. An invitation to an address knows nothing of one to the
// person who has it, nor the other way round: the refusal would tell whose the
// address is.
func uninvited(ctx context.Context, tx *event.Tx, organization string, user *User, email string) error {
	member := "user"
	if email != "" {
		member = "email"
		waiting, err := pendingRequest(ctx, tx, organization, "email", email)
		if err != nil {
			return err
		}
		if waiting != nil {
			return errInvited(member)
		}
	}
	if user == nil {
		return nil
	}
	switch _, err := memberOf(ctx, tx, organization, user.ID); {
	case err == nil:
		return fault.At("This person is a member of the organization already.", member)
	case !fault.Is(err, fault.NotFound):
		return err
	}
	waiting, err := pendingRequest(ctx, tx, organization, "user_id", user.ID)
	switch {
	case err != nil || waiting == nil:
		return err
	case waiting.Kind == RequestKind:
		return fault.At("This person has asked for membership: accept their request.", member)
	case email != "":
		return nil
	}
	return errInvited(member)
}

func errInvited(member string) error {
	return fault.At("An invitation waits for an answer already.", member)
}

func (w *Writer) invite(ctx context.Context, tx *event.Tx, v Viewer, o *Organization, request *MembershipRequest) error {
	if _, err := tx.NewInsert().Model(request).Exec(ctx); err != nil {
		return err
	}
	for _, subject := range request.Assignments {
		_, err := tx.NewRaw("INSERT INTO membership_assignments (request_id, object_kind, object_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			request.ID, subject.Kind, subject.ID).Exec(ctx)
		if err != nil {
			return err
		}
	}
	v.emitRequest(tx, request, "invited")
	return w.writeInvitation(ctx, tx, v, o, request)
}

// ResendInvitation writes once more to who has not answered an invitation. The
// administrators of the organisation may, three times an hour.
func (w *Writer) ResendInvitation(ctx context.Context, v Viewer, organization, id string) error {
	return w.writingTo(ctx, v, limit.ResetByAddress, id, func() error {
		return w.manage(ctx, v, organization, func(ctx context.Context, tx *event.Tx, o *Organization) error {
			request, err := requestOf(ctx, tx, organization, id)
			if err != nil {
				return err
			}
			if request.Kind != InvitationKind || request.Status != StatusPending {
				return fault.New(fault.Invalid, "Only pending invitations can be sent again.")
			}
			return w.writeInvitation(ctx, tx, v, o, request)
		})
	})
}

func (w *Writer) writeInvitation(ctx context.Context, tx *event.Tx, v Viewer, o *Organization, request *MembershipRequest) error {
	person := o.Name
	if v.User != nil {
		person = v.User.FullName()
	}
	letter := mail.Letter{
		Kind: "membership.invited", Args: []any{"person", person, "organization", o.Name}, Button: "/admin/me/invitations", Quote: request.Comment,
	}
	known, err := invitedPerson(ctx, tx, request)
	if err != nil {
		return err
	}
	if known == "" {
		letter.Kind = "membership.invited-new"
		letter.Button = "/register?" + url.Values{"next": {"/admin/me/invitations"}, "email": {*request.Email}}.Encode()
	}
	return w.writeToInvited(ctx, tx, request, letter)
}

// writeToInvited posts a letter to the person or the address of an invitation.
func (w *Writer) writeToInvited(ctx context.Context, tx *event.Tx, request *MembershipRequest, l mail.Letter) error {
	known, err := invitedPerson(ctx, tx, request)
	if err != nil {
		return err
	}
	if known != "" {
		return w.writeToUser(ctx, tx, known, l)
	}
	l.To = *request.Email
	return w.post(ctx, tx.Tx, l)
}

// invitedPerson is who may answer an invitation now; empty while nobody has its
// address.
func invitedPerson(ctx context.Context, tx *event.Tx, request *MembershipRequest) (string, error) {
	if request.UserID != nil {
		return *request.UserID, nil
	}
	user, err := invited(ctx, tx, "", *request.Email)
	if err != nil || user == nil {
		return "", err
	}
	return user.ID, nil
}

// concerning is the condition of requests and invitations of a person: by
// account, or by the address that they have shown to be theirs.
func concerning(user *User) (condition string, args []any) {
	address := ""
	if user.Email != nil && !user.ConfirmedAt.IsZero() {
		address = *user.Email
	}
	return "(user_id = ? OR user_id IS NULL AND email = ?)", []any{user.ID, address}
}

// AcceptInvitation makes the viewer a member of the organisation that invited
// them, in the role it offered; as a partial editor of those of the objects that
// are still its own.
func (w *Writer) AcceptInvitation(ctx context.Context, v Viewer, id string) error {
	return w.answerInvitation(ctx, v, id, func(ctx context.Context, tx *event.Tx, o *Organization, request *MembershipRequest) error {
		if err := w.join(ctx, tx, v, o, request); err != nil {
			return err
		}
		if err := v.settle(ctx, tx, request, StatusAccepted, nil); err != nil {
			return err
		}
		return settleOthers(ctx, tx, v, o.ID)
	})
}

// settleOthers cancels what else waits of a new member in the organisation: it
// may have invited both the person and the address.
func settleOthers(ctx context.Context, tx *event.Tx, v Viewer, organization string) error {
	concerns, args := concerning(v.User)
	_, err := tx.NewRaw("UPDATE membership_requests SET status = ?, handled_at = ? WHERE organization_id = ? AND kind = ? AND status = ? AND "+concerns,
		append([]any{StatusCanceled, db.Now(), organization, InvitationKind, StatusPending}, args...)...).Exec(ctx)
	return err
}

func (w *Writer) join(ctx context.Context, tx *event.Tx, v Viewer, o *Organization, request *MembershipRequest) error {
	_, err := memberOf(ctx, tx, o.ID, v.User.ID)
	if !fault.Is(err, fault.NotFound) {
		return err // a member already stays what they are
	}
	if _, err := addMember(ctx, tx, v, o, v.User.ID, request.Role); err != nil || request.Role != RolePartialEditor {
		return err
	}
	subjects, err := invitedTo(ctx, tx, []string{request.ID})
	if err != nil {
		return err
	}
	owned, err := ownedSubjects(ctx, tx, o.ID, subjects[request.ID])
	if err != nil {
		return err
	}
	var still []Subject
	for _, subject := range subjects[request.ID] {
		if owned[subject] {
			still = append(still, subject)
		}
	}
	return assign(ctx, tx.Tx, o.ID, v.User.ID, still)
}

// RefuseInvitation declines an invitation of the viewer.
func (w *Writer) RefuseInvitation(ctx context.Context, v Viewer, id string) error {
	return w.answerInvitation(ctx, v, id, func(ctx context.Context, tx *event.Tx, _ *Organization, request *MembershipRequest) error {
		return v.settle(ctx, tx, request, StatusRefused, nil)
	})
}

func (w *Writer) answerInvitation(ctx context.Context, v Viewer, id string,
	answer func(context.Context, *event.Tx, *Organization, *MembershipRequest) error) error {
	switch {
	case v.User == nil:
		return fault.New(fault.Unauthorized, "Log in to answer an invitation.")
	case !v.May(Join, Owner{}, ""):
		return fault.New(fault.Forbidden, "This API key may not answer invitations: use one that may publish (scope write) everywhere, or log in.")
	}
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		var organization []string
		concerns, args := concerning(v.User)
		err := tx.NewRaw("SELECT organization_id FROM membership_requests WHERE id = ? AND kind = ? AND "+concerns,
			append([]any{id, InvitationKind}, args...)...).Scan(ctx, &organization)
		if err != nil {
			return err
		}
		if len(organization) == 0 {
			return fault.New(fault.NotFound, "Invitation not found")
		}
		o, err := lockOrganization(ctx, tx.Tx, v, organization[0], false)
		if err != nil {
			return err
		}
		request, err := requestOf(ctx, tx, o.ID, id)
		if err != nil {
			return err
		}
		if request.Status != StatusPending {
			return fault.New(fault.Invalid, "This invitation has been answered or canceled already.")
		}
		if err := answer(ctx, tx, o, request); err != nil {
			return err
		}
		// Who has answered is no secret any more.
		if _, err := tx.NewRaw("UPDATE membership_requests SET user_id = ?, email = NULL WHERE id = ?", v.User.ID, id).Exec(ctx); err != nil {
			return err
		}
		if request.CreatedBy == nil {
			return nil
		}
		return w.writeToUser(ctx, tx, *request.CreatedBy, mail.Letter{
			Kind: "membership.invitation-" + request.Status, Args: []any{"person", v.User.FullName(), "organization", o.Name}, Button: membersPage(o),
		})
	})
}
