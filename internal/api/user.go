package api

import (
	"net/http"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/web"
)

// User is a person with an account. The address and the dates of logins are
// shown to the person and to administrators.
type User struct {
	About                     *string                 `json:"about"`
	Active                    bool                    `json:"active"`
	Avatar                    *string                 `json:"avatar"`
	AvatarThumbnail           *string                 `json:"avatar_thumbnail"`
	Email                     *string                 `json:"email"`
	FirstName                 string                  `json:"first_name"`
	ID                        string                  `json:"id"`
	LastLoginAt               Moment                  `json:"last_login_at"`
	LastName                  string                  `json:"last_name"`
	Metrics                   UserMetrics             `json:"metrics"`
	Organizations             []OrganizationReference `json:"organizations"`
	Page                      *string                 `json:"page"`
	PasswordRotationDemanded  Moment                  `json:"password_rotation_demanded"`
	PasswordRotationPerformed Moment                  `json:"password_rotation_performed"`
	Roles                     []string                `json:"roles"`
	Since                     Moment                  `json:"since"`
	Slug                      string                  `json:"slug"`
	URI                       string                  `json:"uri"`
	Website                   *string                 `json:"website"`
}

// UserMetrics are the counters of a person.
type UserMetrics struct {
	Dataservices int64 `json:"dataservices"`
	Datasets     int64 `json:"datasets"`
	Followers    int64 `json:"followers"`
	Following    int64 `json:"following"`
	Reuses       int64 `json:"reuses"`
}

// Role is a right on the whole platform.
type Role struct {
	Name string `json:"name"`
}

// roleAdmin is the role of the platform's administrators, the only one.
const roleAdmin = "admin"

// user shows a person. Their private members are shown when asked for: to
// themselves on their own page, and to administrators.
func user(v account.Viewer, u *account.User, organizations []account.OrganizationRef, private bool) User {
	answer := User{
		About: u.About, Active: u.Active, Avatar: picture(u.Avatar), AvatarThumbnail: picture(u.AvatarThumbnail), FirstName: u.FirstName, ID: u.ID,
		LastName: u.LastName, Metrics: UserMetrics{
			Dataservices: u.Dataservices, Datasets: u.Datasets, Followers: u.Followers, Following: u.Following, Reuses: u.Reuses,
		},
		Organizations: make([]OrganizationReference, len(organizations)), Page: linkTo("/users/" + u.Slug), Roles: []string{},
		Since: moment(u.CreatedAt), Slug: u.Slug, URI: link("/api/1/users/" + u.Slug + "/"), Website: u.Website,
	}
	for i := range organizations {
		answer.Organizations[i] = *organizationReference(v, &organizations[i])
	}
	if u.Admin {
		answer.Roles = append(answer.Roles, roleAdmin)
	}
	if private || v.Admin() {
		answer.Email, answer.LastLoginAt = u.Email, moment(u.LastLoginAt)
	}
	if private || v.Admin() || u.ID == v.UserID() {
		answer.PasswordRotationDemanded = moment(u.PasswordRotationDemanded)
		answer.PasswordRotationPerformed = moment(u.PasswordRotationPerformed)
	}
	return answer
}

// users shows people with their organisations.
func (a *API) users(c *web.Call, rows []account.User, private bool) ([]User, error) {
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	memberships, err := a.Catalog.MembershipsOf(c.Context(), ids)
	if err != nil {
		return nil, err
	}
	v := viewer(c)
	all := make([]User, len(rows))
	for i := range rows {
		all[i] = user(v, &rows[i], memberships[rows[i].ID], private)
	}
	return all, nil
}

func (a *API) userRoutes() {
	tags := []string{"users"}
	web.Get[web.Page[User]](a.v1, "/users/", web.Doc{Summary: "List people", Tags: tags, Auth: web.Admin}, a.listUsers)
	web.Get[User](a.v1, "/users/{user}/", web.Doc{Summary: "Read a person", Tags: tags, Keep: true}, a.getUser)
	web.Get[[]UserSuggestion](a.v1, "/users/suggest/", web.Doc{Summary: "Suggest people", Tags: tags}, a.suggestUsers)
	web.Get[[]Role](a.v1, "/users/roles/", web.Doc{Summary: "List the roles of people", Tags: tags}, a.listRoles)
	web.Get[web.Page[ContactPoint]](a.v1, "/users/{user}/contacts/", web.Doc{Summary: "List the contact points of a person", Tags: tags}, a.listUserContacts)
}

type userArgs struct {
	web.Paging
	Query string `query:"q" help:"The search query"`
	Sort  string `query:"sort" sort:"last_name,first_name,datasets,reuses,followers,views,created" help:"The field (and direction) on which sorting apply"`
}

func (a *API) listUsers(c *web.Call, q userArgs) error {
	rows, total, err := a.People.List(c.Context(), account.UserFilter{Query: q.Query, Sort: q.Sort, Limit: q.PageSize, Offset: q.Offset()})
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(rows)); err != nil {
		return err
	}
	all, err := a.users(c, rows, true)
	if err != nil {
		return err
	}
	return sendPage(c, q.Paging, all, total, "")
}

// resolveUser finds the person that the path names, as the caller may see them.
// done tells that a redirection to their slug was answered.
func (a *API) resolveUser(c *web.Call) (u *account.User, done bool, err error) {
	key := c.Param("user")
	u, err = a.People.Get(c.Context(), viewer(c), key)
	if err != nil {
		return nil, false, err
	}
	if key != u.ID && key != u.Slug {
		return u, true, c.ToSlug("user", u.Slug)
	}
	return u, false, nil
}

func (a *API) getUser(c *web.Call, _ web.None) error {
	found, done, err := a.resolveUser(c)
	if done || err != nil {
		return err
	}
	all, err := a.users(c, []account.User{*found}, false)
	if err != nil {
		return err
	}
	keepFor(c, catalog.KindUser, catalog.KindOrganization)
	return send(c, http.StatusOK, all[0])
}

// UserSuggestion is a person offered while somebody types.
type UserSuggestion struct {
	AvatarURL *string `json:"avatar_url"`
	Email     *string `json:"email"`
	FirstName string  `json:"first_name"`
	ID        string  `json:"id"`
	LastName  string  `json:"last_name"`
	Slug      string  `json:"slug"`
}

type userSuggestArgs struct {
	Query string `query:"q" required:"true" help:"The string to autocomplete/suggest"`
	Size  int    `query:"size" default:"10" min:"1" max:"20" help:"The amount of suggestion to fetch (between 1 and 20)"`
}

func (a *API) suggestUsers(c *web.Call, q userSuggestArgs) error {
	rows, err := a.People.Suggest(c.Context(), q.Query, q.Size)
	if err != nil {
		return err
	}
	v := viewer(c)
	all := make([]UserSuggestion, len(rows))
	for i := range rows {
		u := &rows[i]
		all[i] = UserSuggestion{
			AvatarURL: picture(u.AvatarThumbnail), Email: blurred(v, u.Email, false), FirstName: u.FirstName, ID: u.ID, LastName: u.LastName, Slug: u.Slug,
		}
	}
	return send(c, http.StatusOK, all)
}

func (a *API) listRoles(c *web.Call, _ web.None) error {
	return send(c, http.StatusOK, []Role{{Name: roleAdmin}})
}

func (a *API) listUserContacts(c *web.Call, q web.Paging) error {
	found, done, err := a.resolveUser(c)
	if done || err != nil {
		return err
	}
	return a.sendContacts(c, account.Owner{User: found.ID}, q)
}
