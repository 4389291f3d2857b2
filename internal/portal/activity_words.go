package portal

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/catalog"
)

// kindWord is the kind of an object as messages name it.
func kindWord(kind string) string {
	switch kind {
	case catalog.KindContact:
		return "contact"
	case catalog.KindCommunity:
		return "community"
	}
	return kind
}

// versionFields are the values of a version before and after, by the names of fields.
type versionFields map[string][2]json.RawMessage

// activityLine says a change in words, without values.
func (v *visit) activityLine(l *catalog.Line) (activityLine, error) {
	changed, err := l.Fields()
	if err != nil {
		return activityLine{}, err
	}
	verb, count := activityVerb(l, changed)
	line := activityLine{
		ID: "v" + strconv.FormatInt(l.Version, 10) + "-" + l.Object, At: l.At.Time, Words: v.activityWords(l, verb, count), Icon: activityIcon(verb),
	}
	if l.Who != nil {
		line.Picture = picturePath("users", l.Who.ID, logoSize)
	}
	if verb == "updated" || verb == "restored" {
		line.Fields = v.fieldNames(changed)
	}
	return line, nil
}

// someone stands for who acted while a sentence is put together.
const someone = "\x01"

// activityWords say who did what.
func (v *visit) activityWords(l *catalog.Line, verb string, count int) []activityWord {
	who := v.actor(l)
	what := v.say.T("activity.this-" + kindWord(l.ObjectKind))
	before, after, _ := strings.Cut(v.say.T("activity.did-"+verb, "who", someone, "what", what, "count", count), someone)
	var words []activityWord
	for _, word := range []activityWord{{Text: before}, who, {Text: after}} {
		if word.Text != "" {
			words = append(words, word)
		}
	}
	if l.ActorKind == "token" {
		words = append(words, activityWord{Text: " " + v.say.T("activity.by-token")})
	}
	return words
}

// actor names who acted: a person, the harvest of a source, or the program.
func (v *visit) actor(l *catalog.Line) activityWord {
	switch {
	case l.Who != nil && l.Who.FullName() != "":
		return activityWord{l.Who.FullName(), v.publicPage(catalog.KindUser, l.Who.Slug)}
	case l.ActorKind == "source":
		return activityWord{Text: v.say.T("activity.source")}
	case l.Person != "":
		return activityWord{Text: v.say.T("activity.former")}
	}
	return activityWord{Text: v.say.T("activity.system")}
}

// activityVerb finds what a change comes down to, and of how many parts.
func activityVerb(l *catalog.Line, changed versionFields) (verb string, count int) {
	what := l.What
	if what == "" && strings.HasSuffix(l.Key(), ":created") {
		what = "created"
	}
	switch what {
	case "created", "deleted", "restored":
		return what, 0
	case "scheduled":
		if values := changed["publish_at"]; isNull(values[1]) {
			return "unscheduled", 0
		}
		return "scheduled", 0
	case "element.created":
		return "elements-created", 0
	case "element.updated":
		return "elements-updated", 0
	case "element.deleted":
		return "elements-deleted", 0
	case "members", "assignments":
		return "members", 0
	}
	if verb, count = filesVerb(changed); verb != "" {
		return verb, count
	}
	return stateVerb(changed), 0
}

// filesVerb tells of a change of files alone.
func filesVerb(changed versionFields) (verb string, count int) {
	added, removed, touched, ranked := 0, 0, map[string]bool{}, map[string]bool{}
	for name, values := range changed {
		rest, ok := strings.CutPrefix(name, "resource/")
		if !ok {
			return "", 0
		}
		id, field, nested := strings.Cut(rest, "/")
		switch {
		case nested && field == "rank":
			ranked[id] = true
		case nested:
			touched[id] = true
		case isNull(values[0]):
			added++
		default:
			removed++
		}
	}
	switch {
	case added > 0 && removed == 0 && len(touched) == 0:
		return "files-added", added
	case removed > 0 && added == 0 && len(touched) == 0:
		return "files-removed", removed
	case added+removed+len(touched) > 0:
		return "files-changed", added + removed + len(touched)
	case len(ranked) > 0:
		return "files-ordered", 0
	}
	return "", 0
}

