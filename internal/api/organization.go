package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/search"
	"grenier/internal/web"
)

// Organization publishes data; people are its members.
type Organization struct {
	Acronym                      *string                 `json:"acronym"`
	Badges                       []Badge                 `json:"badges"`
	BusinessNumberID             *string                 `json:"business_number_id"`
	CreatedAt                    Moment                  `json:"created_at"`
	Deleted                      Moment                  `json:"deleted"`
	Description                  string                  `json:"description"`
	Ext                          map[string]any          `json:"ext"`
	Extras                       json.RawMessage         `json:"extras"`
	ID                           string                  `json:"id"`
	ImageURL                     *string                 `json:"image_url"`
	LastModified                 Moment                  `json:"last_modified"`
	Logo                         *string                 `json:"logo"`
	LogoThumbnail                *string                 `json:"logo_thumbnail"`
	Members                      []Member                `json:"members"`
	Metrics                      OrganizationMetrics     `json:"metrics"`
	Name                         string                  `json:"name"`
	Page                         *string                 `json:"page"`
	Permissions                  OrganizationPermissions `json:"permissions"`
	PresentationBlocs            []Bloc                  `json:"presentation_blocs" mask:"hidden"`
	PresentationBlocsPublishedAt Moment                  `json:"presentation_blocs_published_at"`
	Slug                         string                  `json:"slug"`
	Teams                        []map[string]any        `json:"teams"`
	URI                          string                  `json:"uri"`
	URL                          *string                 `json:"url"`
	Zone                         *string                 `json:"zone"`
}

// OrganizationMetrics are the counters of an organisation; those by month are
// an object of YYYY-MM and count, or 0 when they were never computed.
type OrganizationMetrics struct {
	Dataservices              int64           `json:"dataservices"`
	DataservicesByMonths      json.RawMessage `json:"dataservices_by_months"`
	Datasets                  int64           `json:"datasets"`
	DatasetsByMonths          json.RawMessage `json:"datasets_by_months"`
	DatasetsFollowersByMonths json.RawMessage `json:"datasets_followers_by_months"`
	DatasetsReusesByMonths    json.RawMessage `json:"datasets_reuses_by_months"`
	Followers                 int64           `json:"followers"`
	Members                   int64           `json:"members"`
	Reuses                    int64           `json:"reuses"`
	ReusesByMonths            json.RawMessage `json:"reuses_by_months"`
	ReusesFollowersByMonths   json.RawMessage `json:"reuses_followers_by_months"`
	Views                     int64           `json:"views"`
}

// Member is a person in an organisation.
type Member struct {
	Label string                 `json:"label"`
	Role  string                 `json:"role"`
	Since Moment                 `json:"since"`
	User  *UserReferenceWithMail `json:"user"`
}

// UserReferenceWithMail is a person inside an organisation: the address is
// blurred for all but administrators of the platform.
type UserReferenceWithMail struct {
	Avatar          *string `json:"avatar"`
	AvatarThumbnail *string `json:"avatar_thumbnail"`
	Class           string  `json:"class"`
	Email           *string `json:"email"`
	FirstName       string  `json:"first_name"`
	ID              string  `json:"id"`
	LastLoginAt     Moment  `json:"last_login_at"`
	LastName        string  `json:"last_name"`
	Page            *string `json:"page"`
	Slug            string  `json:"slug"`
	URI             string  `json:"uri"`
}

// blurred shows of an address what the viewer may know: all of it to
// administrators, two characters and the domain inside an organisation of
// theirs, the domain to others.
func blurred(v account.Viewer, address *string, inside bool) *string {
	if address == nil || v.Admin() {
		return address
	}
	local, domain, _ := strings.Cut(*address, "@")
	shown := "***"
	if inside {
		letters := []rune(local)
		known := min(2, len(letters))
		shown = string(letters[:known]) + strings.Repeat("*", len(letters)-known)
	}
	shown += "@" + domain
	return &shown
}

func memberReference(v account.Viewer, u *account.User, inside bool) *UserReferenceWithMail {
	if u == nil {
		return nil
	}
	answer := &UserReferenceWithMail{
		Avatar: picture(u.Avatar), AvatarThumbnail: picture(u.AvatarThumbnail), Class: "User", Email: blurred(v, u.Email, inside), FirstName: u.FirstName,
		ID: u.ID, LastName: u.LastName, Page: linkTo("/users/" + u.Slug), Slug: u.Slug, URI: link("/api/1/users/" + u.Slug + "/"),
	}
	if v.Admin() || inside || u.ID == v.UserID() {
		answer.LastLoginAt = moment(u.LastLoginAt)
	}
	return answer
}

