package account

import (
	"context"

	"github.com/uptrace/bun"
)

// Request returns one request or invitation of an organisation, to who may see
// it in Requests.
func (s *Organizations) Request(ctx context.Context, v Viewer, organization, id string) (*MembershipRequest, error) {
	rows, err := requestRows(ctx, s.db.Read(), organization, id)
	if err != nil {
		return nil, err
	}
	user := ""
	if len(rows) > 0 && rows[0].UserID != nil {
		user = *rows[0].UserID
	}
	if err := mayKnowRequests(v, organization, user); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errUnknownRequest
	}
	return &rows[0], completeRequests(ctx, s.db.Read(), rows)
}

// Member returns a member of an organisation with the person; not found for
// others.
func (s *Organizations) Member(ctx context.Context, organization, user string) (*Member, error) {
	return memberOf(ctx, s.db.Read(), organization, user)
}

// AssignmentCounts says how many objects of an organisation each of some people
// may edit as partial editors; who may edit none is absent. The caller has
// checked that the viewer may know.
func (s *Organizations) AssignmentCounts(ctx context.Context, organization string, users []string) (map[string]int, error) {
	counts := make(map[string]int, len(users))
	if len(users) == 0 {
		return counts, nil
	}
	var rows []struct {
		UserID string
		Count  int
	}
	err := s.db.Read().NewRaw("SELECT user_id, count(*) AS count FROM assignments WHERE organization_id = ? AND user_id IN (?) GROUP BY user_id",
		organization, bun.List(users)).Scan(ctx, &rows)
	for _, row := range rows {
		counts[row.UserID] = row.Count
	}
	return counts, err
}
