package portal

import (
	"bytes"
	"net/http"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/image"
)

// adminOrganizationProfile is what an organisation tells of itself.
type adminOrganizationProfile struct {
	Form formView
	// Logo is the address of its picture, LogoForm sends another; LogoSource is
	// where scripts send it, LogoDone where they lead to then.
	Logo                 string
	LogoForm             formView
	LogoSource, LogoDone string
	// LogoMost bounds that picture, in bytes and in megabytes.
	LogoMost, LogoMB int64
	// Zone says of which territory it is the authority.
	Zone formView
	// Facts are what it cannot change itself.
	Badges []badge
	Danger dangerZone
}

func (p *Portal) showAdminProfile(v *visit, in adminOrganizationArgs) error {
	o, err := v.inside(in.ID, account.SeeInside)
	if err != nil {
		return err
	}
	if !v.viewer.MayManage(o.ID) {
		if v.posted != nil {
			return fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
		}
		return v.to(http.StatusFound, contactsPath(o.ID)) // all that others may change
	}
	at := func(tail string) string { return organizationAdmin(o.ID, tail) }
	content := adminOrganizationProfile{
		Logo: picturePath("organizations", o.ID, "200"), LogoSource: "/api/1/organizations/" + o.ID + "/logo/",
		LogoDone: v.path(at("/profile")) + "?done=admin-organization.done-logo", LogoMost: image.DefaultBytes, LogoMB: image.DefaultBytes >> 20, Badges: v.organizationHead(o, "").Badges,
	}
	f := v.form("organization", at("/profile")).version(o.Version).cancel(at(""))
	v.organizationFields(f, o)
	content.Form = f.view()

	logo := v.form("logo", at("/logo")).submit("admin-organization.logo-send", "upload").light()
	logo.file("file", "admin-organization.logo-file", "image/png,image/jpeg,image/webp").help("admin-organization.logo-help")
	content.LogoForm = logo.view()

	zone := v.form("zone", at("/zone")).version(o.Version).submit("form.save", "").light()
	zone.pick("zone", "admin-organization.zone", "zones", v.zoneOption(deref(o.Zone))...).help("admin-organization.zone-help").example("fr:commune:38185")
	zone.askHomonyms("zone")
	content.Zone = zone.view()

	gone := v.form("delete", at("/delete")).titled("admin-organization.delete", "admin-organization.delete-text").typed(o.Name).
		submit("admin-organization.delete", "trash")
	if v.viewer.Admin() {
		gone.check("send_legal_notice", "admin-organization.legal-notice", false).help("admin-organization.legal-notice-help")
	}
	content.Danger.Forms = []formView{gone.view()}

	d := v.organizationAdminDraft(o, "organization-profile", v.say.T("admin-organization.profile"), "/profile")
	d.public, d.tabs, d.data = v.publicPage(catalog.KindOrganization, o.Slug), v.profileTabs(o, ""), content
	return v.showAdmin(d)
}

// zoneOption names a zone for a picker; nothing for none.
func (v *visit) zoneOption(id string) []option {
	if id == "" {
		return nil
	}
	return v.zoneOptions([]string{id})
}

func (p *Portal) saveAdminProfile(v *visit, in adminOrganizationArgs, sent *posted) error {
	if _, err := p.Accounts.UpdateOrganization(sent.Context(), v.viewer, in.ID, organizationInput(sent)); err != nil {
		return sent.again(err, func() error { return p.showAdminProfile(v, in) })
	}
	return sent.done(organizationAdmin(in.ID, "/profile"), "admin-organization.done-saved")
}

func (p *Portal) saveAdminZone(v *visit, in adminOrganizationArgs, sent *posted) error {
	zone, err := "", v.homonyms(sent, "zone")
	if entries := v.zoneEntries(sent, "zone"); err == nil && len(entries) > 0 {
		if zone = entries[0].id; zone == "" || len(entries) > 1 {
			err = fault.At("Unknown zone: write it as fr:commune:38185, fr:departement:38 or country:fr.", "zone")
		}
	}
	if err == nil {
		_, err = p.Accounts.AttachZone(sent.Context(), v.viewer, in.ID, zone)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminProfile(v, in) })
	}
	return sent.done(organizationAdmin(in.ID, "/profile"), "admin-organization.done-zone")
}

func (p *Portal) saveAdminLogo(v *visit, in adminOrganizationArgs, sent *posted, picture *bytes.Reader) error {
	if err := p.setLogo(v, in.ID, sent, picture); err != nil {
		return sent.again(pictureRefusal(err), func() error { return p.showAdminProfile(v, in) })
	}
	return sent.done(organizationAdmin(in.ID, "/profile"), "admin-organization.done-logo")
}

func (p *Portal) setLogo(v *visit, id string, sent *posted, picture *bytes.Reader) error {
	if picture.Len() == 0 {
		return fault.At("Choose a picture first.", "file")
	}
	if err := p.Files.PreparePicture(sent.Context(), v.viewer, catalog.KindOrganization, id); err != nil {
		return err
	}
	taken, err := p.Files.Picture(sent.Context(), v.viewer, catalog.KindOrganization, picture, nil)
	if err != nil {
		return err
	}
	return p.Accounts.SetLogo(sent.Context(), v.viewer, id, taken)
}

func (p *Portal) deleteAdminOrganization(v *visit, in adminOrganizationArgs, sent *posted) error {
	o, err := v.inside(in.ID, account.Manage)
	if err != nil {
		return err
	}
	if !sent.confirmed(o.Name) {
		err = errTyped
	} else {
		err = p.Accounts.DeleteOrganization(sent.Context(), v.viewer, o.ID, sent.checked("send_legal_notice"))
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminProfile(v, in) })
	}
	return sent.done(organizationAdmin(o.ID, ""), "admin-organization.done-deleted")
}
