package api_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/web/webtest"
)

// want are values of an answer by their paths (see reach). Absent says that
// there is none.
type want map[string]any

type absentValue struct{}

var absent absentValue

// ask is a request with what must come back.
type ask struct {
	path string
	// as is who asks: admin, ada (administers the organisation), eve (owns
	// things alone), nobody when empty.
	as     string
	mask   string
	status int
	want   want
}

const (
	chartKeys = "created_at,deleted_at,description,extras,id,image,image_thumbnail,last_modified,metrics,organization,owner,permissions,private," +
		"series,slug,title,x_axis,y_axis"
	pageKeys         = "data,next_page,page,page_size,previous_page,total"
	organizationKeys = "acronym,badges,business_number_id,created_at,deleted,description,ext,extras,id,image_url,last_modified,logo," +
		"logo_thumbnail,members,metrics,name,page,permissions,presentation_blocs_published_at,slug,teams,uri,url,zone"
	organizationMetricKeys = "dataservices,dataservices_by_months,datasets,datasets_by_months,datasets_followers_by_months," +
		"datasets_reuses_by_months,followers,members,reuses,reuses_by_months,reuses_followers_by_months,views"
	organizationReferenceKeys = "acronym,badges,class,id,logo,logo_thumbnail,name,page,permissions,slug,uri"
	userReferenceKeys         = "avatar,avatar_thumbnail,class,first_name,id,last_name,page,slug,uri"
	memberUserKeys            = "avatar,avatar_thumbnail,class,email,first_name,id,last_login_at,last_name,page,slug,uri"
	userKeys                  = "about,active,avatar,avatar_thumbnail,email,first_name,id,last_login_at,last_name,metrics,organizations,page," +
		"password_rotation_demanded,password_rotation_performed,roles,since,slug,uri,website"
	reuseKeys = "archived,badges,created_at,dataservices,datasets,deleted,description,extras,featured,id,image,image_thumbnail," +
		"last_modified,metrics,organization,owner,page,permissions,private,slug,tags,title,topic,type,uri,url"
	dataserviceKeys = "access_audiences,access_type,access_type_reason,access_type_reason_category,acronym,archived_at," +
		"authorization_request_url,availability,availability_url,badges,base_api_url,business_documentation_url,contact_points," +
		"created_at,datasets,deleted_at,description,extras,featured,format,harvest,id,license,machine_documentation_url," +
		"metadata_modified_at,metrics,organization,owner,permissions,private,rate_limiting,rate_limiting_url,self_api_url," +
		"self_web_url,slug,tags,technical_documentation_url,title"
	dataserviceHarvestKeys = "archived_at,archived_reason,backend,created_at,domain,issued_at,last_update,modified_at,remote_id,remote_url," +
		"source_id,source_url,uri"
	datasetKeys = "access_audiences,access_type,access_type_reason,access_type_reason_category,acronym,archived,authorization_request_url," +
		"badges,contact_points,created_at,deleted,description,description_short,extras,featured,frequency,frequency_date,harvest,id," +
		"internal,last_modified,last_update,license,metrics,organization,owner,page,permissions,private,quality,resources,schema,slug," +
		"spatial,tags,temporal_coverage,title,uri"
	topicKeys = "color,created_at,description,elements,extras,featured,id,last_modified,name,organization,owner,private,slug,spatial,tags,uri"
	postKeys  = "body_type,content,created_at,credit_to,credit_url,datasets,headline,id,image,image_thumbnail,image_url,kind," +
		"last_modified,name,owner,page,published,reuses,slug,tags,uri"
	contactKeys     = "contact_form,email,id,name,organization,owner,role"
	datasetCardKeys = "acronym,archived,badges,description,id,last_update,metrics,organization,owner,page,private,quality,slug,tags,title,uri"
	siteMetricKeys  = "dataservices,datasets,datasets_by_months,datasets_visits_by_months,discussions,discussions_by_months,followers," +
		"harvesters,harvesters_by_months,max_dataset_followers,max_dataset_reuses,max_org_datasets,max_org_followers,max_org_reuses," +
		"max_reuse_datasets,max_reuse_followers,organizations,organizations_by_months,public-service,resources," +
		"resources_downloads_by_months,reuses,reuses_by_months,users,users_by_months"

	helpPage = "The page to fetch "
	notFound = http.StatusNotFound
	gone     = http.StatusGone
	denied   = http.StatusForbidden
	unknown  = http.StatusUnauthorized
	bad      = http.StatusBadRequest
	moved    = http.StatusPermanentRedirect
)

