package portal

import (
	"net/url"

	"grenier/internal/account"
	"grenier/internal/web"
)

// ConsentQuestion is a program that asks to act for somebody who is signed in.
type ConsentQuestion struct {
	// Client is the program's name, Maker whose it is, Description what it says
	// of itself.
	Client, Maker, Description string
	// Scopes are what it asks for.
	Scopes []string
	// Redirect is where it waits for the answer.
	Redirect string
	// Action takes the answer, with these values and accept or decline.
	Action string
	Hidden [][2]string
}

// consentPage asks whether a program may act for a person.
type consentPage struct {
	Client, Maker, Description string
	// Host is the server that waits for the answer.
	Host string
	// Person is who is asked, by name.
	Person string
	// Rights are what it would be allowed, in words.
	Rights []string
	Action string
	Hidden []hiddenField
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
		Client: asked.Client, Maker: asked.Maker, Description: asked.Description, Host: host(asked.Redirect), Person: v.viewer.User.FullName(),
		Action: asked.Action,
	}
	for _, pair := range asked.Hidden {
		content.Hidden = append(content.Hidden, hiddenField{pair[0], pair[1]})
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

// mayLeaveTo lets the forms of the page that follows lead to another site in the
// end: browsers hold the policy of a form against redirections too.
func (v *visit) mayLeaveTo(address string) {
	if u, err := url.Parse(address); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		v.leaves = " " + u.Scheme + "://" + u.Host
	} else if err == nil && u.Scheme != "" && plainWord(u.Scheme) {
		v.leaves = " " + u.Scheme + ":"
	}
}
