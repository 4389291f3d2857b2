package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

// ChecksumWrite is how to verify a file.
type ChecksumWrite struct {
	Type  web.Opt[string] `json:"type"`
	Value web.Opt[string] `json:"value"`
}

// UnmarshalJSON blames each wrong member by its name.
func (b *ChecksumWrite) UnmarshalJSON(text []byte) error { return web.UnmarshalMembers(text, b) }

// SchemaWrite names the schema that a resource follows.
type SchemaWrite struct {
	Name    web.Opt[string] `json:"name"`
	URL     web.Opt[string] `json:"url"`
	Version web.Opt[string] `json:"version"`
}

// UnmarshalJSON blames each wrong member by its name.
func (b *SchemaWrite) UnmarshalJSON(text []byte) error { return web.UnmarshalMembers(text, b) }

// ResourceWrite is what may be written of a resource.
type ResourceWrite struct {
	Checksum    web.Opt[ChecksumWrite]   `json:"checksum"`
	Description web.Opt[string]          `json:"description"`
	Extras      web.Opt[json.RawMessage] `json:"extras"`
	Filesize    web.Opt[int64]           `json:"filesize"`
	Filetype    web.Opt[string]          `json:"filetype"`
	Format      web.Opt[string]          `json:"format"`
	ID          web.Opt[string]          `json:"id"`
	Mime        web.Opt[string]          `json:"mime"`
	Schema      web.Opt[SchemaWrite]     `json:"schema"`
	Title       web.Opt[string]          `json:"title"`
	Type        web.Opt[string]          `json:"type"`
	URL         web.Opt[string]          `json:"url"`
}

// UnmarshalJSON blames each wrong member by its name.
func (b *ResourceWrite) UnmarshalJSON(text []byte) error { return web.UnmarshalMembers(text, b) }

func (b ResourceWrite) input() catalog.ResourceInput {
	return catalog.ResourceInput{
		ID: b.ID.Value, Title: opt(b.Title, same), Description: opt(b.Description, same), Type: opt(b.Type, same),
		Filetype: opt(b.Filetype, same), Format: opt(b.Format, same), Mime: opt(b.Mime, same), URL: opt(b.URL, same),
		Filesize: opt(b.Filesize, same), Extras: opt(b.Extras, same),
		Checksum: opt(b.Checksum, func(c ChecksumWrite) catalog.ChecksumInput {
			return catalog.ChecksumInput{Type: c.Type.Value, Value: c.Value.Value}
		}),
		Schema: opt(b.Schema, func(s SchemaWrite) catalog.SchemaInput {
			return catalog.SchemaInput{Name: s.Name.Value, Version: s.Version.Value, URL: s.URL.Value}
		}),
	}
}

// ResourceList are the resources of a dataset as they are written.
type ResourceList []ResourceWrite

// UnmarshalJSON blames each wrong item by its position.
func (l *ResourceList) UnmarshalJSON(text []byte) error {
	items, err := web.UnmarshalItems[ResourceWrite](text)
	*l = items
	return err
}

func (l ResourceList) inputs() []catalog.ResourceInput {
	inputs := make([]catalog.ResourceInput, len(l))
	for i, item := range l {
		inputs[i] = item.input()
	}
	return inputs
}

// PlacedResource is a resource in a new order: its identifier, or an object with
// it and whatever changes besides.
type PlacedResource struct{ ResourceWrite }

// UnmarshalJSON takes both forms.
func (p *PlacedResource) UnmarshalJSON(text []byte) error {
	var id string
	if json.Unmarshal(text, &id) == nil {
		p.ResourceWrite = ResourceWrite{ID: web.Some(id)}
		return nil
	}
	return p.ResourceWrite.UnmarshalJSON(text)
}

// JSONSchema documents both forms.
func (PlacedResource) JSONSchema() map[string]any { return map[string]any{} }

// PlacedResources are all resources of a dataset in a new order.
type PlacedResources []PlacedResource

// UnmarshalJSON blames each wrong item by its position.
func (l *PlacedResources) UnmarshalJSON(text []byte) error {
	items, err := web.UnmarshalItems[PlacedResource](text)
	*l = items
	return err
}

func (a *API) resourceWriteRoutes() {
	tags := []string{"datasets"}
	web.Post[Resource](a.v1, "/datasets/{dataset}/resources/", web.Doc{Summary: "Add a remote resource", Tags: tags, Auth: web.User, Family: web.Form, CreatesMore: true, Status: http.StatusCreated}, a.addResource)
	web.Put[[]Resource](a.v1, "/datasets/{dataset}/resources/", web.Doc{Summary: "Reorder the resources of a dataset", Tags: tags, Auth: web.User, Family: web.Form}, a.reorderResources)
	web.Put[Resource](a.v1, "/datasets/{dataset}/resources/{uuid}/", web.Doc{Summary: "Update a resource", Tags: tags, Auth: web.User, Family: web.Form}, a.updateResource)
	web.Delete[web.None](a.v1, "/datasets/{dataset}/resources/{uuid}/", web.Doc{Summary: "Remove a resource", Tags: tags, Auth: web.User, Status: http.StatusNoContent}, a.removeResource)
	web.Put[map[string]any](a.v2, "/datasets/{dataset}/resources/{uuid}/extras/", web.Doc{Summary: "Add to the extras of a resource", Tags: tags, Auth: web.User, NoMask: true}, a.putResourceExtras)
	web.DeleteWith[web.None](a.v2, "/datasets/{dataset}/resources/{uuid}/extras/", web.Doc{Summary: "Remove extras of a resource", Tags: tags, Auth: web.User, Status: http.StatusNoContent}, a.deleteResourceExtras)
}

func (a *API) addResource(c *web.Call, _ web.None, body ResourceWrite) error {
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	resource, err := a.Catalog.AddResource(c.Context(), viewer(c), dataset, body.input())
	if err != nil {
		return err
	}
	c.Versioned(resource.DatasetVersion)
	return send(c, http.StatusCreated, a.resource(resource, now()))
}

func (a *API) reorderResources(c *web.Call, _ web.None, body PlacedResources) error {
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	inputs := make([]catalog.ResourceInput, len(body))
	for i, item := range body {
		inputs[i] = item.input()
	}
	rows, err := a.Catalog.ReorderResources(c.Context(), viewer(c), dataset, inputs)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, a.resources(rows, now()))
}

// resolveResource finds the dataset that the path names, as resolveDataset does,
// and reads the identifier of its resource.
func (a *API) resolveResource(c *web.Call) (dataset, id string, done bool, err error) {
	dataset, done, err = a.resolveDataset(c)
	if done || err != nil {
		return "", "", done, err
	}
	id, err = resourceID(c)
	return dataset, id, false, err
}

func (a *API) updateResource(c *web.Call, _ web.None, body ResourceWrite) error {
	dataset, id, done, err := a.resolveResource(c)
	if done || err != nil {
		return err
	}
	resource, err := a.Catalog.UpdateResource(c.Context(), viewer(c), dataset, id, body.input())
	if err != nil {
		return err
	}
	c.Versioned(resource.DatasetVersion)
	return send(c, http.StatusOK, a.resource(resource, now()))
}

func (a *API) removeResource(c *web.Call, _ web.None) error {
	dataset, id, done, err := a.resolveResource(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.RemoveResource(c.Context(), viewer(c), dataset, id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
