package portal

import (
	"net/url"
	"regexp"

	"grenier/internal/account"
	"grenier/internal/web"
)

// ConsentQuestion is a program that asks to act for somebody who is signed in.
type ConsentQuestion struct {
	// Client is the program's name, Maker whose it is, Description what it says
	// of itself.
	Client, Maker, Description string
	// Picture is the address of its picture on the site, empty for none.
	Picture string
	// Scopes are what it asks for.
	Scopes []string
	// Host is the server that waits for the answer, Redirect its address there.
	Host, Redirect string
	// Action takes the answer, with accept or decline.
	Action string
}

// consentPage asks whether a program may act for a person.
type consentPage struct {
	Client, Maker, Description string
	// Picture is the address of the program's picture, empty for none.
	Picture string
	// Host is the server that waits for the answer.
	Host string
	// Person is who is asked, by name.
	Person string
	// Rights are what it would be allowed, in words.
	Rights []string
	Action string
}

// consentRoutes tell of the form of the page, whose address belongs to the API.
func (p *Portal) consentRoutes(*table) {
	p.forms = append(p.forms, Form{"/oauth/authorize", "POST /oauth/authorize"})
}

// Consent shows the page on which somebody answers a program that asks to act
// for them. Who is not signed in is led to log in, and back.
func (p *Portal) Consent(c *web.Call, asked ConsentQuestion) error {
	lang := p.Language
	if viewer := web.ViewerOf[account.Viewer](c); viewer.User != nil && viewer.User.Language != nil {
		for _, known := range p.Languages {
			if known == *viewer.User.Language {
				lang = known
			}
		}
	}
	v := p.visit(c, lang)
	if v.viewer.User == nil {
		return v.toLogin(v.R.URL.RequestURI())
	}
	content := consentPage{
		Client: asked.Client, Picture: asked.Picture, Maker: asked.Maker, Description: asked.Description, Host: asked.Host, Person: v.viewer.User.FullName(),
		Action: asked.Action,
	}
	for _, scope := range asked.Scopes {
		content.Rights = append(content.Rights, v.rightOf(scope))
	}
	v.mayLeaveTo(asked.Redirect)
	return v.showSession("consent", "account.consent-title", "/oauth/authorize", content)
}

// rightOf says a scope in words.
func (v *visit) rightOf(scope string) string {
	switch scope {
	case "read":
		return v.say.T("account.right-read")
	case "write":
		return v.say.T("account.right-write")
	case "default", "admin":
		return v.say.T("account.right-all")
	}
	return scope
}

// ownScheme is the scheme of an address that opens a program on the device.
var ownScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)

// mayLeaveTo lets the forms of the page that follows lead to another site in the
// end: browsers hold the policy of a form against redirections too.
func (v *visit) mayLeaveTo(address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
	case (u.Scheme == "https" || u.Scheme == "http") && plainHost.MatchString(u.Host):
		v.leaves = " " + u.Scheme + "://" + u.Host
	case u.Scheme != "http" && u.Scheme != "https" && ownScheme.MatchString(u.Scheme):
		v.leaves = " " + u.Scheme + ":"
	}
}

// plainHost is a host that may stand in a policy as it is.
var plainHost = regexp.MustCompile(`^[a-zA-Z0-9.:\[\]-]+$`)
