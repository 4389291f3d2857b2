package api

import (
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

// ContactWrite is what may be written of a contact point; members that are left
// out stay as they are.
type ContactWrite struct {
	ContactForm  web.Opt[string]    `json:"contact_form"`
	Email        web.Opt[string]    `json:"email"`
	Name         web.Opt[string]    `json:"name"`
	Organization web.Opt[Reference] `json:"organization"`
	Owner        web.Opt[Reference] `json:"owner"`
	Role         web.Opt[string]    `json:"role"`
}

func (b ContactWrite) input() catalog.ContactInput {
	return catalog.ContactInput{
		Name: opt(b.Name, same), Email: opt(b.Email, same), ContactForm: opt(b.ContactForm, same), Role: opt(b.Role, same),
		Organization: opt(b.Organization, referenced), Owner: opt(b.Owner, referenced),
	}
}

func (a *API) contactWriteRoutes() {
	tags := []string{"contacts"}
	web.Post[ContactPoint](a.v1, "/contacts/", web.Doc{
		Summary: "Create a contact point, or find the same one", Tags: tags, Auth: web.User, CreatesMore: true, Status: http.StatusCreated,
	}, a.createContact)
	web.Put[ContactPoint](a.v1, "/contacts/{contact}/", web.Doc{Summary: "Update a contact point", Tags: tags, Auth: web.User}, a.updateContact)
	web.Delete[web.None](a.v1, "/contacts/{contact}/", web.Doc{
		Summary: "Delete a contact point", Tags: tags, Auth: web.User, Status: http.StatusNoContent,
	}, a.deleteContact)
}

func (a *API) createContact(c *web.Call, _ web.None, body ContactWrite) error {
	point, created, err := a.Catalog.CreateContact(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return a.sendContact(c, status, point)
}

func (a *API) updateContact(c *web.Call, _ web.None, body ContactWrite) error {
	point, err := a.Catalog.UpdateContact(c.Context(), viewer(c), c.Param("contact"), body.input())
	if err != nil {
		return err
	}
	return a.sendContact(c, http.StatusOK, point)
}

func (a *API) sendContact(c *web.Call, status int, point *catalog.ContactPoint) error {
	c.Versioned(point.Version)
	return send(c, status, contactPoint(viewer(c), point))
}

func (a *API) deleteContact(c *web.Call, _ web.None) error {
	if err := a.Catalog.DeleteContact(c.Context(), viewer(c), c.Param("contact")); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