// stateVerb tells of a change of the state, the name or the owner of an object.
func stateVerb(changed versionFields) string {
	was := func(names ...string) (values [2]json.RawMessage, found bool) {
		for _, name := range names {
			if values, found = changed[name]; found {
				return values, true
			}
		}
		return values, false
	}
	choose := func(on bool, yes, no string) string {
		if on {
			return yes
		}
		return no
	}
	if values, ok := was("deleted", "deleted_at"); ok {
		return choose(isNull(values[1]), "restored", "deleted")
	}
	if values, ok := was("private"); ok {
		return choose(string(values[1]) == "true", "hidden", "published")
	}
	if values, ok := was("published"); ok {
		return choose(isNull(values[1]), "hidden", "published")
	}
	if values, ok := was("archived", "archived_at"); ok {
		return choose(isNull(values[1]), "unarchived", "archived")
	}
	if _, ok := was("organization", "owner"); ok {
		return "transferred"
	}
	if values, ok := was("featured"); ok {
		return choose(string(values[1]) == "true", "featured", "unfeatured")
	}
	if _, ok := was("members", "assignments"); ok {
		return "members"
	}
	if _, ok := was("badges"); ok {
		return "badged"
	}
	if _, ok := was("title", "name"); ok && onlyOf(changed, "title", "name", "slug") {
		return "renamed"
	}
	return "updated"
}

// onlyOf tells whether nothing else changed.
func onlyOf(changed versionFields, names ...string) bool {
	for name := range changed {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

func isNull(value json.RawMessage) bool { return len(value) == 0 || string(value) == "null" }

// activityIcons are the pictures of what happens.
var activityIcons = map[string]string{
	"created": "plus", "deleted": "trash", "restored": "history", "files-added": "upload", "files-removed": "trash", "files-changed": "file",
	"files-ordered": "sort", "published": "eye", "hidden": "lock", "archived": "archive", "unarchived": "archive", "transferred": "share",
	"featured": "star", "unfeatured": "star", "badged": "certified", "members": "users", "scheduled": "calendar", "unscheduled": "calendar",
}

func activityIcon(verb string) string {
	if icon := activityIcons[verb]; icon != "" {
		return icon
	}
	return "edit"
}

// fieldWords are the messages that name fields, by the names in history.
var fieldWords = map[string]string{
	"title": "title", "name": "name", "slug": "slug", "acronym": "acronym", "description": "description", "description_short": "summary", "headline": "summary",
	"content": "content", "body_type": "content", "blocs": "content", "presentation_blocs": "presentation", "presentation_blocs_published_at": "presentation",
	"private": "private", "published": "published", "publish_at": "publish-at", "archived": "archived", "archived_at": "archived", "deleted": "deleted",
	"deleted_at": "deleted", "tags": "tags", "license": "license", "frequency": "frequency", "frequency_date": "frequency-date", "zones": "zones",
	"spatial": "zones", "zone": "zones", "geom": "geometry", "granularity": "granularity", "temporal_start": "temporal-start", "temporal_end": "temporal-end",
	"contact_points": "contacts", "organization": "owner", "owner": "owner", "access_type": "access", "access_audiences": "audiences",
	"access_type_reason": "access-reason", "access_type_reason_category": "access-category", "authorization_request_url": "request-url",
	"extras": "extras", "datasets": "datasets", "reuses": "reuses", "dataservices": "dataservices", "elements": "elements", "image": "image",
	"image_url": "image", "logo": "image", "avatar": "image", "url": "url", "website": "url", "base_api_url": "url", "type": "type", "kind": "type", "topic": "topic",
	"machine_documentation_url": "documentation", "technical_documentation_url": "documentation", "business_documentation_url": "documentation",
	"rate_limiting": "rate", "rate_limiting_url": "rate", "availability": "availability", "availability_url": "availability", "format": "format",
	"mime": "mime", "filesize": "size", "checksum_type": "checksum", fileReplaced: "replaced", "checksum_value": "checksum", "schema_name": "schema", "schema_version": "schema",
	"schema_url": "schema", "rank": "order", "badges": "badges", "featured": "featured", "members": "members", "assignments": "members",
	"business_number_id": "number", "email": "email", "contact_form": "form", "role": "role", "color": "color", "credit_to": "credit", "credit_url": "credit",
	"x_axis": "drawing", "y_axis": "drawing", "series": "drawing",
}

// fieldName names a field; one that has no words keeps the name of the API.
func (v *visit) fieldName(name string) string {
	if word := fieldWords[name]; word != "" {
		return v.say.T("activity.field-" + word)
	}
	return name
}

// fieldNames name what changed, each once.
func (v *visit) fieldNames(changed versionFields) []string {
	var names []string
	for name := range changed {
		if strings.HasPrefix(name, "resource/") {
			names = append(names, v.say.T("activity.field-files"))
			continue
		}
		name, _, _ = strings.Cut(name, "/")
		if name == "slug" && len(changed) > 1 {
			continue
		}
		names = append(names, v.fieldName(name))
	}
	slices.Sort(names)
	return slices.Compact(names)
}
