package oauth

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ory/fosite"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// maxBearer bounds what is looked up as an access token, in bytes.
const maxBearer = 256

// Viewer returns who comes with an access token: Nobody when it does not work,
// for whatever reason.
func (s *Server) Viewer(ctx context.Context, plain string) (account.Viewer, error) {
	if plain == "" || len(plain) > maxBearer {
		return account.Nobody, nil
	}
	signature := s.strategy.AccessTokenSignature(ctx, plain)
	var rows []grant
	err := s.db.Read().NewSelect().Model(&rows).Where("kind = ?", kindAccess).Where("signature = ?", signature).Where("active = ?", true).Scan(ctx)
	if err != nil || len(rows) == 0 || signature == "" {
		return account.Nobody, err
	}
	row := rows[0]
	asked := &fosite.Request{RequestedAt: row.RequestedAt.Time, Session: &fosite.DefaultSession{
		ExpiresAt: map[fosite.TokenType]time.Time{fosite.AccessToken: row.ExpiresAt.Time},
	}}
	if s.strategy.ValidateAccessToken(ctx, asked, plain) != nil {
		return account.Nobody, nil
	}
	client, err := s.client(ctx, s.db.Read(), row.ClientID)
	if fault.Is(err, fault.NotFound) {
		return account.Nobody, nil
	}
	if err != nil {
		return account.Nobody, err
	}
	viewer, err := account.ViewerOf(ctx, s.db.Read(), row.UserID)
	if err != nil || !account.MayEnter(viewer.User) {
		return account.Nobody, err
	}
	viewer.Token = row.Request
	if viewer.Scopes, err = scopesOf(row.Scopes); err != nil {
		return account.Nobody, err
	}
	if len(viewer.Scopes) == 0 {
		viewer.Scopes = []string{account.ScopeRead} // nothing was granted: nothing is changed
	}
	if s.alone(row, client) {
		// Whoever administers the organisation knows the secret: they act for
		// it, not as the person who made the program.
		viewer.Scopes = append(viewer.Scopes, account.ScopeOrganization+*client.OrganizationID)
	}
	s.note(row.Signature)
	return viewer, nil
}

// alone tells whether a program of an organisation came with its own name.
func (s *Server) alone(row grant, client *Client) bool {
	var session fosite.DefaultSession
	form := json.Unmarshal(row.Session, &session)
	_, consented := session.ExpiresAt[fosite.AuthorizeCode]
	return client.OrganizationID != nil && (form != nil || !consented)
}

// note remembers a use until Flush: a row a call would make every read a write.
func (s *Server) note(signature string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[signature] = db.Now()
}

// Flush writes down the uses noted since the last call.
func (s *Server) Flush(ctx context.Context) error {
	s.mu.Lock()
	used := s.used
	s.used = make(map[string]db.Time)
	s.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	return s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		for signature, at := range used {
			_, err := tx.NewRaw("UPDATE oauth_grants SET last_used_at = ? WHERE kind = ? AND signature = ?", at, kindAccess, signature).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Granted is a program that may act for a person.
type Granted struct {
	Client Client
	// Scopes are what it may, over all its tokens.
	Scopes []string
	// Since is when the person first let it, Until when it has to ask again.
	Since, Until, LastUsedAt db.Time
}

// working is the condition of what still lets a program act.
const working = "og.active = TRUE AND og.expires_at > ? AND og.kind IN ('access', 'refresh') AND oc.disabled_at IS NULL"

// Granted lists the programs that may act for the viewer, by name.
func (s *Server) Granted(ctx context.Context, v account.Viewer) ([]Granted, error) {
	if err := account.MayChangeAccount(v); err != nil {
		return nil, err
	}
	var rows []struct {
		grant
		Name string
	}
	err := s.db.Read().NewRaw(`SELECT og.*, oc.name AS name FROM oauth_grants og JOIN oauth_clients oc ON oc.id = og.client_id
		WHERE og.user_id = ? AND `+working+` ORDER BY oc.name, og.client_id, og.requested_at LIMIT ?`, v.UserID(), db.Now(), maxGrants).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	var ids []string
	by := map[string]*Granted{}
	for _, row := range rows {
		one := by[row.ClientID]
		if one == nil {
			ids = append(ids, row.ClientID)
			one = &Granted{Since: row.RequestedAt, Until: row.ExpiresAt}
			by[row.ClientID] = one
		}
		one.Until, one.LastUsedAt = later(one.Until, row.ExpiresAt), later(one.LastUsedAt, row.LastUsedAt)
		scopes, err := scopesOf(row.Scopes)
		if err != nil {
			return nil, err
		}
		one.Scopes = union(one.Scopes, scopes)
	}
	clients, err := s.byIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]Granted, 0, len(ids))
	for _, id := range ids {
		by[id].Client = clients[id]
		all = append(all, *by[id])
	}
	return all, nil
}

// maxGrants bounds the rows read for a list of programs.
const maxGrants = 5000

func later(a, b db.Time) db.Time {
	if b.After(a.Time) {
		return b
	}
	return a
}

// Withdraw ends everything that the viewer let a program do.
func (s *Server) Withdraw(ctx context.Context, v account.Viewer, client string) error {
	if err := account.MayChangeAccount(v); err != nil {
		return err
	}
	return s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		result, err := tx.NewUpdate().Model((*grant)(nil)).Set("active = ?", false).Where("user_id = ?", v.UserID()).
			Where("client_id = ?", client).Where("active = ?", true).Exec(ctx)
		if err != nil {
			return err
		}
		ended, err := result.RowsAffected()
		switch {
		case err != nil:
			return err
		case ended == 0:
			return fault.New(fault.NotFound, "You let no such program act for you.")
		}
		return event.Claim(ctx, tx, "oauth_client", client)
	})
}

// pruneAtOnce bounds the rows removed in one transaction.
const pruneAtOnce = 500

// Prune removes what has ended, and tells how much. Used codes and tokens stay
// until then, so that a second use is noticed.
func (s *Server) Prune(ctx context.Context) (removed int64, err error) {
	for {
		var some int64
		err := s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			result, err := tx.NewRaw(`DELETE FROM oauth_grants WHERE (kind, signature) IN
				(SELECT kind, signature FROM oauth_grants WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`, db.Now(), pruneAtOnce).Exec(ctx)
			if err == nil {
				some, err = result.RowsAffected()
			}
			return err
		})
		removed += some
		if err != nil || some < pruneAtOnce {
			return removed, err
		}
	}
}
