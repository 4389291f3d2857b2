package api

import (
	"grenier/internal/account"
	"grenier/internal/catalog"
)

// Badge marks an object; who gave it and when is never shown.
type Badge struct {
	Kind string `json:"kind"`
}

func badges(kinds []string) []Badge {
	all := make([]Badge, len(kinds))
	for i, kind := range kinds {
		all[i].Kind = kind
	}
	return all
}

// OrganizationPermissions are what the caller may do with an organisation.
type OrganizationPermissions struct {
	Delete  bool `json:"delete"`
	Edit    bool `json:"edit"`
	Harvest bool `json:"harvest"`
	Members bool `json:"members"`
	Private bool `json:"private"`
}

func organizationPermissions(v account.Viewer, id string) OrganizationPermissions {
	manage := v.MayManage(id)
	return OrganizationPermissions{Delete: manage, Edit: manage, Harvest: manage, Members: manage, Private: v.Admin() || v.Member(id)}
}

// OrganizationReference is an organisation inside another object.
type OrganizationReference struct {
	Acronym       *string                 `json:"acronym"`
	Badges        []Badge                 `json:"badges"`
	Class         string                  `json:"class"`
	ID            string                  `json:"id"`
	Logo          *string                 `json:"logo"`
	LogoThumbnail *string                 `json:"logo_thumbnail"`
	Name          string                  `json:"name"`
	Page          *string                 `json:"page"`
	Permissions   OrganizationPermissions `json:"permissions"`
	Slug          string                  `json:"slug"`
	URI           string                  `json:"uri"`
}

func organizationReference(v account.Viewer, o *account.OrganizationRef) *OrganizationReference {
	if o == nil {
		return nil
	}
	return &OrganizationReference{
		Acronym: o.Acronym, Badges: badges(o.Badges), Class: "Organization", ID: o.ID, Logo: picture(o.Logo), LogoThumbnail: picture(o.LogoThumbnail),
		Name: o.Name, Page: linkTo("/organizations/" + o.Slug), Permissions: organizationPermissions(v, o.ID), Slug: o.Slug,
		URI: link("/api/1/organizations/" + o.Slug + "/"),
	}
}

// UserReference is a person inside another object.
type UserReference struct {
	Avatar          *string `json:"avatar"`
	AvatarThumbnail *string `json:"avatar_thumbnail"`
	Class           string  `json:"class"`
	FirstName       string  `json:"first_name"`
	ID              string  `json:"id"`
	LastName        string  `json:"last_name"`
	Page            *string `json:"page"`
	Slug            string  `json:"slug"`
	URI             string  `json:"uri"`
}

func userReference(u *account.UserRef) *UserReference {
	if u == nil {
		return nil
	}
	return &UserReference{
		Avatar: picture(u.Avatar), AvatarThumbnail: picture(u.AvatarThumbnail), Class: "User", FirstName: u.FirstName, ID: u.ID, LastName: u.LastName,
		Page: linkTo("/users/" + u.Slug), Slug: u.Slug, URI: link("/api/1/users/" + u.Slug + "/"),
	}
}

// DatasetReference is a dataset inside another object.
type DatasetReference struct {
	Acronym *string `json:"acronym"`
	Class   string  `json:"class"`
	ID      string  `json:"id"`
	Page    *string `json:"page"`
	Title   string  `json:"title"`
	URI     string  `json:"uri"`
}

func datasetReference(d *catalog.DatasetRef) *DatasetReference {
	if d == nil {
		return nil
	}
	return &DatasetReference{
		Acronym: d.Acronym, Class: "Dataset", ID: d.ID, Page: linkTo("/datasets/" + d.Slug), Title: d.Title,
		URI: link("/api/1/datasets/" + d.Slug + "/"),
	}
}

// Permissions are what the caller may do with an object.
type Permissions struct {
	Delete bool `json:"delete"`
	Edit   bool `json:"edit"`
}

func permissions(v account.Viewer, owner account.Owner, id string) Permissions {
	edit := v.MayEdit(owner, id)
	return Permissions{Delete: edit, Edit: edit}
}

// ContactPoint is whom to ask about an object.
type ContactPoint struct {
	ContactForm  *string                `json:"contact_form"`
	Email        *string                `json:"email"`
	ID           string                 `json:"id"`
	Name         string                 `json:"name"`
	Organization *OrganizationReference `json:"organization"`
	Owner        *UserReference         `json:"owner"`
	Role         string                 `json:"role"`
}

func contactPoint(v account.Viewer, p *catalog.ContactPoint) ContactPoint {
	return ContactPoint{
		ContactForm: p.ContactForm, Email: p.Email, ID: p.ID, Name: p.Name, Organization: organizationReference(v, p.Organization),
		Owner: userReference(p.Owner), Role: p.Role,
	}
}

func contactPoints(v account.Viewer, points []catalog.ContactPoint) []ContactPoint {
	all := make([]ContactPoint, len(points))
	for i := range points {
		all[i] = contactPoint(v, &points[i])
	}
	return all
}

// Schema is the schema that data says it follows.
type Schema struct {
	Name    *string `json:"name"`
	URL     *string `json:"url"`
	Version *string `json:"version"`
}

func schema(name, version, url *string) *Schema {
	if name == nil && version == nil && url == nil {
		return nil
	}
	return &Schema{Name: name, Version: version, URL: url}
}
