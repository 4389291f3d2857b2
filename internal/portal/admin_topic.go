package portal

import (
	"context"
	"net/url"
	"strconv"

	"grenier/internal/catalog"
	"grenier/internal/fault"
)

// adminTopicContents are the types of Page.Data of the pages that topics are
// kept on.
var adminTopicContents = map[string]any{
	"admin/topic": adminTopic{}, "admin/topic-elements": adminTopicElements{}, "admin/topic-element": adminTopicElement{},
}

// adminTopic is the page that a topic is changed on.
type adminTopic struct {
	Form   formView
	Danger dangerZone
}

// adminTopicElements are the elements of a topic in their order.
type adminTopicElements struct {
	List listing
	// Add takes objects of the catalogue, Write an element of words.
	Add, Write formView
	// Clear removes them all; it has no ID where there are none.
	Clear dangerZone
}

// adminTopicElement is the page that one element is changed on.
type adminTopicElement struct {
	Form formView
	// Place puts it at another place.
	Place formView
}

// adminElementsArgs name a page of the elements of a topic.
type adminElementsArgs struct {
	ID   string `path:"id"`
	Page string `query:"page"`
	Q    string `query:"q"`
}

// adminElementArgs name an element of a topic.
type adminElementArgs struct {
	ID      string `path:"id"`
	Element string `path:"element"`
}

// adminTopicRoutes declare the pages that topics are kept on.
func (p *Portal) adminTopicRoutes(t *table) {
	p.keptRoutes(t, p.topicSort())
	adminPage(t, "/admin/topics/new", p.showNewTopic)
	form(t, "/admin/topics/new", "POST /api/2/topics/", p.createTopic)
	const one = "/admin/topics/{id}"
	adminPage(t, one, p.showAdminTopic)
	form(t, one, "PUT /api/2/topics/{topic}/", p.saveAdminTopic)
	adminPage(t, one+"/elements", p.showTopicElements)
	form(t, one+"/elements", "POST /api/2/topics/{topic}/elements/", p.addTopicElements)
	form(t, one+"/write", "POST /api/2/topics/{topic}/elements/", p.writeTopicElement)
	form(t, one+"/clear", "DELETE /api/2/topics/{topic}/elements/", p.clearTopic)
	adminPage(t, one+"/elements/{element}", p.showTopicElement)
	form(t, one+"/elements/{element}", "PUT /api/2/topics/{topic}/elements/{element}/", p.saveTopicElement)
	form(t, one+"/elements/{element}/remove", "DELETE /api/2/topics/{topic}/elements/{element}/", p.removeTopicElement)
	form(t, one+"/elements/{element}/move", "PUT /api/2/topics/{topic}/", p.moveTopicElement)
}

// topicSort is how topics are kept.
func (p *Portal) topicSort() *keptSort {
	return &keptSort{
		kind: catalog.KindTopic, base: "topics", menu: "admin.menu-topics", icon: "topic", name: "admin-topic.one",
		update: "PUT /api/2/topics/{topic}/", remove: "DELETE /api/2/topics/{topic}/", feature: "/api/2/topics/{topic}/featured/",
		find: p.Catalog.ResolveTopic,
		read: func(v *visit, id string) (*keptObject, error) {
			topic, err := p.Catalog.Topic(v.Context(), v.viewer, id)
			if err != nil {
				return nil, err
			}
			return keptTopic(topic), nil
		},
		change: func(ctx context.Context, v *visit, id string, c keptChange) error {
			_, err := p.Catalog.UpdateTopic(ctx, v.viewer, id, catalog.TopicInput{Private: c.privateOpt()})
			return err
		},
		drop: func(ctx context.Context, v *visit, id string, _ bool) error {
			return p.Catalog.DeleteTopic(ctx, v.viewer, id)
		},
		show:  func(v *visit, id string) error { return p.showAdminTopic(v, adminObjectArgs{id}) },
		sorts: []string{"-created", "name", "last_modified"},
		columns: func(l *lister) []listColumn {
			return []listColumn{
				l.column("admin-kept.title", "name"), l.column("admin-kept.state", ""), l.number("admin-topic.elements", ""),
				l.column("admin-kept.updated", "last_modified"),
			}
		},
		rows:  func(v *visit, ids []string) ([]listRow, error) { return v.topicRows(ids) },
		empty: "admin-topic.empty", emptyText: "admin-topic.empty-text", create: "/admin/topics/new", createLabel: "admin-topic.new",
	}
}