func members(v account.Viewer, o *account.Organization, lang string) []Member {
	inside := v.Member(o.ID)
	all := make([]Member, len(o.Members))
	for i, m := range o.Members {
		all[i] = Member{
			Label: i18n.Label(i18n.OrganizationRole, string(m.Role), lang), Role: string(m.Role), Since: moment(m.Since),
			User: memberReference(v, m.User, inside),
		}
	}
	return all
}

func organizationMetrics(o *account.Organization) (OrganizationMetrics, error) {
	months := map[string]json.RawMessage{}
	if len(o.ByMonths) > 0 {
		if err := json.Unmarshal(o.ByMonths, &months); err != nil {
			return OrganizationMetrics{}, err
		}
	}
	counted := func(name string) json.RawMessage { return byMonths([]byte(months[name])) }
	return OrganizationMetrics{
		Dataservices: o.Dataservices, DataservicesByMonths: counted("dataservices_by_months"), Datasets: o.Datasets,
		DatasetsByMonths: counted("datasets_by_months"), DatasetsFollowersByMonths: counted("datasets_followers_by_months"),
		DatasetsReusesByMonths: counted("datasets_reuses_by_months"), Followers: o.Followers, Members: o.MemberCount, Reuses: o.Reuses,
		ReusesByMonths: counted("reuses_by_months"), ReusesFollowersByMonths: counted("reuses_followers_by_months"), Views: o.Views,
	}, nil
}

// organization shows an organisation without its presentation.
func organization(v account.Viewer, o *account.Organization, lang string) (Organization, error) {
	metrics, err := organizationMetrics(o)
	return Organization{
		Acronym: o.Acronym, Badges: badges(o.Badges), BusinessNumberID: o.BusinessNumberID, CreatedAt: moment(o.CreatedAt),
		Deleted: moment(o.DeletedAt), Description: o.Description, Ext: map[string]any{}, Extras: object(o.Extras), ID: o.ID,
		ImageURL: o.ImageURL, LastModified: moment(o.ModifiedAt), Logo: picture(o.Logo), LogoThumbnail: picture(o.LogoThumbnail),
		Members: members(v, o, lang), Metrics: metrics, Name: o.Name, Page: linkTo("/organizations/" + o.Slug),
		Permissions: organizationPermissions(v, o.ID), PresentationBlocs: []Bloc{},
		PresentationBlocsPublishedAt: moment(o.PresentationBlocsPublishedAt), Slug: o.Slug, Teams: []map[string]any{},
		URI: link("/api/1/organizations/" + o.Slug + "/"), URL: o.URL, Zone: o.Zone,
	}, err
}

// organizations shows organisations of a list, with their presentations when
// the caller asks for them at this path.
func (a *API) organizations(c *web.Call, rows []account.Organization, path ...string) ([]Organization, error) {
	v := viewer(c)
	all := make([]Organization, len(rows))
	stored := make([]db.JSON, len(rows))
	for i := range rows {
		var err error
		if all[i], err = organization(v, &rows[i], c.Lang); err != nil {
			return nil, err
		}
		if !rows[i].PresentationBlocsPublishedAt.IsZero() || v.MayManage(rows[i].ID) {
			stored[i] = rows[i].PresentationBlocs
		}
	}
	if !c.Wants(append(path, "presentation_blocs")...) {
		return all, nil
	}
	pages, err := a.blocs(c, stored...)
	for i := range pages {
		all[i].PresentationBlocs = pages[i]
	}
	return all, err
}

// sendOrganizations answers with a page of organisations. extra holds further
// members of the envelope, rendered.
func (a *API) sendOrganizations(c *web.Call, p web.Paging, rows []account.Organization, total int, extra string) error {
	all, err := a.organizations(c, rows, "data")
	if err != nil {
		return err
	}
	a.keepOrganizations(c, "data")
	return sendPage(c, p, all, total, extra)
}

// keepOrganizations names what organisations are made from.
func (a *API) keepOrganizations(c *web.Call, path ...string) {
	keepFor(c, catalog.KindOrganization, catalog.KindUser)
	if c.Wants(append(path, "presentation_blocs")...) {
		keepFor(c, catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice)
		c.Keep(now().Add(blocsHold))
	}
}

