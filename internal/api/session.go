package api

import (
	"net/http"
	"strings"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// The routes at the root of the site are those that clients of the reference
// log in by: JSON in, and an envelope with the members meta and response out.

// SessionAnswer is that envelope.
type SessionAnswer struct {
	Meta     SessionMeta     `json:"meta"`
	Response SessionResponse `json:"response"`
}

// SessionMeta holds the status once more.
type SessionMeta struct {
	Code int `json:"code"`
}

// SessionResponse is what the route answers, or what is wrong.
type SessionResponse struct {
	CSRFToken string `json:"csrf_token,omitempty"`
	// TwoFactor is set by logins that go on with a second factor; its State is
	// ready, or setup_from_login where one must be set up.
	TwoFactor bool   `json:"tf_required,omitempty"`
	State     string `json:"tf_state,omitempty"`
	// URI, Key, Issuer, Username and Picture are for the application that shows
	// the codes.
	URI      string `json:"tf_authr_uri,omitempty"`
	Key      string `json:"tf_authr_key,omitempty"`
	Issuer   string `json:"tf_authr_issuer,omitempty"`
	Username string `json:"tf_authr_username,omitempty"`
	Picture  string `json:"tf_authr_picture,omitempty"`
	// RecoveryCodes are shown this once.
	RecoveryCodes []string `json:"recovery_codes,omitempty"`
	// User is who is signed in now.
	User *SessionUser `json:"user,omitempty"`
	// Errors are texts for people, FieldErrors the same by member.
	Errors      []string            `json:"errors,omitempty"`
	FieldErrors map[string][]string `json:"field_errors,omitempty"`
}

// SessionUser names who is signed in.
type SessionUser struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
}

// CSRFBody is the token of the session's pages: it is checked when one is sent,
// in the body or in the header X-CSRFToken.
type CSRFBody struct {
	CSRFToken string `json:"csrf_token"`
}

func (b CSRFBody) csrf() string { return b.CSRFToken }

// LoginBody is what somebody logs in with.
type LoginBody struct {
	CSRFBody
	Email    string `json:"email"`
	Password string `json:"password"`
	Remember bool   `json:"remember"`
}

// RegisterBody is what an account is made from.
type RegisterBody struct {
	CSRFBody
	Email            string `json:"email"`
	Password         string `json:"password"`
	PasswordConfirm  string `json:"password_confirm"`
	FirstName        string `json:"first_name"`
	LastName         string `json:"last_name"`
	AcceptConditions bool   `json:"accept_conditions"`
}

// EmailBody names an address.
type EmailBody struct {
	CSRFBody
	Email string `json:"email"`
}

// ResetBody is another password.
type ResetBody struct {
	CSRFBody
	Password        string `json:"password"`
	PasswordConfirm string `json:"password_confirm"`
}

// PasswordBody changes a password.
type PasswordBody struct {
	CSRFBody
	Password           string `json:"password"`
	NewPassword        string `json:"new_password"`
	NewPasswordConfirm string `json:"new_password_confirm"`
}

// AddressBody changes the address of an account.
type AddressBody struct {
	CSRFBody
	NewEmail        string `json:"new_email"`
	NewEmailConfirm string `json:"new_email_confirm"`
}

// csrfBearer is a body that may hold the token of the session's pages.
type csrfBearer interface{ csrf() string }

// sessionRoute declares a JSON route at the root, with and without a slash at
// its end where both are given.
func sessionRoute[B csrfBearer](a *API, root *web.Table, summary string, h func(*web.Call, B) (*SessionResponse, error), doc web.Doc, paths ...string) {
	doc.Tags, doc.Session, doc.NoMask = []string{"session"}, true, true
	for i, path := range paths {
		if doc.Summary = summary; i > 0 {
			doc.Summary = "" // the same route under its other name
		}
		web.Post[SessionAnswer](root, path, doc, func(c *web.Call, _ web.None, body B) error {
			if err := a.checkForm(c, body.csrf()); err != nil {
				return answerSession(c, nil, err)
			}
			response, err := h(c, body)
			return answerSession(c, response, err)
		})
	}
}

// checkForm refuses a token of a page that is not the session's.
func (a *API) checkForm(c *web.Call, given string) error {
	if header := c.R.Header.Get("X-CSRFToken"); header != "" {
		given = header
	}
	if given == "" || a.Sessions.CheckForm(viewer(c), given) {
		return nil
	}
	return fault.New(fault.Invalid, "The CSRF token is invalid.")
}