var organizationAsks = []ask{
	{path: "/api/1/organizations/", want: want{
		"keys": pageKeys, "total": 1.0, "data.0.keys": organizationKeys, "data.0.slug": "ville-de-valmont", "data.0.metrics.keys": organizationMetricKeys,
		"next_page": nil, "previous_page": nil, "page": 1.0, "page_size": 20.0,
	}},
	{path: "/api/1/organizations/?page_size=1&sort=-followers&badge=public-service&business_number_id=21990010100018&name=VILLE%20de%20valmont", want: want{"total": 1.0}},
	{path: "/api/1/organizations/?badge=company", want: want{"total": 0.0, "data.#": 0.0}},
	{path: "/api/1/organizations/?q=valmont", want: want{"total": 1.0}},
	{path: "/api/1/organizations/?page=2", status: notFound, want: want{"keys": "message"}},
	{path: "/api/1/organizations/?page=0", status: bad, want: want{"keys": "errors,message", "message": "Input payload validation failed"}},
	{path: "/api/1/organizations/?sort=size", status: bad, want: want{
		"errors.sort": "The field (and direction) on which sorting apply The value 'size' is not a valid choice for 'sort'.",
	}},
	{path: "/api/1/organizations/?badge=none", status: bad, want: want{"message": "Input payload validation failed"}},
	{path: "/api/1/organizations/<town>/", want: want{
		"keys": organizationKeys, "acronym": "VDV", "badges.0.kind": "public-service", "created_at": "2024-01-02T08:00:00+00:00", "deleted": nil,
		"ext.keys": "", "extras.k": 1.0, "teams.#": 0.0, "zone": nil, "members.#": 2.0, "members.0.keys": "label,role,since,user",
		"members.0.role": "admin", "members.0.label": "Administrateur", "members.0.user.keys": memberUserKeys,
		"members.0.user.email": "***@example.org", "members.0.user.last_login_at": nil, "metrics.datasets": 2.0,
		"metrics.datasets_by_months.2024-01": 1.0, "metrics.reuses_by_months": 0.0, "permissions.edit": false, "permissions.private": false,
		"page": apitest.Base + "/organizations/ville-de-valmont", "uri": apitest.Base + "/api/1/organizations/ville-de-valmont/",
	}},
	{path: "/api/1/organizations/ville-de-valmont/?lang=en", as: "ada", want: want{
		"members.0.user.email": "ad*@example.org", "members.0.label": "Administrator", "permissions.edit": true, "permissions.private": true,
	}},
	{path: "/api/1/organizations/<town>/", as: "eve", want: want{"members.0.user.email": "***@example.org", "permissions.private": false}},
	{path: "/api/1/organizations/<town>/", as: "admin", want: want{"members.0.user.email": "ada@example.org"}},
	{path: "/api/1/organizations/<town>/", mask: "presentation_blocs,presentation_blocs_published_at", want: want{
		"keys": "presentation_blocs,presentation_blocs_published_at", "presentation_blocs.#": 0.0,
	}},
	{path: "/api/1/organizations/<town>/", mask: "presentation_blocs", as: "ada", want: want{
		"presentation_blocs.0.keys": "class,content,id,subtitle,title", "presentation_blocs.0.content": "Hello",
	}},
	{path: "/api/1/organizations/<town>/", mask: "{logo_thumbnail,members{user{id}}}", want: want{"keys": "logo_thumbnail,members", "members.0.user.keys": "id"}},
	{path: "/api/1/organizations/<gone>/", status: gone, want: want{"message": "Organization has been deleted"}},
	{path: "/api/1/organizations/Ville%20de%20Valmont/", status: moved},
	{path: "/api/1/organizations/former-town/", status: moved},
	{path: "/api/1/organizations/nobody/", status: notFound, want: want{"message": "Organization not found"}},
	{path: "/api/1/organizations/badges/", want: want{"keys": "association,certified,company,local-authority,public-service"}},
	{path: "/api/1/organizations/roles/", want: want{"#": 3.0, "0.keys": "id,label", "0.id": "admin", "2.id": "partial_editor"}},
	{path: "/api/1/organizations/suggest/?q=valm", want: want{"#": 1.0, "0.keys": "acronym,id,image_url,name,page,slug", "0.id": "<town>"}},
	{path: "/api/1/organizations/suggest/", status: bad, want: want{"keys": "errors,message"}},
	{path: "/api/1/organizations/suggest/?q=x&size=many", status: bad, want: want{"message": "Input payload validation failed"}},
	{path: "/api/1/organizations/<town>/datasets/", want: want{"total": 2.0, "data.0.keys": datasetKeys, "data.0.slug": "archived", "data.1.slug": "open"}},
	{path: "/api/1/organizations/<town>/datasets/?sort=created&page_size=1&tag=none", as: "ada", want: want{"total": 4.0, "data.0.slug": "open", "data.#": 1.0,
		"next_page": apitest.Base + "/api/1/organizations/<town>/datasets/?sort=created&page_size=1&tag=none&page=2"}},
	{path: "/api/1/organizations/<town>/datasets/?sort=size", status: bad, want: want{"keys": "errors,message"}},
	{path: "/api/1/organizations/<town>/datasets/?page=9", status: notFound},
	{path: "/api/1/organizations/<town>/reuses/", want: want{"#": 0.0}},
	{path: "/api/1/organizations/<town>/reuses/", as: "ada", want: want{"#": 1.0, "0.keys": reuseKeys, "0.slug": "carte-secrete", "0.datasets.0.keys": datasetKeys}},
	{path: "/api/1/organizations/<town>/assignments/", status: unknown, want: want{"keys": "message"}},
	{path: "/api/1/organizations/<town>/assignments/", as: "eve", status: denied, want: want{"message": "You do not have the permission to modify that object."}},
	{path: "/api/1/organizations/<town>/assignments/", as: "ada", want: want{
		"#": 2.0, "0.keys": "created_at,id,organization,subject,user", "0.subject.class": "Reuse", "0.subject.title": "Carte carte-secrete",
		"1.subject.keys": "class,id", "1.subject.class": "Dataset", "0.user.id": "<admin>", "0.organization.id": "<town>",
	}},
	{path: "/api/1/organizations/<town>/contacts/", want: want{"total": 1.0, "data.0.keys": contactKeys, "data.0.organization.keys": organizationReferenceKeys}},
	{path: "/api/1/organizations/<town>/contacts/?page=2", status: notFound},
	{path: "/api/1/organizations/<town>/contacts/suggest/?q=SERVICE", want: want{"#": 1.0, "0.email": "mobility@example.org"}},
	{path: "/api/1/organizations/<town>/contacts/suggest/?q=100%25", want: want{"#": 0.0}},
	{path: "/api/1/organizations/<town>/followers/", want: want{"total": 1.0, "data.0.keys": "follower,id,since", "data.0.follower.keys": userReferenceKeys}},
	{path: "/api/1/organizations/<gone>/followers/", status: gone},
	{path: "/api/2/organizations/<town>/extras/", mask: "nothing", want: want{"keys": "k"}},
	{path: "/api/2/organizations/<gone>/extras/", status: gone},
	{path: "/api/1/organizations/<town>/membership/", status: unknown},
	{path: "/api/1/organizations/<town>/membership/", as: "eve", status: denied},
	{path: "/api/1/organizations/<town>/membership/?user=<eve>", as: "eve", want: want{"#": 1.0, "0.user.email": "ev*@example.org"}},
	{path: "/api/1/organizations/<town>/membership/?status=pending", as: "ada", want: want{
		"#": 2.0, "0.keys": "assignments,comment,created,email,id,kind,role,status,user", "0.kind": "invitation", "1.kind": "request", "0.user.keys": memberUserKeys,
		"0.user.email": "ev*@example.org", "0.email": nil,
	}},
	{path: "/api/1/organizations/<town>/membership/?status=pending", as: "admin", want: want{"0.user.email": "eve@example.org"}},
	{path: "/api/1/organizations/<town>/membership/?status=lost", as: "ada", status: bad},
	{path: "/api/1/organizations/<gone>/membership/", as: "eve", status: gone},
}

