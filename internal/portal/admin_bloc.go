package portal

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"

	"grenier/internal/catalog"
	"grenier/internal/fault"
)

// adminBlocContents are the types of Page.Data of the pages that composed pages
// are edited on.
var adminBlocContents = map[string]any{"admin/bloc": adminBloc{}}

// adminBloc is the page that one bloc is written on.
type adminBloc struct{ Form formView }

// blocEditing is a composed page that is edited: where its editor is, and how it
// is read and written. blocRoutes declares the pages below the editor's.
type blocEditing struct {
	// path is that of the page that lists the blocs, filled in, in the site's own
	// language.
	path string
	// frame begins the pages of single blocs: scope, icon, public page, crumbs that
	// lead to the list. Its name, title and data are set here.
	frame adminDraft
	// member is the member of the API that holds the blocs; refusals begin with it.
	member string
	// blocs are those that there are; version is that of what holds them.
	blocs   []catalog.Bloc
	version int64
	// save writes all blocs, as JSON. It refuses who may not.
	save func(ctx context.Context, blocs json.RawMessage) error
}

// blocArgs are the arguments of the pages of blocs.
type blocArgs struct {
	// ID names the composed page, empty where the path of the editor holds none;
	// Bloc is a bloc of it. Both stand in the path.
	ID, Bloc string
	// Class, At and Into say what a new bloc is, before which place it goes, and
	// into which fold: the identifier of an accordion and the number of its fold.
	Class string `query:"class"`
	At    string `query:"at"`
	Into  string `query:"into"`
}

// in takes what stands in the path of a request.
func (a blocArgs) in(v *visit) blocArgs {
	a.ID, a.Bloc = v.Param("id"), v.Param("bloc")
	return a
}

// blocOpener reads the composed page that an address names, for who may change
// it; list draws the page that lists its blocs.
type blocOpener struct {
	open func(v *visit, id string) (*blocEditing, error)
	list func(v *visit, id string) error
}

// blocRoutes declare the pages and forms of single blocs below the path of an
// editor, {id} in it being what open is asked for. operation is the one of the
// API that writes the whole.
func blocRoutes(t *table, path, operation string, o blocOpener) {
	adminPage(t, path+"/new-bloc", func(v *visit, in blocArgs) error { return v.showNewBloc(o, in.in(v)) })
	form(t, path+"/new-bloc", operation, func(v *visit, in blocArgs, sent *posted) error { return v.addBloc(o, in.in(v), sent) })
	adminPage(t, path+"/blocs/{bloc}", func(v *visit, in blocArgs) error { return v.showBloc(o, in.in(v)) })
	form(t, path+"/blocs/{bloc}", operation, func(v *visit, in blocArgs, sent *posted) error { return v.saveBloc(o, in.in(v), sent) })
	form(t, path+"/blocs/{bloc}/move", operation, func(v *visit, in blocArgs, sent *posted) error { return v.moveBloc(o, in.in(v), sent) })
	form(t, path+"/blocs/{bloc}/remove", operation, func(v *visit, in blocArgs, sent *posted) error { return v.removeBloc(o, in.in(v), sent) })
}

// blocClasses are the classes of blocs in the order in which they are offered,
// with their names and pictures.
var blocClasses = []struct{ class, label, icon string }{
	{catalog.BlocMarkdown, "admin-bloc.markdown", "text"}, {catalog.BlocHero, "admin-bloc.hero", "star"},
	{catalog.BlocDatasets, "admin-bloc.datasets", "dataset"}, {catalog.BlocReuses, "admin-bloc.reuses", "reuse"},
	{catalog.BlocDataservices, "admin-bloc.dataservices", "service"}, {catalog.BlocLinks, "admin-bloc.links", "link"},
	{catalog.BlocAccordion, "admin-bloc.accordion", "list"},
}

// innerClass tells whether a bloc may stand inside the fold of an accordion.
func innerClass(class string) bool {
	return class != catalog.BlocHero && class != catalog.BlocAccordion
}