func (a *API) organizationRoutes() {
	tags := []string{"organizations"}
	web.Get[web.Page[Organization]](a.v1, "/organizations/", web.Doc{Summary: "List organizations", Tags: tags, Keep: true}, a.listOrganizations)
	web.Get[Organization](a.v1, "/organizations/{org}/", web.Doc{Summary: "Read an organization", Tags: tags, Keep: true}, a.getOrganization)
	web.Get[map[string]string](a.v1, "/organizations/badges/", web.Doc{Summary: "List the badges of organizations", Tags: tags, NoMask: true, Keep: true}, a.listOrganizationBadges)
	web.Get[[]Label](a.v1, "/organizations/roles/", web.Doc{Summary: "List the roles of members", Tags: tags, Keep: true}, a.listOrganizationRoles)
	web.Get[[]OrganizationSuggestion](a.v1, "/organizations/suggest/", web.Doc{Summary: "Suggest organizations", Tags: tags}, a.suggestOrganizations)
	web.Get[web.Page[Dataset]](a.v1, "/organizations/{org}/datasets/", web.Doc{Summary: "List the datasets of an organization", Tags: tags, Keep: true}, a.listOrganizationDatasets)
	web.Get[[]Reuse](a.v1, "/organizations/{org}/reuses/", web.Doc{Summary: "List the reuses of an organization", Tags: tags, Slow: true}, a.listOrganizationReuses)
	web.Get[[]Assignment](a.v1, "/organizations/{org}/assignments/", web.Doc{Summary: "List what partial editors may edit", Tags: tags, Auth: web.User}, a.listAssignments)
	web.Get[web.Page[ContactPoint]](a.v1, "/organizations/{org}/contacts/", web.Doc{Summary: "List the contact points of an organization", Tags: tags}, a.listOrganizationContacts)
	web.Get[[]ContactPoint](a.v1, "/organizations/{org}/contacts/suggest/", web.Doc{Summary: "Suggest contact points of an organization", Tags: tags}, a.suggestContacts)
	web.Get[map[string]any](a.v2, "/organizations/{org}/extras/", web.Doc{Summary: "Read the extras of an organization", Tags: tags, NoMask: true}, a.getOrganizationExtras)
}

type organizationArgs struct {
	web.Paging
	Query            string `query:"q" help:"The search query"`
	Sort             string `query:"sort" sort:"name,reuses,datasets,followers,views,created,last_modified" help:"The field (and direction) on which sorting apply"`
	Badge            string `query:"badge" enum:"public-service,certified,association,company,local-authority" help:"A badge of the organization"`
	Name             string `query:"name" help:"The exact name, in any case"`
	BusinessNumberID string `query:"business_number_id" help:"The exact business number"`
}

func (a *API) listOrganizations(c *web.Call, q organizationArgs) error {
	rows, total, err := a.Organizations.List(c.Context(), account.OrganizationFilter{
		Query: q.Query, Badge: q.Badge, Name: q.Name, BusinessNumberID: q.BusinessNumberID, Sort: q.Sort, Limit: q.PageSize, Offset: q.Offset(),
	})
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(rows)); err != nil {
		return err
	}
	return a.sendOrganizations(c, q.Paging, rows, total, "")
}

func (a *API) resolveOrganization(c *web.Call) (id string, done bool, err error) {
	return a.resolved(c, "org", catalog.KindOrganization, a.Organizations.Resolve)
}

func (a *API) getOrganization(c *web.Call, _ web.None) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	found, err := a.Organizations.Get(c.Context(), viewer(c), id)
	if err != nil {
		return err
	}
	all, err := a.organizations(c, []account.Organization{*found})
	if err != nil {
		return err
	}
	c.Versioned(found.Version)
	c.Keep(time.Time{}, web.Object(catalog.KindOrganization, id))
	a.keepOrganizations(c)
	return send(c, http.StatusOK, all[0])
}

func (a *API) listOrganizationBadges(c *web.Call, _ web.None) error {
	return sendBadges(c, i18n.OrganizationBadge)
}

func (a *API) listOrganizationRoles(c *web.Call, _ web.None) error {
	return sendLabels(c, i18n.OrganizationRole)
}

// OrganizationSuggestion is an organisation offered while somebody types.
type OrganizationSuggestion struct {
	Acronym  *string `json:"acronym"`
	ID       string  `json:"id"`
	ImageURL *string `json:"image_url"`
	Name     string  `json:"name"`
	Page     *string `json:"page"`
	Slug     string  `json:"slug"`
}

// suggested returns the identifiers of what somebody typing most probably wants.
func (a *API) suggested(kind search.Kind, q suggestArgs) ([]string, error) {
	hits, err := a.Search.Suggest(search.SuggestQuery{Kinds: []search.Kind{kind}, Text: q.Query, Limit: q.Size})
	ids := make([]string, len(hits))
	for i, hit := range hits {
		ids[i] = hit.ID
	}
	return ids, err
}

