package portal

import (
	"cmp"
	"strings"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// setupPage is the page of the first start: three questions.
type setupPage struct {
	// Closed tells that the link does not work, or did its work already.
	Closed bool
	Form   formView
}

// setupDonePage says how to go on after the first start.
type setupDonePage struct {
	// Site is the name that was given.
	Site string
	// Publish leads to the page to publish a first dataset on.
	Publish string
	// Commands load a catalogue: the demonstration, another one.
	Demo, Import string
}

func (p *Portal) setupRoutes(t *table) {
	privatePage(t, "/setup", p.showSetup)
	openForm(t, "/setup", "POST /setup", p.setUp)
	adminPage(t, "/setup/done", p.showSetupDone)
}

// setupArgs is the code of the link that the program prints.
type setupArgs struct {
	Code string `query:"code"`
}

func (p *Portal) showSetup(v *visit, in setupArgs) error {
	if err := p.Accounts.CheckSetup(v.Context(), in.Code); err != nil {
		if !fault.Is(err, fault.Forbidden) {
			return err
		}
		return v.showSession("setup", "account.setup-title", "/setup", setupPage{Closed: true})
	}
	f := v.form("setup", "/setup").submit("account.setup-submit", "check").hidden("code", in.Code)
	f.group("account.setup-name", "")
	f.text("title", "account.setup-site", v.Site.Title).most(100).help("account.setup-site-help").require()
	f.group("account.setup-language", "")
	f.choose("language", "account.setup-main-language", v.lang, v.languageOptions()).help(" " + v.say.T("admin-site.language-help") + " " + v.say.T("account.setup-language-help")).require()
	f.group("account.setup-administrator", "")
	f.text("first_name", "account.first-name", "").auto("given-name").most(255).require()
	f.text("last_name", "account.last-name", "").auto("family-name").most(255).require()
	f.email("email", "account.email", "").require()
	f.password("password", "account.password", "new-password").help("account.password-help").require()
	return v.showSession("setup", "account.setup-title", "/setup", setupPage{Form: f.view()})
}

// languageOptions are the languages of the program, by their own names.
func (v *visit) languageOptions() []option {
	var options []option
	for _, lang := range i18n.Languages {
		options = append(options, option{Value: lang, Label: v.theme.Printer(lang).T("site.language")})
	}
	return options
}

func (p *Portal) setUp(v *visit, _ web.None, sent *posted) error {
	user, err := p.Accounts.SetUp(v.Context(), account.Setup{
		Code: sent.text("code"), Title: sent.text("title"), Language: sent.text("language"), Email: sent.text("email"),
		FirstName: sent.text("first_name"), LastName: sent.text("last_name"), Password: sent.raw("password"),
	})
	if err != nil {
		return sent.again(err, func() error { return p.showSetup(v, setupArgs{sent.text("code")}) })
	}
	details := account.SessionDetails{Agent: v.R.UserAgent(), Address: v.Peer.Addr.String()}
	entry, err := p.Accounts.Enter(v.Context(), user, details, v.viewer.Session)
	if err != nil {
		return err
	}
	return p.enter(v, entry, v.path("/setup/done"))
}

// command is what to type for a command of this program: as it was called, with
// what follows the command.
func (v *visit) command(rest ...string) string {
	words := append([]string{cmp.Or(v.p.Program, "grenier")}, rest...)
	return strings.TrimSpace(strings.Join(words, " "))
}

func (p *Portal) showSetupDone(v *visit, _ web.None) error {
	content := setupDonePage{Site: v.siteTitle(), Demo: v.command("demo --listen 127.0.0.1:7070"), Import: v.command("import catalog datasets.csv resources.csv organizations.csv", p.ProgramData)}
	if p.showsAdmin("/admin/datasets/new") {
		content.Publish = v.path("/admin/datasets/new")
	}
	return v.showSession("setup-done", "account.setup-done", "/setup/done", content)
}
