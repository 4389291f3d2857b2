package portal

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/text"
	"grenier/internal/web"
)

// adminSiteContents are the types of Page.Data by the names of the pages here.
var adminSiteContents = map[string]any{"admin/site": adminSettings{}, "admin/site-home": adminSiteHome{}, "admin/site-landing": adminSiteLanding{}}

// Started is what the program was started with of the settings that
// administrators may choose anew in the pages.
type Started struct {
	Title, Language, Contact string
	Keywords                 []string
	Registration, ReadOnly   bool
}

// adminSiteRoutes declare the settings of the site and the edition of its first
// page.
func (p *Portal) adminSiteRoutes(t *table) {
	adminPage(t, "/admin/site", func(v *visit, _ web.None) error { return v.to(http.StatusFound, settingsPath) })
	adminPage(t, settingsPath, p.showSettings)
	form(t, settingsPath, "PATCH /api/2/site/settings/", p.saveSettings)
	p.adminSiteHomeRoutes(t)
	p.adminSiteLandingRoutes(t)
}

const settingsPath = "/admin/site/settings"

// adminSettings are the settings of the site.
type adminSettings struct{ Form formView }

// siteSettings are what administrators chose; nothing when that cannot be read.
func (v *visit) siteSettings() *catalog.SiteSettings {
	if v.p.Catalog == nil {
		return &catalog.SiteSettings{}
	}
	chosen, err := v.p.Catalog.SiteSettings(v.Context())
	if err != nil {
		v.p.Log.Warn("the settings of the site cannot be read", "cause", err)
		return &catalog.SiteSettings{}
	}
	return chosen
}

// banner is what administrators have every page say, in the page's language.
func (v *visit) banner(chosen *catalog.SiteSettings) template.HTML {
	source := chosen.Banner[v.lang]
	if source == "" {
		return ""
	}
	rendered, _ := text.HTML(source, text.Rendering{Heading: 2, Breaks: true, TableLabel: v.say.T("common.table")})
	return template.HTML(rendered)
}

// tagline is what stands below the title of the site: as administrators chose, or
// as the theme says.
func (v *visit) tagline(chosen *catalog.SiteSettings) string {
	for _, lang := range []string{v.lang, v.p.Language} {
		if line := chosen.Tagline[lang]; line != "" {
			return line
		}
	}
	return v.words(v.theme.About.Tagline, "")
}

// contact is where people who need help write to.
func (v *visit) contact() string {
	if chosen := v.siteSettings().Contact; chosen != "" {
		return chosen
	}
	return v.p.Contact
}

// The answers to questions that the program's start answers otherwise.
const (
	asStarted = ""
	chosenYes = "true"
	chosenNo  = "false"
)

// switchOptions ask whether something is on, off, or as the program was started.
func (v *visit) switchOptions(started bool) []option {
	now := v.say.T("admin-site.off")
	if started {
		now = v.say.T("admin-site.on")
	}
	return []option{
		{Value: asStarted, Label: v.say.T("admin-site.as-started"), Help: "(" + now + ")"},
		{Value: chosenYes, Label: v.say.T("admin-site.on")}, {Value: chosenNo, Label: v.say.T("admin-site.off")},
	}
}

// switched is the answer that was chosen.
func switched(chosen *bool) string {
	switch {
	case chosen == nil:
		return asStarted
	case *chosen:
		return chosenYes
	}
	return chosenNo
}

func (p *Portal) showSettings(v *visit, _ web.None) error {
	chosen := v.siteSettings()
	site, err := p.Catalog.Site(v.Context(), v.siteDefaults())
	if err != nil {
		return err
	}
	f := v.form("settings", settingsPath).version(site.Version)
	f.group("admin-site.name-group", "")
	f.text("title", "admin-site.title", chosen.Title).most(255).example(p.Started.Title).help("admin-site.title-help")
	v.inLanguages("tagline", chosen.Tagline, func(name, label, value string) *fieldDraft {
		return f.text(name, label, value).most(500)
	})
	f.group("admin-site.people-group", "")
	f.choose("language", "admin-site.language", chosen.Language, v.siteLanguageOptions()).help("admin-site.language-help")
	f.text("contact", "admin-site.contact", chosen.Contact).most(255).example(p.Started.Contact).help("admin-site.contact-help")
	f.group("admin-site.banner-group", "admin-site.banner-help")
	v.inLanguages("banner", chosen.Banner, func(name, label, value string) *fieldDraft {
		return f.markdown(name, label, value).most(2000).rows(3)
	})
	f.group("admin-site.open-group", "")
	f.radio("registration", "admin-site.registration", switched(chosen.Registration), v.switchOptions(p.Started.Registration)).help("admin-site.registration-help")
	f.radio("read_only", "admin-site.read-only", switched(chosen.ReadOnly), v.switchOptions(p.Started.ReadOnly)).help("admin-site.read-only-help")
	content := adminSettings{f.view()}
	return v.showAdmin(adminDraft{
		name: "site", title: v.say.T("admin.menu-settings"), path: settingsPath, scope: scopeSite, icon: "settings", data: content, notices: v.mailNotices(),
		lead: v.say.T("admin-site.lead"), actions: []AdminAction{{v.say.T("admin-site.home"), v.path(siteHomePath), "home", ""}},
	})
}