func keptTopic(t *catalog.Topic) *keptObject {
	return &keptObject{
		ID: t.ID, Slug: t.Slug, Title: t.Name, Version: t.Version, Owner: t.OwnedBy(), Private: t.Private != nil && *t.Private, Featured: t.Featured,
	}
}

func (v *visit) topicRows(ids []string) ([]listRow, error) {
	topics, err := v.p.Catalog.TopicsByIDs(v.Context(), v.viewer, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]listRow, len(topics))
	for i := range topics {
		t := &topics[i]
		name := linkCell(t.Name, v.path("/admin/topics/"+t.ID), t.OwnerName())
		name.Lang = v.contentLang()
		rows[i] = listRow{Value: t.ID, Cells: []listCell{
			name, badgeCell(v.keptBadges(keptTopic(t))...), numberCell(t.ElementCount), momentOrNot(t.ModifiedAt),
		}}
	}
	return rows, nil
}

// topicFields ask for what is told of a topic.
func (v *visit) topicFields(f *formDraft, t *catalog.Topic) {
	f.group("admin-topic.describe", "")
	f.text("name", "admin-topic.name", t.Name).most(255).require()
	f.markdown("description", "admin-topic.description", deref(t.Description)).most(catalog.DescriptionMax).help("admin-topic.description-help")
	f.tags("tags", "admin-kept.tags", t.Tags).help("admin-kept.tags-help")
	f.group("admin-topic.where", "")
	f.picks(zonesField, "admin-topic.zones", "zones", v.zoneOptions(t.Zones[:min(len(t.Zones), maxChosenZones)])...).help("publish.zones-help")
	f.askHomonyms(zonesField)
	f.choose("spatial.granularity", "admin-topic.granularity", deref(t.Granularity), v.granularities())
}

// topicInput reads what topicFields asked.
func (v *visit) topicInput(sent *posted, t *catalog.Topic) catalog.TopicInput {
	covered := catalog.Dataset{HasSpatial: t.HasSpatial, Granularity: t.Granularity, Geometry: t.Geometry}
	covered.Zones = t.Zones
	return catalog.TopicInput{
		Name: catalog.Some(sent.text("name")), Description: catalog.Some(sent.text("description")), Tags: catalog.Some(sent.list("tags")),
		Spatial: v.spatialOf(sent, &covered),
	}
}

func (p *Portal) showNewTopic(v *visit, in adminNewArgs) error {
	f := v.form("topic", "/admin/topics/new").submit("admin-topic.create", "check").cancel("/admin/me/topics")
	s, err := v.publisherField(f, in.Organization)
	if err != nil {
		return err
	}
	v.topicFields(f, &catalog.Topic{})
	f.group("admin-kept.publication", "")
	f.check("private", "admin-kept.private", true).help("admin-kept.private-help")
	return v.showAdmin(adminDraft{
		name: "topic", title: v.say.T("admin-topic.new"), path: "/admin/topics/new", scope: s, icon: "topic", lead: v.say.T("admin-topic.new-lead"),
		data: adminTopic{Form: f.view()},
	})
}

func (p *Portal) createTopic(v *visit, in adminNewArgs, sent *posted) error {
	input := v.topicInput(sent, &catalog.Topic{})
	input.Private, input.Organization = catalog.Some(sent.checked("private")), publisherOf(sent)
	err := v.homonyms(sent, zonesField)
	var made *catalog.Topic
	if err == nil {
		made, err = p.Catalog.CreateTopic(sent.Context(), v.viewer, input)
	}
	if err != nil {
		in.Organization = sent.text("organization")
		return sent.again(err, func() error { return p.showNewTopic(v, in) })
	}
	return sent.done("/admin/topics/"+made.ID+"/elements", "admin-topic.done-created")
}