// answerSession answers in the envelope. What is wrong with the input is told
// as clients of the reference read it.
func answerSession(c *web.Call, response *SessionResponse, err error) error {
	c.W.Header().Set("Cache-Control", "no-store")
	status := http.StatusOK
	if err != nil {
		known := fault.Of(err)
		switch known.Code {
		case fault.Invalid, fault.Forbidden, fault.Unauthorized, fault.Conflict:
		default:
			return err
		}
		status = web.StatusOf(known.Code)
		response = &SessionResponse{Errors: []string{}, FieldErrors: map[string][]string{}}
		if known.Text != "" {
			response.Errors = append(response.Errors, known.Text)
		}
		for _, field := range known.Fields {
			response.Errors = append(response.Errors, field.Text)
			if name, ok := field.Path[0].(string); ok {
				response.FieldErrors[name] = append(response.FieldErrors[name], field.Text)
			}
		}
	}
	if response == nil {
		response = &SessionResponse{}
	}
	return c.JSON(status, SessionAnswer{SessionMeta{status}, *response})
}

// RootSession declares the routes of sessions at the root of the site.
func (a *API) RootSession(root *web.Table) {
	if a.Sessions == nil {
		return
	}
	read := web.Doc{Tags: []string{"session"}, NoMask: true, Summary: "Get the token that pages send with their changes"}
	web.Get[SessionAnswer](root, "/get-csrf", read, a.getForm)
	read.Summary = ""
	web.Get[SessionAnswer](root, "/get-csrf/", read, a.getForm)
	web.Get[SessionAnswer](root, "/change-email", read, a.getForm)
	for _, path := range []string{"/login", "/register", "/reset", "/confirm", "/reset/{token}"} {
		web.Get[web.Raw](root, path+"/", web.Doc{}, toPage)
	}
	web.Get[web.Raw](root, "/logout/", web.Doc{}, a.logoutByLink)
	for _, slash := range []string{"", "/"} {
		web.Get[web.Raw](root, "/confirm/{token}"+slash, web.Doc{}, a.confirmByLink)
		web.Get[web.Raw](root, "/confirm-change-email/{token}"+slash, web.Doc{}, a.confirmAddressByLink)
	}
	web.Post[web.Raw](root, "/logout/", web.Doc{Summary: "Log out", Tags: []string{"session"}, Session: true, NoMask: true}, a.logout)
	sessionRoute(a, root, "Log in", a.login, web.Doc{}, "/login/")
	sessionRoute(a, root, "Make an account", a.register, web.Doc{Creates: true}, "/register/")
	sessionRoute(a, root, "Ask for a link that sets another password", a.askReset, web.Doc{}, "/reset/")
	sessionRoute(a, root, "Set another password by a link", a.reset, web.Doc{}, "/reset/{token}/")
	sessionRoute(a, root, "Ask for another link that confirms an address", a.askConfirmation, web.Doc{}, "/confirm/")
	sessionRoute(a, root, "Change my password", a.changePassword, web.Doc{Auth: web.User}, "/change/", "/change")
	sessionRoute(a, root, "Ask for another address of my account", a.changeEmail, web.Doc{Auth: web.User}, "/change-email", "/change-email/")
	a.rootFactor(root)
}

// toPage leads to the page for people, whose address has no slash at its end.
func toPage(c *web.Call, _ web.None) error {
	return c.Redirect(http.StatusFound, strings.TrimSuffix(c.PathWith("", ""), "/"))
}

// getForm gives the token of the session's pages.
func (a *API) getForm(c *web.Call, _ web.None) error {
	return answerSession(c, &SessionResponse{CSRFToken: a.Sessions.Form(viewer(c))}, nil)
}

func sessionFrom(c *web.Call) account.From {
	return account.From{Address: c.Peer.Addr, Agent: c.R.UserAgent()}
}

func (a *API) login(c *web.Call, body LoginBody) (*SessionResponse, error) {
	entry, err := a.Accounts.Login(c.Context(), account.Credentials{
		Email: body.Email, Password: body.Password, Lasting: body.Remember, From: sessionFrom(c), Replaces: viewer(c).Session,
	})
	if err != nil {
		return nil, err
	}
	return a.entered(c, entry), nil
}

// entered gives the browser its session, or the state of a login on its way.
func (a *API) entered(c *web.Call, entry *account.Entry) *SessionResponse {
	if entry.Need != "" {
		c.SetCookie(stepCookie, entry.State, stepHolds)
		state := "ready"
		if entry.Need == account.NeedFactor {
			state = "setup_from_login"
		}
		return &SessionResponse{TwoFactor: true, State: state}
	}
	c.SetSession(entry.Plain, entry.Session.Lasting)
	if c.Cookie(stepCookie) != "" {
		c.SetCookie(stepCookie, "", -1)
	}
	return &SessionResponse{
		CSRFToken: a.Sessions.Form(account.Viewer{Session: entry.Session.ID}), RecoveryCodes: entry.Codes,
		User: &SessionUser{entry.User.ID, entry.User.Slug},
	}
}

