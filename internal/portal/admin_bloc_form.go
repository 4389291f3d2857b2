package portal

import (
	"encoding/json"
	"strconv"

	"grenier/internal/catalog"
	"grenier/internal/text"
)

// blocListing are the blocs of a composed page in their order: the template part
// "bloc-editor" draws them.
type blocListing struct {
	Rows []blocRow
	// Adds offer new blocs at the end.
	Adds []AdminAction
	// Preview is the page as readers will see it.
	Preview []bloc
}

// blocRow is one bloc of a list.
type blocRow struct {
	// Label is what it is, Icon its picture, Title its own words, URL its page.
	Label, Icon, Title, URL, Text string
	// Buttons move and remove it.
	Buttons []button
	// Folds are those of an accordion.
	Folds []blocFoldRow
}

// blocFoldRow is a fold of an accordion with the blocs in it.
type blocFoldRow struct {
	Title string
	Rows  []blocRow
	Adds  []AdminAction
}

// blocListing shows the blocs of a page that is edited.
func (v *visit) blocListing(e *blocEditing) (blocListing, error) {
	list := blocListing{Rows: v.blocRows(e, e.blocs), Adds: v.blocAdds(e, "")}
	stored, err := json.Marshal(e.blocs)
	if err == nil {
		list.Preview, err = v.blocs(stored)
	}
	return list, err
}

// blocAdds lead to the forms of new blocs; into names a fold.
func (v *visit) blocAdds(e *blocEditing, into string) []AdminAction {
	var adds []AdminAction
	for _, one := range blocClasses {
		if into != "" && !innerClass(one.class) {
			continue
		}
		query := "?class=" + one.class
		if into != "" {
			query += "&into=" + into
		}
		adds = append(adds, AdminAction{Label: v.say.T(one.label), URL: v.path(e.path+"/new-bloc") + query, Icon: one.icon})
	}
	return adds
}

func (v *visit) blocRows(e *blocEditing, blocs []catalog.Bloc) []blocRow {
	rows := make([]blocRow, len(blocs))
	for i := range blocs {
		b := &blocs[i]
		path := e.path + "/blocs/" + b.ID
		row := blocRow{Title: deref(b.Title), URL: v.path(path), Text: v.blocSummary(b)}
		row.Label, row.Icon = v.blocLabel(b.Class)
		name := row.Label
		if row.Title != "" {
			name += " – " + row.Title
		}
		push := func(label, icon, tail string, pairs ...string) {
			one := v.button(path+tail, label, icon, pairs...)
			one.Small, one.Of, one.Tone, one.Version = true, name, "quiet", e.version
			row.Buttons = append(row.Buttons, one)
		}
		if i > 0 {
			push("admin-kept.up", "arrow-up", "/move", "by", "-1")
		}
		if i+1 < len(blocs) {
			push("admin-kept.down", "arrow-down", "/move", "by", "1")
		}
		push("admin-kept.unlink", "trash", "/remove")
		for j, fold := range b.Items {
			row.Folds = append(row.Folds, blocFoldRow{fold.Title, v.blocRows(e, fold.Content), v.blocAdds(e, b.ID+":"+strconv.Itoa(j))})
		}
		rows[i] = row
	}
	return rows
}

// blocSummary is a line about what a bloc holds.
func (v *visit) blocSummary(b *catalog.Bloc) string {
	const letters = 120
	switch b.Class {
	case catalog.BlocMarkdown:
		return text.Excerpt(deref(b.Content), letters)
	case catalog.BlocHero, catalog.BlocAccordion:
		return text.Excerpt(deref(b.Description), letters)
	case catalog.BlocLinks:
		return v.say.T("admin-bloc.count-links", "count", len(b.Links))
	case catalog.BlocDatasets:
		return v.say.T("common.datasets", "count", len(b.Datasets))
	case catalog.BlocReuses:
		return v.say.T("common.reuses", "count", len(b.Reuses))
	}
	return v.say.T("admin-bloc.count-apis", "count", len(b.Dataservices))
}

// moreLinks and moreFolds are the empty rows for new ones in a form.
const (
	moreLinks = 3
	moreFolds = 2
)

// blocFields ask for what a bloc of a class holds.
func (v *visit) blocFields(f *formDraft, b *catalog.Bloc) error {
	title := f.text("title", "admin-bloc.title", deref(b.Title)).most(350)
	if b.Class != catalog.BlocMarkdown && b.Class != catalog.BlocAccordion {
		title.require()
	}
	switch b.Class {
	case catalog.BlocHero, catalog.BlocAccordion:
		f.area("description", "admin-bloc.text", deref(b.Description)).rows(3)
	default:
		f.text("subtitle", "admin-bloc.subtitle", deref(b.Subtitle))
	}
	switch b.Class {
	case catalog.BlocMarkdown:
		f.markdown("content", "admin-bloc.content", deref(b.Content)).require()
	case catalog.BlocHero:
		colors := []option{{Label: v.say.T("admin-bloc.color-none")}}
		for _, color := range []option{{Value: "primary", Label: "admin-bloc.color-primary"}, {Value: "green", Label: "admin-bloc.color-green"}, {Value: "purple", Label: "admin-bloc.color-purple"}} {
			colors = append(colors, option{Value: color.Value, Label: v.say.T(color.Label)})
		}
		f.choose("color", "admin-bloc.color", deref(b.Color), colors)
		v.mainLinkFields(f, b)
	case catalog.BlocLinks:
		f.area("paragraph", "admin-bloc.text", deref(b.Paragraph)).rows(3)
		v.linkFields(f, b)
		v.mainLinkFields(f, b)
	case catalog.BlocAccordion:
		v.foldFields(f, b)
	case catalog.BlocDatasets:
		return v.blocObjects(f, catalog.KindDataset, "datasets", "admin-bloc.datasets", b.Datasets)
	case catalog.BlocReuses:
		return v.blocObjects(f, catalog.KindReuse, "reuses", "admin-bloc.reuses", b.Reuses)
	case catalog.BlocDataservices:
		return v.blocObjects(f, catalog.KindDataservice, "dataservices", "admin-bloc.dataservices", b.Dataservices)
	}
	return nil
}

