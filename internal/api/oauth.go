package api

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// maxOAuthBody bounds the forms of the protocol, in bytes.
const maxOAuthBody = 64 << 10

// RootOAuth declares the endpoints of OAuth2 at the root of the site.
func (a *API) RootOAuth(root *web.Table) {
	tags := []string{"oauth"}
	forms := []string{"application/x-www-form-urlencoded", "multipart/form-data"}
	web.Get[web.Raw](root, "/oauth/authorize", web.Doc{
		Summary: "Ask a person to let a program act for them", Tags: tags, People: true, Produces: []string{"text/html", "application/json"},
		Statuses: map[int]string{302: "Back to the program, or to the login"},
	}, a.askConsent)
	web.Post[web.Raw, web.None, web.Raw](root, "/oauth/authorize", web.Doc{
		Summary: "Answer a program that asks", Tags: tags, People: true, Session: true, MaxBody: maxOAuthBody, Consumes: forms,
		Status: http.StatusFound,
	}, a.answerConsent)
	web.Get[ConsentRequest](root, "/oauth/client_info", web.Doc{Summary: "Read which program asks", Tags: tags, NoMask: true}, a.readConsent)
	web.Post[web.Raw, web.None, web.Raw](root, "/oauth/token", web.Doc{
		Summary: "Get a token", Tags: tags, MaxBody: maxOAuthBody, Consumes: forms, Produces: []string{"application/json"},
	}, a.exchangeToken)
	web.Post[web.Raw, web.None, web.Raw](root, "/oauth/revoke", web.Doc{
		Summary: "Revoke a token", Tags: tags, MaxBody: maxOAuthBody, Consumes: forms, Produces: []string{"application/json"},
	}, a.revokeAccess)
	web.Get[web.Raw](root, "/oauth/error", web.Doc{Summary: "Tell what went wrong with a program", Tags: tags, People: true, Produces: []string{"text/html"}}, a.showOAuthError)
	web.Get[AuthorizationServer](root, "/.well-known/oauth-authorization-server", web.Doc{
		Summary: "Describe the authorization server (RFC 8414)", Tags: tags, NoMask: true,
	}, a.describeOAuth)
}

// ConsentClient is the program that asks, as clients written for the reference
// read it.
type ConsentClient struct {
	Name string `json:"name"`
}

// ConsentRequest is what a program asks for.
type ConsentRequest struct {
	Client ConsentClient `json:"client"`
	Scopes []string      `json:"scopes"`
}

func consentRequest(r *oauth.Request) ConsentRequest {
	return ConsentRequest{Client: ConsentClient{r.Client.Name}, Scopes: list(r.Scopes)}
}

// ConsentView is what the page says that asks a person whether a program may
// act for them.
type ConsentView struct {
	Name, Description string
	// Image is a picture of the program, "" for none; Owner is who made it.
	Image, Owner string
	// Scopes are what it asks for: default, admin, write, read.
	Scopes []string
	// Host is where the browser goes on to.
	Host string
	// Action is where the form is posted, with a field accept or decline. The
	// policy of the page must not hold form-action: browsers apply it to where
	// the answer leads.
	Action string
	// Person is who is asked.
	Person *account.User
}

// askConsent shows what a program asks for.
func (a *API) askConsent(c *web.Call, _ web.None) error {
	v := viewer(c)
	if v.Session == "" {
		if c.PrefersJSON() {
			return fault.New(fault.Unauthorized, "")
		}
		return c.Redirect(http.StatusFound, "/login?next="+url.QueryEscape(c.R.URL.RequestURI()))
	}
	asked, err := a.OAuth.Read(c.Context(), c.R)
	if err != nil {
		return oauthRefused(c, err)
	}
	if asked.Client.Internal {
		return a.goBack(c, asked)
	}
	if c.PrefersJSON() {
		return send(c, http.StatusOK, consentRequest(asked))
	}
	view, err := a.consentView(c, asked)
	if err != nil {
		return err
	}
	if a.Consent != nil {
		return a.Consent(c, view)
	}
	return plainConsent(c, view)
}

func (a *API) consentView(c *web.Call, asked *oauth.Request) (ConsentView, error) {
	view := ConsentView{
		Name: asked.Client.Name, Description: asked.Client.Description, Scopes: asked.Scopes,
		Action: c.R.URL.RequestURI(), Person: viewer(c).User,
	}
	if target, err := url.Parse(asked.Target); err == nil {
		view.Host = target.Host
		if view.Host == "" {
			view.Host = target.Scheme
		}
	}
	if asked.Client.ImageThumbnail != nil {
		view.Image = *asked.Client.ImageThumbnail
	}
	switch {
	case asked.Client.OrganizationID != nil:
		owners, err := a.Organizations.ByIDs(c.Context(), []string{*asked.Client.OrganizationID})
		if err != nil {
			return view, err
		}
		for _, owner := range owners {
			view.Owner = owner.Name
		}
	case asked.Client.OwnerID != nil:
		owner, err := a.People.Get(c.Context(), account.System("oauth"), *asked.Client.OwnerID)
		if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Gone) {
			return view, err
		}
		if err == nil {
			view.Owner = owner.FullName()
		}
	}
	return view, nil
}

// answerConsent does what the person chose. Whatever is not clearly a consent
// is none.
func (a *API) answerConsent(c *web.Call, _ web.None, _ web.Raw) error {
	if viewer(c).Session == "" {
		return fault.New(fault.Unauthorized, "")
	}
	if err := readForm(c.R); err != nil {
		return err
	}
	asked, err := a.OAuth.Read(c.Context(), c.R)
	if err != nil {
		return oauthRefused(c, err)
	}
	if !c.R.PostForm.Has("accept") || c.R.PostForm.Has("decline") {
		return c.Redirect(http.StatusFound, a.OAuth.Decline(c.Context(), asked))
	}
	return a.goBack(c, asked)
}

