package portal

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// adminProgramContents are the types of Page.Data of the pages of programs.
var adminProgramContents = map[string]any{
	"admin/me-programs": mePrograms{}, "admin/me-program": meProgram{}, "admin/me-program-secret": meProgramSecret{},
}

func (p *Portal) adminProgramRoutes(t *table) {
	if p.Programs == nil {
		return
	}
	adminPage(t, programsPath, p.showMyPrograms)
	adminPage(t, programsPath+"/new", p.showNewProgram)
	form(t, programsPath+"/new", "POST /api/2/oauth/clients/", p.createProgram)
	adminPage(t, programsPath+"/{id}", p.showProgram)
	form(t, programsPath+"/{id}", "PUT /api/2/oauth/clients/{client}/", p.saveProgram)
	form(t, programsPath+"/{id}/secret", "POST /api/2/oauth/clients/{client}/secret/", p.rotateProgram)
	pictureForm(t, programsPath+"/{id}/image", "POST /api/2/oauth/clients/{client}/image/", p.saveProgramImage)
	form(t, programsPath+"/{id}/remove", "DELETE /api/2/oauth/clients/{client}/", p.removeProgram)
	form(t, programsPath+"/{id}/withdraw", "DELETE /api/2/me/grants/{client}/", p.withdrawProgram)
}

// mePrograms are the programs that may act for somebody, and those that they
// registered.
type mePrograms struct {
	// Granted may act for the person, Own are registered by them or by their
	// organisations.
	Granted, Own listing
	// New leads to the form of another one.
	New AdminAction
}

// programsShown is how many of one's own programs a page lists.
const programsShown = 100