// renewed gives the browser the new text of its session, when it has one.
func (a *API) renewed(c *web.Call, plain string) error {
	if plain == "" {
		return nil
	}
	session, err := a.Sessions.Get(c.Context(), viewer(c))
	if err != nil || session == nil {
		return err
	}
	c.SetSession(plain, session.Lasting)
	return nil
}

func (a *API) logout(c *web.Call, _ web.None, _ web.Raw) error {
	session, err := a.Sessions.Logout(c.Context(), viewer(c))
	if err != nil {
		return err
	}
	c.ClearSession()
	answer := map[string]string{}
	if session != nil && session.Provider != "" && a.ProviderLogout != nil {
		// The session is over here, whatever the provider answers.
		if address, err := a.ProviderLogout(c.Context(), session); err == nil && address != "" {
			answer["proconnect_logout_url"] = address
		}
	}
	return c.JSON(http.StatusOK, answer)
}

func (a *API) logoutByLink(c *web.Call, _ web.None) error {
	if ledFromElsewhere(c) {
		return c.Redirect(http.StatusFound, c.URL("/"))
	}
	if _, err := a.Sessions.Logout(c.Context(), viewer(c)); err != nil {
		return err
	}
	c.ClearSession()
	return flash(c, "logout")
}

// ledFromElsewhere tells that a page of another site sent the browser here, as browsers alone say: it does not
// end the sessions of this one.
func ledFromElsewhere(c *web.Call) bool { return c.R.Header.Get("Sec-Fetch-Site") == "cross-site" }

// flash leads to the home page with a word on what happened.
func flash(c *web.Call, code string) error {
	return c.Redirect(http.StatusFound, c.Site.Base+"/?flash="+code)
}

func (a *API) register(c *web.Call, body RegisterBody) (*SessionResponse, error) {
	return nil, a.Accounts.Register(c.Context(), account.Registration{
		Email: body.Email, FirstName: body.FirstName, LastName: body.LastName, Password: body.Password,
		PasswordConfirm: body.PasswordConfirm, Conditions: body.AcceptConditions, From: sessionFrom(c),
	})
}

func (a *API) askReset(c *web.Call, body EmailBody) (*SessionResponse, error) {
	return nil, a.Accounts.AskReset(c.Context(), body.Email, sessionFrom(c))
}

func (a *API) reset(c *web.Call, body ResetBody) (*SessionResponse, error) {
	return nil, a.Accounts.Reset(c.Context(), c.Param("token"), body.Password, body.PasswordConfirm)
}

func (a *API) askConfirmation(c *web.Call, body EmailBody) (*SessionResponse, error) {
	return nil, a.Accounts.AskConfirmation(c.Context(), body.Email, sessionFrom(c))
}

func (a *API) confirmByLink(c *web.Call, _ web.None) error {
	switch err := a.Accounts.Confirm(c.Context(), c.Param("token")); {
	case err == nil:
		return c.Redirect(http.StatusFound, c.Site.Base+"/login?flash=post_confirm") // what comes next
	case fault.Is(err, fault.Invalid):
		return flash(c, "confirm_error")
	default:
		return err
	}
}

func (a *API) confirmAddressByLink(c *web.Call, _ web.None) error {
	switch err := a.Accounts.ConfirmAddress(c.Context(), c.Param("token")); err {
	case nil:
		return flash(c, "change_email_confirmed")
	case account.ErrLinkExpired:
		return flash(c, "change_email_expired")
	case account.ErrLinkInvalid:
		return flash(c, "change_email_invalid")
	case account.ErrAddressTaken:
		return flash(c, "change_email_already_taken")
	default:
		return err
	}
}

func (a *API) changePassword(c *web.Call, body PasswordBody) (*SessionResponse, error) {
	plain, err := a.Accounts.ChangePassword(c.Context(), viewer(c), body.Password, body.NewPassword, body.NewPasswordConfirm)
	if err != nil {
		return nil, err
	}
	return nil, a.renewed(c, plain)
}

func (a *API) changeEmail(c *web.Call, body AddressBody) (*SessionResponse, error) {
	return nil, a.Accounts.AskAddress(c.Context(), viewer(c), body.NewEmail, body.NewEmailConfirm)
}
