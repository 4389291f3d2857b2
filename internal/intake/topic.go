package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

var topicKeys = map[string][]string{
	"name": {"name"}, "slug": {"slug"}, "organization": {"owner"}, "owner": {"owner"}, "description": {"description"}, "tags": {"tags"},
	"color": {"color"}, "featured": {"featured"}, "private": {"private"}, "spatial": {"spatial"}, "created_at": {"created_at"},
	"last_modified": {"last_modified"}, "extras": {"extras"},
}

// elementKinds are the kinds of objects that topics gather, by the class that
// the API gives them.
var elementKinds = map[string]string{
	"Dataset": catalog.KindDataset, "Reuse": catalog.KindReuse, "Dataservice": catalog.KindDataservice,
}

// readTopic reads a topic as the API shows it, with its elements where they are
// written out.
func readTopic(o *object, hash uint64, with reading) (said, error) {
	var s said
	t := catalog.TopicRecord{}
	t.ID, t.Name, t.Slug, t.Description = o.text("id"), o.text("name"), o.text("slug"), o.optional("description")
	o.checkReference("id", t.ID)
	if strings.TrimSpace(t.Name) == "" {
		o.fail("name", "there is no name")
	}
	t.Tags, t.Color, t.Featured, t.Private = filled(o.texts("tags")), o.maybeCount("color"), o.flag("featured"), o.maybeFlag("private")
	t.CreatedAt, t.ModifiedAt, t.Extras = o.time("created_at"), o.time("last_modified"), o.document("extras")
	if spatial := o.object("spatial"); spatial != nil {
		t.Granularity, t.Geometry = spatial.optional("granularity"), spatial.document("geom")
		t.Zones = s.zonesOfIDs(with.zones, spatial.ids("zones"))
	}
	t.OrganizationID, t.OwnerID = s.readOwners(o, catalog.FormAPI, atOf(t.ModifiedAt))
	fields := fieldsOf(o, topicKeys, catalog.TopicFields)
	if value := o.given("elements"); value != nil && value[0] == '[' {
		fields |= catalog.TopicFields("elements")
		for i, one := range o.objects("elements") {
			t.Elements = append(t.Elements, readElement(one, t.ID, i))
		}
	}
	if err := o.failure(); err != nil {
		return said{}, err
	}
	s.topics = []catalog.Input[catalog.TopicRecord]{{
		Object: t, Source: catalog.Source{At: atOf(t.ModifiedAt), Form: catalog.FormAPI, Hash: hash, Fields: fields},
	}}
	return s, nil
}

func readElement(o *object, topic string, place int) catalog.Element {
	e := catalog.Element{
		ID: o.text("id"), Title: o.optional("title"), Description: o.optional("description"), Tags: filled(o.texts("tags")),
		Extras: o.document("extras"),
	}
	if e.ID == "" {
		e.ID = madeID(topic, fmt.Sprint("element ", place))
	}
	o.checkReference("id", e.ID)
	if named := o.object("element"); named != nil {
		kind, known := elementKinds[named.text("class")]
		id := named.text("id")
		if !known {
			named.fail("class", "%q is none of Dataset, Reuse, Dataservice", clip(named.text("class")))
		}
		named.checkReference("id", id)
		e.ElementKind, e.ElementID = &kind, &id
	}
	if e.Title == nil && e.ElementID == nil {
		o.fail("title", "an element has a title or names an object")
	}
	return e
}

// madeID is the identifier of an object whose input has none: always the same
// for the same words. Its date is that of the object it belongs to, else of the
// day the platform of origin opened.
func madeID(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	date := "52a9cc80"
	if db.IsID(words[0]) {
		date = words[0][:8]
	}
	return date + hex.EncodeToString(sum[:8])
}

var postKeys = map[string][]string{
	"name": {"name"}, "slug": {"slug"}, "headline": {"headline"}, "owner": {"owner"}, "image": {"image"}, "image_url": {"image"},
	"credit_to": {"credit"}, "kind": {"kind"}, "content": {"content"}, "blocs": {"content"}, "published": {"published"},
	"created_at": {"created_at"}, "last_modified": {"last_modified"}, "tags": {"tags"}, "datasets": {"datasets"}, "reuses": {"reuses"},
}

// readPost reads a post as the API shows it.
func readPost(o *object, hash uint64, _ reading) (said, error) {
	var s said
	p := catalog.PostRecord{}
	p.ID, p.Name, p.Slug, p.Headline = o.text("id"), o.text("name"), o.text("slug"), o.optional("headline")
	o.checkReference("id", p.ID)
	if strings.TrimSpace(p.Name) == "" {
		o.fail("name", "there is no name")
	}
	p.ImageURL, p.Image, p.ImageThumbnail = o.optional("image_url"), o.optional("image"), o.optional("image_thumbnail")
	p.CreditTo, p.CreditURL, p.Kind, p.BodyType = o.optional("credit_to"), o.optional("credit_url"), o.text("kind"), o.text("body_type")
	p.Content, p.Blocs, p.PublishedAt = o.optional("content"), o.document("blocs"), o.time("published")
	p.CreatedAt, p.ModifiedAt, p.Tags = o.time("created_at"), o.time("last_modified"), filled(o.texts("tags"))
	p.DatasetIDs, p.ReuseIDs = filled(o.ids("datasets")), filled(o.ids("reuses"))
	_, p.OwnerID = s.readOwners(o, catalog.FormAPI, atOf(p.ModifiedAt))
	if err := o.failure(); err != nil {
		return said{}, err
	}
	s.posts = []catalog.Input[catalog.PostRecord]{{
		Object: p,
		Source: catalog.Source{At: atOf(p.ModifiedAt), Form: catalog.FormAPI, Hash: hash, Fields: fieldsOf(o, postKeys, catalog.PostFields)},
	}}
	return s, nil
}