// blocPlace is where a bloc stands: in which list, at which place, and by which
// path of the API.
type blocPlace struct {
	list *[]catalog.Bloc
	at   int
	path []any
}

// findBloc finds a bloc, also inside the folds of others.
func findBloc(blocs *[]catalog.Bloc, id string, path ...any) (blocPlace, bool) {
	for i := range *blocs {
		at := append(slices.Clone(path), i)
		if (*blocs)[i].ID == id {
			return blocPlace{blocs, i, at}, true
		}
		for j := range (*blocs)[i].Items {
			inner := append(slices.Clone(at), "items", j, "content")
			if found, ok := findBloc(&(*blocs)[i].Items[j].Content, id, inner...); ok {
				return found, true
			}
		}
	}
	return blocPlace{}, false
}

// placeOf is the place that a new bloc goes to.
func (e *blocEditing) placeOf(in blocArgs) (blocPlace, error) {
	place := blocPlace{list: &e.blocs, path: []any{e.member}}
	if in.Into != "" {
		id, fold, _ := cutLast(in.Into)
		number, err := strconv.Atoi(fold)
		parent, ok := findBloc(&e.blocs, id, e.member)
		if err != nil || !ok {
			return place, errNoBloc
		}
		items := (*parent.list)[parent.at].Items
		if number < 0 || number >= len(items) {
			return place, errNoBloc
		}
		place = blocPlace{list: &items[number].Content, path: append(slices.Clone(parent.path), "items", number, "content")}
	}
	place.at = len(*place.list)
	if at, err := strconv.Atoi(in.At); err == nil && at >= 0 {
		place.at = min(at, place.at)
	}
	place.path = append(place.path, place.at)
	return place, nil
}

