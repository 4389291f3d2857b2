package portal

import (
	"errors"
	"html/template"
	"net/http"
	"strings"

	"grenier/internal/account"
	"grenier/internal/web"
)

// adminSessionContents are the types of Page.Data of the pages on which one
// protects one's account.
var adminSessionContents = map[string]any{
	"admin/me-security": meSecurity{}, "admin/me-factor": meFactor{}, "admin/me-codes": meCodes{},
}

func (p *Portal) adminSessionRoutes(t *table) {
	adminPage(t, securityPath, p.showMySecurity)
	form(t, securityPath+"/password", "POST /api/2/me/password/", p.saveMyPassword)
	form(t, securityPath+"/email", "POST /api/2/me/email/", p.saveMyAddress)
	adminPage(t, factorPath, p.showMyFactor)
	form(t, factorPath, "PUT /api/2/me/second_factor/", p.confirmMyFactor)
	form(t, factorPath+"/remove", "DELETE /api/2/me/second_factor/", p.removeMyFactor)
	form(t, factorPath+"/codes", "POST /api/2/me/second_factor/recovery_codes/", p.drawMyCodes)
	form(t, securityPath+"/sessions", "DELETE /api/2/me/sessions/", p.endMySessions)
	form(t, securityPath+"/sessions/{session}", "DELETE /api/2/me/sessions/{session}/", p.endMySession)
}

const factorPath = securityPath + "/factor"

// meSecurity is how one logs in, and where one is logged in.
type meSecurity struct {
	// Email is the address of the account.
	Email string
	// Verify leads to the page that asks once more who one is, when what is
	// sensitive asks for it; empty when it was answered lately.
	Verify string
	// Password and Address are the forms for others.
	Password, Address formView
	Factor            meFactorState
	Sessions          listing
	// Others ends all sessions but this one; without a label when there is none.
	Others button
}

// meFactorState is what one sees of one's second factor.
type meFactorState struct {
	// On tells that there is one; Demanded that the site wants one.
	On, Demanded bool
	// Since says when it was set up.
	Since string
	// Codes is how many recovery codes are left, Few that these are few.
	Codes int
	Few   bool
	// Start leads to the page that sets it up.
	Start string
	// NewCodes draws recovery codes.
	NewCodes button
	// Remove ends it, with the password or a code.
	Remove formView
}

