package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// TopicWrite is what may be written of a topic; members that are left out stay
// as they are, unknown ones are ignored.
type TopicWrite struct {
	Color        web.Opt[int64]            `json:"color"`
	Description  web.Opt[string]           `json:"description"`
	Elements     web.Opt[TopicElementList] `json:"elements"`
	Extras       web.Opt[json.RawMessage]  `json:"extras"`
	Name         web.Opt[string]           `json:"name"`
	Organization web.Opt[Reference]        `json:"organization"`
	Owner        web.Opt[Reference]        `json:"owner"`
	Private      web.Opt[bool]             `json:"private"`
	Spatial      web.Opt[SpatialWrite]     `json:"spatial"`
	Tags         web.Opt[Tags]             `json:"tags"`
}

// TopicElementWrite is what may be written of an element of a topic.
type TopicElementWrite struct {
	Description web.Opt[string]           `json:"description"`
	Element     web.Opt[ElementReference] `json:"element"`
	Extras      web.Opt[json.RawMessage]  `json:"extras"`
	ID          web.Opt[string]           `json:"id"`
	Tags        web.Opt[Tags]             `json:"tags"`
	Title       web.Opt[string]           `json:"title"`
}

func (b TopicElementWrite) input() catalog.ElementInput {
	return catalog.ElementInput{
		ID: b.ID.Value, Title: opt(b.Title, same), Description: opt(b.Description, same), Tags: opt(b.Tags, tagWords), Extras: opt(b.Extras, same),
		Element: opt(b.Element, func(r ElementReference) catalog.ElementRef { return catalog.ElementRef{Class: r.Class, ID: r.ID} }),
	}
}

// TopicElements are elements in a body.
type TopicElements []TopicElementWrite

// UnmarshalJSON reads the list, and says as the reference does what else it is.
func (l *TopicElements) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '[' {
		return fault.New(fault.Invalid, "Expecting a list")
	}
	return json.Unmarshal(text, (*[]TopicElementWrite)(l))
}

func (l TopicElements) inputs() []catalog.ElementInput {
	inputs := make([]catalog.ElementInput, len(l))
	for i := range l {
		inputs[i] = l[i].input()
	}
	return inputs
}

// TopicElementList are the elements of a topic in a body. The link to them that
// readers get in their place is as if nothing was sent.
type TopicElementList struct {
	items TopicElements
	link  bool
}

// UnmarshalJSON takes both forms.
func (l *TopicElementList) UnmarshalJSON(text []byte) error {
	if l.link = isLink(text); l.link {
		return nil
	}
	return json.Unmarshal(text, &l.items)
}

// JSONSchema documents the list.
func (TopicElementList) JSONSchema() map[string]any {
	return map[string]any{"type": []any{"array", "null"}, "items": map[string]any{"type": "object"}}
}

func (b TopicWrite) input() catalog.TopicInput {
	in := catalog.TopicInput{
		Name: opt(b.Name, same), Description: opt(b.Description, same), Tags: opt(b.Tags, tagWords), Color: opt(b.Color, same),
		Private: opt(b.Private, same), Extras: opt(b.Extras, same), Spatial: opt(b.Spatial, spatialInput),
		Organization: opt(b.Organization, referenced), Owner: opt(b.Owner, referenced),
	}
	if !b.Elements.Value.link {
		in.Elements = opt(b.Elements, func(l TopicElementList) []catalog.ElementInput { return l.items.inputs() })
	}
	return in
}

func (a *API) topicWriteRoutes() {
	tags := []string{"topics"}
	doc := func(summary string) web.Doc { return web.Doc{Summary: summary, Tags: tags, Auth: web.User} }
	create := doc("Create a topic")
	create.Creates, create.Status = true, http.StatusCreated
	web.Post[Topic](a.v2, "/topics/", create, a.createTopic)
	web.Put[Topic](a.v2, "/topics/{topic}/", doc("Update a topic"), a.updateTopic)
	web.Delete[web.None](a.v2, "/topics/{topic}/", doc("Delete a topic"), a.deleteTopic)
	add := doc("Add elements to a topic")
	add.Status, add.Family = http.StatusCreated, web.Form
	web.Post[[]TopicElement](a.v2, "/topics/{topic}/elements/", add, a.addElements)
	web.Delete[web.None](a.v2, "/topics/{topic}/elements/", doc("Remove all elements of a topic"), a.removeElements)
	web.Put[TopicElement](a.v2, "/topics/{topic}/elements/{element}/", doc("Update an element of a topic"), a.updateElement)
	web.Delete[web.None](a.v2, "/topics/{topic}/elements/{element}/", doc("Remove an element of a topic"), a.removeElement)
}

func (a *API) sendTopic(c *web.Call, status int, t *catalog.Topic) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	c.Versioned(t.Version)
	return send(c, status, a.topic(t, f))
}

func (a *API) createTopic(c *web.Call, _ web.None, body TopicWrite) error {
	found, err := a.Catalog.CreateTopic(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendTopic(c, http.StatusCreated, found)
}

func (a *API) updateTopic(c *web.Call, _ web.None, body TopicWrite) error {
	id, done, err := a.resolved(c, "topic", catalog.KindTopic, a.Catalog.ResolveTopic)
	if done || err != nil {
		return err
	}
	found, err := a.Catalog.UpdateTopic(c.Context(), viewer(c), id, body.input())
	if err != nil {
		return err
	}
	return a.sendTopic(c, http.StatusOK, found)
}

func (a *API) deleteTopic(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "topic", catalog.KindTopic, a.Catalog.ResolveTopic)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.DeleteTopic(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) addElements(c *web.Call, _ web.None, body TopicElements) error {
	id, done, err := a.resolved(c, "topic", catalog.KindTopic, a.Catalog.ResolveTopic)
	if done || err != nil {
		return err
	}
	added, err := a.Catalog.AddElements(c.Context(), viewer(c), id, body.inputs())
	if err != nil {
		return err
	}
	all := make([]TopicElement, len(added))
	for i := range added {
		all[i] = topicElement(&added[i])
	}
	return send(c, http.StatusCreated, all)
}

func (a *API) removeElements(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "topic", catalog.KindTopic, a.Catalog.ResolveTopic)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.RemoveElements(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) updateElement(c *web.Call, _ web.None, body TopicElementWrite) error {
	id, done, err := a.resolved(c, "topic", catalog.KindTopic, a.Catalog.ResolveTopic)
	if done || err != nil {
		return err
	}
	updated, err := a.Catalog.UpdateElement(c.Context(), viewer(c), id, c.Param("element"), body.input())
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, topicElement(updated))
}

func (a *API) removeElement(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "topic", catalog.KindTopic, a.Catalog.ResolveTopic)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.RemoveElement(c.Context(), viewer(c), id, c.Param("element")); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
