package api_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/web/webtest"
)

const (
	resourceKeys = "checksum,created_at,description,extras,filesize,filetype,format,harvest,id,internal,last_modified,latest,metrics,mime," +
		"preview_url,schema,title,type,url"
	communityKeys = "checksum,created_at,dataset,description,extras,filesize,filetype,format,harvest,id,internal,last_modified,latest,metrics," +
		"mime,organization,owner,permissions,preview_url,schema,title,type,url"
	searchKeys       = "facets," + pageKeys
	datasetFacetKeys = "access_type,badge,format,format_family,geozone,granularity,last_update,license,organization_id_with_name," +
		"producer_type,schema,tag,topics"
)

// datasetAsks are requests about datasets and their resources, of the portal's
// public dataset "open" mostly; dataset_test.go has the filters and refusals.
var datasetAsks = []ask{
	{path: "/api/1/datasets/", want: want{
		"keys": pageKeys, "total": 2.0, "data.1.keys": datasetKeys, "data.1.slug": "open", "data.1.resources.0.keys": resourceKeys,
		"data.1.organization.keys": organizationReferenceKeys, "data.0.owner.keys": userReferenceKeys, "data.1.spatial.keys": "geom,granularity,zones",
		"data.1.metrics.keys":     "dataservices,discussions,discussions_open,followers,followers_by_months,resources_downloads,reuses,reuses_by_months,views",
		"data.1.permissions.keys": "delete,edit,edit_resources", "data.1.internal.keys": "created_at_internal,last_modified_internal",
		"data.1.resources.0.latest": apitest.Base + "/api/1/datasets/r/<resource>", "data.1.resources.0.metrics.keys": "",
	}},
	{path: "/api/2/datasets/", want: want{"total": 2.0, "data.0.resources.keys": "href,rel,total,type", "data.1.resources.total": 1.0}},
	{path: "/api/1/datasets/open/", want: want{"keys": datasetKeys, "id": "<open>", "tags.#": 2.0, "schema": nil, "contact_points.#": 0.0}},
	{path: "/api/1/datasets/open/", mask: "*", want: want{"community_resources.0.keys": communityKeys, "community_resources.0.dataset.keys": "acronym,class,id,page,title,uri"}},
	{path: "/api/2/datasets/<open>/", want: want{
		"resources.href": apitest.Base + "/api/2/datasets/<open>/resources/?page=1&page_size=50", "community_resources.total": 1.0, "resources.total": 1.0,
	}},
	{path: "/api/1/datasets/archived/", want: want{"archived": "2024-01-15T08:00:00+00:00"}},
	{path: "/api/2/datasets/<deleted>/", status: gone, want: want{"message": "Dataset has been deleted"}},
	{path: "/api/2/datasets/open/extras/", want: want{"keys": ""}},
	{path: "/api/2/datasets/open/schemas/", want: want{"#": 0.0}},
	{path: "/api/2/datasets/open/resources/", want: want{"keys": pageKeys, "total": 1.0, "page_size": 50.0, "data.0.keys": resourceKeys}},
	{path: "/api/2/datasets/open/resources/?page=7", want: want{"total": 1.0, "data.#": 0.0}},
	{path: "/api/1/datasets/open/resources/<resource>/", want: want{"keys": resourceKeys, "url": "https://example.org/2024.csv"}},
	{path: "/api/2/datasets/open/resources/<resource>/extras/", want: want{"keys": ""}},
	{path: "/api/2/datasets/resources/<resource>/", want: want{"keys": "dataset_id,resource", "dataset_id": "<open>", "resource.keys": resourceKeys}},
	{path: "/api/2/datasets/resources/<resource>/", mask: "resource{internal{last_modified_internal}}", want: want{
		"keys": "resource", "resource.internal.keys": "last_modified_internal", "resource.internal.last_modified_internal": "2024-01-11T08:00:00+00:00",
	}},
	{path: "/api/1/datasets/r/<resource>", status: http.StatusFound},
	{path: "/api/1/datasets/community_resources/", want: want{"total": 1.0, "data.0.keys": communityKeys, "data.0.dataset.id": "<open>"}},
	{path: "/api/1/datasets/community_resources/<community>/", want: want{"keys": communityKeys, "owner.id": "<eve>"}},
	{path: "/api/1/datasets/community_resources/<resource>/", status: notFound},
	{path: "/api/1/datasets/suggest/?q=jeu", want: want{"#": 2.0, "0.keys": "acronym,id,image_url,page,slug,title"}},
	{path: "/api/1/datasets/badges/", want: want{"hvd": "Données de forte valeur"}},
	{path: "/api/1/datasets/licenses/", want: want{"0.keys": "alternate_titles,alternate_urls,flags,id,maintainer,title,url"}},
	{path: "/api/1/datasets/frequencies/?lang=en", want: want{"0.keys": "id,label", "0.id": "continuous"}},
	{path: "/api/2/uploads/begun/", as: "ada", want: want{"keys": "created_at,filename,received,resource,state,totalparts,uuid", "received.#": 0.0, "state": "open"}},
	{path: "/api/1/datasets/extensions/", want: want{"0": "7z"}},
	{path: "/api/1/datasets/resource_types/", want: want{"#": 6.0, "0.id": "main"}},
	{path: "/api/1/datasets/schemas/", want: want{"#": 0.0}},
	{path: "/api/1/datasets/suggest/formats/?q=csv", want: want{"0.text": "csv"}},
	{path: "/api/1/datasets/suggest/mime/?q=csv&size=1", want: want{"#": 1.0, "0.text": "text/csv"}},
	{path: "/api/2/datasets/search/?q=jeu&highlight=1", want: want{"keys": "highlights," + searchKeys, "total": 2.0, "facets.keys": datasetFacetKeys, "facets.tag.0.name": "all"}},
	{path: "/api/2/organizations/search/?q=valmont", want: want{"keys": searchKeys, "facets.keys": "producer_type", "data.0.keys": organizationKeys}},
	{path: "/api/2/reuses/search/", want: want{"total": 1.0, "facets.keys": "badge,last_update,organization_id_with_name,producer_type,tag,topic,type"}},
	{path: "/api/2/dataservices/search/", want: want{"total": 1.0, "facets.keys": "access_type,badge,last_update,organization_id_with_name,producer_type,tag"}},
	{path: "/api/2/topics/search/", want: want{"total": 1.0, "facets.keys": "last_update,organization_id_with_name,producer_type,tag"}},
	{path: "/api/2/posts/search/", want: want{"total": 2.0, "facets.keys": "last_update"}},
	{path: "/api/1/avatars/ada/16/"},
}