func (p *Portal) showMySecurity(v *visit, _ web.None) error {
	u, err := v.me()
	if err != nil {
		return err
	}
	content := meSecurity{Email: deref(u.Email), Password: v.passwordForm(u), Address: v.addressForm()}
	switch err := p.Sessions.Fresh(v.Context(), v.viewer); {
	case errors.Is(err, account.ErrVerify):
		content.Verify = withNext(v.path("/verify"), v.path(securityPath))
	case err != nil:
		return err
	}
	if content.Factor, err = v.factorState(); err != nil {
		return err
	}
	sessions, err := p.Sessions.List(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	content.Sessions = v.sessionList(sessions)
	if len(sessions) > 1 {
		content.Others = v.button(securityPath+"/sessions", "admin-me.sessions-end", "logout")
	}
	return v.showAdmin(adminDraft{
		name: "me-security", title: v.say.T("admin-me.security"), path: securityPath, scope: scopeMe, icon: "shield", lead: v.say.T("admin-me.security-lead"),
		data: content,
	})
}

func (v *visit) passwordForm(u *account.User) formView {
	f := v.form("password", securityPath+"/password").light().submit("account.password-save", "key")
	if u.Password != nil {
		f.password("password", "admin-me.password-now", "current-password").require()
	}
	f.password("new_password", "account.password-new", "new-password").help("account.password-help").require()
	f.password("new_password_confirm", "account.password-confirm", "new-password").require()
	return f.view()
}

func (v *visit) addressForm() formView {
	f := v.form("email", securityPath+"/email").light().submit("admin-me.email-send", "mail")
	f.email("new_email", "admin-me.email-new", "").help("admin-me.email-help").require()
	f.email("new_email_confirm", "admin-me.email-again", "").require()
	return f.view()
}

// fewCodes is how many recovery codes are worth a warning.
const fewCodes = 3

func (v *visit) factorState() (meFactorState, error) {
	state, err := v.p.Accounts.Factor(v.Context(), v.viewer)
	if err != nil {
		return meFactorState{}, err
	}
	shown := meFactorState{On: !state.Set.IsZero(), Demanded: state.Demanded, Codes: state.Codes, Few: state.Codes <= fewCodes, Start: v.path(factorPath)}
	if shown.On {
		shown.Since = v.say.Date(state.Set)
		shown.NewCodes = v.button(factorPath+"/codes", "admin-me.codes-new", "refresh")
		shown.Remove = v.removeFactorForm()
	}
	return shown, nil
}

func (v *visit) removeFactorForm() formView {
	f := v.form("factor-remove", factorPath+"/remove").light().titled("", "admin-me.factor-remove-text").submit("admin-me.factor-remove", "close").danger()
	f.password("password", "account.password", "current-password")
	f.text("code", "admin-me.factor-remove-code", "").auto("one-time-code").most(16).Value = ""
	return f.view()
}

// sessionList shows where one is signed in.
func (v *visit) sessionList(sessions []account.Session) listing {
	column := func(name string) listColumn { return listColumn{Label: v.say.T("admin-me.session-" + name)} }
	list := listing{
		ID: "sessions", Caption: v.say.T("admin-me.sessions"), Columns: []listColumn{column("device"), column("address"), column("seen"), column("since"), column("end")},
		Total: len(sessions), Empty: emptyState{Icon: "login", Title: v.say.T("admin-me.sessions-none")},
	}
	for i := range sessions {
		s := &sessions[i]
		device := v.deviceOf(s.Agent)
		first := textCell(device)
		var last listCell
		if s.ID == v.viewer.Session {
			first.Badges = []badge{{v.say.T("admin-me.session-this"), "success", "check"}}
		} else {
			end := v.button(securityPath+"/sessions/"+s.ID, "admin-me.session-stop", "logout")
			end.Small, end.Of = true, device
			last = buttonCell(end)
		}
		list.Rows = append(list.Rows, listRow{Cells: []listCell{first, textCell(s.Address), momentCell(s.SeenAt.Time), textCell(v.say.Date(s.CreatedAt)), last}})
	}
	return list
}

// browsers and systems are known by what their programs say of themselves; the
// first that fits counts, since many name others too.
var (
	browsers = []struct{ sign, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"Chromium/", "Chromium"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}, {"python-requests/", "Python"},
	}
	systems = []struct{ sign, name string }{
		{"Windows", "Windows"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	}
)

// deviceOf names a browser and its system: Firefox on Linux.
func (v *visit) deviceOf(agent string) string {
	browser, system := "", ""
	for _, one := range browsers {
		if browser == "" && strings.Contains(agent, one.sign) {
			browser = one.name
		}
	}
	for _, one := range systems {
		if system == "" && strings.Contains(agent, one.sign) {
			system = one.name
		}
	}
	switch {
	case browser != "" && system != "":
		return v.say.T("admin-me.device", "browser", browser, "system", system)
	case browser+system != "":
		return browser + system
	case agent != "":
		return shortTitle(agent)
	}
	return v.say.T("admin-me.device-unknown")
}

// renewed gives the browser the new text of its session.
func (p *Portal) renewed(v *visit, plain string) error {
	if plain == "" {
		return nil
	}
	session, err := p.Sessions.Get(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	v.keepSession(plain, session)
	return nil
}

// secured ends a change of how one logs in.
func (p *Portal) secured(v *visit, sent *posted, plain string, err error, done string) error {
	if err == nil {
		err = p.renewed(v, plain)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showMySecurity(v, web.None{}) })
	}
	return sent.done(securityPath, done)
}

func (p *Portal) saveMyPassword(v *visit, _ web.None, sent *posted) error {
	plain, err := p.Accounts.ChangePassword(sent.Context(), v.viewer, sent.raw("password"), sent.raw("new_password"), sent.raw("new_password_confirm"))
	return p.secured(v, sent, plain, err, "admin-me.done-password")
}

func (p *Portal) saveMyAddress(v *visit, _ web.None, sent *posted) error {
	err := p.Accounts.AskAddress(sent.Context(), v.viewer, sent.text("new_email"), sent.text("new_email_confirm"))
	return p.secured(v, sent, "", err, "admin-me.done-email")
}

