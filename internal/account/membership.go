package account

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// The kinds and states of requests for membership.
const (
	// RequestKind is somebody who asks to become a member, InvitationKind
	// somebody whom an organisation asks.
	RequestKind    = "request"
	InvitationKind = "invitation"

	StatusPending  = "pending"
	StatusAccepted = "accepted"
	StatusRefused  = "refused"
	StatusCanceled = "canceled"
)

// MembershipRequest is a person who asks to become a member of an organisation,
// or an invitation: of a person, or of an address until whoever has it answers.
type MembershipRequest struct {
	bun.BaseModel `bun:"table:membership_requests,alias:mr"`

	ID             string  `bun:"id,pk"`
	OrganizationID string  `bun:"organization_id"`
	UserID         *string `bun:"user_id"`
	Email          *string `bun:"email"`
	Kind           string  `bun:"kind"`
	Status         string  `bun:"status"`
	Role           Role    `bun:"role"`
	Comment        string  `bun:"comment"`
	CreatedAt      db.Time `bun:"created_at"`
	CreatedBy      *string `bun:"created_by"`
	HandledAt      db.Time `bun:"handled_at"`
	HandledBy      *string `bun:"handled_by"`
	// Answer are the words with which it was refused.
	Answer *string `bun:"answer"`

	// Loaded besides the row.
	User         *User            `bun:"-"`
	Organization *OrganizationRef `bun:"-"`
	// Assignments are what an invited partial editor may edit.
	Assignments []Subject `bun:"-"`
}

// Subject names an object that a partial editor may edit.
type Subject struct {
	// Kind is dataset, reuse or dataservice.
	Kind string `bun:"object_kind"`
	ID   string `bun:"object_id"`
}

// RequestFilter narrows the requests and invitations of an organisation; empty
// members do not.
type RequestFilter struct {
	Status, Kind string
	// User keeps those of one person.
	User string
	// Limit is at most 10,000, which 0 stands for.
	Limit, Offset int
}

// mostRequests bounds the requests that are shown at once.
const mostRequests = 10_000

// Requests returns a page of the requests and invitations of an organisation,
// oldest first, with the people concerned, and how many there are, in four
// queries. The administrators of the organisation may, and everybody for
// themselves.
func (s *Organizations) Requests(ctx context.Context, v Viewer, organization string, f RequestFilter) ([]MembershipRequest, int, error) {
	if err := mayKnowRequests(v, organization, f.User); err != nil {
		return nil, 0, err
	}
	var rows []MembershipRequest
	query := s.db.Read().NewSelect().Model(&rows).Where("organization_id = ?", organization)
	if f.User != "" && f.User == v.UserID() {
		concerns, args := concerning(v.User)
		query, f.User = query.Where(concerns, args...), ""
	}
	for column, value := range map[string]string{"status": f.Status, "kind": f.Kind, "user_id": f.User} {
		if value != "" {
			query = query.Where("? = ?", bun.Ident(column), value)
		}
	}
	total, err := scanPage(ctx, query.OrderExpr("created_at, id"), f.Limit, f.Offset)
	if err != nil {
		return nil, 0, err
	}
	return rows, total, completeRequests(ctx, s.db.Read(), rows)
}

// scanPage reads a page of what a query finds, and counts all of it.
func scanPage(ctx context.Context, query *bun.SelectQuery, limit, offset int) (total int, err error) {
	count, err := query.Clone().Count(ctx)
	if err != nil {
		return 0, err
	}
	if limit <= 0 || limit > mostRequests {
		limit = mostRequests
	}
	return int(count), query.Limit(int64(limit)).Offset(int64(offset)).Scan(ctx)
}

func mayKnowRequests(v Viewer, organization, user string) error {
	switch {
	case v.Anonymous():
		return fault.New(fault.Unauthorized, "Log in to read requests for membership.")
	case v.MayManage(organization), user != "" && user == v.UserID():
		return nil
	}
	return errForbidden
}

var errUnknownRequest = fault.New(fault.NotFound, "Unknown membership request id")

func requestRows(ctx context.Context, read bun.IDB, organization, id string) ([]MembershipRequest, error) {
	var rows []MembershipRequest
	err := read.NewSelect().Model(&rows).Where("id = ?", id).Where("organization_id = ?", organization).Scan(ctx)
	return rows, err
}