// inLanguages asks for a text in the languages that the site offers, its own
// first; those in which nothing is written yet stand in a fold.
func (v *visit) inLanguages(member string, texts map[string]string, add func(name, label, value string) *fieldDraft) {
	languages := slices.Clone(v.p.Languages)
	slices.SortStableFunc(languages, func(a, b string) int {
		return cmp.Compare(v.languageRank(a, texts), v.languageRank(b, texts))
	})
	for _, lang := range languages {
		field := add(member+"."+lang, " "+v.say.T("admin-site."+member, "language", v.languageName(lang)), texts[lang])
		field.Lang = v.otherLang(lang)
		if lang != v.p.Language && texts[lang] == "" {
			field.fold("admin-site.other-languages")
		}
	}
}

// languageRank puts the site's own language first, then those with a text.
func (v *visit) languageRank(lang string, texts map[string]string) int {
	switch {
	case lang == v.p.Language:
		return 0
	case texts[lang] != "":
		return 1
	}
	return 2
}

// otherLang is a language where it is not the page's.
func (v *visit) otherLang(lang string) string {
	if lang == v.lang {
		return ""
	}
	return lang
}

// languageName is the name of a language in itself.
func (v *visit) languageName(lang string) string { return v.theme.Printer(lang).T("site.language") }

func (v *visit) siteLanguageOptions() []option {
	options := []option{{Label: v.say.T("admin-site.as-started") + " (" + v.startedLanguage() + ")"}}
	for _, lang := range i18n.Languages {
		options = append(options, option{Value: lang, Label: v.languageName(lang)})
	}
	return options
}

func (v *visit) startedLanguage() string {
	if v.p.Started.Language == "" {
		return v.languageName(v.p.Language)
	}
	return v.languageName(v.p.Started.Language)
}

// siteDefaults are what the document of the site starts with.
func (v *visit) siteDefaults() catalog.SiteDefaults {
	title := v.p.Started.Title
	if title == "" {
		title = v.Site.Title
	}
	return catalog.SiteDefaults{Title: title, Keywords: v.p.Started.Keywords}
}

func (p *Portal) saveSettings(v *visit, in web.None, sent *posted) error {
	chosen := func(name string) catalog.Opt[string] {
		value := sent.text(name)
		return catalog.Opt[string]{Set: sent.has(name), Null: value == "", Value: value}
	}
	answer := func(name string) catalog.Opt[bool] {
		value := sent.text(name)
		return catalog.Opt[bool]{Set: sent.has(name), Null: value == asStarted, Value: value == chosenYes}
	}
	_, err := p.Catalog.UpdateSiteSettings(sent.Context(), v.viewer, v.siteDefaults(), catalog.SiteSettingsInput{
		Title: chosen("title"), Language: chosen("language"), Contact: chosen("contact"),
		Tagline: v.translations(sent, "tagline"), Banner: v.translations(sent, "banner"),
		Registration: answer("registration"), ReadOnly: answer("read_only"),
	})
	if err != nil {
		return sent.again(err, func() error { return p.showSettings(v, in) })
	}
	return sent.done(settingsPath, "admin-site.done-saved")
}

// translations are the texts of a field in the languages of the site; those in
// languages that the site does not offer stay.
func (v *visit) translations(sent *posted, name string) catalog.Opt[map[string]string] {
	stored := v.siteSettings().Tagline
	if name == "banner" {
		stored = v.siteSettings().Banner
	}
	given := map[string]string{}
	for lang, words := range stored {
		given[lang] = words
	}
	for _, lang := range v.p.Languages {
		if field := name + "." + lang; sent.has(field) {
			given[lang] = strings.TrimSpace(sent.raw(field))
		}
	}
	return catalog.Some(given)
}
