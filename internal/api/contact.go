package api

import (
	"net/http"

	"grenier/internal/account"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

func (a *API) contactRoutes() {
	tags := []string{"contacts"}
	web.Get[ContactPoint](a.v1, "/contacts/{contact}/", web.Doc{Summary: "Read a contact point", Tags: tags}, a.getContact)
	web.Get[[]Label](a.v1, "/contacts/roles/", web.Doc{Summary: "List the roles of contact points", Tags: tags, Keep: true}, a.listContactRoles)
}

func (a *API) getContact(c *web.Call, _ web.None) error {
	point, err := a.Catalog.ContactPoint(c.Context(), c.Param("contact"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, contactPoint(viewer(c), point))
}

func (a *API) listContactRoles(c *web.Call, _ web.None) error {
	return sendLabels(c, i18n.ContactRole)
}

// sendContacts answers with a page of the contact points of an owner.
func (a *API) sendContacts(c *web.Call, owner account.Owner, p web.Paging) error {
	rows, total, err := a.Catalog.ContactPoints(c.Context(), owner, window(p))
	if err != nil {
		return err
	}
	if err := web.PastEnd(p, len(rows)); err != nil {
		return err
	}
	return sendPage(c, p, contactPoints(viewer(c), rows), total, "")
}