func (a *API) suggestOrganizations(c *web.Call, q suggestArgs) error {
	ids, err := a.suggested(search.Organization, q)
	if err != nil {
		return err
	}
	rows, err := a.Organizations.ByIDs(c.Context(), ids)
	if err != nil {
		return err
	}
	all := make([]OrganizationSuggestion, len(rows))
	for i, o := range rows {
		all[i] = OrganizationSuggestion{
			Acronym: o.Acronym, ID: o.ID, ImageURL: picture(o.LogoThumbnail), Name: o.Name, Page: linkTo("/organizations/" + o.Slug), Slug: o.Slug,
		}
	}
	return send(c, http.StatusOK, all)
}

// listOrganizationDatasets shows the datasets of an organisation, archived ones
// too. The filters of datasets are checked and have no effect.
func (a *API) listOrganizationDatasets(c *web.Call, q datasetListArgs) error {
	id, done, err := a.readableOrganization(c)
	if done || err != nil {
		return err
	}
	ids, total, err := a.Catalog.OrganizationDatasetIDs(c.Context(), viewer(c), id, q.Sort, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(ids)); err != nil {
		return err
	}
	return a.sendDatasets(c, q.Paging, ids, total, v1, "")
}

func (a *API) listOrganizationReuses(c *web.Call, _ web.None) error {
	id, done, err := a.readableOrganization(c)
	if done || err != nil {
		return err
	}
	ids, err := a.Catalog.OrganizationReuseIDs(c.Context(), viewer(c), id)
	if err != nil {
		return err
	}
	return a.streamReuses(c, ids)
}

// Assignment lets a partial editor edit one object.
type Assignment struct {
	CreatedAt    Moment                 `json:"created_at"`
	ID           string                 `json:"id"`
	Organization *OrganizationReference `json:"organization"`
	// Subject is the dataset as class and id, or the reference of the reuse
	// or dataservice.
	Subject map[string]any `json:"subject"`
	User    *UserReference `json:"user"`
}

// listAssignments is for the administrators of the organisation.
func (a *API) listAssignments(c *web.Call, _ web.None) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	if !viewer(c).MayManage(id) {
		return fault.New(fault.Forbidden, "")
	}
	return a.sendAssignments(c, id, "")
}

// sendAssignments answers with what the partial editors of an organisation may
// edit, or one of them.
func (a *API) sendAssignments(c *web.Call, organization, user string) error {
	rows, err := a.Catalog.Assignments(c.Context(), organization)
	if err != nil {
		return err
	}
	v := viewer(c)
	all := make([]Assignment, 0, len(rows))
	for i := range rows {
		row := &rows[i]
		if user != "" && row.UserID != user {
			continue
		}
		all = append(all, Assignment{
			CreatedAt: moment(row.CreatedAt), ID: row.ID, Organization: organizationReference(v, row.Organization),
			Subject: assignedSubject(row), User: userReference(row.User),
		})
	}
	return send(c, http.StatusOK, all)
}

func assignedSubject(a *catalog.Assignment) map[string]any {
	switch {
	case a.Reuse != nil:
		return map[string]any{
			"class": "Reuse", "id": a.Reuse.ID, "image": picture(a.Reuse.Image), "image_thumbnail": picture(a.Reuse.ImageThumbnail),
			"page": link("/reuses/" + a.Reuse.Slug), "title": a.Reuse.Title, "uri": link("/api/1/reuses/" + a.Reuse.Slug + "/"),
		}
	case a.Dataservice != nil:
		return map[string]any{
			"class": "Dataservice", "id": a.Dataservice.ID, "title": a.Dataservice.Title,
			"self_api_url": link("/api/1/dataservices/" + a.Dataservice.Slug + "/"),
			"self_web_url": link("/dataservices/" + a.Dataservice.Slug),
		}
	}
	return map[string]any{"class": classes[a.ObjectKind], "id": a.ObjectID}
}

// classes are the names of kinds in references.
var classes = map[string]string{
	catalog.KindDataset: "Dataset", catalog.KindReuse: "Reuse", catalog.KindDataservice: "Dataservice",
}

func (a *API) listOrganizationContacts(c *web.Call, q web.Paging) error {
	id, done, err := a.readableOrganization(c)
	if done || err != nil {
		return err
	}
	return a.sendContacts(c, account.Owner{Organization: id}, q)
}

func (a *API) suggestContacts(c *web.Call, q suggestArgs) error {
	id, done, err := a.readableOrganization(c)
	if done || err != nil {
		return err
	}
	rows, err := a.Catalog.SuggestContacts(c.Context(), id, q.Query, q.Size)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, contactPoints(viewer(c), rows))
}

func (a *API) getOrganizationExtras(c *web.Call, _ web.None) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	found, err := a.Organizations.Get(c.Context(), viewer(c), id)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, object(found.Extras))
}