// readForm reads a form in either of its media types.
func readForm(r *http.Request) error {
	err := r.ParseMultipartForm(maxOAuthBody)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil, errors.Is(err, http.ErrNotMultipart):
		return nil
	case errors.As(err, &tooLarge):
		return err
	}
	return fault.Wrap(err, fault.Invalid, "The form cannot be read.")
}

// goBack lets a program act, and sends the browser back to it.
func (a *API) goBack(c *web.Call, asked *oauth.Request) error {
	location, err := a.OAuth.Grant(c.Context(), viewer(c), asked)
	if err != nil {
		return oauthRefused(c, err)
	}
	c.W.Header().Set("Cache-Control", "no-store")
	return c.Redirect(http.StatusFound, location)
}

// oauthRefused tells the program what it did wrong; the person when nothing
// shows that the address is the program's.
func oauthRefused(c *web.Call, err error) error {
	var refusal *oauth.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	if refusal.Location != "" {
		return c.Redirect(http.StatusFound, refusal.Location)
	}
	if c.PrefersJSON() {
		c.W.Header().Set("Cache-Control", "no-store")
		return send(c, http.StatusBadRequest, map[string]string{"error": refusal.Code, "error_description": refusal.Text})
	}
	return fault.New(fault.Invalid, refusal.Text+" Tell whoever made the program that sent you here.")
}

func (a *API) readConsent(c *web.Call, _ web.None) error {
	if viewer(c).Session == "" {
		return fault.New(fault.Unauthorized, "")
	}
	asked, err := a.OAuth.Read(c.Context(), c.R)
	if err != nil {
		var refusal *oauth.Refusal
		if errors.As(err, &refusal) {
			c.W.Header().Set("Cache-Control", "no-store")
			return send(c, http.StatusBadRequest, map[string]string{"error": refusal.Code, "error_description": refusal.Text})
		}
		return err
	}
	return send(c, http.StatusOK, consentRequest(asked))
}

func (a *API) exchangeToken(c *web.Call, _ web.None, _ web.Raw) error {
	if err := readForm(c.R); err != nil {
		return err
	}
	answer, err := a.OAuth.Token(c.Context(), c.R)
	if err == nil {
		answer(c.W)
	}
	return err
}

func (a *API) revokeAccess(c *web.Call, _ web.None, _ web.Raw) error {
	if err := readForm(c.R); err != nil {
		return err
	}
	answer, err := a.OAuth.Revoke(c.Context(), c.R)
	if err == nil {
		answer(c.W)
	}
	return err
}

// oauthErrors are the errors of RFC 6749, section 4.1.2.1, in other words.
var oauthErrors = map[string]string{
	"access_denied":             "You did not let the program act for you.",
	"invalid_client":            "The program that sent you here is not known.",
	"invalid_request":           "The program that sent you here asked in a wrong way.",
	"invalid_scope":             "The program that sent you here asked for what it may not have.",
	"server_error":              "Something went wrong here. Try again in a moment.",
	"unauthorized_client":       "The program that sent you here may not ask in this way.",
	"unsupported_response_type": "The program that sent you here asked in a way that is not offered.",
}

// showOAuthError tells a person about an error, in words of ours alone.
func (a *API) showOAuthError(c *web.Call, _ web.None) error {
	text, ok := oauthErrors[c.R.URL.Query().Get("error")]
	if !ok {
		text = "The program that sent you here met an error. Go back to it and try again."
	}
	return fault.New(fault.Invalid, text)
}

// AuthorizationServer describes what the server does.
type AuthorizationServer struct {
	Issuer               string   `json:"issuer"`
	Authorization        string   `json:"authorization_endpoint"`
	Token                string   `json:"token_endpoint"`
	Revocation           string   `json:"revocation_endpoint"`
	Scopes               []string `json:"scopes_supported"`
	ResponseTypes        []string `json:"response_types_supported"`
	ResponseModes        []string `json:"response_modes_supported"`
	GrantTypes           []string `json:"grant_types_supported"`
	TokenAuthentication  []string `json:"token_endpoint_auth_methods_supported"`
	RevokeAuthentication []string `json:"revocation_endpoint_auth_methods_supported"`
	ChallengeMethods     []string `json:"code_challenge_methods_supported"`
	Documentation        string   `json:"service_documentation"`
}

func (a *API) describeOAuth(c *web.Call, _ web.None) error {
	methods := []string{"none", "client_secret_basic", "client_secret_post"}
	return send(c, http.StatusOK, AuthorizationServer{
		Issuer: link(""), Authorization: link("/oauth/authorize"), Token: link("/oauth/token"), Revocation: link("/oauth/revoke"),
		Scopes: oauth.Scopes, ResponseTypes: []string{"code"}, ResponseModes: []string{"query"},
		GrantTypes:          append(slices.Clone(oauth.GrantTypes), "refresh_token"),
		TokenAuthentication: methods, RevokeAuthentication: methods, ChallengeMethods: []string{"S256"}, Documentation: link("/apidoc"),
	})
}

// oauthPage is the part of a list that a page shows.
func oauthPage(p web.Paging) oauth.Page {
	return oauth.Page(catalog.Page{Offset: p.Offset(), Limit: p.PageSize})
}