// RequestCounts says how many requests and invitations of an organisation wait,
// for who may see them all.
func (s *Organizations) RequestCounts(ctx context.Context, v Viewer, organization string) (requests, invitations int, err error) {
	if err := mayKnowRequests(v, organization, ""); err != nil {
		return 0, 0, err
	}
	var counts []struct {
		Kind  string
		Count int
	}
	err = s.db.Read().NewRaw("SELECT kind, count(*) AS count FROM membership_requests WHERE organization_id = ? AND status = ? GROUP BY kind",
		organization, StatusPending).Scan(ctx, &counts)
	for _, row := range counts {
		if row.Kind == RequestKind {
			requests = row.Count
		} else {
			invitations = row.Count
		}
	}
	return requests, invitations, err
}

// Invitations returns the invitations that wait for the viewer's answer, oldest
// first, with their organisations; those of deleted ones are left out.
func (s *Organizations) Invitations(ctx context.Context, v Viewer) ([]MembershipRequest, error) {
	if v.User == nil {
		return nil, fault.New(fault.Unauthorized, "Log in to read your invitations.")
	}
	var rows []MembershipRequest
	concerns, args := concerning(v.User)
	err := s.db.Read().NewSelect().Model(&rows).Where(concerns, args...).Where("status = ?", StatusPending).
		Where("kind = ?", InvitationKind).
		Where("EXISTS (SELECT 1 FROM organizations o WHERE o.id = mr.organization_id AND o.deleted_at IS NULL)").
		OrderExpr("created_at, id").Limit(mostRequests).Scan(ctx)
	if err != nil {
		return nil, err
	}
	return rows, completeRequests(ctx, s.db.Read(), rows)
}

// completeRequests adds people, organisations and assignments.
func completeRequests(ctx context.Context, read bun.IDB, rows []MembershipRequest) error {
	if len(rows) == 0 {
		return nil
	}
	var people, organizations, ids []string
	for _, row := range rows {
		ids, organizations = append(ids, row.ID), append(organizations, row.OrganizationID)
		if row.UserID != nil {
			people = append(people, *row.UserID)
		}
	}
	users, err := usersByID(ctx, read, people)
	if err != nil {
		return err
	}
	refs, err := OrganizationRefs(ctx, read, organizations)
	if err != nil {
		return err
	}
	assigned, err := invitedTo(ctx, read, ids)
	for i := range rows {
		row := &rows[i]
		if row.UserID != nil {
			row.User = users[*row.UserID]
		}
		row.Organization, row.Assignments = refs[row.OrganizationID], assigned[row.ID]
	}
	return err
}

func usersByID(ctx context.Context, read bun.IDB, ids []string) (map[string]*User, error) {
	users := make(map[string]*User, len(ids))
	if len(ids) == 0 {
		return users, nil
	}
	var rows []User
	err := read.NewSelect().Model(&rows).Where("id IN (?)", bun.List(distinct(ids))).Scan(ctx)
	for i := range rows {
		users[rows[i].ID] = &rows[i]
	}
	return users, err
}

// invitedTo returns what invitations let somebody edit, by their identifiers.
func invitedTo(ctx context.Context, read bun.IDB, requests []string) (map[string][]Subject, error) {
	var rows []struct{ RequestID, ObjectKind, ObjectID string }
	err := read.NewRaw("SELECT request_id, object_kind, object_id FROM membership_assignments WHERE request_id IN (?) ORDER BY request_id, object_id",
		bun.List(requests)).Scan(ctx, &rows)
	assigned := make(map[string][]Subject)
	for _, row := range rows {
		assigned[row.RequestID] = append(assigned[row.RequestID], Subject{Kind: row.ObjectKind, ID: row.ObjectID})
	}
	return assigned, err
}

// MemberFilter narrows the members of an organisation; empty members do not.
type MemberFilter struct {
	// Query are words that the name holds.
	Query string
	Role  Role
	// Limit is at most 10,000, which 0 stands for.
	Limit, Offset int
}

// Members returns a page of the members of an organisation in their order, and
// how many there are, in three queries. Everybody may know them.
func (s *Organizations) Members(ctx context.Context, organization string, f MemberFilter) ([]Member, int, error) {
	var rows []Member
	query := s.db.Read().NewSelect().Model(&rows).Where("organization_id = ?", organization)
	if f.Role != "" {
		query = query.Where("role = ?", f.Role)
	}
	for _, word := range Words(f.Query) {
		query = query.Where("EXISTS (SELECT 1 FROM users u WHERE u.id = m.user_id AND u.name_fold LIKE ? ESCAPE '!')", "%"+db.LikeEscape(word)+"%")
	}
	total, err := scanPage(ctx, query.OrderExpr("position, user_id"), f.Limit, f.Offset)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.UserID
	}
	users, err := usersByID(ctx, s.db.Read(), ids)
	for i := range rows {
		rows[i].User = users[rows[i].UserID]
	}
	return rows, int(total), err
}