// csvAsks are the dumps.
var csvAsks = []ask{
	{path: "/datasets.csv"}, {path: "/resources.csv"}, {path: "/organizations.csv"}, {path: "/reuses.csv"}, {path: "/dataservices.csv"}, {path: "/tags.csv"}, {path: "/harvests.csv"}, {path: "/api/1/site/harvests.csv"},
	{path: "/api/1/site/datasets.csv?tag=mobilite"}, {path: "/api/1/site/resources.csv"}, {path: "/api/1/site/organizations.csv"},
	{path: "/api/1/site/reuses.csv"}, {path: "/api/1/site/dataservices.csv"}, {path: "/api/1/site/tags.csv"},
	{path: "/api/1/organizations/<town>/datasets.csv"}, {path: "/api/1/organizations/<town>/datasets-resources.csv"},
	{path: "/api/1/organizations/<town>/dataservices.csv"},
}

// atomAsks are the feeds.
var atomAsks = []ask{
	{path: "/api/1/datasets/recent.atom?sort=last_update"}, {path: "/api/1/reuses/recent.atom"}, {path: "/api/1/dataservices/recent.atom"},
	{path: "/api/1/posts/recent.atom"}, {path: "/datasets/recent.atom"}, {path: "/reuses/recent.atom"}, {path: "/dataservices/recent.atom"},
	{path: "/posts/recent.atom"}, {path: "/en/datasets/recent.atom"}, {path: "/en/reuses/recent.atom"}, {path: "/en/dataservices/recent.atom"},
	{path: "/en/posts/recent.atom"}, {path: "/api/1/organizations/recent.atom?producer_type=public-service"}, {path: "/api/1/topics/recent.atom?tag=x"},
	{path: "/organizations/recent.atom"}, {path: "/topics/recent.atom"}, {path: "/en/organizations/recent.atom"}, {path: "/en/topics/recent.atom"},
}

// rssAsks are the same feeds as RSS.
func rssAsks() []ask {
	asks := make([]ask, len(atomAsks))
	for i, a := range atomAsks {
		asks[i] = ask{path: strings.Replace(a.path, "recent.atom", "recent.rss", 1)}
	}
	return asks
}

