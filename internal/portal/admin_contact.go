package portal

import (
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
)

// adminContactContents are the types of Page.Data of the pages about the contact
// points of an organisation.
var adminContactContents = map[string]any{"admin/contacts": adminContacts{}, "admin/contact": adminContact{}}

// adminContactRoutes declare the pages about the contact points of an
// organisation.
func (p *Portal) adminContactRoutes(t *table) {
	adminPage(t, "/admin/organizations/{id}/profile/contacts", p.showContacts)
	form(t, "/admin/organizations/{id}/profile/contacts", "POST /api/1/contacts/", p.createContact)
	adminPage(t, "/admin/organizations/{id}/profile/contacts/{contact}", p.showContact)
	form(t, "/admin/organizations/{id}/profile/contacts/{contact}", "PUT /api/1/contacts/{contact}/", p.saveContact)
	form(t, "/admin/organizations/{id}/profile/contacts/{contact}/delete", "DELETE /api/1/contacts/{contact}/", p.deleteContact)
}

// adminContacts are the contact points of an organisation.
type adminContacts struct {
	List listing
	// New adds one.
	New formView
}

// adminContact is one contact point.
type adminContact struct {
	Form   formView
	Danger dangerZone
}

type adminContactsArgs struct {
	adminOrganizationArgs
	listArgs
}

type adminContactArgs struct {
	adminOrganizationArgs
	Contact string `path:"contact"`
}

func contactsPath(organization string) string {
	return organizationAdmin(organization, "/profile/contacts")
}

func contactPath(organization, contact string) string {
	return contactsPath(organization) + "/" + url.PathEscape(contact)
}

func (p *Portal) showContacts(v *visit, in adminContactsArgs) error {
	o, err := v.inside(in.ID, account.SeeInside)
	if err != nil {
		return err
	}
	l := v.lister(contactsPath(o.ID), in.listArgs, nil)
	points, total, err := p.Catalog.ContactPoints(v.Context(), account.Owner{Organization: o.ID}, catalog.Page{Limit: l.Size, Offset: l.offset()})
	if err != nil {
		return err
	}
	edits := v.editsContacts(o.ID)
	content := adminContacts{List: listing{
		ID: "contacts", Caption: v.say.T("admin-contact.list"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Columns: []listColumn{l.column("admin-contact.name", ""), l.column("admin-contact.role", ""), l.column("admin-contact.way", "")},
		Empty:   emptyState{Icon: "phone", Title: v.say.T("admin-contact.none"), Text: v.say.T("admin-contact.none-text")},
	}}
	for i := range points {
		point := &points[i]
		name := textCell(point.Name)
		if edits {
			name.URL = v.path(contactPath(o.ID, point.ID))
		}
		way := textCell(deref(point.Email))
		if form := linkable(deref(point.ContactForm)); form != "" {
			way = linkCell(host(form), form, deref(point.Email))
		}
		content.List.Rows = append(content.List.Rows, listRow{Cells: []listCell{name, textCell(i18n.Label(i18n.ContactRole, point.Role, v.lang)), way}})
	}
	if edits {
		f := v.form("contact", contactsPath(o.ID)).titled("admin-contact.new", "").submit("admin-contact.add", "plus").light()
		v.contactFields(f, &catalog.ContactPoint{Role: "contact"})
		content.New = f.view()
	}
	d := v.organizationAdminDraft(o, "contacts", v.say.T("admin-contact.title"), "/profile/contacts")
	d.lead, d.data = v.say.T("admin-contact.lead"), content
	if v.viewer.MayManage(o.ID) {
		d.tabs = v.profileTabs(o, "/contacts")
	}
	return v.showAdmin(d)
}

// editsContacts tells whether somebody may change the contact points of an
// organisation.
func (v *visit) editsContacts(organization string) bool {
	return v.viewer.May(account.EditContact, account.Owner{Organization: organization}, "")
}

func (v *visit) contactFields(f *formDraft, point *catalog.ContactPoint) {
	var roles []option
	for _, id := range i18n.IDs(i18n.ContactRole) {
		roles = append(roles, option{Value: id, Label: i18n.Label(i18n.ContactRole, id, v.lang)})
	}
	f.text("name", "admin-contact.name", point.Name).most(255).require().help("admin-contact.name-help")
	f.choose("role", "admin-contact.role", point.Role, roles)
	f.email("email", "admin-contact.email", deref(point.Email)).help("admin-contact.email-help").auto("off")
	f.link("contact_form", "admin-contact.form", deref(point.ContactForm))
}

func contactInput(sent *posted) catalog.ContactInput {
	return catalog.ContactInput{
		Name: account.Some(sent.text("name")), Role: account.Some(sent.text("role")), Email: account.Some(sent.text("email")),
		ContactForm: account.Some(sent.text("contact_form")),
	}
}

func (p *Portal) createContact(v *visit, in adminContactsArgs, sent *posted) error {
	o, err := v.inside(in.ID, account.SeeInside)
	if err != nil {
		return err
	}
	input := contactInput(sent)
	input.Organization = account.Some(o.ID)
	if _, _, err := p.Catalog.CreateContact(sent.Context(), v.viewer, input); err != nil {
		return sent.again(err, func() error { return p.showContacts(v, in) })
	}
	return sent.done(contactsPath(o.ID), "admin-contact.done-added")
}

// contactOf reads a contact point of the organisation in the address.
func (v *visit) contactOf(o *account.Organization, id string) (*catalog.ContactPoint, error) {
	point, err := v.p.Catalog.ContactPoint(v.Context(), id)
	if err != nil {
		return nil, err
	}
	if point.OwnedBy().Organization != o.ID {
		return nil, fault.New(fault.NotFound, "Contact point not found")
	}
	if !v.editsContacts(o.ID) {
		return nil, fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	return point, nil
}

func (p *Portal) showContact(v *visit, in adminContactArgs) error {
	o, err := v.inside(in.ID, account.SeeInside)
	if err != nil {
		return err
	}
	point, err := v.contactOf(o, in.Contact)
	if err != nil {
		return err
	}
	path := contactPath(o.ID, point.ID)
	f := v.form("contact", path).version(point.Version).cancel(contactsPath(o.ID))
	v.contactFields(f, point)
	gone := v.form("delete", path+"/delete").titled("admin-contact.delete", "admin-contact.delete-text").submit("admin-contact.delete", "trash").danger()
	d := v.organizationAdminDraft(o, "contact", point.Name, "/profile/contacts/"+point.ID)
	d.kicker, d.icon = "admin-contact.kind", "phone"
	d.crumbs = []Link{{v.say.T("admin-contact.title"), v.path(contactsPath(o.ID))}}
	d.data = adminContact{f.view(), dangerZone{[]formView{gone.view()}}}
	return v.showAdmin(d)
}

func (p *Portal) saveContact(v *visit, in adminContactArgs, sent *posted) error {
	if _, err := p.Catalog.UpdateContact(sent.Context(), v.viewer, in.Contact, contactInput(sent)); err != nil {
		return sent.again(err, func() error { return p.showContact(v, in) })
	}
	return sent.done(contactsPath(in.ID), "admin-contact.done-saved")
}

func (p *Portal) deleteContact(v *visit, in adminContactArgs, sent *posted) error {
	if err := p.Catalog.DeleteContact(sent.Context(), v.viewer, in.Contact); err != nil {
		return sent.again(err, func() error { return p.showContact(v, in) })
	}
	return sent.done(contactsPath(in.ID), "admin-contact.done-deleted")
}