var userAsks = []ask{
	{path: "/api/1/users/", status: unknown, want: want{"keys": "message"}},
	{path: "/api/1/users/", as: "eve", status: denied},
	{path: "/api/1/users/?sort=-created&page_size=2", as: "admin", want: want{"total": 3.0, "data.0.keys": userKeys, "data.0.email": "eve@example.org"}},
	{path: "/api/1/users/?q=ADA", as: "admin", want: want{"total": 1.0, "data.0.id": "<ada>"}},
	{path: "/api/1/users/?q=Ada@Example.org", as: "admin", want: want{"total": 1.0, "data.0.id": "<ada>"}},
	{path: "/api/1/users/?sort=email", as: "admin", status: bad},
	{path: "/api/1/users/<ada>/", want: want{
		"keys": userKeys, "email": nil, "last_login_at": nil, "roles.#": 0.0, "organizations.0.keys": organizationReferenceKeys,
		"organizations.0.id": "<town>", "metrics.keys": "dataservices,datasets,followers,following,reuses", "active": true,
	}},
	{path: "/api/1/users/<ada>/", as: "ada", want: want{"email": nil}},
	{path: "/api/1/users/<ada>/", as: "admin", want: want{"email": "ada@example.org"}},
	{path: "/api/1/users/<admin>/", want: want{"roles.0": "admin"}},
	{path: "/api/1/users/nobody-here/", status: notFound, want: want{"message": "User not found"}},
	{path: "/api/1/users/Ada%20Example/", status: moved},
	{path: "/api/1/users/suggest/?q=exam", want: want{"#": 3.0, "0.keys": "avatar_url,email,first_name,id,last_name,slug", "0.email": "***@example.org"}},
	{path: "/api/1/users/suggest/?q=a&size=21", status: bad, want: want{"keys": "errors,message"}},
	{path: "/api/1/users/suggest/?q=a&size=0", status: bad},
	{path: "/api/1/users/roles/", want: want{"#": 1.0, "0.keys": "name", "0.name": "admin"}},
	{path: "/api/1/users/<eve>/contacts/", want: want{"total": 1.0, "data.0.owner.id": "<eve>", "data.0.organization": nil}},
	{path: "/api/1/users/<ada>/followers/", want: want{"total": 1.0, "data.0.follower.id": "<eve>"}},
	{path: "/api/1/users/<ada>/followers/?user=me", status: bad, want: want{"keys": "message", "message": "User arg must be an identifier"}},
	{path: "/api/1/me/", status: unknown, want: want{"keys": "message"}},
	{path: "/api/1/me/", as: "ada", want: want{"keys": userKeys, "email": "ada@example.org", "organizations.0.permissions.edit": true}},
	{path: "/api/1/me/", as: "ada", mask: "avatar,id,page,id,uri,apikey,email", want: want{"keys": "avatar,email,id,page,uri"}},
	{path: "/api/1/me/metrics/", as: "ada", want: want{
		"keys": "datasets_count,datasets_org_count,followers_count,followers_org_count,id,resources_availability", "datasets_org_count": 2.0,
		"followers_org_count": 3.0, "resources_availability": 100.0,
	}},
	{path: "/api/1/me/datasets/", as: "eve", want: want{"#": 1.0, "0.keys": datasetKeys, "0.slug": "mine"}},
	{path: "/api/1/me/datasets/", status: unknown},
	{path: "/api/1/me/reuses/", as: "eve", want: want{"#": 2.0, "0.keys": reuseKeys, "0.slug": "carte-morte"}},
	{path: "/api/1/me/org_datasets/", as: "ada", want: want{"#": 4.0, "0.slug": "deleted", "3.slug": "open", "3.resources.0.title": "2024.csv"}},
	{path: "/api/1/me/org_datasets/?q=SECRET", as: "ada", mask: "id,title", want: want{"#": 1.0, "0.keys": "id,title"}},
	{path: "/api/1/me/org_datasets/?q=%25", as: "ada", want: want{"#": 0.0}},
	{path: "/api/1/me/org_reuses/", as: "ada", want: want{"#": 1.0, "0.slug": "carte-secrete"}},
	{path: "/api/1/me/org_community_resources/", as: "eve", want: want{"#": 1.0, "0.title": "Graph", "0.dataset.id": "<open>", "0.permissions.edit": true}},
	{path: "/api/1/me/api_tokens/", as: "eve", want: want{
		"#": 1.0, "0.keys": "created_at,expires_at,id,kind,last_used_at,name,revoked_at,scopes,token_prefix,user_agents", "0.kind": "api_key",
		"0.scopes.0": "admin", "0.user_agents.#": 0.0,
	}},
	{path: "/api/2/me/org_topics/", as: "eve", want: want{"total": 1.0, "data.0.slug": "topic-secret"}},
	{path: "/api/2/me/org_topics/", status: unknown},
	{path: "/api/1/me/org_invitations/", status: unknown},
	{path: "/api/1/me/org_invitations/", as: "eve", want: want{
		"#": 1.0, "0.keys": "assignments,comment,created,id,organization,role", "0.organization.keys": organizationReferenceKeys, "0.role": "admin",
	}},
}

