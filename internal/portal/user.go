package portal

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/image"
	"grenier/internal/text"
	"grenier/internal/web"
)

// userContents are the types of Page.Data by the names of the pages here.
var userContents = map[string]any{"user": userPage{}}

// userRoutes declare the pages of people.
func (p *Portal) userRoutes(t *table) { page(t, "/users/{id}", p.showUser) }

// userPage is what everybody may know of a person. It never holds an address of
// theirs.
type userPage struct {
	ID, Name string
	// Picture is the address of their picture.
	Picture string
	// Lang is the language of their texts when it is not the page's.
	Lang string
	// Website is their own site; empty when unknown.
	Website       string
	Prose         prose
	Since         time.Time
	Figures       []figure
	Organizations []card
	// Shelves are what they published.
	Shelves []cardShelf
	Share   shareLinks
	// ActivityURL leads to what they did.
	ActivityURL string
	// Keeping is what who may change it finds there; empty for others.
	Keeping keeping
}

// userShown bounds the cards of each shelf of a person's page.
const userShown = 9

func (p *Portal) showUser(v *visit, in objectArgs) error {
	if name, ok := strings.CutSuffix(in.Key, ".json"); ok {
		return v.Redirect(http.StatusFound, "/api/1/users/"+url.PathEscape(name)+"/")
	}
	u, err := p.People.Get(v.Context(), v.viewer, in.Key)
	if err != nil {
		return err
	}
	path := "/users/" + url.PathEscape(u.Slug)
	if in.Key != u.ID && in.Key != u.Slug {
		return v.to(http.StatusPermanentRedirect, path)
	}
	name := u.FullName()
	content := userPage{
		ID: u.ID, Name: name, Picture: picturePath("users", u.ID, "200"), Lang: v.contentLang(), Website: linkable(deref(u.Website)),
		Prose: v.prose(deref(u.About)), Since: u.CreatedAt.Time, Share: v.shareOf(name, v.Site.Base+v.path(path)), ActivityURL: v.path(path + "/" + tabActivity),
		Figures: v.countFigures(counted{"datasets", u.Datasets}, counted{"dataservices", u.Dataservices}, counted{"reuses", u.Reuses},
			counted{"following", u.Following}, counted{"followers", u.Followers}),
	}
	content.Keeping.Edit = v.editUser(u.ID)
	memberships, err := p.Catalog.MembershipsOf(v.Context(), []string{u.ID})
	if err != nil {
		return err
	}
	content.Organizations = v.membershipCards(memberships[u.ID])
	if content.Shelves, err = v.userShelves(u.ID); err != nil {
		return err
	}
	return v.show(draft{
		name: "user", title: name, description: text.Excerpt(deref(u.About), summaryLength), path: path, kind: "profile",
		noIndex: len(content.Shelves) == 0, crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {Label: shortTitle(name)}},
		siblings: []Sibling{v.document("users", u.ID)}, data: content,
		feeds: v.feedLinks(v.say.T("common.title-part", "part", v.say.T("nav.datasets"), "title", name), "datasets", url.Values{"owner": {u.ID}}),
		keys: append([]web.Key{web.Object(catalog.KindUser, u.ID)},
			cardKinds(catalog.KindUser, catalog.KindOrganization, catalog.KindDataset, catalog.KindDataservice, catalog.KindReuse)...),
	})
}

// membershipCards shows the organisations that a person belongs to.
func (v *visit) membershipCards(organizations []account.OrganizationRef) []card {
	const most = 24
	var cards []card
	for _, o := range organizations[:min(len(organizations), most)] {
		cards = append(cards, card{
			Title: o.Name, URL: v.path("/organizations/" + url.PathEscape(o.Slug)), Lang: v.contentLang(), Initials: image.Initials(o.Name),
			Logo: organizationLogo(o.ID, o.Logo), Shade: shade(o.ID), Certified: o.Certified,
		})
	}
	return cards
}

// userShelves are what a person published in their own name.
func (v *visit) userShelves(id string) ([]cardShelf, error) {
	var shelves []cardShelf
	add := func(name string, cards []card, total int) {
		if len(cards) > 0 {
			shelves = append(shelves, cardShelf{ID: name, Title: v.say.T("user."+name, "count", total), Cards: cards})
		}
	}
	cards, total, err := v.datasetShelf(catalog.DatasetFilter{Owner: id, Sort: "-created"}, userShown)
	if err != nil {
		return nil, err
	}
	add("datasets", cards, total)
	if cards, total, err = v.dataserviceShelf(catalog.DataserviceFilter{Owner: id, Sort: "-created"}, userShown); err != nil {
		return nil, err
	}
	add("dataservices", cards, total)
	if cards, total, err = v.reuseShelf(catalog.ReuseFilter{Owner: id, Sort: "-created"}, userShown); err != nil {
		return nil, err
	}
	add("reuses", cards, total)
	return shelves, nil
}
