package account

import (
	"slices"
	"strings"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// The scopes of a token. A token without a level may everything its person may.
const (
	// ScopeAdmin lets a token do everything its person may, ScopeDefault is its
	// name in OAuth2.
	ScopeAdmin   = "admin"
	ScopeDefault = "default"
	// ScopeWrite lets it read and write what its person may, but neither
	// administer the platform nor change the account.
	ScopeWrite = "write"
	// ScopeRead lets it read alone.
	ScopeRead = "read"
	// ScopeOrganization and ScopeDataset, followed by an identifier, narrow
	// what it reaches.
	ScopeOrganization = "organization:"
	ScopeDataset      = "dataset:"
)

// maxScopes bounds the scopes of a token.
const maxScopes = 20

// CheckScopes refuses scopes that mean nothing. None is everything.
func CheckScopes(scopes []string) error {
	if len(scopes) > maxScopes {
		return fault.At("A token has at most 20 scopes.", "scopes")
	}
	for i, scope := range scopes {
		id, narrow := strings.CutPrefix(scope, ScopeOrganization)
		if !narrow {
			id, narrow = strings.CutPrefix(scope, ScopeDataset)
		}
		if narrow && db.IsID(id) || slices.Contains([]string{ScopeAdmin, ScopeDefault, ScopeWrite, ScopeRead}, scope) {
			continue
		}
		return fault.At("Unknown scope: expected read, write, admin, organization:<id> or dataset:<id>.", "scopes", i)
	}
	return nil
}

// Whole tells whether the viewer acts with all rights of the person: by a
// session, or by a token that is not narrowed. Changes of the account ask for it.
func (v Viewer) Whole() bool {
	if len(v.Scopes) == 0 {
		return true
	}
	return !v.narrowed() && (slices.Contains(v.Scopes, ScopeAdmin) || slices.Contains(v.Scopes, ScopeDefault))
}

// Writes tells whether the viewer may change anything.
func (v Viewer) Writes() bool {
	return !slices.Contains(v.Scopes, ScopeRead) || slices.Contains(v.Scopes, ScopeWrite) ||
		slices.Contains(v.Scopes, ScopeAdmin) || slices.Contains(v.Scopes, ScopeDefault)
}

// narrowed tells whether the viewer's token is for some objects alone.
func (v Viewer) narrowed() bool {
	return slices.ContainsFunc(v.Scopes, func(scope string) bool {
		return strings.HasPrefix(scope, ScopeOrganization) || strings.HasPrefix(scope, ScopeDataset)
	})
}

// reaches tells whether the viewer's token is for an object of an owner.
func (v Viewer) reaches(o Owner, object string) bool {
	return !v.narrowed() || o.Organization != "" && slices.Contains(v.Scopes, ScopeOrganization+o.Organization) ||
		object != "" && slices.Contains(v.Scopes, ScopeDataset+object)
}
