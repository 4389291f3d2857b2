package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// Bounds of composed pages.
const (
	// maxBlocs bounds the blocs of a page, those inside others included,
	// maxBlocItems the links, folds and objects of one bloc.
	maxBlocs, maxBlocItems = 200, 200
	blocTitleMax           = 350
)

// heroColors are the colours of heroes.
var heroColors = []string{"primary", "green", "purple"}

// blocClasses are the classes of blocs in the order in which refusals name them.
var blocClasses = []string{BlocDatasets, BlocReuses, BlocDataservices, BlocLinks, BlocHero, BlocMarkdown, BlocAccordion}

// blocRef names an object in a bloc: by its identifier, or by an object that
// holds it.
type blocRef string

// UnmarshalJSON takes both forms.
func (r *blocRef) UnmarshalJSON(given []byte) error {
	var id string
	if json.Unmarshal(given, &id) == nil {
		*r = blocRef(id)
		return nil
	}
	var object struct{ ID string }
	err := json.Unmarshal(given, &object)
	*r = blocRef(object.ID)
	return err
}

// blocInput is a bloc as it is written.
type blocInput struct {
	ID, Class                                        string
	Title, Subtitle, Description, Paragraph, Content *string
	Color                                            *string
	MainLinkURL                                      *string `json:"main_link_url"`
	MainLinkTitle                                    *string `json:"main_link_title"`
	Links                                            []struct{ Title, Color, URL *string }
	Items                                            []blocItemInput
	Datasets, Reuses, Dataservices                   []blocRef
}

// blocItemInput is a fold of an accordion as it is written.
type blocItemInput struct {
	Title   *string
	Content []json.RawMessage
}

// blocChecks reads the blocs of one page.
type blocChecks struct {
	checks
	count int
	ids   map[string]bool
	// named are the objects that the page lists, with the places that name them.
	named map[string][]namedObject
}

type namedObject struct {
	id   string
	path []any
}

// CheckBlocs reads the blocs of a page as they are written and gives them as
// they are kept: each with an identifier of its own, and the objects that it
// lists known to the viewer. Paths of a refusal begin at the list.
func (s *Store) CheckBlocs(ctx context.Context, v account.Viewer, given json.RawMessage) (db.JSON, error) {
	blocs, err := s.checkBlocs(ctx, s.db.Read(), v, given, nil)
	if err != nil {
		return nil, err
	}
	return db.JSONOf(blocs)
}

// checkBlocs is CheckBlocs within a transaction; what the page listed before
// and the viewer does not see may stay.
func (s *Store) checkBlocs(ctx context.Context, read bun.IDB, v account.Viewer, given json.RawMessage, before []Bloc) ([]Bloc, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(given, &list); err != nil {
		return nil, fault.New(fault.Invalid, "Expecting a list of blocs.")
	}
	c := &blocChecks{checks: s.checks(), ids: map[string]bool{}, named: map[string][]namedObject{}}
	blocs := c.blocs(list, nil, blocClasses)
	if err := c.known(ctx, read, v, before); err != nil {
		return nil, err
	}
	return blocs, c.collect()
}

// blocs reads a list of blocs whose classes are among the allowed ones.
func (c *blocChecks) blocs(list []json.RawMessage, path []any, allowed []string) []Bloc {
	blocs := make([]Bloc, 0, min(len(list), maxBlocs))
	for i, given := range list {
		at := append(slices.Clone(path), i)
		if c.count++; c.count > maxBlocs {
			c.at(fmt.Sprintf("At most %d blocs.", maxBlocs), at...)
			break
		}
		var in blocInput
		if err := json.Unmarshal(given, &in); err != nil {
			c.at("A bloc must be an object with the members of its class.", at...)
			continue
		}
		if !slices.Contains(allowed, in.Class) {
			c.at("Unknown or misplaced class of bloc: "+clipped(in.Class), append(at, "class")...)
			continue
		}
		blocs = append(blocs, c.bloc(in, at))
	}
	return blocs
}