var reuseAsks = []ask{
	{path: "/api/1/reuses/", want: want{
		"keys": pageKeys, "total": 1.0, "data.0.keys": reuseKeys, "data.0.datasets.#": 1.0, "data.0.datasets.0.keys": datasetKeys,
		"data.0.datasets.0.resources.0.title": "2024.csv", "data.0.dataservices.0.keys": "class,id,self_api_url,self_web_url,title",
		"data.0.owner.keys": userReferenceKeys, "data.0.organization": nil, "data.0.featured": true, "data.0.archived": nil,
		"data.0.metrics.keys": "datasets,discussions,discussions_open,followers,followers_by_months,views", "data.0.metrics.views": 12.0,
		"data.0.metrics.followers_by_months": 0.0, "data.0.datasets.0.organization.page": apitest.Base + "/organizations/ville-de-valmont",
		"data.0.uri": apitest.Base + "/api/1/reuses/carte-velo/",
	}},
	{path: "/api/1/reuses/", as: "ada", want: want{"total": 2.0, "data.1.datasets.#": 2.0}},
	{path: "/api/1/reuses/", as: "eve", want: want{"total": 2.0, "data.0.slug": "carte-morte"}},
	{path: "/api/1/reuses/", as: "admin", want: want{"total": 3.0}},
	{path: "/api/1/reuses/", mask: "data{datasets{id}},total", want: want{"keys": "data,total", "data.0.keys": "datasets", "data.0.datasets.0.keys": "id"}},
	{path: "/api/1/reuses/", mask: "data{id}", want: want{"data.0.keys": "id"}},
	{path: "/api/1/reuses/", mask: "data{datasets{community_resources}}", want: want{"data.0.datasets.0.community_resources.0.title": "Graph"}},
	{path: "/api/1/reuses/?dataset=<open>&type=visualization&topic=health&tag=velo&featured=true&owner=<eve>&private=false&sort=-views", want: want{"total": 1.0}},
	{path: "/api/1/reuses/?dataservice=<api-compteurs>&q=carte", want: want{"total": 1.0}},
	{path: "/api/1/reuses/?organization=<town>", want: want{"total": 0.0}},
	{path: "/api/1/reuses/?organization_badge=public-service", as: "ada", want: want{"total": 1.0}},
	{path: "/api/1/reuses/?tag=velo&tag=autre", want: want{"total": 0.0}},
	{path: "/api/1/reuses/?dataset=slug", status: bad, want: want{"keys": "message", "message": "`dataset` must be an identifier"}},
	{path: "/api/1/reuses/?type=song", status: bad, want: want{"keys": "errors,message"}},
	{path: "/api/1/reuses/?featured=perhaps", status: bad},
	{path: "/api/1/reuses/?page_size=-1", status: bad},
	{path: "/api/1/reuses/?page=2", status: notFound},
	{path: "/api/1/reuses/<carte-velo>/", want: want{"keys": reuseKeys, "permissions.edit": false, "datasets.0.id": "<open>", "tags.0": "velo"}},
	{path: "/api/1/reuses/carte-velo/", as: "eve", want: want{"permissions.edit": true, "permissions.delete": true}},
	{path: "/api/1/reuses/carte-velo/", as: "ada", want: want{"datasets.#": 2.0}},
	{path: "/api/1/reuses/ancienne-carte/?x=1", status: moved},
	{path: "/api/1/reuses/carte-secrete/", status: notFound, want: want{"message": "Reuse not found"}},
	{path: "/api/1/reuses/carte-secrete/", as: "ada", want: want{"private": true}},
	{path: "/api/1/reuses/carte-morte/", status: gone, want: want{"message": "This reuse has been deleted"}},
	{path: "/api/1/reuses/carte-morte/", as: "eve", want: want{"deleted": "2024-01-24T08:00:00+00:00"}},
	{path: "/api/1/reuses/none/", status: notFound},
	{path: "/api/1/reuses/badges/", want: want{"keys": ""}},
	{path: "/api/1/reuses/suggest/?q=cart", want: want{"#": 1.0, "0.keys": "id,image_url,page,slug,title", "0.slug": "carte-velo"}},
	{path: "/api/1/reuses/suggest/", status: bad},
	{path: "/api/1/reuses/types/", want: want{"#": 8.0, "0.keys": "id,label", "0.id": "api"}},
	{path: "/api/1/reuses/topics/", want: want{"#": 15.0, "0.id": "health"}},
	{path: "/api/1/reuses/carte-velo/followers/", want: want{"total": 1.0, "data.0.follower.id": "<ada>"}},
	{path: "/api/1/reuses/<carte-velo>/followers/?user=<eve>", want: want{"total": 0.0}},
	{path: "/api/1/reuses/<carte-velo>/followers/", mask: "data{follower{id}}, next_page", want: want{"keys": "data,next_page", "data.0.follower.keys": "id"}},
	{path: "/api/1/reuses/carte-secrete/followers/", status: notFound},
	{path: "/api/2/reuses/", want: want{
		"total": 1.0, "data.0.keys": reuseKeys, "data.0.datasets.keys": "href,rel,total,type", "data.0.datasets.total": 2.0,
		"data.0.datasets.href":     apitest.Base + "/api/2/datasets/?reuse=<carte-velo>&page=1&page_size=50",
		"data.0.dataservices.href": apitest.Base + "/api/1/dataservices/?reuse=<carte-velo>&page=1&page_size=50", "data.0.dataservices.total": 1.0,
		"data.0.datasets.rel": "subsection", "data.0.datasets.type": "GET",
	}},
	{path: "/api/2/reuses/<carte-velo>/", status: notFound},
}

