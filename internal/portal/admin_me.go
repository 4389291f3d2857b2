package portal

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/image"
	"grenier/internal/web"
)

// adminMeContents are the types of Page.Data of the pages of one's account.
var adminMeContents = map[string]any{"admin/me-profile": meProfile{}, "admin/me-data": meData{}}

// adminMeRoutes declare the pages of one's account.
func (p *Portal) adminMeRoutes(t *table) {
	if p.Accounts == nil || p.Sessions == nil {
		return // a site to read alone
	}
	adminPage(t, profilePath, p.showMyProfile)
	form(t, profilePath, "PUT /api/1/me/", p.saveMyProfile)
	pictureForm(t, profilePath+"/picture", "POST /api/1/me/avatar/", p.saveMyPicture)
	adminPage(t, dataPath, p.showMyData)
	form(t, dataPath+"/close", "POST /api/2/me/close/", p.closeMyAccount)
	p.adminSessionRoutes(t)
	p.adminTokenRoutes(t)
	p.adminWebhookRoutes(t)
	p.adminProgramRoutes(t)
}

// The pages of one's account, in the site's own language.
const (
	profilePath  = "/admin/me/profile"
	securityPath = "/admin/me/security"
	tokensPath   = "/admin/me/tokens"
	programsPath = "/admin/me/programs"
	dataPath     = "/admin/me/data"
)

// me is who is signed in; programs of the site itself are nobody.
func (v *visit) me() (*account.User, error) {
	if v.viewer.User == nil {
		return nil, fault.New(fault.Forbidden, "This page is for people.")
	}
	return v.viewer.User, nil
}

// meProfile is what one tells of oneself.
type meProfile struct {
	// Picture is the address of one's portrait, Portrait the form for another.
	Picture  string
	Portrait formView
	Form     formView
}

func (p *Portal) showMyProfile(v *visit, _ web.None) error {
	u, err := v.me()
	if err != nil {
		return err
	}
	f := v.form("profile", profilePath).version(u.Version).submit("form.save", "check")
	f.text("first_name", "account.first-name", u.FirstName).auto("given-name").most(255).require()
	f.text("last_name", "account.last-name", u.LastName).auto("family-name").most(255).require()
	f.markdown("about", "admin-me.about", deref(u.About)).rows(6).help("admin-me.about-help")
	f.link("website", "admin-me.website", deref(u.Website)).auto("url")
	f.choose("prefered_language", "admin-me.language", deref(u.Language), v.letterLanguages()).help("admin-me.language-help")
	portrait := v.form("picture", profilePath+"/picture").light().submit("admin-me.picture-send", "upload")
	portrait.file("file", "admin-me.picture", "image/png,image/jpeg,image/webp").help("admin-me.picture-help")
	return v.showAdmin(adminDraft{
		name: "me-profile", title: v.say.T("admin-me.profile"), path: profilePath, scope: scopeMe, icon: "user", lead: v.say.T("admin-me.profile-lead"),
		public: v.publicPage(catalog.KindUser, u.Slug),
		data:   meProfile{Picture: picturePath("users", u.ID, "200"), Portrait: portrait.view(), Form: f.view()},
	})
}

// letterLanguages are the languages in which letters can be written, each in its
// own name.
func (v *visit) letterLanguages() []option {
	options := []option{{Label: v.say.T("admin-me.language-site")}}
	for _, lang := range i18n.Languages {
		options = append(options, option{Value: lang, Label: v.theme.Printer(lang).T("site.language")})
	}
	return options
}

func (p *Portal) saveMyProfile(v *visit, in web.None, sent *posted) error {
	_, err := p.Accounts.UpdateUser(sent.Context(), v.viewer, v.viewer.UserID(), account.UserInput{
		FirstName: account.Some(sent.text("first_name")), LastName: account.Some(sent.text("last_name")), About: account.Some(sent.text("about")),
		Website: account.Some(sent.text("website")), Language: account.Some(sent.text("prefered_language")),
	})
	if err != nil {
		return sent.again(err, func() error { return p.showMyProfile(v, in) })
	}
	return sent.done(profilePath, "admin-me.done-profile")
}

func (p *Portal) saveMyPicture(v *visit, in web.None, sent *posted, picture *bytes.Reader) error {
	if err := p.setMyPicture(v, sent, picture); err != nil {
		return sent.again(pictureRefusal(err), func() error { return p.showMyProfile(v, in) })
	}
	return sent.done(profilePath, "admin-me.done-picture")
}

func (p *Portal) setMyPicture(v *visit, sent *posted, picture *bytes.Reader) error {
	if picture.Len() == 0 {
		return fault.At("Choose a picture first.", "file")
	}
	me := v.viewer.UserID()
	if err := p.Files.PreparePicture(sent.Context(), v.viewer, catalog.KindUser, me); err != nil {
		return err
	}
	taken, err := p.Files.Picture(sent.Context(), v.viewer, catalog.KindUser, picture, boxOf(sent.text("bbox")))
	if err != nil {
		return err
	}
	return p.Accounts.SetAvatar(sent.Context(), v.viewer, me, taken)
}

// boxOf is the part of a picture that was chosen, left,top,right,bottom in
// pixels; nil for the whole, and for what is none.
func boxOf(text string) *image.Box {
	var box image.Box
	sides := strings.Split(text, ",")
	if len(sides) != 4 {
		return nil
	}
	for i, into := range []*int{&box.Left, &box.Top, &box.Right, &box.Bottom} {
		n, err := strconv.Atoi(sides[i])
		if err != nil {
			return nil
		}
		*into = n
	}
	return &box
}

// meData is what the site knows of oneself, and the end of the account.
type meData struct {
	// Export is the address of the file with everything.
	Export string
	// Email is that of the account.
	Email string
	// Alone are the organisations that would have no administrator any more.
	Alone []string
	// Close closes the account.
	Close formView
}

func (p *Portal) showMyData(v *visit, _ web.None) error {
	u, err := v.me()
	if err != nil {
		return err
	}
	alone, err := p.Accounts.LastAdminOf(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	f := v.form("close", dataPath+"/close").submit("admin-me.close-submit", "trash").typed(deref(u.Email))
	return v.showAdmin(adminDraft{
		name: "me-data", title: v.say.T("admin-me.data"), path: dataPath, scope: scopeMe, icon: "database", lead: v.say.T("admin-me.data-lead"),
		data: meData{Export: "/api/2/me/export/", Email: deref(u.Email), Alone: alone, Close: f.view()},
	})
}

func (p *Portal) closeMyAccount(v *visit, in web.None, sent *posted) error {
	u, err := v.me()
	if err != nil {
		return err
	}
	if sent.confirmed(deref(u.Email)) {
		err = p.Accounts.CloseMine(sent.Context(), v.viewer)
	} else {
		err = fault.At("Type the address of your account to confirm.", typedField)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showMyData(v, in) })
	}
	v.ClearSession()
	return v.Redirect(http.StatusSeeOther, v.path("/")+"?flash=closed")
}
