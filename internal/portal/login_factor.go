package portal

import (
	"html/template"
	"net/http"
	"regexp"

	"grenier/internal/account"
	"grenier/internal/web"
)

// factorPage asks for a code of the second factor, or for a recovery code.
type factorPage struct {
	// Name is whose login it is.
	Name           string
	Form, Recovery formView
}

// factorSetupPage sets a second factor up, which the login asks for.
type factorSetupPage struct {
	// Picture is the address of a picture for the application, Secret what is
	// typed by hand, in groups of four.
	Picture template.URL
	Secret  string
	Form    formView
}

// codesPage shows the recovery codes, this once.
type codesPage struct {
	Codes []string
	// Next is where it goes on.
	Next string
}

func (p *Portal) factorRoutes(t *table) {
	privatePage(t, "/login/code", p.showFactor)
	openForm(t, "/login/code", "POST /tf-validate/", p.takeCode)
	openForm(t, "/login/recovery", "POST /tf-rescue/", p.takeRecovery)
	privatePage(t, "/login/second-factor", p.showFactorSetup)
	openForm(t, "/login/second-factor", "POST /tf-setup/", p.takeFirstCode)
	privatePage(t, "/verify", p.showVerify)
	form(t, "/admin/me/verify", "POST /verify/", p.verify)
}

// loginState is the login on its way that the browser holds.
func (v *visit) loginState() string { return v.Cookie(stepCookie) }

// startAnew leads back to the beginning of a login that took too long.
func (v *visit) startAnew(next string) error {
	status := http.StatusFound
	if v.posted != nil {
		status = http.StatusSeeOther
	}
	v.SetCookie(stepCookie, "", -1)
	return v.Redirect(status, withNext(v.path("/login"), next))
}

func (p *Portal) showFactor(v *visit, in loginArgs) error {
	next := safeNext(in.Next)
	need, user, err := p.Accounts.StepOf(v.Context(), v.loginState())
	if err != nil || need != account.NeedCode {
		return v.startAnew(next)
	}
	f := v.form("code", "/login/code").light().submit("account.log-in", "login").hidden("next", next)
	code := f.number("code", "account.code", "").auto("one-time-code").most(16).help("account.code-help").require()
	code.Value = ""
	r := v.form("recovery", "/login/recovery").light().submit("account.log-in", "login").hidden("next", next)
	r.text("code", "account.recovery-code", "").auto("off").most(32).require().Value = ""
	return v.showSession("second-factor", "account.code-title", "/login/code", factorPage{
		Name: user.FullName(), Form: f.view(), Recovery: r.view(),
	})
}

func (p *Portal) takeCode(v *visit, _ web.None, sent *posted) error {
	entry, err := p.Accounts.EnterWithCode(v.Context(), v.loginState(), sent.text("code"))
	return p.entered(v, sent, entry, err)
}

func (p *Portal) takeRecovery(v *visit, _ web.None, sent *posted) error {
	entry, err := p.Accounts.EnterWithRecovery(v.Context(), v.loginState(), sent.text("code"))
	return p.entered(v, sent, entry, err)
}

// entered ends a step of a login.
func (p *Portal) entered(v *visit, sent *posted, entry *account.Entry, err error) error {
	next := safeNext(sent.text("next"))
	if err != nil {
		return sent.again(err, func() error { return p.showFactor(v, loginArgs{Next: next}) })
	}
	return p.enter(v, entry, next)
}

func (p *Portal) showFactorSetup(v *visit, in loginArgs) error {
	next := safeNext(in.Next)
	need, _, err := p.Accounts.StepOf(v.Context(), v.loginState())
	if err != nil || need != account.NeedFactor {
		return v.startAnew(next)
	}
	setup, err := p.Accounts.SetupAtLogin(v.Context(), v.loginState(), v.siteTitle())
	if err != nil {
		return err
	}
	return v.showSetup(setup, next)
}

// showSetup shows a second factor being set up. The form carries what the page
// shows, so that it is the same after a wrong code.
func (v *visit) showSetup(setup *account.FactorSetup, next string) error {
	f := v.form("factor", "/login/second-factor").light().submit("account.factor-confirm", "check")
	f.hidden("next", next).hidden("state", setup.State).hidden("secret", setup.Secret).hidden("picture", setup.Picture)
	f.number("code", "account.code", "").auto("one-time-code").most(16).help("account.code-help").require().Value = ""
	content := factorSetupPage{Secret: inFours(setup.Secret), Form: f.view()}
	if len(setup.Picture) < maxPicture && pictureAddress.MatchString(setup.Picture) {
		content.Picture = template.URL(setup.Picture)
	}
	return v.showSession("second-factor-setup", "account.factor-title", "/login/second-factor", content)
}

// maxPicture bounds such a picture, in bytes.
const maxPicture = 32 << 10

// pictureAddress is a picture within its address.
var pictureAddress = regexp.MustCompile(`^data:image/png;base64,[A-Za-z0-9+/=]+$`)

// inFours sets a secret in groups that can be read aloud.
func inFours(secret string) string {
	out := ""
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			out += " "
		}
		out += string(r)
	}
	return out
}

func (p *Portal) takeFirstCode(v *visit, _ web.None, sent *posted) error {
	next := safeNext(sent.text("next"))
	entry, err := p.Accounts.EnterWithSetup(v.Context(), sent.text("state"), sent.text("code"))
	if err != nil {
		return sent.again(err, func() error {
			return v.showSetup(&account.FactorSetup{State: sent.text("state"), Secret: sent.text("secret"), Picture: sent.text("picture")}, next)
		})
	}
	return p.enter(v, entry, next)
}

// showCodes shows recovery codes, which nobody sees again.
func (v *visit) showCodes(codes []string, next string) error {
	return v.showSession("recovery-codes", "account.codes-title", "/login/second-factor", codesPage{codes, next})
}

func (p *Portal) showVerify(v *visit, in loginArgs) error {
	if v.viewer.Anonymous() {
		return v.toLogin(v.R.URL.RequestURI())
	}
	f := v.form("verify", "/admin/me/verify").light().submit("account.verify", "check").hidden("next", safeNext(in.Next))
	password := f.password("password", "account.password", "current-password")
	if v.viewer.User != nil && v.viewer.User.SecondFactor != nil {
		password.help("admin-me.verify-code")
		f.number("code", "account.code", "").auto("one-time-code").most(16).Value = ""
	} else {
		password.require()
	}
	return v.showSession("verify", "account.verify-title", "/verify", formPage{v.say.T("account.verify-text"), f.view()})
}

func (p *Portal) verify(v *visit, _ web.None, sent *posted) error {
	next := safeNext(sent.text("next"))
	plain, err := p.Accounts.Verify(v.Context(), v.viewer, sent.raw("password"), sent.text("code"))
	if err != nil {
		return sent.again(err, func() error { return p.showVerify(v, loginArgs{Next: next}) })
	}
	session, err := p.Sessions.Get(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	v.keepSession(plain, session)
	return v.Redirect(http.StatusSeeOther, v.afterLogin(next))
}