var dataserviceAsks = []ask{
	{path: "/api/1/dataservices/", want: want{
		"keys": pageKeys, "total": 1.0, "data.0.keys": dataserviceKeys, "data.0.harvest.keys": dataserviceHarvestKeys,
		"data.0.harvest.backend": nil, "data.0.metrics.keys": "discussions,discussions_open,followers,followers_by_months,reuses,views",
		"data.0.datasets.total": 1.0, "data.0.datasets.href": apitest.Base + "/api/1/datasets/?dataservice=<api-compteurs>",
		"data.0.contact_points.0.keys": contactKeys, "data.0.access_audiences.0.role": "private", "data.0.availability": 99.9,
		"data.0.self_api_url": apitest.Base + "/api/1/dataservices/api-compteurs/",
		"data.0.self_web_url": apitest.Base + "/dataservices/api-compteurs", "data.0.license": nil, "data.0.archived_at": nil,
	}},
	{path: "/api/1/dataservices/", as: "eve", want: want{"total": 3.0}},
	{path: "/api/1/dataservices/?dataset=<open>&contact_point=<contact>&reuse=<carte-velo>&access_type=restricted&organization=<town>&sort=title", want: want{"total": 1.0}},
	{path: "/api/1/dataservices/?topic=<mobilite-douce>", want: want{"total": 0.0}},
	{path: "/api/1/dataservices/?topic=mobilite", status: bad, want: want{"message": "`topic` must be an identifier"}},
	{path: "/api/1/dataservices/?access_type=closed", status: bad},
	{path: "/api/1/dataservices/?sort=format", status: bad},
	{path: "/api/1/dataservices/?page=7", status: notFound},
	{path: "/api/1/dataservices/<api-compteurs>/", want: want{"keys": dataserviceKeys, "organization.id": "<town>", "access_type": "restricted"}},
	{path: "/api/1/dataservices/api-compteurs/", mask: "id,datasets{total}", want: want{"keys": "datasets,id", "datasets.keys": "total"}},
	{path: "/api/1/dataservices/api-compteurs/", mask: "title{x}", status: bad, want: want{"message": "Mask error: Mask is inconsistent with model"}},
	{path: "/api/1/dataservices/api-compteurs/", mask: "{id", status: bad, want: want{"message": "Mask parse error: Missing closing bracket"}},
	{path: "/api/1/dataservices/api-secrete/", status: notFound, want: want{"message": "Dataservice not found"}},
	{path: "/api/1/dataservices/api-secrete/", as: "eve", want: want{"private": true}},
	{path: "/api/1/dataservices/api-morte/", status: gone, want: want{"message": "Dataservice has been deleted"}},
	{path: "/api/1/dataservices/api-compteurs/followers/", want: want{"total": 0.0, "data.#": 0.0}},
	{path: "/api/2/dataservices/", status: notFound},
}

var topicAsks = []ask{
	{path: "/api/1/topics/", status: notFound},
	{path: "/api/2/topics/", want: want{
		"keys": pageKeys, "total": 1.0, "data.0.keys": topicKeys, "data.0.elements.keys": "href,rel,total,type", "data.0.elements.total": 3.0,
		"data.0.elements.href": apitest.Base + "/api/2/topics/<mobilite-douce>/elements/?page=1&page_size=20", "data.0.private": nil,
		"data.0.spatial.keys": "geom,granularity,zones", "data.0.spatial.zones.0": "country:fr", "data.0.spatial.geom": nil,
		"data.0.tags.0": "Univers Mobilité", "data.0.uri": apitest.Base + "/api/2/topics/mobilite-douce/",
	}},
	{path: "/api/2/topics/", as: "eve", want: want{"total": 2.0}},
	{path: "/api/2/topics/?private=true", status: unknown},
	{path: "/api/2/topics/?private=true", as: "eve", want: want{"total": 1.0, "data.0.private": true, "data.0.spatial": nil}},
	{path: "/api/2/topics/?include_private=true&featured=true&tag=Univers%20Mobilit%C3%A9&geozone=country:fr&granularity=country&dataset=<open>&reuse=<carte-velo>", want: want{"total": 1.0}},
	{path: "/api/2/topics/?dataservice=<open>", want: want{"total": 0.0}},
	{path: "/api/2/topics/?organization=<town>&sort=name&q=mobilite", want: want{"total": 1.0}},
	{path: "/api/2/topics/?owner=eve", status: bad, want: want{"message": "Owner arg must be an identifier"}},
	{path: "/api/2/topics/?page=2", status: notFound},
	{path: "/api/2/topics/mobilite-douce/", want: want{"keys": topicKeys, "organization.id": "<town>", "page": absent}},
	{path: "/api/2/topics/<topic-secret>/", status: notFound, want: want{"message": "Topic not found"}},
	{path: "/api/2/topics/<topic-secret>/", as: "eve", want: want{"private": true}},
	{path: "/api/2/topics/mobilite-douce/elements/", want: want{
		"total": 3.0, "data.0.keys": "description,element,extras,id,tags,title", "data.0.element.keys": "class,id", "data.0.element.class": "Dataset",
		"data.0.element.id": "<open>", "data.1.title": nil, "data.2.element": nil, "data.2.tags.#": 0.0, "data.2.extras.keys": "",
	}},
	{path: "/api/2/topics/mobilite-douce/elements/?class=Reuse", want: want{"total": 1.0, "data.0.element.id": "<carte-velo>"}},
	{path: "/api/2/topics/mobilite-douce/elements/?class=None&q=VENIR", want: want{"total": 1.0}},
	{path: "/api/2/topics/mobilite-douce/elements/?class=Song", status: bad},
	{path: "/api/2/topics/mobilite-douce/elements/?page=2", status: notFound},
	{path: "/api/2/topics/<topic-secret>/elements/", status: notFound},
}