// adminTopicOf reads a topic for who may change it.
func (v *visit) adminTopicOf(key, tail string) (t *catalog.Topic, done bool, err error) {
	id, done, err := v.keptObject(v.p.topicSort(), key, tail)
	if done || err != nil {
		return nil, done, err
	}
	if t, err = v.p.Catalog.Topic(v.Context(), v.viewer, id); err != nil {
		return nil, false, err
	}
	return t, false, v.editable(keptTopic(t))
}

// topicDraft begins a page of a topic with its tabs.
func (v *visit) topicDraft(t *catalog.Topic, name, tail string, data any) adminDraft {
	k := v.p.topicSort()
	draft := v.keptDraft(k, keptTopic(t), name, data)
	draft.path += tail
	shown := ""
	if tail != "" { // the page of one element too
		shown = "/elements"
	}
	draft.tabs = v.tabsOf(k.kind, t.ID, shown, map[string]int64{"/elements": t.ElementCount})
	return draft
}

func (p *Portal) showAdminTopic(v *visit, in adminObjectArgs) error {
	t, done, err := v.adminTopicOf(in.ID, "")
	if done || err != nil {
		return err
	}
	k := p.topicSort()
	f := v.form("topic", k.path(t.ID)).version(t.Version)
	v.topicFields(f, t)
	return v.showAdmin(v.topicDraft(t, "topic", "", adminTopic{f.view(), v.keptDanger(k, keptTopic(t))}))
}

func (p *Portal) saveAdminTopic(v *visit, in adminObjectArgs, sent *posted) error {
	t, err := p.Catalog.Topic(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	err = v.homonyms(sent, zonesField)
	if err == nil {
		_, err = p.Catalog.UpdateTopic(sent.Context(), v.viewer, t.ID, v.topicInput(sent, t))
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminTopic(v, in) })
	}
	return sent.done("/admin/topics/"+url.PathEscape(in.ID), "admin-kept.done-saved")
}

// elementsPath is that of the elements of a topic, or of one.
func elementsPath(topic, element string) string {
	path := "/admin/topics/" + url.PathEscape(topic) + "/elements"
	if element != "" {
		path += "/" + url.PathEscape(element)
	}
	return path
}

func (p *Portal) showTopicElements(v *visit, in adminElementsArgs) error {
	t, done, err := v.adminTopicOf(in.ID, "/elements")
	if done || err != nil {
		return err
	}
	l := v.lister(elementsPath(t.ID, ""), listArgs{Q: in.Q, Page: in.Page}, nil)
	filter := catalog.ElementFilter{Query: l.Query, Page: catalog.Page{Offset: l.offset(), Limit: l.Size}}
	elements, total, err := p.Catalog.Elements(v.Context(), v.viewer, t.ID, filter)
	if err != nil {
		return err
	}
	content := adminTopicElements{}
	if content.List, err = v.elementList(l, t, elements, total); err != nil {
		return err
	}
	if content.Add, err = v.elementsForm(t); err != nil {
		return err
	}
	w := v.form("write", "/admin/topics/"+t.ID+"/write").submit("admin-kept.link", "plus").light()
	w.group("admin-topic.write", "admin-topic.write-help")
	v.elementFields(w, &catalog.Element{})
	content.Write = w.view()
	if total > 0 && l.Query == "" {
		f := v.form("clear", "/admin/topics/"+t.ID+"/clear").version(t.Version).titled("admin-topic.clear", "admin-topic.clear-text")
		content.Clear.Forms = []formView{f.submit("admin-topic.clear", "trash").typed(t.Name).view()}
	}
	return v.showAdmin(v.topicDraft(t, "topic-elements", "/elements", content))
}