// bloc reads one bloc.
func (c *blocChecks) bloc(in blocInput, path []any) Bloc {
	at := func(steps ...any) []any { return append(slices.Clone(path), steps...) }
	b := Bloc{ID: in.ID, Class: in.Class}
	if !db.IsUUID(b.ID) || c.ids[b.ID] {
		b.ID = db.NewUUID()
	}
	c.ids[b.ID] = true
	if in.Class == BlocMarkdown || in.Class == BlocAccordion {
		c.optional(given(in.Title), blocTitleMax, &b.Title, at("title")...)
	} else {
		b.Title = c.required(in.Title, blocTitleMax, at("title"))
	}
	switch in.Class {
	case BlocDatasets:
		b.Datasets = c.objects(KindDataset, in.Datasets, at("datasets"))
	case BlocReuses:
		b.Reuses = c.objects(KindReuse, in.Reuses, at("reuses"))
	case BlocDataservices:
		b.Dataservices = c.objects(KindDataservice, in.Dataservices, at("dataservices"))
	case BlocLinks:
		c.optional(given(in.Paragraph), DescriptionMax, &b.Paragraph, at("paragraph")...)
		c.links(in, &b, at)
	case BlocMarkdown:
		b.Content = c.required(in.Content, DescriptionMax, at("content"))
	case BlocAccordion:
		b.Items = c.folds(in.Items, at("items"))
	}
	if in.Class == BlocHero || in.Class == BlocAccordion {
		c.optional(given(in.Description), DescriptionMax, &b.Description, at("description")...)
	} else {
		c.optional(given(in.Subtitle), DescriptionMax, &b.Subtitle, at("subtitle")...)
	}
	if in.Class == BlocHero {
		c.maybeChoice(given(in.Color), heroColors, &b.Color, at("color")...)
	}
	if in.Class == BlocHero || in.Class == BlocLinks {
		c.optional(given(in.MainLinkTitle), blocTitleMax, &b.MainLinkTitle, at("main_link_title")...)
		c.target(in.MainLinkURL, &b.MainLinkURL, at("main_link_url"))
	}
	return b
}

// given makes a member of an input of a text that may be missing.
func given(text *string) Opt[string] {
	if text == nil {
		return Opt[string]{Set: true, Null: true}
	}
	return Some(*text)
}

// required reads a text that must be there.
func (c *blocChecks) required(in *string, most int, path []any) *string {
	var value string
	c.text(given(in), most, &value, path...)
	return &value
}

// target reads where a link leads: an address, or a place of this site.
func (c *blocChecks) target(in *string, into **string, path []any) {
	if in != nil && len(*in) > 1 && (*in)[0] == '/' && (*in)[1] != '/' && (*in)[1] != '\\' && wrongText(*in, maxAddress) == "" {
		*into = in
		return
	}
	if in != nil && strings.TrimSpace(*in) != "" && !(*into != nil && *in == **into) {
		if address, err := url.Parse(strings.TrimSpace(*in)); err != nil || address.Hostname() == "" {
			c.at("Give a whole address, or a path of this site such as /datasets.", path...)
			return
		}
	}
	c.maybeAddress(given(in), into, path...)
}

func (c *blocChecks) links(in blocInput, b *Bloc, at func(...any) []any) {
	if len(in.Links) > maxBlocItems {
		c.at(fmt.Sprintf("At most %d links.", maxBlocItems), at("links")...)
		return
	}
	for i, link := range in.Links {
		one := BlocLink{Title: *c.required(link.Title, blocTitleMax, at("links", i, "title"))}
		c.optional(given(link.Color), 50, &one.Color, at("links", i, "color")...)
		c.target(link.URL, &one.URL, at("links", i, "url"))
		b.Links = append(b.Links, one)
	}
}

// folds reads the folds of an accordion, in which neither heroes nor accordions
// stand.
func (c *blocChecks) folds(items []blocItemInput, path []any) []AccordionItem {
	if len(items) > maxBlocItems {
		c.at(fmt.Sprintf("At most %d items.", maxBlocItems), path...)
		return nil
	}
	inner := slices.DeleteFunc(slices.Clone(blocClasses), func(class string) bool { return class == BlocHero || class == BlocAccordion })
	folds := make([]AccordionItem, len(items))
	for i, item := range items {
		at := append(slices.Clone(path), i)
		folds[i].Title = *c.required(item.Title, blocTitleMax, append(slices.Clone(at), "title"))
		folds[i].Content = c.blocs(item.Content, append(slices.Clone(at), "content"), inner)
	}
	return folds
}

// objects reads the objects that a bloc lists, each once.
func (c *blocChecks) objects(kind string, refs []blocRef, path []any) []string {
	if len(refs) > maxBlocItems {
		c.at(fmt.Sprintf("At most %d of them.", maxBlocItems), path...)
		return nil
	}
	var ids []string
	for _, ref := range refs {
		id := string(ref)
		if slices.Contains(ids, id) {
			continue
		}
		ids = append(ids, id)
		c.named[kind] = append(c.named[kind], namedObject{id, path})
	}
	return ids
}

// known refuses objects that the viewer does not know, unless the page listed
// them before.
func (c *blocChecks) known(ctx context.Context, read bun.IDB, v account.Viewer, before []Bloc) error {
	listed := map[string]bool{}
	EachBloc(before, func(b *Bloc) {
		for _, ids := range [][]string{b.Datasets, b.Reuses, b.Dataservices} {
			for _, id := range ids {
				listed[id] = true
			}
		}
	})
	for _, class := range elementClasses {
		var ids []string
		for _, object := range c.named[class.kind] {
			ids = append(ids, object.id)
		}
		readable, err := class.readable(ctx, read, v, ids)
		if err != nil {
			return err
		}
		for _, object := range c.named[class.kind] {
			if !readable[object.id] && !listed[object.id] {
				c.at("Unknown reference '"+clipped(object.id)+"'", object.path...)
			}
		}
	}
	return nil
}
