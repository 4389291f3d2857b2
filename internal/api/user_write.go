package api

import (
	"net/http"

	"grenier/internal/account"
	"grenier/internal/web"
)

// MeWrite is what people write of themselves; members that are left out stay as
// they are.
type MeWrite struct {
	About     web.Opt[string] `json:"about"`
	FirstName web.Opt[string] `json:"first_name"`
	LastName  web.Opt[string] `json:"last_name"`
	Language  web.Opt[string] `json:"prefered_language"`
	Website   web.Opt[string] `json:"website"`
}

func (b MeWrite) input() account.UserInput {
	return account.UserInput{
		FirstName: opt(b.FirstName, same), LastName: opt(b.LastName, same), Website: opt(b.Website, same), About: opt(b.About, same),
		Language: opt(b.Language, same),
	}
}

// UserWrite is what administrators write of people.
type UserWrite struct {
	About     web.Opt[string]   `json:"about"`
	Active    web.Opt[bool]     `json:"active"`
	Email     web.Opt[string]   `json:"email"`
	FirstName web.Opt[string]   `json:"first_name"`
	LastName  web.Opt[string]   `json:"last_name"`
	Language  web.Opt[string]   `json:"prefered_language"`
	Roles     web.Opt[[]string] `json:"roles"`
	Website   web.Opt[string]   `json:"website"`
}

func (b UserWrite) input() account.UserInput {
	in := MeWrite{About: b.About, FirstName: b.FirstName, LastName: b.LastName, Language: b.Language, Website: b.Website}.input()
	in.Email, in.Roles, in.Active = opt(b.Email, same), opt(b.Roles, same), opt(b.Active, same)
	return in
}

func (a *API) userWriteRoutes() {
	users := func(summary string, status int) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{"users"}, Auth: web.Admin, Status: status}
	}
	create := users("Create a person", http.StatusCreated)
	create.Creates = true
	web.Post[User](a.v1, "/users/", create, a.createUser)
	web.Put[User](a.v1, "/users/{user}/", users("Update a person", http.StatusOK), a.updateUser)
	web.Delete[web.None](a.v1, "/users/{user}/", users("Close the account of a person", http.StatusNoContent), a.deleteUser)
	web.Post[web.None](a.v1, "/users/{user}/rotate_password/", users("Make a person choose another password", http.StatusNoContent), a.rotatePassword)
	web.Delete[web.None](a.v2, "/users/{user}/second-factor/", users("Unset the second factor of a person who lost it", http.StatusNoContent), a.unsetFactor)
	me := web.Doc{Summary: "Update my account", Tags: []string{"me"}, Auth: web.User}
	web.Put[User](a.v1, "/me/", me, a.updateMe)
	me.Summary, me.Status = "Close my account", http.StatusNoContent
	web.Delete[web.None](a.v1, "/me/", me, a.deleteMe)
}

// sendUser answers a write with the person.
func (a *API) sendUser(c *web.Call, status int, u *account.User) error {
	all, err := a.users(c, []account.User{*u}, true)
	if err != nil {
		return err
	}
	c.Versioned(u.Version)
	return send(c, status, all[0])
}

func (a *API) createUser(c *web.Call, _ web.None, body UserWrite) error {
	made, err := a.Accounts.MakeUser(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendUser(c, http.StatusCreated, made)
}

func (a *API) updateUser(c *web.Call, _ web.None, body UserWrite) error {
	found, done, err := a.resolveUser(c)
	if done || err != nil {
		return err
	}
	changed, err := a.Accounts.UpdateUser(c.Context(), viewer(c), found.ID, body.input())
	if err != nil {
		return err
	}
	return a.sendUser(c, http.StatusOK, changed)
}

// closingArgs say how an account is closed. The flags count with any value.
type closingArgs struct {
	Notice         bool   `query:"send_legal_notice" help:"Tell the person by a letter why, and how to appeal"`
	NoMail         string `query:"no_mail" help:"Write no letter (any value)"`
	DeleteComments string `query:"delete_comments" help:"Delete what the person wrote in discussions (any value)"`
}

func (a *API) deleteUser(c *web.Call, q closingArgs) error {
	found, done, err := a.resolveUser(c)
	if done || err != nil {
		return err
	}
	closing := account.Closing{NoMail: q.NoMail != "", LegalNotice: q.Notice}
	if err := a.Accounts.CloseUser(c.Context(), viewer(c), found.ID, closing); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) rotatePassword(c *web.Call, _ web.None, _ web.Raw) error {
	found, done, err := a.resolveUser(c)
	if done || err != nil {
		return err
	}
	if err := a.Accounts.DemandRotation(c.Context(), viewer(c), found.ID); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) unsetFactor(c *web.Call, _ web.None) error {
	found, done, err := a.resolveUser(c)
	if done || err != nil {
		return err
	}
	if err := a.Accounts.UnsetFactor(c.Context(), viewer(c), found.ID); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) updateMe(c *web.Call, _ web.None, body MeWrite) error {
	v := viewer(c)
	changed, err := a.Accounts.UpdateUser(c.Context(), v, v.UserID(), body.input())
	if err != nil {
		return err
	}
	return a.sendUser(c, http.StatusOK, changed)
}

func (a *API) deleteMe(c *web.Call, _ web.None) error {
	if err := a.Accounts.CloseMine(c.Context(), viewer(c)); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
