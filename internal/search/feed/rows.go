package feed

import (
	"context"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/search"
	"grenier/internal/text"
)

// descriptionBytes bounds the part of a description that is indexed.
const descriptionBytes = 20_000

// owner are the columns of an owner, joined to an object's row.
type owner struct {
	OrganizationID   *string
	OwnerID          *string
	OrganizationName *string
	FirstName        *string
	LastName         *string
}

const ownerColumns = ` t.organization_id, t.owner_id, o.name AS organization_name, u.first_name, u.last_name `

const ownerJoins = ` LEFT JOIN organizations o ON o.id = t.organization_id LEFT JOIN users u ON u.id = t.owner_id `

// describe fills what a document says of its owner.
func (o owner) describe(d *search.Document, badges map[string][]string) {
	owned := catalog.Owned{OrganizationID: o.OrganizationID, OwnerID: o.OwnerID}
	switch {
	case o.OrganizationID != nil:
		d.Organization = *o.OrganizationID
		d.Owner = value(o.OrganizationName)
		owned.Organization = &account.OrganizationRef{Badges: badges[*o.OrganizationID]}
		facet(d, "organization", *o.OrganizationID)
		facet(d, "organization_id_with_name", *o.OrganizationID+"|"+d.Owner)
		facet(d, "organization_name", d.Owner)
		facet(d, "organization_badge", badges[*o.OrganizationID]...)
		facet(d, "producer_type", catalog.ProducerTypesOf(&owned)...)
	case o.OwnerID != nil:
		d.Owner = strings.TrimSpace(value(o.FirstName) + " " + value(o.LastName))
		facet(d, "owner", *o.OwnerID)
		facet(d, "producer_type", "user")
	}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func facet(d *search.Document, field string, values ...string) {
	if len(values) == 0 {
		return
	}
	if d.Facets == nil {
		d.Facets = make(map[string][]string)
	}
	d.Facets[field] = append(d.Facets[field], values...)
}

func number(d *search.Document, field string, n int64) {
	if d.Numbers == nil {
		d.Numbers = make(map[string]int64)
	}
	d.Numbers[field] = n
}

// organizationBadges loads the badges of the organisations that objects belong
// to.
func organizationBadges(ctx context.Context, read bun.IDB, owners []owner) (map[string][]string, error) {
	seen := make(map[string]bool)
	var ids []string
	for _, o := range owners {
		if o.OrganizationID != nil && !seen[*o.OrganizationID] {
			seen[*o.OrganizationID] = true
			ids = append(ids, *o.OrganizationID)
		}
	}
	return account.Badges(ctx, read, ids)
}

// values runs a query that gives pairs of an object and a value.
func values(ctx context.Context, read bun.IDB, query string, ids []string) (map[string][]string, error) {
	var rows []struct{ ObjectID, Value string }
	if err := read.NewRaw(query, bun.List(ids)).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	lists := make(map[string][]string)
	for _, row := range rows {
		lists[row.ObjectID] = append(lists[row.ObjectID], row.Value)
	}
	return lists, nil
}

const (
	tagQuery   = "SELECT object_id, tag AS value FROM tags WHERE object_id IN (?) ORDER BY object_id, position"
	badgeQuery = "SELECT object_id, badge AS value FROM badges WHERE object_id IN (?) ORDER BY object_id, position"
	zoneQuery  = "SELECT object_id, zone AS value FROM object_zones WHERE object_id IN (?) ORDER BY object_id, position"
	topicQuery = `SELECT e.element_id AS object_id, e.topic_id AS value FROM topic_elements e JOIN topics t ON t.id = e.topic_id
		WHERE e.element_id IN (?) AND (t.private IS NULL OR t.private = FALSE) ORDER BY e.element_id, e.topic_id`
	formerQuery = "SELECT object_id, name AS value FROM former_names WHERE object_id IN (?) ORDER BY object_id, at"
)

func plain(source string) string { return text.Plain(source, descriptionBytes) }

// day turns YYYY-MM-DD into the number yyyymmdd, 0 when it is none.
func day(text *string) int32 {
	if text == nil || len(*text) != 10 {
		return 0
	}
	n, err := strconv.Atoi((*text)[:4] + (*text)[5:7] + (*text)[8:])
	if err != nil {
		return 0
	}
	return int32(n)
}