// cutLast cuts a text at its last colon.
func cutLast(text string) (before, after string, ok bool) {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == ':' {
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

var errNoBloc = fault.New(fault.NotFound, "This part of the page is not there any more.")

// write saves the blocs as they are now. Refusals that concern the bloc at a path
// name its fields.
func (e *blocEditing) write(ctx context.Context, path []any, fields map[string]string) error {
	body, err := json.Marshal(e.blocs)
	if err != nil {
		return err
	}
	if len(e.blocs) == 0 {
		body = []byte("[]")
	}
	return withinBloc(e.save(ctx, body), path, fields)
}

// withinBloc leaves the way to a bloc out of the paths of a refusal; fields give
// other names to the fields of its form.
func withinBloc(err error, path []any, fields map[string]string) error {
	if err == nil {
		return nil
	}
	refused := fault.Of(err)
	if refused.Code != fault.Invalid || len(refused.Fields) == 0 {
		return err
	}
	var all *fault.Error
	for _, wrong := range refused.Fields {
		at := wrong.Path
		if len(at) > len(path) && slices.Equal(at[:len(path)], path) {
			at = at[len(path):]
			if other := fields[nameOf(at)]; other != "" {
				at = []any{other}
			}
		}
		if all == nil {
			all = fault.At(wrong.Text, at...)
		} else {
			all = all.At(wrong.Text, at...)
		}
	}
	return all
}

// blocLabel is the name of a class of blocs, with its picture.
func (v *visit) blocLabel(class string) (label, icon string) {
	for _, one := range blocClasses {
		if one.class == class {
			return v.say.T(one.label), one.icon
		}
	}
	return class, "grid"
}

func (v *visit) showNewBloc(o blocOpener, in blocArgs) error {
	e, err := o.open(v, in.ID)
	if err != nil {
		return err
	}
	class := in.Class
	if v.posted != nil {
		class = v.posted.text("class")
	}
	if !slices.ContainsFunc(blocClasses, func(known struct{ class, label, icon string }) bool { return known.class == class }) {
		return errNoBloc
	}
	return v.drawBlocForm(e, &catalog.Bloc{Class: class}, e.path+"/new-bloc", func(f *formDraft) {
		at, into := in.At, in.Into
		if v.posted != nil {
			at, into = v.posted.text("at"), v.posted.text("into")
		}
		f.withHidden("class", class).withHidden("at", at).withHidden("into", into)
	})
}

// find opens the composed page of an address and finds the bloc that it names.
func (o blocOpener) find(v *visit, in blocArgs) (*blocEditing, blocPlace, error) {
	e, err := o.open(v, in.ID)
	if err != nil {
		return nil, blocPlace{}, err
	}
	place, ok := findBloc(&e.blocs, in.Bloc, e.member)
	if !ok {
		return nil, place, errNoBloc
	}
	return e, place, nil
}

func (v *visit) showBloc(o blocOpener, in blocArgs) error {
	e, place, err := o.find(v, in)
	if err != nil {
		return err
	}
	return v.drawBlocForm(e, &(*place.list)[place.at], e.path+"/blocs/"+url.PathEscape(in.Bloc), nil)
}

// drawBlocForm shows the form of one bloc.
func (v *visit) drawBlocForm(e *blocEditing, b *catalog.Bloc, path string, more func(*formDraft)) error {
	f := v.form("bloc", path).version(e.version).cancel(e.path).submit("form.save", "check")
	if more != nil {
		more(f)
	}
	if err := v.blocFields(f, b); err != nil {
		return err
	}
	d := e.frame
	d.name, d.path, d.data = "bloc", path, adminBloc{f.view()}
	d.title, d.icon = v.blocLabel(b.Class)
	return v.showAdmin(d)
}

func (v *visit) addBloc(o blocOpener, in blocArgs, sent *posted) error {
	e, err := o.open(v, in.ID)
	if err != nil {
		return err
	}
	place, err := e.placeOf(blocArgs{At: sent.text("at"), Into: sent.text("into")})
	if err != nil {
		return err
	}
	*place.list = slices.Insert(*place.list, place.at, catalog.Bloc{Class: sent.text("class")})
	return v.keepBloc(e, place, sent, "admin-bloc.done-added", func() error { return v.showNewBloc(o, in) })
}

func (v *visit) saveBloc(o blocOpener, in blocArgs, sent *posted) error {
	e, place, err := o.find(v, in)
	if err != nil {
		return err
	}
	return v.keepBloc(e, place, sent, "admin-bloc.done-saved", func() error { return v.showBloc(o, in) })
}

// keepBloc writes what was sent of the bloc at a place; a refusal shows its form
// again.
func (v *visit) keepBloc(e *blocEditing, place blocPlace, sent *posted, done string, show func() error) error {
	fields, err := v.readBloc(sent, &(*place.list)[place.at])
	if err == nil {
		err = e.write(sent.Context(), place.path, fields)
	}
	if err != nil {
		return sent.again(err, show)
	}
	return sent.done(e.path, done)
}

// moveBloc puts a bloc before or behind its neighbour: by is -1 or 1.
func (v *visit) moveBloc(o blocOpener, in blocArgs, sent *posted) error {
	return v.changeBlocs(o, in, sent, "admin-bloc.done-moved", func(place blocPlace) {
		to := place.at + 1
		if sent.text("by") == "-1" {
			to = place.at - 1
		}
		if list := *place.list; to >= 0 && to < len(list) {
			list[place.at], list[to] = list[to], list[place.at]
		}
	})
}

func (v *visit) removeBloc(o blocOpener, in blocArgs, sent *posted) error {
	return v.changeBlocs(o, in, sent, "admin-bloc.done-removed", func(place blocPlace) {
		*place.list = slices.Delete(*place.list, place.at, place.at+1)
	})
}

// changeBlocs changes the list that a bloc is in.
func (v *visit) changeBlocs(o blocOpener, in blocArgs, sent *posted, done string, change func(blocPlace)) error {
	e, place, err := o.find(v, in)
	if err != nil {
		return err
	}
	change(place)
	if err := e.write(sent.Context(), place.path, nil); err != nil {
		return sent.again(err, func() error { return o.list(v, in.ID) })
	}
	return sent.done(e.path, done)
}
