package api

import (
	"encoding/json"
	"slices"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// Activity is a line about one change.
type Activity struct {
	Actor         *UserReference         `json:"actor"`
	Changes       []string               `json:"changes"`
	CreatedAt     Moment                 `json:"created_at"`
	Extras        json.RawMessage        `json:"extras"`
	Icon          string                 `json:"icon"`
	Key           string                 `json:"key"`
	Label         string                 `json:"label"`
	Organization  *OrganizationReference `json:"organization"`
	RelatedTo     string                 `json:"related_to"`
	RelatedToID   string                 `json:"related_to_id"`
	RelatedToKind string                 `json:"related_to_kind"`
	RelatedToURL  *string                `json:"related_to_url"`
}

type activityArgs struct {
	web.Paging
	User         string `query:"user" oid:"User arg must be an identifier" help:"The identifier of a user who acted"`
	Organization string `query:"organization" oid:"Organization arg must be an identifier" help:"The identifier of an organization whose objects changed"`
	RelatedTo    string `query:"related_to" oid:"Related_to arg must be an identifier" help:"The identifier of an object that changed"`
}

// activityRoutes tell who changed what.
func (a *API) activityRoutes() {
	doc := web.Doc{
		Summary: "List what changed", Tags: []string{"site"},
		Description: "The latest first. What the caller may not read is counted in the total and left out of the page.",
	}
	web.Get[web.Page[Activity]](a.v1, "/activity/", doc, a.listActivity)
}

func (a *API) listActivity(c *web.Call, q activityArgs) error {
	v := viewer(c)
	lines, total, err := a.Catalog.Activity(c.Context(), v, catalog.ActivityFilter{
		Person: q.User, Organization: q.Organization, Object: q.RelatedTo,
	}, window(q.Paging))
	if err != nil {
		return err
	}
	all := make([]Activity, len(lines))
	for i := range lines {
		if all[i], err = activity(c, &lines[i]); err != nil {
			return err
		}
	}
	return sendPage(c, q.Paging, all, total, "")
}

func activity(c *web.Call, l *catalog.Line) (Activity, error) {
	changes, err := changedFields(l)
	if err != nil {
		return Activity{}, err
	}
	key := activityKey(l)
	return Activity{
		Actor: userReference(l.Who), Changes: changes, CreatedAt: moment(l.At), Extras: json.RawMessage("{}"), Icon: activityIcon(key),
		Key: key, Label: i18n.Label(i18n.Activity, key, c.Lang), Organization: organizationReference(viewer(c), l.For),
		RelatedTo: l.Subject.Title, RelatedToID: l.Object, RelatedToKind: className[l.ObjectKind],
		RelatedToURL: pageOf(l.ObjectKind, l.Subject.Slug),
	}, nil
}

// activityKey is what happened, in the words that clients know.
func activityKey(l *catalog.Line) string {
	if key := l.Key(); i18n.Has(i18n.Activity, key) {
		return key
	}
	return l.ObjectKind + ":updated"
}

func activityIcon(key string) string {
	switch {
	case strings.HasSuffix(key, ":created"), strings.HasSuffix(key, ":added"):
		return "fa fa-plus"
	case strings.HasSuffix(key, ":deleted"):
		return "fa fa-remove"
	case strings.HasSuffix(key, ":followed"):
		return "fa fa-eye"
	case strings.HasSuffix(key, ":discussed"):
		return "fa fa-comments"
	}
	return "fa fa-pencil"
}

// changedFields are the names of what changed, those of resources and elements
// without their identifiers, in the order of the alphabet.
func changedFields(l *catalog.Line) ([]string, error) {
	fields, err := l.Fields()
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		if part, rest, nested := strings.Cut(name, "/"); nested {
			if _, field, inside := strings.Cut(rest, "/"); inside {
				name = field
			} else {
				name = part + "s"
			}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// className are the names of the kinds of objects in answers.
var className = map[string]string{
	catalog.KindDataset: "Dataset", catalog.KindResource: "Resource", catalog.KindCommunity: "CommunityResource", catalog.KindReuse: "Reuse",
	catalog.KindDataservice: "Dataservice", catalog.KindTopic: "Topic", catalog.KindPost: "Post", catalog.KindOrganization: "Organization",
	catalog.KindUser: "User", catalog.KindContact: "ContactPoint", "chart": "Visualization", "transfer": "Transfer", "membership_request": "MembershipRequest",
}

// apiPaths are where the API has the objects of a kind, before their identifier.
var apiPaths = map[string]string{
	catalog.KindDataset: "/api/1/datasets/", catalog.KindCommunity: "/api/1/datasets/community_resources/", catalog.KindReuse: "/api/1/reuses/",
	catalog.KindDataservice: "/api/1/dataservices/", catalog.KindTopic: "/api/2/topics/", catalog.KindPost: "/api/1/posts/",
	catalog.KindOrganization: "/api/1/organizations/", catalog.KindUser: "/api/1/users/", catalog.KindContact: "/api/1/contacts/",
	"chart": "/api/1/visualizations/", "transfer": "/api/1/transfer/",
}

// apiPath is where the API has an object, "" when nowhere.
func apiPath(kind, id string) string {
	if base := apiPaths[kind]; base != "" && id != "" {
		return base + id + "/"
	}
	return ""
}

// pagePaths are where the portal shows the objects of a kind.
var pagePaths = map[string]string{
	catalog.KindDataset: "/datasets/", catalog.KindReuse: "/reuses/", catalog.KindDataservice: "/dataservices/", catalog.KindTopic: "/topics/",
	catalog.KindPost: "/posts/", catalog.KindOrganization: "/organizations/", catalog.KindUser: "/users/",
}

// pageOf is the page of an object, nil when its kind has none.
func pageOf(kind, slug string) *string {
	if base := pagePaths[kind]; base != "" {
		return linkTo(base + slug)
	}
	return nil
}
