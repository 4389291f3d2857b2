package portal

import (
	"errors"
	"net/http"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// registerPage is the page to make an account on.
type registerPage struct {
	// Closed tells that nobody makes their account themselves; the form is empty
	// then.
	Closed bool
	Form   formView
	// LogIn leads to the page to log in on, Terms to the terms of use.
	LogIn, Terms string
}

// sentPage says that a letter is on its way, or that none can leave.
type sentPage struct {
	Text string
	// Mails leads to the letters of the demonstration; empty elsewhere.
	Mails string
	// LogIn leads to the page to log in on.
	LogIn string
	// Support leads to the people to ask when no letter can leave, which Text says
	// then; empty else.
	Support string
}

func (p *Portal) registerRoutes(t *table) {
	privatePage(t, "/register", p.showRegister)
	openForm(t, "/register", "POST /register/", p.register)
	privatePage(t, "/confirm", p.showConfirm)
	openForm(t, "/confirm", "POST /confirm/", p.askConfirmation)
	privatePage(t, "/reset", p.showAskReset)
	openForm(t, "/reset", "POST /reset/", p.askReset)
	privatePage(t, "/reset/{token}", p.showReset)
	openForm(t, "/reset/{token}", "POST /reset/{token}/", p.reset)
	for name := range sentLetters {
		privatePage(t, "/"+name+"/sent", func(v *visit, _ web.None) error { return p.showSent(v, name) })
	}
}

func (p *Portal) showRegister(v *visit, _ loginArgs) error {
	if !v.viewer.Anonymous() && v.posted == nil {
		return v.Redirect(http.StatusFound, v.path("/admin"))
	}
	content := registerPage{LogIn: v.path("/login"), Terms: v.path("/pages/legal/cgu"), Closed: !p.Accounts.RegistrationOpen() || p.closed(v.viewer)}
	if !content.Closed {
		f := v.form("register", "/register").submit("account.register-submit", "user")
		f.text("first_name", "account.first-name", "").auto("given-name").most(255).require()
		f.text("last_name", "account.last-name", "").auto("family-name").most(255).require()
		f.email("email", "account.email", "").help("account.email-help").require()
		f.password("password", "account.password", "new-password").help("account.password-help").require()
		f.password("password_confirm", "account.password-confirm", "new-password").require()
		f.check("accept_conditions", "account.conditions", false).require()
		content.Form = f.view()
	}
	return v.showSession("register", "account.register-title", "/register", content)
}

func (p *Portal) register(v *visit, _ web.None, sent *posted) error {
	again := func(err error) error {
		return sent.again(err, func() error { return p.showRegister(v, loginArgs{}) })
	}
	if p.closed(v.viewer) {
		return again(fault.New(fault.ReadOnly, readOnlyText))
	}
	err := p.Accounts.Register(v.Context(), account.Registration{
		Email: sent.text("email"), FirstName: sent.text("first_name"), LastName: sent.text("last_name"), Password: sent.raw("password"),
		PasswordConfirm: sent.raw("password_confirm"), Conditions: sent.checked("accept_conditions"), Language: v.lang, From: v.from(),
	})
	if err != nil {
		return again(err)
	}
	return v.Redirect(http.StatusSeeOther, v.path("/register/sent"))
}

// readOnlyText is what the API answers while nothing new can be made.
const readOnlyText = "Due to unusual activities, the creation of new content is currently disabled."

// sentLetters are the letters that pages of sessions send, by the page: the
// message that says so.
var sentLetters = map[string]string{"register": "account.sent-register", "confirm": "account.sent-confirm", "reset": "account.sent-reset"}

// unsentLetters say that none leaves, in the place of sentLetters.
var unsentLetters = map[string]string{"register": "account.unsent-register", "confirm": "account.unsent-link", "reset": "account.unsent-link"}

func (p *Portal) showSent(v *visit, name string) error {
	content := sentPage{Text: v.say.T(sentLetters[name]), LogIn: v.path("/login")}
	if p.Mailbox != nil {
		content.Mails = v.path("/demo/mails")
	}
	title := "account.sent-title"
	if p.Unsent { // whether the address has an account is told to nobody here either
		title, content.Text, content.Support = "account.unsent-title", v.say.T(unsentLetters[name]), v.path("/support")
	}
	return v.showSession("sent", title, "/"+name+"/sent", content)
}

// showConfirm asks for the link that confirms an address once more.
func (p *Portal) showConfirm(v *visit, _ loginArgs) error {
	return v.askAddress("confirm", "/confirm", "account.confirm-title", "account.confirm-text")
}

func (p *Portal) askConfirmation(v *visit, _ web.None, sent *posted) error {
	if err := p.Accounts.AskConfirmation(v.Context(), sent.text("email"), v.from()); err != nil {
		return sent.again(err, func() error { return p.showConfirm(v, loginArgs{}) })
	}
	return v.Redirect(http.StatusSeeOther, v.path("/confirm/sent"))
}

// showAskReset asks for the link that sets another password.
func (p *Portal) showAskReset(v *visit, _ loginArgs) error {
	return v.askAddress("reset", "/reset", "account.reset-title", "account.reset-text")
}

func (p *Portal) askReset(v *visit, _ web.None, sent *posted) error {
	if err := p.Accounts.AskReset(v.Context(), sent.text("email"), v.from()); err != nil {
		return sent.again(err, func() error { return p.showAskReset(v, loginArgs{}) })
	}
	return v.Redirect(http.StatusSeeOther, v.path("/reset/sent"))
}

// askAddress shows a page that asks for an address to write to.
func (v *visit) askAddress(name, path, title, lead string) error {
	f := v.form(name, path).light().submit("account.send-link", "mail").cancel("/login")
	f.email("email", "account.email", "").require()
	return v.showSession(name, title, path, formPage{v.say.T(lead), f.view()})
}

// resetArgs is the link of a letter.
type resetArgs struct {
	Token string `path:"token"`
}

// showReset asks for another password, with the link of a letter.
func (p *Portal) showReset(v *visit, in resetArgs) error {
	path := "/reset/" + in.Token
	if v.posted == nil {
		err := p.Accounts.CheckReset(v.Context(), in.Token)
		switch {
		case errors.Is(err, account.ErrLinkExpired), errors.Is(err, account.ErrLinkInvalid):
			return v.Redirect(http.StatusFound, v.path("/reset")+"?flash=reset_invalid")
		case err != nil:
			return err
		}
	}
	f := v.form("reset", path).light().submit("account.password-save", "key")
	f.password("password", "account.password-new", "new-password").help("account.password-help").require()
	f.password("password_confirm", "account.password-confirm", "new-password").require()
	return v.showSession("reset", "account.reset-title", path, formPage{v.say.T("account.reset-new"), f.view()})
}

func (p *Portal) reset(v *visit, in resetArgs, sent *posted) error {
	err := p.Accounts.Reset(v.Context(), in.Token, sent.raw("password"), sent.raw("password_confirm"))
	switch {
	case errors.Is(err, account.ErrLinkExpired), errors.Is(err, account.ErrLinkInvalid):
		return v.Redirect(http.StatusSeeOther, v.path("/reset")+"?flash=reset_invalid")
	case err != nil:
		return sent.again(err, func() error { return p.showReset(v, in) })
	}
	return v.Redirect(http.StatusSeeOther, v.path("/login")+"?flash=reset_done")
}