// accountAsks are requests about what is of a person alone.
var accountAsks = []ask{
	{path: "/api/2/datasets/open/schedule/", as: "ada", want: want{"keys": "publish_at"}},
	{path: "/api/2/oauth/clients/", as: "ada", want: want{"total": 0.0}},
	{path: "/api/2/oauth/clients/?all=true", as: "ada", status: denied},
	{path: "/api/2/me/grants/", as: "ada", want: want{"#": 0.0}},
	{path: "/api/2/webhooks/", as: "ada", want: want{"#": 0.0}},
	{path: "/api/2/webhooks/?organization=<town>", as: "ada", want: want{"#": 0.0}},
	{path: "/api/2/webhooks/?organization=<town>", as: "eve", status: denied},
	{path: "/api/1/harvest/sources/", want: want{"total": 0.0}},
	{path: "/api/1/harvest/sources/?page=2", status: notFound},
	{path: "/api/1/harvest/sources/?sort=colour", status: bad},
	{path: "/api/1/harvest/backends/?lang=en", want: want{"0.id": "ckan", "0.filters.0.label": "Organization", "0.keys": "extra_configs,features,filters,id,label"}},
	{path: "/api/1/harvest/lookup/?url=https://portal.example.org/a", want: want{"#": 0.0}},
	{path: "/api/1/harvest/lookup/", status: bad},
	{path: "/.well-known/oauth-authorization-server", want: want{"issuer": apitest.Base}},
	{path: "/oauth/client_info?client_id=x", status: unknown},
	{path: "/oauth/error?error=access_denied", status: bad},
}

// apart are the reading routes that need more than a catalogue: the tests that ask them make a provider, a
// program or an upload first.
var apart = map[string]string{
	"/api/1/territory/{zone}/{file}": "TestRowsOfATerritory",
	"/api/1/proconnect/login/":       "TestPeopleLogInWithAProvider", "/api/1/proconnect/auth": "TestPeopleLogInWithAProvider",
	"/api/1/proconnect/logout_oauth": "TestLogoutAtTheProvider",
	"/api/1/proconnect/logout":       "TestLogoutAtTheProvider", "/api/2/oauth/clients/{client}/": "TestProgramsAreManaged", "/oauth/authorize": "TestProgramsActForPeople",
	"/api/2/objects/": "TestObjectsComeInTheirOrder",
	"/api/2/changes":  "TestChangesOfADataset", "/api/2/changes/start": "TestChangesFromNothing",
	"/api/2/webhooks/{webhook}/": "TestWebhook", "/api/2/webhooks/{webhook}/deliveries/": "TestWebhook",
	"/api/2/webhooks/{webhook}/deliveries/{delivery}/": "TestWebhook",
	"/api/1/harvest/source/{source}/":                  "TestHarvestSource", "/api/1/harvest/source/{source}/jobs/": "TestHarvestSource",
	"/api/1/harvest/source/{source}/conflicts/": "TestHarvestConflicts", "/api/1/harvest/source/{source}/preview/": "TestHarvestPreview",
	"/api/1/harvest/job/{job}/": "TestHarvestSource", "/api/1/harvest/job/{job}/items/": "TestHarvestSource", "/api/1/harvest/job/{job}/logs/": "TestHarvestSource", "/api/1/harvest/job/{job}/pages/": "TestHarvestAudit",
	"/oauth/client_info": "TestProgramsActForPeople", "/oauth/error": "TestEveryRoute", "/api/2/uploads/{uuid}/": "TestUploadByParts",
}

// TestEveryRoute asks the routes of datasets and the dumps, and sees that the
// tables of all objects together leave no declared reading route out.
func TestEveryRoute(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.ids["resource"] = dig(p.Get("/api/1/datasets/open/").JSON(t), "resources.0.id").(string)
		p.ids["community"] = dig(p.Get("/api/1/datasets/community_resources/").JSON(t), "data.0.id").(string)
		run, err := p.Jobs.RunNow(context.Background(), "tests.nothing")
		if err != nil {
			t.Fatal(err)
		}
		p.ids["run"] = strconv.FormatInt(run.ID, 10)
		document := webtest.NewDocument(t, p.Tables...)
		for _, a := range slices.Concat(datasetAsks, csvAsks, atomAsks, rssAsks(), rdfAsks, historyAsks, accountAsks) {
			p.check(t, document, a)
		}
		for _, a := range csvAsks {
			if media := p.Get(p.fill(a.path)).Header.Get("Content-Type"); media != "text/csv; charset=utf-8" {
				t.Errorf("%s is %s", a.path, media)
			}
		}
		answered := map[string]bool{}
		for _, a := range slices.Concat(datasetAsks, csvAsks, atomAsks, rssAsks(), rdfAsks, organizationAsks, userAsks, reuseAsks, dataserviceAsks, topicAsks, postAsks, otherAsks, sessionAsks, historyAsks, accountAsks) {
			if a.status == 0 || a.status == http.StatusFound {
				answered[p.Template(p.fill(a.path))] = true
			}
		}
		for _, table := range p.Tables {
			for _, route := range table.Routes() {
				if route.Method == http.MethodGet && route.Summary != "" && !answered[route.Path] && apart[route.Path] == "" {
					t.Errorf("no table has a request that %s answers: add one", route.Path)
				}
			}
		}
	})
}