func (p *Portal) endMySessions(v *visit, _ web.None, sent *posted) error {
	_, err := p.Sessions.RevokeOthers(sent.Context(), v.viewer)
	return p.secured(v, sent, "", err, "admin-me.done-sessions")
}

// mySessionArgs name one of one's sessions.
type mySessionArgs struct {
	Session string `path:"session"`
}

func (p *Portal) endMySession(v *visit, in mySessionArgs, sent *posted) error {
	err := p.Sessions.Revoke(sent.Context(), v.viewer, in.Session)
	return p.secured(v, sent, "", err, "admin-me.done-session")
}

// meFactor sets a second factor up.
type meFactor struct {
	// Picture is the address of a picture for the application, Secret what is
	// typed by hand, in groups of four.
	Picture template.URL
	Secret  string
	Form    formView
}

// showMyFactor begins to set a second factor up: nothing changes until its first
// code is given.
func (p *Portal) showMyFactor(v *visit, _ web.None) error {
	u, err := v.me()
	if err != nil {
		return err
	}
	if u.SecondFactor != nil {
		return v.Redirect(http.StatusFound, v.path(securityPath))
	}
	setup, err := p.Accounts.StartFactor(v.Context(), v.viewer, v.siteTitle())
	switch {
	case errors.Is(err, account.ErrVerify):
		return v.Redirect(http.StatusFound, withNext(v.path("/verify"), v.path(factorPath)))
	case err != nil:
		return err
	}
	return v.showMySetup(setup)
}

// showMySetup shows a second factor being set up. The form carries what the page
// shows, so that it is the same after a wrong code.
func (v *visit) showMySetup(setup *account.FactorSetup) error {
	f := v.form("factor", factorPath).light().submit("account.factor-confirm", "check").cancel(securityPath)
	f.hidden("state", setup.State).hidden("secret", setup.Secret).hidden("picture", setup.Picture)
	f.number("code", "account.code", "").auto("one-time-code").most(16).help("account.code-help").require().Value = ""
	content := meFactor{Secret: inFours(setup.Secret), Form: f.view()}
	if len(setup.Picture) < maxPicture && pictureAddress.MatchString(setup.Picture) {
		content.Picture = template.URL(setup.Picture)
	}
	return v.showAdmin(adminDraft{
		name: "me-factor", title: v.say.T("admin-me.factor"), path: factorPath, scope: scopeMe, icon: "shield", lead: v.say.T("admin-me.factor-lead"),
		crumbs: []Link{{v.say.T("admin-me.security"), v.path(securityPath)}}, data: content,
	})
}

func (p *Portal) confirmMyFactor(v *visit, _ web.None, sent *posted) error {
	codes, plain, err := p.Accounts.ConfirmFactor(sent.Context(), v.viewer, sent.text("state"), sent.text("code"))
	if err == nil {
		err = p.renewed(v, plain)
	}
	if err != nil {
		return sent.again(err, func() error {
			return v.showMySetup(&account.FactorSetup{State: sent.text("state"), Secret: sent.text("secret"), Picture: sent.text("picture")})
		})
	}
	return v.showMyCodes(codes)
}

// meCodes shows recovery codes, which nobody sees again.
type meCodes struct {
	Codes []string
	// Next is where it goes on.
	Next string
}

func (v *visit) showMyCodes(codes []string) error {
	return v.showAdmin(adminDraft{
		name: "me-codes", title: v.say.T("account.codes-title"), path: factorPath, scope: scopeMe, icon: "shield",
		crumbs: []Link{{v.say.T("admin-me.security"), v.path(securityPath)}}, data: meCodes{codes, v.path(securityPath)},
	})
}

func (p *Portal) removeMyFactor(v *visit, _ web.None, sent *posted) error {
	plain, err := p.Accounts.RemoveFactor(sent.Context(), v.viewer, sent.raw("password"), sent.text("code"))
	return p.secured(v, sent, plain, err, "admin-me.done-factor-removed")
}

func (p *Portal) drawMyCodes(v *visit, _ web.None, sent *posted) error {
	codes, err := p.Accounts.RecoveryCodes(sent.Context(), v.viewer)
	if err != nil {
		return p.secured(v, sent, "", err, "")
	}
	return v.showMyCodes(codes)
}