// elementList shows a page of the elements; those found by words have no place to
// move to.
func (v *visit) elementList(l *lister, t *catalog.Topic, elements []catalog.Element, total int) (listing, error) {
	list := listing{
		ID: "elements", Caption: v.say.T("admin-topic.elements"), Search: l.search("admin-kept.search"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Columns: []listColumn{l.column("admin-kept.title", ""), l.column("admin-topic.kind", ""), l.column("admin-kept.actions", "")},
		Empty:   emptyState{"topic", v.say.T("admin-topic.no-element"), v.say.T("admin-topic.no-element-text"), nil},
	}
	names, err := v.elementTitles(elements)
	if err != nil {
		return list, err
	}
	for i := range elements {
		e := &elements[i]
		title := v.elementTitle(e, names)
		cell := linkCell(title, v.path(elementsPath(t.ID, e.ID)), deref(e.Description))
		if e.Title != nil && e.ElementID != nil && names[*e.ElementID] != *e.Title {
			cell.Detail = names[*e.ElementID]
		}
		cell.Lang = v.contentLang()
		place := l.offset() + i + 1
		var moves []button
		move := func(label, icon string, to int) {
			b := v.button(elementsPath(t.ID, e.ID)+"/move", label, icon, "place", strconv.Itoa(to), "page", strconv.Itoa(l.Page))
			b.Small, b.Of, b.Tone = true, title, "quiet"
			moves = append(moves, b)
		}
		if l.Query == "" && place > 1 {
			move("admin-kept.up", "arrow-up", place-1)
		}
		if l.Query == "" && place < total {
			move("admin-kept.down", "arrow-down", place+1)
		}
		remove := v.button(elementsPath(t.ID, e.ID)+"/remove", "admin-kept.unlink", "close")
		remove.Small, remove.Of, remove.Tone = true, title, "quiet"
		list.Rows = append(list.Rows, listRow{Cells: []listCell{cell, badgeCell(v.elementBadge(e)), buttonCell(append(moves, remove)...)}})
	}
	return list, nil
}

// elementTitles are the titles of the objects that elements name.
func (v *visit) elementTitles(elements []catalog.Element) (map[string]string, error) {
	byKind := map[string][]string{}
	for i := range elements {
		if e := &elements[i]; e.ElementID != nil && e.ElementKind != nil {
			byKind[*e.ElementKind] = append(byKind[*e.ElementKind], *e.ElementID)
		}
	}
	names := map[string]string{}
	for _, kind := range []string{catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice} {
		if len(byKind[kind]) == 0 {
			continue
		}
		some, err := v.p.Catalog.Titles(v.Context(), v.viewer, kind, byKind[kind])
		if err != nil {
			return nil, err
		}
		for id, title := range some {
			names[id] = title
		}
	}
	return names, nil
}

func (v *visit) elementTitle(e *catalog.Element, names map[string]string) string {
	switch {
	case e.Title != nil && *e.Title != "":
		return *e.Title
	case e.ElementID != nil && names[*e.ElementID] != "":
		return names[*e.ElementID]
	}
	return v.say.T("admin-topic.unnamed")
}

// elementBadge says what kind of object an element names.
func (v *visit) elementBadge(e *catalog.Element) badge {
	switch deref(e.ElementKind) {
	case catalog.KindDataset:
		return badge{v.say.T("admin-topic.is-dataset"), "", "dataset"}
	case catalog.KindReuse:
		return badge{v.say.T("admin-topic.is-reuse"), "", "reuse"}
	case catalog.KindDataservice:
		return badge{v.say.T("admin-topic.is-dataservice"), "", "service"}
	}
	return badge{v.say.T("admin-topic.is-text"), "", "text"}
}

// elementPicks are the pickers of objects for elements, by the class of their
// references.
var elementPicks = []struct{ kind, class, name, label string }{
	{catalog.KindDataset, "Dataset", "datasets", "admin-topic.datasets"},
	{catalog.KindReuse, "Reuse", "reuses", "admin-topic.reuses"},
	{catalog.KindDataservice, "Dataservice", "dataservices", "admin-topic.dataservices"},
}

// elementsForm adds objects of the catalogue.
func (v *visit) elementsForm(t *catalog.Topic) (formView, error) {
	f := v.form("link-elements", elementsPath(t.ID, "")).submit("admin-kept.link", "plus").light()
	f.group("admin-topic.add", "admin-kept.pick-help")
	for _, one := range elementPicks {
		chosen, err := v.chosenObjects(one.kind, one.name, nil)
		if err != nil {
			return formView{}, err
		}
		f.picks(one.name, one.label, one.name, chosen...)
	}
	return f.view(), nil
}

// elementFields ask for the words of an element.
func (v *visit) elementFields(f *formDraft, e *catalog.Element) {
	f.text("title", "admin-kept.title", deref(e.Title)).most(catalog.TitleMax)
	f.area("description", "admin-topic.description", deref(e.Description)).rows(3)
	f.tags("tags", "admin-kept.tags", e.Tags)
}

func (p *Portal) addTopicElements(v *visit, in adminElementsArgs, sent *posted) error {
	var given []catalog.ElementInput
	var from []string
	for _, one := range elementPicks {
		ids, err := v.identified(sent, one.kind, one.name)
		if err != nil {
			return err
		}
		for _, id := range ids {
			given = append(given, catalog.ElementInput{Element: catalog.Some(catalog.ElementRef{Class: one.class, ID: id})})
			from = append(from, one.name)
		}
	}
	_, err := p.Catalog.AddElements(sent.Context(), v.viewer, in.ID, given)
	if len(given) == 0 {
		err = fault.At("This field is required.", "datasets")
	}
	if err != nil {
		return sent.again(atFields(err, from), func() error { return p.showTopicElements(v, in) })
	}
	return sent.done(elementsPath(in.ID, ""), "admin-topic.done-added")
}

// atFields lets a refusal of a list name the fields that its entries came from.
func atFields(err error, from []string) error {
	refused := fault.Of(err)
	if refused.Code != fault.Invalid || len(refused.Fields) == 0 {
		return err
	}
	var all *fault.Error
	for _, wrong := range refused.Fields {
		path := wrong.Path
		if len(path) > 0 {
			if i, ok := path[0].(int); ok && i >= 0 && i < len(from) {
				path = []any{from[i]}
			}
		}
		if all == nil {
			all = fault.At(wrong.Text, path...)
		} else {
			all = all.At(wrong.Text, path...)
		}
	}
	return all
}

func elementInput(sent *posted) catalog.ElementInput {
	return catalog.ElementInput{
		Title: catalog.Some(sent.text("title")), Description: catalog.Some(sent.text("description")), Tags: catalog.Some(sent.list("tags")),
	}
}

func (p *Portal) writeTopicElement(v *visit, in adminElementsArgs, sent *posted) error {
	if sent.text("title") == "" {
		return sent.again(fault.At("This field is required.", "title"), func() error { return p.showTopicElements(v, in) })
	}
	if _, err := p.Catalog.AddElements(sent.Context(), v.viewer, in.ID, []catalog.ElementInput{elementInput(sent)}); err != nil {
		return sent.again(inFirst(err), func() error { return p.showTopicElements(v, in) })
	}
	return sent.done(elementsPath(in.ID, ""), "admin-topic.done-added")
}

// inFirst leaves out the place in the list of a refusal of its first entry.
func inFirst(err error) error {
	refused := fault.Of(err)
	if refused.Code != fault.Invalid {
		return err
	}
	for i := range refused.Fields {
		if path := refused.Fields[i].Path; len(path) > 1 && path[0] == 0 {
			refused.Fields[i].Path = path[1:]
		}
	}
	return refused
}

func (p *Portal) clearTopic(v *visit, in adminElementsArgs, sent *posted) error {
	t, err := p.Catalog.Topic(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	if !sent.confirmed(t.Name) {
		err = errTyped
	} else {
		err = p.Catalog.RemoveElements(sent.Context(), v.viewer, t.ID)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showTopicElements(v, in) })
	}
	return sent.done(elementsPath(in.ID, ""), "admin-topic.done-cleared")
}

