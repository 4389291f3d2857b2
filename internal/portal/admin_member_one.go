package portal

import (
	"slices"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// adminMember is a person of an organisation, for who administers it.
type adminMember struct {
	// Page is the person's public page, Picture their portrait.
	Page, Picture string
	// Login is when they logged in last; zero for never.
	Since, Login time.Time
	Role         formView
	// Assignments are what a partial editor may edit; without an action for
	// other roles.
	Assignments formView
	Danger      dangerZone
}

type adminMemberArgs struct {
	adminOrganizationArgs
	User string `path:"user"`
}

func (p *Portal) showMember(v *visit, in adminMemberArgs) error {
	o, err := v.inside(in.ID, account.Manage)
	if err != nil {
		return err
	}
	m, err := p.Organizations.Member(v.Context(), o.ID, in.User)
	if err != nil {
		return err
	}
	path, name := memberPath(o.ID, m.UserID), v.say.T("admin-member.unknown")
	content := adminMember{Since: m.Since.Time}
	if m.User != nil {
		name, content.Login, content.Page = m.User.FullName(), m.User.LastLoginAt.Time, v.publicPage(catalog.KindUser, m.User.Slug)
		content.Picture = picturePath("users", m.UserID, logoSize)
	}
	role := v.form("role", path).titled("admin-member.change-role", "").submit("admin-member.save-role", "check").light()
	role.radio("role", "admin-member.role", string(m.Role), v.roleOptions(true))
	last, err := p.leavesNoAdmin(v, m)
	if err != nil {
		return err
	}
	if last {
		role.check(withoutAdmin, "admin-member.without-admin", false)
	}
	content.Role = role.view()
	if m.Role == account.RolePartialEditor {
		if content.Assignments, err = v.assignmentForm(o, m); err != nil {
			return err
		}
	}
	gone := v.form("remove", path+"/remove").titled("admin-member.remove", " "+v.say.T("admin-member.remove-text", "name", name)).
		submit("admin-member.remove", "trash").danger()
	if last {
		gone.check(withoutAdmin, "admin-member.without-admin", false)
	}
	content.Danger.Forms = []formView{gone.view()}
	d := v.organizationAdminDraft(o, "member", name, "/members/"+m.UserID)
	d.kicker, d.icon, d.badges = "admin-member.kind", "user", append(d.badges, v.roleBadge(m.Role))
	d.crumbs, d.public, d.data = []Link{{v.say.T("admin-member.title"), v.path(membersPath(o.ID))}}, content.Page, content
	if last {
		d.notices = append(d.notices, Notice{"warning", "warning", v.say.T("admin-member.last-admin")})
	}
	return v.showAdmin(d)
}

// assignable are the kinds of what partial editors may be given, by the names of
// the fields that ask for them.
var assignable = []struct{ field, kind, label string }{
	{"datasets", catalog.KindDataset, "admin-member.datasets"}, {"reuses", catalog.KindReuse, "admin-member.reuses"},
	{"dataservices", catalog.KindDataservice, "admin-member.dataservices"},
}

func (v *visit) assignmentForm(o *account.Organization, m *account.Member) (formView, error) {
	objects, err := v.p.Catalog.AssignedTo(v.Context(), o.ID, m.UserID)
	if err != nil {
		return formView{}, err
	}
	f := v.form("assignments", memberPath(o.ID, m.UserID)+"/assignments").titled("admin-member.assignments", "admin-member.assignments-text").
		submit("admin-member.save-assignments", "check")
	for _, one := range assignable {
		var chosen []option
		for _, object := range objects {
			if object.Kind == one.kind {
				chosen = append(chosen, option{Value: object.ID, Label: object.Title})
			}
		}
		f.picks(one.field, one.label, one.field, chosen...)
	}
	return f.view(), nil
}

// assignments reads the objects that the pickers name, by identifier or slug,
// and the field of each.
func (v *visit) assignments(sent *posted) (subjects []account.Subject, fields []string, err error) {
	for _, one := range assignable {
		for _, key := range sent.ids(one.field) {
			id, err := v.objectID(one.kind, key)
			if err != nil {
				return nil, nil, err
			}
			subjects, fields = append(subjects, account.Subject{Kind: one.kind, ID: id}), append(fields, one.field)
		}
	}
	return subjects, fields, nil
}

// objectID is the identifier of an object that somebody named by identifier or
// slug; what is unknown stays as it is, for the subject to refuse.
func (v *visit) objectID(kind, key string) (string, error) {
	if db.IsID(key) {
		return key, nil
	}
	find := v.p.Organizations.Resolve
	switch kind {
	case catalog.KindDataset:
		find = v.p.Catalog.ResolveDataset
	case catalog.KindReuse:
		find = v.p.Catalog.ResolveReuse
	case catalog.KindDataservice:
		find = v.p.Catalog.ResolveDataservice
	}
	found, err := find(v.Context(), key)
	if fault.Is(err, fault.NotFound) {
		return key, nil
	}
	if err != nil {
		return "", err
	}
	return found.ID, nil
}

// personID is the identifier of a person whom somebody named by identifier or
// slug; who is unknown stays as they are.
func (v *visit) personID(key string) (string, error) {
	if db.IsID(key) || key == "" {
		return key, nil
	}
	found, err := v.p.People.Get(v.Context(), v.viewer, key)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		return key, nil
	}
	if err != nil {
		return "", err
	}
	return found.ID, nil
}

