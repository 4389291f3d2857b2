package portal

import (
	"slices"
	"strconv"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/portal/theme"
	"grenier/internal/web"
)

const (
	siteHomePath     = "/admin/site/edito/home"
	siteFeaturedPath = "/admin/site/edito/featured"
)

func (p *Portal) adminSiteHomeRoutes(t *table) {
	adminPage(t, "/admin/site/home", func(v *visit, _ web.None) error { return v.to(302, siteHomePath) })
	adminPage(t, siteHomePath, p.showSiteHome)
	form(t, siteHomePath, "PATCH /api/2/site/settings/", p.saveSiteHome)
	form(t, siteFeaturedPath, "POST /api/1/datasets/{dataset}/featured/", p.featureAtHome)
	form(t, siteFeaturedPath+"/{id}/remove", "DELETE /api/1/datasets/{dataset}/featured/", p.unfeatureAtHome)
}

// adminSiteHome is the edition of the first page.
type adminSiteHome struct {
	// Action is where the buttons of the blocks are posted to.
	Action string
	Blocks []adminHomeBlock
	// Shown counts the blocks that are on the page.
	Shown int
	// Reset gives the page the order of the theme back; it has no address when it
	// has that order.
	Reset button
	// Featured are the datasets to show first, Feature adds one.
	Featured []adminFeatured
	Feature  formView
	// Home leads to the page, Posts to news and pages; the latter may be empty.
	Home, Posts string
}

// adminHomeBlock is a block that the first page can have.
type adminHomeBlock struct {
	// Name is the block's, unique in the page.
	Name, Label, Icon string
	Shown             bool
	// Up, Down and Toggle are its buttons; they have no address at the ends.
	Up, Down, Toggle button
}

// adminFeatured is a featured dataset.
type adminFeatured struct {
	Title, URL, Owner, Lang string
	Remove                  button
}

// blockNames name the blocks of a theme: their kinds, with a number behind those
// that come again.
func blockNames(blocks []theme.Block) []string {
	seen, named := map[string]int{}, make([]string, len(blocks))
	for i, block := range blocks {
		named[i] = block.Kind
		if seen[block.Kind]++; seen[block.Kind] > 1 {
			named[i] += "-" + strconv.Itoa(seen[block.Kind])
		}
	}
	return named
}

// plainBlocks are the kinds of blocks that need nothing from a theme.
var plainBlocks = []string{"hero", "figures", "featured", "popular", "topics", "recent", "reuses", "organizations", "posts"}

// knownBlocks are the blocks that the first page can have, by their names: those
// of the theme in its order, then those that every theme can draw.
func (v *visit) knownBlocks() (order []string, blocks map[string]theme.Block) {
	order, blocks = blockNames(v.theme.Home), map[string]theme.Block{}
	for i, name := range order {
		blocks[name] = v.theme.Home[i]
	}
	for _, kind := range plainBlocks {
		if _, there := blocks[kind]; !there {
			order, blocks[kind] = append(order, kind), theme.Block{Kind: kind}
		}
	}
	return order, blocks
}