func (p *Portal) showTopicElement(v *visit, in adminElementArgs) error {
	t, done, err := v.adminTopicOf(in.ID, "/elements/"+url.PathEscape(in.Element))
	if done || err != nil {
		return err
	}
	e, place, err := p.Catalog.Element(v.Context(), v.viewer, t.ID, in.Element)
	if err != nil {
		return err
	}
	names, err := v.elementTitles([]catalog.Element{*e})
	if err != nil {
		return err
	}
	f := v.form("element", elementsPath(t.ID, e.ID)).version(t.Version).cancel(elementsPath(t.ID, ""))
	v.elementFields(f, e)
	if err := v.elementObject(f, e); err != nil {
		return err
	}
	content := adminTopicElement{Form: f.view()}
	m := v.form("place", elementsPath(t.ID, e.ID)+"/move").version(t.Version).titled("", "").submit("admin-topic.move", "sort").light()
	m.number("place", " "+v.say.T("admin-topic.place", "count", t.ElementCount), strconv.Itoa(place))
	content.Place = m.view()
	draft := v.topicDraft(t, "topic-element", "/elements/"+e.ID, content)
	draft.title, draft.public = v.elementTitle(e, names), v.elementPublic(e)
	draft.actions, draft.buttons, draft.badges = nil, nil, []badge{v.elementBadge(e)}
	draft.crumbs = append(draft.crumbs, Link{t.Name, v.path(elementsPath(t.ID, ""))})
	return v.showAdmin(draft)
}

