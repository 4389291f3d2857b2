package portal

import (
	"context"
	"encoding/json"
	"slices"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// adminSiteLanding is the edition of a page that opens a kind of objects:
// /datasets, /dataservices or /reuses.
type adminSiteLanding struct{ Blocs blocListing }

// siteLanding is one of these pages: the kind of its objects, which its paths are
// called by, and the column of the site that holds its blocs.
type siteLanding struct {
	kind string
	// blocs are those of a site; written is where its input takes them.
	blocs   func(*catalog.Site) db.JSON
	written func(*catalog.SiteInput) *siteBlocs
}

// siteBlocs are blocs as the site takes them.
type siteBlocs = catalog.Opt[json.RawMessage]

// siteLandings are the pages that editors compose.
var siteLandings = []siteLanding{
	{"datasets", func(s *catalog.Site) db.JSON { return s.DatasetsBlocs }, func(in *catalog.SiteInput) *siteBlocs { return &in.DatasetsBlocs }},
	{"dataservices", func(s *catalog.Site) db.JSON { return s.DataservicesBlocs }, func(in *catalog.SiteInput) *siteBlocs { return &in.DataservicesBlocs }},
	{"reuses", func(s *catalog.Site) db.JSON { return s.ReusesBlocs }, func(in *catalog.SiteInput) *siteBlocs { return &in.ReusesBlocs }},
}

func (l siteLanding) path() string   { return "/admin/site/edito/" + l.kind }
func (l siteLanding) title() string  { return "admin-site.landing-" + l.kind }
func (l siteLanding) member() string { return l.kind + "_blocs" }

func (p *Portal) adminSiteLandingRoutes(t *table) {
	for _, landing := range siteLandings {
		show := func(v *visit, _ string) error { return v.showSiteLanding(landing) }
		adminPage(t, landing.path(), func(v *visit, _ web.None) error { return show(v, "") })
		blocRoutes(t, landing.path(), "PATCH /api/1/site/", blocOpener{
			open: func(v *visit, _ string) (*blocEditing, error) { return v.landingBlocs(landing) },
			list: show,
		})
	}
}

// editoTabs lead to the pages of the site that are composed; current is the path
// of one.
func (v *visit) editoTabs(current string) []tab {
	tabs := []tab{{Label: v.say.T("admin-site.home"), URL: v.path(siteHomePath), Count: -1, Current: current == siteHomePath}}
	for _, landing := range siteLandings {
		tabs = append(tabs, tab{Label: v.say.T(landing.title()), URL: v.path(landing.path()), Count: -1, Current: current == landing.path()})
	}
	return tabs
}

// landingBlocs are the blocs of such a page, to be edited.
func (v *visit) landingBlocs(landing siteLanding) (*blocEditing, error) {
	site, err := v.p.Catalog.Site(v.Context(), v.siteDefaults())
	if err != nil {
		return nil, err
	}
	blocs, err := catalog.Blocs(landing.blocs(site))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "The blocs of this page cannot be read.")
	}
	return &blocEditing{
		path: landing.path(), member: landing.member(), blocs: slices.Clone(blocs), version: site.Version,
		frame: adminDraft{
			scope: scopeSite, kicker: "admin-site.landing-kind", public: v.path("/" + landing.kind),
			crumbs: []Link{{v.say.T("admin.menu-edito"), v.path(siteHomePath)}, {v.say.T(landing.title()), v.path(landing.path())}},
		},
		save: func(ctx context.Context, blocs json.RawMessage) error {
			var in catalog.SiteInput
			*landing.written(&in) = catalog.Some(blocs)
			_, err := v.p.Catalog.UpdateSite(ctx, v.viewer, v.siteDefaults(), in)
			return err
		},
	}, nil
}

func (v *visit) showSiteLanding(landing siteLanding) error {
	e, err := v.landingBlocs(landing)
	if err != nil {
		return err
	}
	var content adminSiteLanding
	if content.Blocs, err = v.blocListing(e); err != nil {
		return err
	}
	return v.showAdmin(adminDraft{
		name: "site-landing", title: v.say.T(landing.title()), path: landing.path(), scope: scopeSite, icon: "text", public: e.frame.public,
		lead: v.say.T("admin-site.landing-lead"), tabs: v.editoTabs(landing.path()), crumbs: e.frame.crumbs[:1], data: content,
	})
}

// composedLanding are the blocs that editors put on the page that opens a kind.
func (v *visit) composedLanding(kind string) ([]bloc, error) {
	at := slices.IndexFunc(siteLandings, func(l siteLanding) bool { return l.kind == kind })
	if at < 0 || v.p.Catalog == nil {
		return nil, nil
	}
	site, err := v.p.Catalog.Site(v.Context(), v.siteDefaults())
	if err != nil {
		return nil, err
	}
	return v.blocs(siteLandings[at].blocs(site))
}