// homeOrder are the names of the blocks of the first page: as administrators
// chose, else as the theme says.
func (v *visit) homeOrder() []string {
	_, known := v.knownBlocks()
	var order []string
	for _, name := range v.siteSettings().Home {
		if _, there := known[name]; there && !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	if len(order) == 0 {
		return blockNames(v.theme.Home)
	}
	if at := slices.Index(order, topBlock); at > 0 {
		order = slices.Insert(slices.Delete(order, at, at+1), 0, topBlock)
	}
	return order
}

// topBlock is the block that pages draw above all others.
const topBlock = "hero"

// homeBlocks are the blocks of the first page, in their order.
func (v *visit) homeBlocks() []theme.Block {
	_, known := v.knownBlocks()
	var blocks []theme.Block
	for _, name := range v.homeOrder() {
		blocks = append(blocks, known[name])
	}
	return blocks
}

// blockIcons are the pictures of the kinds of blocks.
var blockIcons = map[string]string{
	"hero": "search", "figures": "hash", "featured": "star", "popular": "eye", "topics": "topic", "recent": "clock", "reuses": "reuse",
	"organizations": "building", "posts": "post", "links": "link", "markdown": "text",
}

func (p *Portal) showSiteHome(v *visit, _ web.None) error {
	known, blocks := v.knownBlocks()
	shown := v.homeOrder()
	content := adminSiteHome{Action: v.path(siteHomePath), Shown: len(shown), Home: v.path("/")}
	order := slices.Clone(shown)
	for _, name := range known {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	for i, name := range order {
		one := adminHomeBlock{Name: name, Shown: i < len(shown), Icon: blockIcons[blocks[name].Kind], Label: v.blockLabel(name, blocks[name])}
		change := func(what, label, icon string) button {
			b := v.button(siteHomePath, label, icon, "block", name, "do", what)
			b.Small, b.Of = true, one.Label
			return b
		}
		if one.Shown && i > 0 && name != topBlock && order[i-1] != topBlock {
			one.Up = change("up", "admin-site.up", "arrow-up")
		}
		if one.Shown && i < len(shown)-1 && name != topBlock {
			one.Down = change("down", "admin-site.down", "arrow-down")
		}
		switch {
		case !one.Shown:
			one.Toggle = change("show", "admin-site.show", "plus")
		case len(shown) > 1:
			one.Toggle = change("hide", "admin-site.hide", "minus")
		}
		content.Blocks = append(content.Blocks, one)
	}
	if len(v.siteSettings().Home) > 0 {
		content.Reset = v.button(siteHomePath, "admin-site.reset", "refresh", "do", "reset")
	}
	if err := v.featuredDatasets(&content); err != nil {
		return err
	}
	if p.showsAdmin("/admin/site/posts") {
		content.Posts = v.path("/admin/site/posts")
	}
	return v.showAdmin(adminDraft{
		name: "site-home", title: v.say.T("admin-site.home"), path: siteHomePath, scope: scopeSite, icon: "home", public: v.path("/"),
		tabs: v.editoTabs(siteHomePath), lead: v.say.T("admin-site.home-lead"), data: content,
	})
}

// blockLabel names a block: by its title in the theme, or by its kind.
func (v *visit) blockLabel(name string, block theme.Block) string {
	label := v.say.T("admin-site.block-" + block.Kind)
	if title := v.words(block.Title, ""); title != "" {
		return label + " – " + title
	}
	if _, number, again := strings.Cut(name, "-"); again {
		return label + " " + number
	}
	return label
}

// maxFeatured bounds the featured datasets that are listed.
const maxFeatured = 50

func (v *visit) featuredDatasets(content *adminSiteHome) error {
	yes := true
	ids, _, err := v.p.Catalog.DatasetIDs(v.Context(), v.viewer, catalog.DatasetFilter{Featured: &yes, Sort: "title"}, catalog.Page{Limit: maxFeatured})
	if err != nil {
		return err
	}
	rows, err := v.p.Catalog.DatasetsByIDs(v.Context(), v.viewer, ids, catalog.Parts{})
	if err != nil {
		return err
	}
	for i := range rows {
		d := &rows[i]
		b := v.button(siteFeaturedPath+"/"+d.ID+"/remove", "admin-site.unfeature", "close")
		b.Small, b.Of = true, d.Title
		content.Featured = append(content.Featured, adminFeatured{d.Title, v.publicPage(catalog.KindDataset, d.Slug), d.OwnerName(), v.contentLang(), b})
	}
	f := v.form("feature", siteFeaturedPath).light().submit("admin-site.feature", "star")
	f.pick("dataset", "admin-site.feature-which", "datasets").require()
	content.Feature = f.view()
	return nil
}

func (p *Portal) saveSiteHome(v *visit, in web.None, sent *posted) error {
	order := slices.Clone(v.homeOrder())
	block := sent.text("block")
	_, known := v.knownBlocks()
	at := slices.Index(order, block)
	home := catalog.Opt[[]string]{Set: true}
	switch do := sent.text("do"); {
	case do == "reset":
		home.Null, order = true, nil
	case do == "show" && at < 0:
		if _, there := known[block]; there {
			order = append(order, block)
		}
	case do == "hide" && at >= 0 && len(order) > 1:
		order = slices.Delete(order, at, at+1)
	case do == "up" && at > 0:
		order[at-1], order[at] = order[at], order[at-1]
	case do == "down" && at >= 0 && at < len(order)-1:
		order[at+1], order[at] = order[at], order[at+1]
	}
	home.Value = order
	if _, err := p.Catalog.UpdateSiteSettings(sent.Context(), v.viewer, v.siteDefaults(), catalog.SiteSettingsInput{Home: home}); err != nil {
		return sent.again(err, func() error { return p.showSiteHome(v, in) })
	}
	return sent.done(siteHomePath, "admin-site.done-home")
}

func (p *Portal) featureAtHome(v *visit, in web.None, sent *posted) error {
	key := sent.id("dataset")
	found, err := p.Catalog.ResolveDataset(sent.Context(), key)
	if err == nil {
		err = p.Catalog.Feature(sent.Context(), v.viewer, catalog.KindDataset, found.ID, true)
	}
	if fault.Is(err, fault.NotFound) {
		err = fault.At("Unknown dataset.", "dataset")
	}
	if err != nil {
		return sent.again(err, func() error { return p.showSiteHome(v, in) })
	}
	return sent.done(siteHomePath, "admin-site.done-home")
}

// featuredArgs name a featured dataset.
type featuredArgs struct {
	ID string `path:"id"`
}

func (p *Portal) unfeatureAtHome(v *visit, in featuredArgs, sent *posted) error {
	if err := p.Catalog.Feature(sent.Context(), v.viewer, catalog.KindDataset, in.ID, false); err != nil {
		return err
	}
	return sent.done(siteHomePath, "admin-site.done-home")
}