var postAsks = []ask{
	{path: "/api/1/posts/", want: want{"keys": pageKeys, "total": 2.0, "data.0.keys": postKeys, "data.0.slug": "page", "data.1.slug": "news"}},
	{path: "/api/1/posts/?kind=news", mask: "data{blocs,id}", want: want{"total": absent, "data.0.keys": "blocs,id"}},
	{path: "/api/1/posts/?with_drafts=false", as: "admin", want: want{"total": 3.0}},
	{path: "/api/1/posts/?with_drafts=true", as: "ada", want: want{"total": 2.0}},
	{path: "/api/1/posts/?sort=-headline&q=news", want: want{"total": 1.0}},
	{path: "/api/1/posts/?kind=song", status: bad},
	{path: "/api/1/posts/?sort=owner", status: bad},
	{path: "/api/1/posts/?page=3", status: notFound},
	{path: "/api/1/posts/news/", want: want{
		"keys": "blocs," + postKeys, "blocs.#": 0.0, "content": "Body", "owner.id": "<admin>", "published": "2024-02-20T08:00:00+00:00",
		"datasets.0.keys": datasetKeys, "reuses.0.keys": "class,id,image,image_thumbnail,page,title,uri", "kind": "news", "body_type": "markdown",
		"page": apitest.Base + "/posts/news", "uri": apitest.Base + "/api/1/posts/news/",
	}},
	{path: "/api/1/posts/<page>/", want: want{
		"blocs.#": 5.0, "blocs.0.keys": "class,datasets,id,subtitle,title", "blocs.0.datasets.#": 1.0, "blocs.0.datasets.0.keys": datasetCardKeys,
		"blocs.0.datasets.0.id": "<open>", "blocs.1.items.0.title": "Fold", "blocs.1.items.0.content.0.reuses.0.id": "<carte-velo>",
		"blocs.2.dataservices.0.self_api_url": apitest.Base + "/api/1/dataservices/api-compteurs/", "blocs.3.links.0.keys": "color,title,url",
		"blocs.4.keys": "class,color,description,id,main_link_title,main_link_url,title", "owner": nil,
	}},
	{path: "/api/1/posts/<page>/", as: "ada", want: want{"blocs.0.datasets.#": 2.0}},
	{path: "/api/1/posts/draft/", status: notFound, want: want{"message": "Post not found"}},
	{path: "/api/1/posts/draft/", as: "admin", want: want{"published": nil}},
}

