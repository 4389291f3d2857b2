package account

import (
	"context"

	"github.com/uptrace/bun"
)

// WaitingRequests are the people who ask to join an organisation and have no
// answer yet.
type WaitingRequests struct {
	OrganizationID string
	Count          int
	// Since is the moment of the oldest one, in microseconds since 1970 UTC.
	Since int64
}

// WaitingRequests counts the requests that wait for the viewer's answer, for each
// organisation that they administer, the oldest first, in one query.
// Organisations where none waits are left out.
func (s *Organizations) WaitingRequests(ctx context.Context, v Viewer) ([]WaitingRequests, error) {
	var managed []string
	for _, id := range v.Organizations() {
		if v.MayManage(id) {
			managed = append(managed, id)
		}
	}
	if len(managed) == 0 {
		return nil, nil
	}
	var rows []WaitingRequests
	err := s.db.Read().NewRaw(`SELECT organization_id, count(*) AS count, min(created_at) AS since FROM membership_requests
		WHERE organization_id IN (?) AND status = ? AND kind = ? GROUP BY organization_id ORDER BY since, organization_id`,
		bun.List(managed), StatusPending, RequestKind).Scan(ctx, &rows)
	return rows, err
}
