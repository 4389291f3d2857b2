package portal

import (
	"net/http"
	"net/url"
	"time"

	"grenier/internal/account"
	"grenier/internal/web"
)

// sessionContents are the types of Page.Data of the pages of sessions.
var sessionContents = map[string]any{
	"login": loginPage{}, "second-factor": factorPage{}, "second-factor-setup": factorSetupPage{}, "recovery-codes": codesPage{},
	"register": registerPage{}, "sent": sentPage{}, "reset": formPage{}, "confirm": formPage{}, "verify": formPage{}, "setup": setupPage{},
	"setup-done": setupDonePage{}, "consent": consentPage{}, "mailbox": mailboxPage{}, "mailbox-mail": mailPage{},
}

// DemoAccount is an account that the demonstration offers on the page to log in
// on.
type DemoAccount struct{ Email, Password, Name, Role string }

// loginPage is the page to log in on.
type loginPage struct {
	Form formView
	// Provider is the name of another site with which people may log in, and
	// ProviderURL leads there; both are empty without one.
	Provider, ProviderURL string
	// Register and Reset lead to these pages; Register is empty when nobody makes
	// their account themselves.
	Register, Reset string
	// Confirm sends the letter again by which an address is confirmed, to who
	// has just given the right password of an account that waits for it;
	// without a label for all others.
	Confirm button
	Demo    []demoAccount
}

// demoAccount is an account to try the site with. Role says what it may.
type demoAccount struct {
	Name, Role, Email, Password string
	// Form logs in with it.
	Form button
}

// formPage is a page with one form.
type formPage struct {
	Lead string
	Form formView
}

func (p *Portal) sessionRoutes(t *table) {
	p.mailboxRoutes(t)
	if p.Accounts == nil || p.Sessions == nil {
		return // a site to read alone
	}
	privatePage(t, "/login", p.showLogin)
	openForm(t, "/login", "POST /login/", p.logIn)
	form(t, "/logout", "POST /logout/", p.logOut)
	p.factorRoutes(t)
	p.registerRoutes(t)
	p.setupRoutes(t)
	p.consentRoutes(t)
}

// loginArgs are the arguments of the page to log in on.
type loginArgs struct {
	Next string `query:"next"`
}

func (p *Portal) showLogin(v *visit, in loginArgs) error {
	next := safeNext(in.Next)
	if !v.viewer.Anonymous() && v.posted == nil {
		return v.Redirect(http.StatusFound, v.afterLogin(next))
	}
	f := v.form("login", "/login").light().submit("account.log-in", "login").hidden("next", next)
	f.email("email", "account.email", "").auto("username").require()
	f.password("password", "account.password", "current-password").require()
	f.check("remember", "account.remember", false)
	content := loginPage{Form: f.view(), Reset: v.path("/reset")}
	if p.Registration != nil && p.Registration() {
		content.Register = v.path("/register")
	}
	if p.Provider != "" {
		content.Provider, content.ProviderURL = p.Provider, withNext(p.ProviderPath, next)
	}
	if v.posted != nil && v.posted.failure == account.ErrUnconfirmed {
		content.Confirm = v.button("/confirm", "account.confirm-again", "mail", "email", v.posted.text("email"))
	}
	for _, one := range p.DemoAccounts {
		b := v.button("/login", "account.demo-use", "login", "email", one.Email, "password", one.Password, "next", next)
		b.Small, b.Of = true, one.Name
		content.Demo = append(content.Demo, demoAccount{one.Name, v.demoRole(one.Role), one.Email, one.Password, b})
	}
	return v.showSession("login", "account.login-title", "/login", content)
}

// demoRole says what an account of the demonstration may.
func (v *visit) demoRole(role string) string {
	switch role {
	case "admin":
		return v.say.T("account.demo-admin")
	case "editor":
		return v.say.T("account.demo-editor")
	}
	return v.say.T("account.demo-producer")
}

// showSession draws a page of sessions: no cache holds it, no search engine
// lists it.
func (v *visit) showSession(name, title, path string, data any) error {
	return v.show(draft{
		name: name, title: v.say.T(title), path: path, noIndex: true, transient: true, tools: true, args: v.kept(), data: data,
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {Label: v.say.T(title)}},
	})
}

func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?next=" + url.QueryEscape(next)
}

// afterLogin is where somebody goes who has logged in.
func (v *visit) afterLogin(next string) string {
	if next = safeNext(next); next != "" {
		return next
	}
	return v.path("/admin")
}

// from is where an attempt comes from.
func (v *visit) from() account.From {
	return account.From{Address: v.Peer.Addr, Agent: v.R.UserAgent()}
}

func (p *Portal) logIn(v *visit, _ web.None, sent *posted) error {
	entry, err := p.Accounts.Login(v.Context(), account.Credentials{
		Email: sent.text("email"), Password: sent.raw("password"), Lasting: sent.checked("remember"), From: v.from(), Replaces: v.viewer.Session,
	})
	next := safeNext(sent.text("next"))
	if err != nil {
		return sent.again(err, func() error { return p.showLogin(v, loginArgs{Next: next}) })
	}
	return p.enter(v, entry, next)
}

// enter lets somebody in, or leads to what is still needed.
func (p *Portal) enter(v *visit, entry *account.Entry, next string) error {
	if entry.Need != "" {
		v.SetCookie(stepCookie, entry.State, stepHolds)
		page := "/login/code"
		if entry.Need == account.NeedFactor {
			page = "/login/second-factor"
		}
		return v.Redirect(http.StatusSeeOther, withNext(v.path(page), next))
	}
	v.signIn(entry)
	if len(entry.Codes) > 0 {
		return v.showCodes(entry.Codes, v.afterLogin(next))
	}
	target := v.afterLogin(next)
	return v.Redirect(http.StatusSeeOther, target)
}

// signIn gives the browser its session.
func (v *visit) signIn(entry *account.Entry) {
	v.keepSession(entry.Plain, entry.Session)
	v.SetCookie(stepCookie, "", -1)
}

// keepSession gives the browser the text of a session.
func (v *visit) keepSession(plain string, session *account.Session) {
	v.SetSession(plain, session != nil && session.Lasting)
}

const (
	// stepCookie holds a login on its way between two pages, for stepHolds.
	stepCookie = "grenier_login"
	stepHolds  = 10 * time.Minute
)

func (p *Portal) logOut(v *visit, _ web.None, _ *posted) error {
	session, err := p.Sessions.Logout(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	v.ClearSession()
	if session != nil && session.Provider != "" && p.ProviderLogout != nil {
		address, err := p.ProviderLogout(v.Context(), session)
		if err == nil && address != "" {
			return v.Redirect(http.StatusSeeOther, address)
		}
	}
	return v.Redirect(http.StatusSeeOther, v.path("/")+"?flash=logout")
}