// elementObject asks which object an element names, among those of its kind; all
// kinds where it names none.
func (v *visit) elementObject(f *formDraft, e *catalog.Element) error {
	for _, one := range elementPicks {
		if e.ElementKind != nil && *e.ElementKind != one.kind {
			continue
		}
		var ids []string
		if e.ElementID != nil {
			ids = []string{*e.ElementID}
		}
		chosen, err := v.chosenObjects(one.kind, one.name, ids)
		if err != nil {
			return err
		}
		f.pick(one.name, one.label, one.name, chosen...)
	}
	return nil
}

// elementPublic is the public page of the object that an element names.
func (v *visit) elementPublic(e *catalog.Element) string {
	if e.ElementKind == nil || e.ElementID == nil {
		return ""
	}
	return v.publicPage(*e.ElementKind, *e.ElementID)
}

func (p *Portal) saveTopicElement(v *visit, in adminElementArgs, sent *posted) error {
	input := elementInput(sent)
	for _, one := range elementPicks {
		if !sent.has(one.name) {
			continue
		}
		ids, err := v.identified(sent, one.kind, one.name)
		if err != nil {
			return err
		}
		input.Element.Set = true
		input.Element.Null = input.Element.Value.ID == ""
		if len(ids) > 0 {
			input.Element = catalog.Some(catalog.ElementRef{Class: one.class, ID: ids[0]})
		}
	}
	if _, err := p.Catalog.UpdateElement(sent.Context(), v.viewer, in.ID, in.Element, input); err != nil {
		return sent.again(err, func() error { return p.showTopicElement(v, in) })
	}
	return sent.done(elementsPath(in.ID, ""), "admin-kept.done-saved")
}

func (p *Portal) removeTopicElement(v *visit, in adminElementArgs, sent *posted) error {
	if err := p.Catalog.RemoveElement(sent.Context(), v.viewer, in.ID, in.Element); err != nil {
		return sent.again(err, func() error { return p.showTopicElements(v, adminElementsArgs{ID: in.ID}) })
	}
	return sent.done(elementsPath(in.ID, ""), "admin-topic.done-removed")
}

func (p *Portal) moveTopicElement(v *visit, in adminElementArgs, sent *posted) error {
	var err error = fault.At(notANumber, "place")
	if place, ok := sent.whole("place"); ok {
		err = p.Catalog.MoveElement(sent.Context(), v.viewer, in.ID, in.Element, int(min(max(place, 1), 1<<30)))
	}
	if err != nil {
		return sent.again(err, func() error { return p.showTopicElement(v, in) })
	}
	path := elementsPath(in.ID, "")
	if page, ok := sent.whole("page"); ok && page > 1 {
		path += "?page=" + strconv.FormatInt(page, 10)
	}
	return sent.done(path, "admin-topic.done-moved")
}