func (v *visit) blocObjects(f *formDraft, kind, name, label string, ids []string) error {
	chosen, err := v.chosenObjects(kind, name, ids)
	if err != nil {
		return err
	}
	f.picks(name, label, name, chosen...).help("admin-kept.pick-help")
	return nil
}

func (v *visit) mainLinkFields(f *formDraft, b *catalog.Bloc) {
	f.group("admin-bloc.main-link", "")
	f.text("main_link_title", "admin-bloc.link-title", deref(b.MainLinkTitle)).most(350)
	f.text("main_link_url", "admin-bloc.link-url", deref(b.MainLinkURL)).example("https://").help("admin-bloc.link-url-help")
}

func (v *visit) linkFields(f *formDraft, b *catalog.Bloc) {
	f.group("admin-bloc.links", "admin-bloc.links-help")
	for i := range len(b.Links) + moreLinks {
		var link catalog.BlocLink
		if i < len(b.Links) {
			link = b.Links[i]
		}
		name := "links." + strconv.Itoa(i)
		f.text(name+".title", " "+v.say.T("admin-bloc.link-title-of", "number", i+1), link.Title).most(350)
		f.text(name+".url", " "+v.say.T("admin-bloc.link-url-of", "number", i+1), deref(link.URL)).example("https://")
	}
}

func (v *visit) foldFields(f *formDraft, b *catalog.Bloc) {
	f.group("admin-bloc.folds", "admin-bloc.folds-help")
	for i := range len(b.Items) + moreFolds {
		title := ""
		if i < len(b.Items) {
			title = b.Items[i].Title
		}
		f.text("items."+strconv.Itoa(i)+".title", " "+v.say.T("admin-bloc.fold-of", "number", i+1), title).most(350)
	}
}

// textOr is what was typed in a field, nothing when it is empty.
func textOr(sent *posted, name string) *string {
	value := sent.text(name)
	if value == "" {
		return nil
	}
	return &value
}

// readBloc changes a bloc as its form says. fields give the names of the form's
// fields for those members whose places differ.
func (v *visit) readBloc(sent *posted, b *catalog.Bloc) (fields map[string]string, err error) {
	b.Title = textOr(sent, "title")
	switch b.Class {
	case catalog.BlocHero, catalog.BlocAccordion:
		b.Description = textOr(sent, "description")
	default:
		b.Subtitle = textOr(sent, "subtitle")
	}
	if b.Class == catalog.BlocHero || b.Class == catalog.BlocLinks {
		b.MainLinkTitle, b.MainLinkURL = textOr(sent, "main_link_title"), textOr(sent, "main_link_url")
	}
	switch b.Class {
	case catalog.BlocMarkdown:
		b.Content = textOr(sent, "content")
	case catalog.BlocHero:
		b.Color = textOr(sent, "color")
	case catalog.BlocLinks:
		b.Paragraph = textOr(sent, "paragraph")
		fields = readLinks(sent, b)
	case catalog.BlocAccordion:
		fields = readFolds(sent, b)
	case catalog.BlocDatasets:
		b.Datasets, err = v.identified(sent, catalog.KindDataset, "datasets")
	case catalog.BlocReuses:
		b.Reuses, err = v.identified(sent, catalog.KindReuse, "reuses")
	case catalog.BlocDataservices:
		b.Dataservices, err = v.identified(sent, catalog.KindDataservice, "dataservices")
	}
	return fields, err
}

// maxRows bounds the rows of a form that are read.
const maxRows = 200

// readLinks reads the links; rows without words are left out.
func readLinks(sent *posted, b *catalog.Bloc) map[string]string {
	before, fields := b.Links, map[string]string{}
	b.Links = nil
	for i := range maxRows {
		name := "links." + strconv.Itoa(i)
		if !sent.has(name + ".title") {
			break
		}
		link := catalog.BlocLink{Title: sent.text(name + ".title"), URL: textOr(sent, name+".url")}
		if link.Title == "" && link.URL == nil {
			continue
		}
		if i < len(before) {
			link.Color = before[i].Color
		}
		kept := "links." + strconv.Itoa(len(b.Links))
		fields[kept+".title"], fields[kept+".url"] = name+".title", name+".url"
		b.Links = append(b.Links, link)
	}
	return fields
}

// readFolds reads the titles of the folds; one without a title goes, unless blocs
// are in it.
func readFolds(sent *posted, b *catalog.Bloc) map[string]string {
	before, fields := b.Items, map[string]string{}
	b.Items = nil
	for i := range maxRows {
		name := "items." + strconv.Itoa(i) + ".title"
		if !sent.has(name) {
			break
		}
		fold := catalog.AccordionItem{Title: sent.text(name)}
		if i < len(before) {
			fold.Content = before[i].Content
		}
		if fold.Title == "" && len(fold.Content) == 0 {
			continue
		}
		fields["items."+strconv.Itoa(len(b.Items))+".title"] = name
		b.Items = append(b.Items, fold)
	}
	return fields
}