func (p *Portal) showMyPrograms(v *visit, _ web.None) error {
	if _, err := v.me(); err != nil {
		return err
	}
	granted, err := p.Programs.Granted(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	own, total, err := p.Programs.Clients(v.Context(), v.viewer, false, oauth.Page{Limit: programsShown})
	if err != nil {
		return err
	}
	names, err := v.organizationNames()
	if err != nil {
		return err
	}
	create := AdminAction{Label: v.say.T("admin-program.new"), URL: v.path(programsPath + "/new"), Icon: "plus"}
	return v.showAdmin(adminDraft{
		name: "me-programs", title: v.say.T("admin-program.title"), path: programsPath, scope: scopeMe, icon: "grid", lead: v.say.T("admin-program.lead"),
		data: mePrograms{Granted: v.grantedList(granted), Own: v.programList(own, total, names, create), New: create},
	})
}

// organizationNames are the names of one's organisations.
func (v *visit) organizationNames() (map[string]string, error) {
	organizations, err := v.ownOrganizations("")
	names := make(map[string]string, len(organizations))
	for i := range organizations {
		names[organizations[i].ID] = organizations[i].Name
	}
	return names, err
}

func (v *visit) programColumns(names ...string) []listColumn {
	columns := make([]listColumn, len(names))
	for i, name := range names {
		columns[i] = listColumn{Label: v.say.T("admin-program.column-" + name)}
	}
	return columns
}

// grantedList shows the programs that may act for somebody.
func (v *visit) grantedList(granted []oauth.Granted) listing {
	list := listing{
		ID: "granted", Caption: v.say.T("admin-program.granted"), Columns: v.programColumns("name", "rights", "since", "used", "withdraw"), Total: len(granted),
		Empty: emptyState{Icon: "grid", Title: v.say.T("admin-program.granted-none"), Text: v.say.T("admin-program.granted-none-text")},
	}
	for i := range granted {
		g := &granted[i]
		name := textCell(g.Client.Name)
		name.Detail, name.Picture = shortTitle(g.Client.Description), deref(g.Client.ImageThumbnail)
		used := textCell(v.say.T("admin-token.unused"))
		if !g.LastUsedAt.IsZero() {
			used = momentCell(g.LastUsedAt.Time)
		}
		withdraw := v.button(programPath(g.Client.ID)+"/withdraw", "admin-program.withdraw", "close")
		withdraw.Small, withdraw.Of = true, g.Client.Name
		list.Rows = append(list.Rows, listRow{Cells: []listCell{
			name, textCell(v.rightsOf(g.Scopes)), textCell(v.say.Date(g.Since)), used, buttonCell(withdraw),
		}})
	}
	return list
}

// rightsOf says scopes in words.
func (v *visit) rightsOf(scopes []string) string {
	var rights []string
	for _, scope := range scopes {
		if words := v.rightOf(scope); !slices.Contains(rights, words) {
			rights = append(rights, words)
		}
	}
	return strings.Join(rights, ", ")
}

// programList shows the programs that somebody registered.
func (v *visit) programList(programs []oauth.Client, total int, names map[string]string, create AdminAction) listing {
	create.Tone = "primary"
	list := listing{
		ID: "programs", Caption: v.say.T("admin-program.own"), Columns: v.programColumns("name", "owner", "kind", "created"), Total: total,
		Empty: emptyState{Icon: "code", Title: v.say.T("admin-program.own-none"), Text: v.say.T("admin-program.own-none-text"), Actions: []AdminAction{create}},
	}
	for i := range programs {
		c := &programs[i]
		owner := v.say.T("admin.scope-me")
		if c.OrganizationID != nil {
			owner = names[*c.OrganizationID]
		}
		name := linkCell(c.Name, v.path(programPath(c.ID)), shortTitle(c.Description))
		name.Picture = deref(c.ImageThumbnail)
		list.Rows = append(list.Rows, listRow{Cells: []listCell{
			name, textCell(owner), textCell(v.programKind(c.Confidential)), textCell(v.say.Date(c.CreatedAt)),
		}})
	}
	return list
}

func programPath(id string) string { return programsPath + "/" + url.PathEscape(id) }

// programKind says whether a program keeps a secret.
func (v *visit) programKind(confidential bool) string {
	if confidential {
		return v.say.T("admin-program.confidential")
	}
	return v.say.T("admin-program.public")
}

// meProgram is a program and its form.
type meProgram struct {
	// ID is what the program calls itself; empty for a new one.
	ID string
	// Kind says whether it keeps a secret, Owner whose it is.
	Kind, Owner string
	// Endpoints are the addresses that it needs.
	Endpoints []Link
	Form      formView
	// Picture is the address of its picture, empty for none; Image takes another
	// one.
	Picture string
	Image   formView
	// Secret gives it another one; without a label when it keeps none.
	Secret button
	Danger dangerZone
}

func (p *Portal) showNewProgram(v *visit, _ web.None) error {
	organizations, err := v.ownOrganizations("")
	if err != nil {
		return err
	}
	f := v.form("program", programsPath+"/new").submit("admin-program.create", "check").cancel(programsPath)
	f.radio("confidential", "admin-program.where", "", []option{
		{Value: "true", Label: v.say.T("admin-program.confidential"), Help: v.say.T("admin-program.confidential-help")},
		{Value: "", Label: v.say.T("admin-program.public"), Help: v.say.T("admin-program.public-help")},
	})
	options := []option{{Label: v.say.T("admin.scope-me")}}
	for i := range organizations {
		if v.viewer.MayManage(organizations[i].ID) {
			options = append(options, option{Value: organizations[i].ID, Label: organizations[i].Name})
		}
	}
	if len(options) > 1 {
		f.choose("organization", "admin-program.owner", "", options).help("admin-program.owner-help")
	}
	v.programFields(f, &oauth.Client{Scopes: []byte(`["write"]`), GrantTypes: []byte(`["authorization_code"]`)})
	return v.showAdmin(adminDraft{
		name: "me-program", title: v.say.T("admin-program.new"), path: programsPath + "/new", scope: scopeMe, icon: "grid", lead: v.say.T("admin-program.new-lead"),
		crumbs: []Link{{v.say.T("admin-program.title"), v.path(programsPath)}}, data: meProgram{Form: f.view()},
	})
}

// programFields ask for what is told of a program.
func (v *visit) programFields(f *formDraft, c *oauth.Client) {
	f.text("name", "admin-program.name", c.Name).most(255).help("admin-program.name-help").require()
	f.area("description", "admin-program.description", c.Description).most(5000).help("admin-program.description-help")
	f.area("redirect_uris", "admin-program.redirects", strings.Join(c.Redirects(), "\n")).rows(3).help("admin-program.redirects-help").example("https://example.org/callback")
	f.checks("scopes", "admin-program.scopes", c.ScopeList(), []option{
		{Value: account.ScopeRead, Label: v.rightOf(account.ScopeRead)}, {Value: account.ScopeWrite, Label: v.rightOf(account.ScopeWrite)},
		{Value: account.ScopeDefault, Label: v.rightOf(account.ScopeDefault)},
	}).help("admin-program.scopes-help")
	f.checks("grant_types", "admin-program.grants", c.Grants(), []option{
		{Value: "authorization_code", Label: v.say.T("admin-program.grant-code"), Help: v.say.T("admin-program.grant-code-help")},
		{Value: "client_credentials", Label: v.say.T("admin-program.grant-own"), Help: v.say.T("admin-program.grant-own-help")},
	})
}

// programInput reads what programFields asked.
func programInput(sent *posted) oauth.ClientInput {
	return oauth.ClientInput{
		Name: account.Some(sent.text("name")), Description: account.Some(sent.text("description")), RedirectURIs: account.Some(strings.Fields(sent.text("redirect_uris"))),
		Scopes: account.Some(sent.texts("scopes")), GrantTypes: account.Some(sent.texts("grant_types")),
	}
}

func (p *Portal) createProgram(v *visit, in web.None, sent *posted) error {
	input := programInput(sent)
	input.Confidential, input.Organization = account.Some(sent.checked("confidential")), account.Some(sent.text("organization"))
	client, secret, err := p.Programs.CreateClient(sent.Context(), v.viewer, input)
	if err != nil {
		return sent.again(err, func() error { return p.showNewProgram(v, in) })
	}
	if secret == "" {
		return sent.done(programPath(client.ID), "admin-program.done-created")
	}
	return v.showProgramSecret(client, secret)
}

// programArgs name a program.
type programArgs struct {
	ID string `path:"id"`
}

func (p *Portal) showProgram(v *visit, in programArgs) error {
	c, err := p.Programs.Client(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	names, err := v.organizationNames()
	if err != nil {
		return err
	}
	path := programPath(c.ID)
	f := v.form("program", path).version(c.Version).submit("form.save", "check").cancel(programsPath)
	v.programFields(f, c)
	content := meProgram{ID: c.ID, Kind: v.programKind(c.Confidential), Owner: v.say.T("admin.scope-me"), Endpoints: v.programEndpoints(), Form: f.view()}
	if p.Files != nil {
		content.Picture, content.Image = deref(c.ImageThumbnail), v.imageForm(path+"/image", "admin-program.image-help")
	}
	if c.OrganizationID != nil {
		content.Owner = names[*c.OrganizationID]
	}
	if c.Confidential {
		content.Secret = v.button(path+"/secret", "admin-program.rotate", "refresh")
	}
	remove := v.form("remove", path+"/remove").titled("admin-program.remove", "admin-program.remove-text").submit("admin-program.remove", "trash").danger()
	content.Danger = dangerZone{Forms: []formView{remove.view()}}
	return v.showAdmin(adminDraft{
		name: "me-program", title: c.Name, path: path, scope: scopeMe, kicker: "admin-program.kind", icon: "grid",
		crumbs: []Link{{v.say.T("admin-program.title"), v.path(programsPath)}}, data: content,
	})
}

// programEndpoints are the addresses that programs ask.
func (v *visit) programEndpoints() []Link {
	return []Link{
		{v.say.T("admin-program.authorize"), v.URL("/oauth/authorize")}, {v.say.T("admin-program.token"), v.URL("/oauth/token")},
		{v.say.T("admin-program.metadata"), v.URL("/.well-known/oauth-authorization-server")},
	}
}

func (p *Portal) saveProgram(v *visit, in programArgs, sent *posted) error {
	if _, err := p.Programs.UpdateClient(sent.Context(), v.viewer, in.ID, programInput(sent)); err != nil {
		return sent.again(err, func() error { return p.showProgram(v, in) })
	}
	return sent.done(programPath(in.ID), "admin-program.done-saved")
}

func (p *Portal) saveProgramImage(v *visit, in programArgs, sent *posted, picture *bytes.Reader) error {
	if err := v.saveProgramPicture(sent, in.ID, picture); err != nil {
		return sent.again(pictureRefusal(err), func() error { return p.showProgram(v, in) })
	}
	return sent.done(programPath(in.ID), "admin-kept.done-image")
}

// saveProgramPicture makes what was sent the picture of a program that the person
// manages.
func (v *visit) saveProgramPicture(sent *posted, id string, picture *bytes.Reader) error {
	if v.p.Files == nil || picture.Len() == 0 {
		return fault.At("Choose a picture first.", "file")
	}
	if _, err := v.p.Programs.Client(sent.Context(), v.viewer, id); err != nil {
		return err
	}
	drawn, err := v.p.Files.Picture(sent.Context(), v.viewer, catalog.KindProgram, picture, nil)
	if err != nil {
		return err
	}
	return v.p.Programs.SetImage(sent.Context(), v.viewer, id, drawn)
}

// pictureRefusal shows what is wrong with a picture beside the field that it was
// chosen in.
func pictureRefusal(err error) error {
	if known := fault.Of(err); known.Code == fault.Invalid && len(known.Fields) == 0 {
		return fault.At(known.SafeText(), "file")
	}
	return err
}

func (p *Portal) rotateProgram(v *visit, in programArgs, sent *posted) error {
	secret, err := p.Programs.RotateSecret(sent.Context(), v.viewer, in.ID)
	if err != nil {
		return sent.again(err, func() error { return p.showProgram(v, in) })
	}
	c, err := p.Programs.Client(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	return v.showProgramSecret(c, secret)
}

// meProgramSecret shows the secret of a program, which nobody sees again.
type meProgramSecret struct {
	ID, Secret string
	// Next leads to the program.
	Next string
}

func (v *visit) showProgramSecret(c *oauth.Client, secret string) error {
	return v.showAdmin(adminDraft{
		name: "me-program-secret", title: v.say.T("admin-program.secret"), path: programPath(c.ID), scope: scopeMe, icon: "key",
		crumbs: []Link{{v.say.T("admin-program.title"), v.path(programsPath)}, {c.Name, v.path(programPath(c.ID))}},
		data:   meProgramSecret{ID: c.ID, Secret: secret, Next: v.path(programPath(c.ID))},
	})
}

func (p *Portal) removeProgram(v *visit, in programArgs, sent *posted) error {
	if err := p.Programs.RemoveClient(sent.Context(), v.viewer, in.ID); err != nil {
		return sent.again(err, func() error { return p.showProgram(v, in) })
	}
	return sent.done(programsPath, "admin-program.done-removed")
}

func (p *Portal) withdrawProgram(v *visit, in programArgs, sent *posted) error {
	if err := p.Programs.Withdraw(sent.Context(), v.viewer, in.ID); err != nil {
		return sent.again(err, func() error { return p.showMyPrograms(v, web.None{}) })
	}
	return sent.done(programsPath, "admin-program.done-withdrawn")
}