// inFields leads the faults of assignments to the pickers that name them.
func inFields(err error, fields []string) error {
	known := fault.Of(err)
	if len(known.Fields) == 0 {
		return err
	}
	moved := *known
	moved.Fields = slices.Clone(known.Fields)
	for i, field := range moved.Fields {
		for _, step := range field.Path[:min(2, len(field.Path))] {
			if at, ok := step.(int); ok && at >= 0 && at < len(fields) {
				moved.Fields[i].Path = []any{fields[at]}
			}
		}
	}
	return &moved
}

// withoutAdmin is the field which confirms that an organisation will have no
// administrator any more.
const withoutAdmin = "without_admin"

// leavesNoAdmin tells whether the viewer, an administrator of the site, may take
// its only administrator from an organisation: others are refused that.
func (p *Portal) leavesNoAdmin(v *visit, m *account.Member) (bool, error) {
	if !v.viewer.Admin() {
		return false, nil
	}
	return p.Organizations.LastAdmin(v.Context(), m)
}

// confirmedWithoutAdmin refuses to take its only administrator from an organisation until
// that was confirmed.
func (p *Portal) confirmedWithoutAdmin(v *visit, in adminMemberArgs, sent *posted) error {
	if !v.viewer.Admin() || sent.checked(withoutAdmin) {
		return nil
	}
	m, err := p.Organizations.Member(v.Context(), in.ID, in.User)
	if err != nil {
		return err
	}
	if last, err := p.leavesNoAdmin(v, m); err != nil || !last {
		return err
	}
	return fault.At("Confirm that the organization will have no administrator any more.", withoutAdmin)
}

func (p *Portal) saveRole(v *visit, in adminMemberArgs, sent *posted) error {
	if sent.text("role") != string(account.RoleAdmin) {
		if err := p.confirmedWithoutAdmin(v, in, sent); err != nil {
			return sent.again(err, func() error { return p.showMember(v, in) })
		}
	}
	if _, err := p.Accounts.SetRole(sent.Context(), v.viewer, in.ID, in.User, account.Role(sent.text("role"))); err != nil {
		return sent.again(err, func() error { return p.showMember(v, in) })
	}
	if in.User == v.viewer.UserID() && sent.text("role") != string(account.RoleAdmin) && !v.viewer.Admin() {
		return sent.done(membersPath(in.ID), "admin-member.done-role")
	}
	return sent.done(memberPath(in.ID, in.User), "admin-member.done-role")
}

func (p *Portal) saveAssignments(v *visit, in adminMemberArgs, sent *posted) error {
	subjects, fields, err := v.assignments(sent)
	if err == nil {
		err = p.Accounts.SetAssignments(sent.Context(), v.viewer, in.ID, in.User, subjects)
	}
	if err != nil {
		return sent.again(inFields(err, fields), func() error { return p.showMember(v, in) })
	}
	return sent.done(memberPath(in.ID, in.User), "admin-member.done-assignments")
}

func (p *Portal) removeMember(v *visit, in adminMemberArgs, sent *posted) error {
	if err := p.confirmedWithoutAdmin(v, in, sent); err != nil {
		return sent.again(err, func() error { return p.showMember(v, in) })
	}
	if err := p.Accounts.RemoveMember(sent.Context(), v.viewer, in.ID, in.User); err != nil {
		return sent.again(err, func() error { return p.showMember(v, in) })
	}
	return sent.done(membersPath(in.ID), "admin-member.done-removed")
}