var otherAsks = []ask{
	{path: "/api/1/visualizations/", want: want{"total": 1.0, "data.0.keys": chartKeys}},
	{path: "/api/1/visualizations/passages/", want: want{"keys": chartKeys, "y_axis.keys": "label,max,min,unit,unit_position", "series.#": 0.0}},
	{path: "/api/1/visualizations/none/", status: notFound},
	{path: "/api/2/site/settings/", as: "admin", want: want{"keys": "banner,contact,home,language,read_only,registration,tagline,title"}},
	{path: "/api/1/contacts/<contact>/", want: want{"keys": contactKeys, "role": "contact", "owner": nil, "organization.id": "<town>"}},
	{path: "/api/1/contacts/none/", status: notFound},
	{path: "/api/1/transfer/", status: bad},
	{path: "/api/1/transfer/?subject=open", as: "ada", status: bad},
	{path: "/api/1/transfer/?subject=<open>", want: want{"#": 0.0}},
	{path: "/api/1/transfer/?subject=<open>&status=accepted", as: "ada", want: want{"#": 0.0}},
	{path: "/api/1/transfer/?recipient=<eve>&subject_type=Dataset", as: "eve", want: want{"#": 1.0, "0.id": "<transfer>"}},
	{path: "/api/1/transfer/?subject=<open>", as: "ada", want: want{
		"#": 1.0, "0.keys": "comment,created,id,owner,recipient,reponse_comment,responded,status,subject,user", "0.owner.class": "Organization",
		"0.recipient.class": "User", "0.subject.keys": "acronym,class,id,page,title,uri", "0.reponse_comment": nil, "0.status": "pending",
	}},
	{path: "/api/1/transfer/<transfer>/", status: notFound},
	{path: "/api/1/transfer/<transfer>/", as: "eve", want: want{"owner.id": "<town>", "recipient.id": "<eve>", "user.id": "<ada>", "subject.id": "<open>"}},
	{path: "/api/1/contacts/roles/", want: want{"#": 11.0, "0.keys": "id,label", "0.id": "contact"}},
	{path: "/api/1/tags/suggest/?q=Mobilit%C3%A9", want: want{"#": 2.0, "0.keys": "text", "0.text": "mobilite", "1.text": "mobilite-douce"}},
	{path: "/api/1/tags/suggest/?q=mob&size=1", want: want{"#": 1.0}},
	{path: "/api/1/tags/suggest/", status: bad},
	{path: "/api/1/access_type/reason_categories/", want: want{"#": 8.0, "0.keys": "definition,label,value", "0.value": "confidentiality_of_proceedings_of_public_authorities"}},
	{path: "/api/1/datasets/open/followers/", want: want{"total": 1.0, "data.0.follower.id": "<eve>", "data.0.since": "2024-01-21T08:00:00+00:00"}},
	{path: "/api/1/datasets/<secret>/followers/", status: notFound},
	{path: "/api/1/datasets/<deleted>/followers/", status: gone},
	{path: "/api/1/spatial/zones/suggest/?q=fr:commune:13055", want: want{"0.keys": "code,id,level,name,uri", "0.id": "fr:commune:13055"}},
	{path: "/api/1/spatial/zones/suggest/?size=3", status: bad},
	{path: "/api/1/spatial/zones/country:fr,fr:commune:13055/", want: want{
		"keys": "features,type", "type": "FeatureCollection", "features.#": 2.0, "features.0.keys": "geometry,id,properties,type",
		"features.0.geometry.keys": "coordinates,type", "features.0.geometry.type": nil, "features.0.properties.keys": "code,level,name,slug,uri",
		"features.1.properties.name": "Marseille",
	}},
	{path: "/api/1/spatial/zones/country:fr,nowhere/", status: notFound, want: want{"message": "Zone not found"}},
	{path: "/api/1/spatial/zone/fr:commune:13055@2020-01-01/", mask: "id", want: want{"keys": "id,properties,type", "id": "fr:commune:13055", "type": "Feature"}},
	{path: "/api/1/spatial/zone/nowhere/", status: notFound},
	{path: "/api/1/spatial/zone/country:fr/datasets/?size=5&dynamic=1", want: want{"#": 1.0, "0.keys": "acronym,class,id,page,title,uri", "0.id": "<open>"}},
	{path: "/api/1/spatial/zone/country:fr/datasets/?size=x", status: bad},
	{path: "/api/1/spatial/zone/nowhere/datasets/", status: notFound},
	{path: "/api/1/territory/suggest/?q=13&size=1", mask: "id,page,title", want: want{"#": 1.0, "0.keys": "id,page,title", "0.id": "fr:departement:13"}},
	{path: "/api/1/territory/suggest/?size=x", status: bad},
	{path: "/api/1/territory/fr:commune:13004/nothing.csv", status: notFound},
	{path: "/api/1/spatial/levels/", want: want{"0.keys": "id,name", "0.id": "country-group"}},
	{path: "/api/1/spatial/granularities/?lang=en", want: want{"0.keys": "id,name"}},
	{path: "/api/1/spatial/coverage/country/", mask: "features{id,properties{datasets}},type", want: want{"keys": "features,type", "features.0.keys": "id,properties"}},
	{path: "/api/1/spatial/coverage/fr:region/", want: want{
		"type": "FeatureCollection", "features.0.properties.keys": "code,datasets,name,uri", "features.0.geometry.coordinates": nil,
	}},
	{path: "/api/1/spatial/coverage/fr:planet/", status: notFound, want: want{"message": "Level not found"}},
	{path: "/api/1/site/", want: want{
		"keys": "feed_size,id,keywords,metrics,title,version", "id": "default", "title": "Test", "keywords.0": "opendata", "feed_size": 20.0,
		"version": "test", "metrics.keys": siteMetricKeys, "metrics.datasets": 2.0, "metrics.reuses": 1.0, "metrics.organizations": 1.0,
		"metrics.public-service": 1.0, "metrics.dataservices": 1.0, "metrics.resources": 1.0, "metrics.discussions": 0.0,
	}},
	{path: "/api/1/site/", mask: "datasets_blocs,reuses_blocs,dataservices_blocs", want: want{
		"keys": "dataservices_blocs,datasets_blocs,reuses_blocs", "datasets_blocs.#": 0.0,
	}},
	{path: "/api/1/site/home/datasets/", want: want{"#": 1.0, "0.keys": datasetKeys, "0.slug": "open"}},
	{path: "/api/1/site/home/reuses/", want: want{"#": 1.0, "0.keys": reuseKeys, "0.slug": "carte-velo"}},
	{path: "/api/1/avatars/ada/wide/", status: notFound},
	{path: "/api/1/avatars/ada/0/", status: bad},
	{path: "/api/1/avatars/ada/5000/", status: bad},
}

func TestObjects(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		document := webtest.NewDocument(t, p.Tables...)
		for name, asks := range map[string][]ask{
			"organizations": organizationAsks, "users": userAsks, "reuses": reuseAsks, "dataservices": dataserviceAsks, "topics": topicAsks,
			"posts": postAsks, "others": otherAsks,
		} {
			t.Run(name, func(t *testing.T) {
				for _, a := range asks {
					p.check(t, document, a)
				}
			})
		}
	})
}

// check asks and compares, with what is wanted and with the declared type; what
// a success answers to GET it answers to HEAD.
func (p *portal) check(t *testing.T, document *webtest.Document, a ask) {
	t.Helper()
	if a.status == 0 {
		a.status = http.StatusOK
	}
	var headers []string
	if a.as != "" {
		headers = append(headers, "X-API-KEY", p.token(a.as))
	}
	if a.mask != "" {
		headers = append(headers, "X-Fields", a.mask)
	}
	what := strings.TrimSpace(a.path + " " + a.as + " " + a.mask)
	answer := p.Get(p.fill(a.path), headers...)
	if answer.Status != a.status {
		t.Errorf("%s: status %d, want %d: %.300s", what, answer.Status, a.status, answer.Body)
		return
	}
	if head := p.Do(http.MethodHead, p.fill(a.path), nil, headers...); head.Status != answer.Status || len(head.Body) > 0 {
		t.Errorf("%s: HEAD answers %d with %d bytes", what, head.Status, len(head.Body))
	}
	if a.status == http.StatusOK && a.mask == "" {
		document.CheckAnswer(t, http.MethodGet, p.Template(p.fill(a.path)), a.status, answer.Body)
	}
	if len(a.want) == 0 {
		return
	}
	tree := answer.JSON(t)
	for path, value := range a.want {
		got, ok := reach(tree, path)
		if value == any(absent) {
			if ok {
				t.Errorf("%s: there is %s: %v", what, path, got)
			}
			continue
		}
		if text, isText := value.(string); isText {
			value = p.fill(text)
		}
		if path == "keys" {
			value = sortedKeys(value.(string))
		}
		if !ok || !reflect.DeepEqual(got, value) {
			t.Errorf("%s: %s is %v, want %v", what, path, got, value)
		}
	}
}

