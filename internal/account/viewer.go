// Package account holds people, organisations, members, tokens, and the one
// place that says who may do what: the Viewer.
package account

import (
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// Role is what a member may do in an organisation.
type Role string

// The roles of an organisation's members.
const (
	RoleAdmin         Role = "admin"
	RoleEditor        Role = "editor"
	RolePartialEditor Role = "partial_editor"
)

// Roles in the order in which the API lists them.
var Roles = []Role{RoleAdmin, RoleEditor, RolePartialEditor}

// Viewer is who asks: nobody, a person, a token of a person, or the system.
// It goes into every read and every write.
type Viewer struct {
	// User is the person, nil for nobody and for the system.
	User *User
	// Token is the identifier of the token the person came with, if any.
	Token string
	// Session is the identifier of the session the person came with, if any.
	Session string
	// Scopes narrow what the token may; empty for everything.
	Scopes []string
	// Memberships maps the person's organisations to their role in each.
	Memberships map[string]Role
	// Assigned holds the objects a partial editor may edit.
	Assigned map[string]bool
	// Origin is "" for people, else what acts: "system", "source".
	Origin string
	// OriginID names the harvest source, or the part of the system.
	OriginID string
}

// Nobody is the anonymous viewer.
var Nobody = Viewer{}

// System returns the viewer of the program's own work, which may everything.
func System(part string) Viewer { return Viewer{Origin: "system", OriginID: part} }

// Anonymous tells whether nobody in particular asks.
func (v Viewer) Anonymous() bool { return v.User == nil && v.Origin == "" }

// Admin tells whether the viewer may everything: a platform administrator or
// the system.
func (v Viewer) Admin() bool {
	return v.Origin == "system" || v.User != nil && v.User.Admin && v.Whole()
}

// KeyAlone tells whether the viewer would administer the platform, were it not for
// the scopes of their key.
func (v Viewer) KeyAlone() bool { return v.User != nil && v.User.Admin && !v.Admin() }

// Actor names the viewer for events and history.
func (v Viewer) Actor() (kind, id string) {
	switch {
	case v.Origin != "":
		return v.Origin, v.OriginID
	case v.Token != "":
		return "token", v.Token
	case v.User != nil:
		return "person", v.User.ID
	}
	return "system", "anonymous"
}

// UserID is the person's identifier, empty for nobody.
func (v Viewer) UserID() string {
	if v.User == nil {
		return ""
	}
	return v.User.ID
}

// Member tells whether the viewer acts as a member of an organisation, in any
// role: a token that is for other objects does not.
func (v Viewer) Member(organization string) bool {
	_, ok := v.Memberships[organization]
	return ok && organization != "" && v.reaches(Owner{Organization: organization}, "")
}

// Owner is whom an object belongs to: exactly one of the two is set, or none
// for objects whose owner is unknown.
type Owner struct {
	Organization string
	User         string
}

// Ref is the identifier for events.
func (o Owner) Ref() string {
	if o.Organization != "" {
		return o.Organization
	}
	return o.User
}

// MayRead tells whether the viewer sees an owned object that is private or
// deleted; object is "" when any of the owner's is meant.
func (v Viewer) MayRead(o Owner, object string) bool { return v.May(ReadHidden, o, object) }

// MayEdit tells whether the viewer may change an owned object.
func (v Viewer) MayEdit(o Owner, object string) bool { return v.May(Edit, o, object) }

// MayManage tells whether the viewer administers an organisation.
func (v Viewer) MayManage(organization string) bool {
	return v.May(Manage, Owner{Organization: organization}, "")
}

// MayPublishAs tells whether the viewer may create objects of an owner.
func (v Viewer) MayPublishAs(o Owner) bool {
	if o.Organization != "" {
		return v.May(CreateFor, o, "")
	}
	return v.Admin() || o.User != "" && o.User == v.UserID() && v.May(CreateOwn, o, "")
}

// Organizations are the identifiers of the viewer's organisations.
func (v Viewer) Organizations() []string {
	ids := make([]string, 0, len(v.Memberships))
	for id := range v.Memberships {
		ids = append(ids, id)
	}
	return ids
}

// reached are those organisations that the viewer's token is for.
func (v Viewer) reached() []string {
	return slices.DeleteFunc(v.Organizations(), func(id string) bool { return !v.reaches(Owner{Organization: id}, "") })
}

// Listed is the SQL condition of what a list shows to the viewer: what is
// public by the given condition, everything for administrators, and for others
// also what they or their organisations own, in whatever state. alias is the
// table's, with columns owner_id and organization_id.
func (v Viewer) Listed(alias, public string) (condition string, args []any) {
	switch {
	case v.Admin():
		return "TRUE", nil
	case v.User == nil:
		return public, nil
	}
	var b strings.Builder
	b.WriteString("(" + public)
	if !v.narrowed() {
		b.WriteString(" OR " + alias + ".owner_id = ?")
		args = append(args, v.User.ID)
	}
	if reached := v.reached(); len(reached) > 0 {
		b.WriteString(" OR " + alias + ".organization_id IN (?)")
		args = append(args, bun.List(reached))
	}
	b.WriteString(")")
	return b.String(), args
}