func sortedKeys(list string) string {
	tree := map[string]any{}
	if list != "" {
		for name := range strings.SplitSeq(list, ",") {
			tree[name] = nil
		}
	}
	sorted, _ := reach(tree, "keys")
	return sorted.(string)
}

func TestSlugsLeadOn(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for from, to := range map[string]string{
		"/api/1/organizations/former-town/?page=2":       "/api/1/organizations/ville-de-valmont/",
		"/api/1/organizations/former-town/datasets/":     "/api/1/organizations/ville-de-valmont/datasets/",
		"/api/1/reuses/ancienne-carte/followers/":        "/api/1/reuses/carte-velo/followers/",
		"/api/1/users/Ada%20Example/":                    "/api/1/users/ada-example/",
		"/api/2/topics/Mobilite%20DOUCE/elements/":       "/api/2/topics/mobilite-douce/elements/",
		"/api/1/dataservices/API%20compteurs/followers/": "/api/1/dataservices/api-compteurs/followers/",
		"/api/1/posts/NEWS/":                             "/api/1/posts/news/",
	} {
		answer := p.Get(from)
		if answer.Status != moved || answer.Header.Get("Location") != to {
			t.Errorf("%s leads to %q with %d, want %q", from, answer.Header.Get("Location"), answer.Status, to)
		}
	}
}

func TestAvatars(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	first := p.Get("/api/1/avatars/ada/100/")
	if first.Status != http.StatusOK || first.Header.Get("Content-Type") != "image/png" || first.Header.Get("Etag") == "" {
		t.Fatalf("status %d, %v", first.Status, first.Header)
	}
	picture, err := png.Decode(bytes.NewReader(first.Body))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 100 || size.Y != 100 {
		t.Errorf("the picture is %v", size)
	}
	for x := range 50 {
		for y := range 100 {
			if picture.At(x, y) != picture.At(99-x, y) {
				t.Fatalf("the picture differs at %d,%d from its mirror", x, y)
			}
		}
	}
	if again := p.Get("/api/1/avatars/ada/100/"); !bytes.Equal(again.Body, first.Body) {
		t.Error("the same identifier draws another picture")
	}
	if other := p.Get("/api/1/avatars/eve/100/"); bytes.Equal(other.Body, first.Body) {
		t.Error("another identifier draws the same picture")
	}
	if same := p.Get("/api/1/avatars/ada/100/", "If-None-Match", first.Header.Get("Etag")); same.Status != http.StatusNotModified {
		t.Errorf("status %d for who has the picture", same.Status)
	}
}

func TestObjectQueryCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var count atomic.Int64
		d.Watch(func(context.Context, string, time.Duration) { count.Add(1) })
		p := newPortal(t, d)
		for i := range 9 {
			office := p.Organization(fmt.Sprintf("Office %d", i), account.NewMember{UserID: p.eve, Role: account.RoleEditor})
			p.exec("UPDATE organizations SET presentation_blocs_published_at = 1, presentation_blocs = ? WHERE id = ?",
				fmt.Sprintf(`[{"id":"b","class":"DatasetsListBloc","datasets":[%q]}]`, p.ids["open"]), office)
			n := 60 + i
			p.reuse(n, fmt.Sprintf("reuse-%d", i), func(r *catalog.Reuse) { r.OrganizationID = &office }, p.ids["open"], p.ids["mine"])
			p.dataservice(n, fmt.Sprintf("api-%d", i), func(d *catalog.Dataservice) { d.OrganizationID = &office })
			p.topic(n, fmt.Sprintf("topic-%d", i), func(t *catalog.Topic) { t.OrganizationID = &office })
			p.post(n, fmt.Sprintf("post-%d", i), func(o *catalog.Post) {
				o.PublishedAt, o.OwnerID = made(n), &p.ada
				o.Blocs = db.JSON(fmt.Sprintf(`[{"id":"b","class":"DatasetsListBloc","datasets":[%q]}]`, p.ids["open"]))
			})
			p.exec("INSERT INTO post_datasets (post_id, dataset_id, position) VALUES (?, ?, 0)", p.ids[fmt.Sprintf("post-%d", i)], p.ids["open"])
			p.exec("INSERT INTO object_contacts (object_id, contact_id, position) VALUES (?, ?, 0)", p.ids[fmt.Sprintf("api-%d", i)], p.ids["contact"])
		}
		queries := func(path, mask string) int64 {
			before := count.Load()
			headers := []string{"X-API-KEY", p.adminToken}
			if mask != "" {
				headers = append(headers, "X-Fields", mask)
			}
			if answer := p.Get(path, headers...); answer.Status != http.StatusOK {
				t.Fatalf("%s answered %d: %s", path, answer.Status, answer.Body)
			}
			return count.Load() - before
		}
		for _, list := range []struct{ path, mask string }{
			{"/api/1/organizations/?", ""}, {"/api/1/organizations/?", "data{presentation_blocs}"}, {"/api/1/users/?", ""}, {"/api/1/reuses/?", ""},
			{"/api/2/reuses/?", ""}, {"/api/1/dataservices/?", ""}, {"/api/2/topics/?", ""}, {"/api/1/posts/?", ""}, {"/api/1/posts/?", "data{blocs}"},
		} {
			few, many := queries(list.path+"page_size=3", list.mask), queries(list.path+"page_size=8", list.mask)
			if few != many || few > 30 {
				t.Errorf("%s %s takes %d queries for three objects and %d for eight", list.path, list.mask, few, many)
			}
			t.Logf("%s %s takes %d queries", list.path, list.mask, few)
		}
	})
}
