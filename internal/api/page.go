package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/web"
)

// sendPage answers with a page of a list. extra holds further members of the
// envelope, rendered.
func sendPage[T any](c *web.Call, p web.Paging, items []T, total int, extra string) error {
	rendered := make([][]byte, len(items))
	for i := range items {
		body, err := render(items[i])
		if err != nil {
			return err
		}
		rendered[i] = body
	}
	return c.Send(http.StatusOK, web.AppendPage(nil, c, p, rendered, total, extra))
}

// window is the part of a list that a page shows.
func window(p web.Paging) catalog.Page { return catalog.Page{Offset: p.Offset(), Limit: p.PageSize} }

// resolved finds the object of a kind that a variable of the path names. done
// tells that a redirection to its present slug was answered, which only who may
// read the object gets.
func (a *API) resolved(c *web.Call, name, kind string, find func(context.Context, string) (*account.Resolved, error)) (id string, done bool, err error) {
	found, err := find(c.Context(), c.Param(name))
	if err != nil || found.Moved == "" {
		if err == nil {
			id = found.ID
		}
		return id, false, err
	}
	if err := a.Catalog.Readable(c.Context(), viewer(c), kind, found.ID); err != nil {
		return "", false, err
	}
	return found.ID, true, c.ToSlug(name, found.Slug)
}

// askable lets a list be narrowed by what goes with objects of some kinds: one
// that the viewer may not read is as one that nobody knows.
func (a *API) askable(c *web.Call, v account.Viewer, ids map[string]*string) error {
	for kind, id := range ids {
		var err error
		if *id, err = a.Catalog.Askable(c.Context(), v, kind, *id); err != nil {
			return err
		}
	}
	return nil
}

// batches calls fn with renderBatch identifiers at a time.
func batches(ids []string, fn func([]string) error) error {
	for len(ids) > 0 {
		n := min(len(ids), renderBatch)
		if err := fn(ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// streamList answers with a list of any length in constant memory: each loads
// and renders the objects of a batch of identifiers.
func streamList(c *web.Call, ids []string, each func([]string) ([][]byte, error)) error {
	stream := c.Stream(http.StatusOK, "application/json")
	piece := []byte{'['}
	first := true
	err := batches(ids, func(batch []string) error {
		items, err := each(batch)
		if err != nil {
			return err
		}
		for _, item := range items {
			if !first {
				piece = append(piece, ',')
			}
			first = false
			piece = c.Site.Complete(piece, item)
		}
		_, err = stream.Write(piece)
		piece = piece[:0]
		return err
	})
	if err != nil {
		return err
	}
	if _, err := stream.Write(append(piece, ']')); err != nil {
		return err
	}
	return stream.Close()
}

// streamDatasets answers with datasets as version 1 shows them, unpaged.
func (a *API) streamDatasets(c *web.Call, ids []string) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	parts := catalog.Parts{Resources: c.Wants("resources"), Community: c.Wants("community_resources")}
	return streamList(c, ids, func(batch []string) ([][]byte, error) {
		datasets, err := a.Catalog.DatasetsByIDs(c.Context(), f.viewer, batch, parts)
		if err != nil {
			return nil, err
		}
		items := make([][]byte, len(datasets))
		for i := range datasets {
			if items[i], err = a.renderDataset(&datasets[i], v1, f); err != nil {
				return nil, err
			}
		}
		return items, nil
	})
}

// embeddedDatasets renders datasets, as version 1 shows them, to stand inside
// other objects: at this path of members of the answer. What the caller's mask
// leaves out is not loaded.
func (a *API) embeddedDatasets(c *web.Call, ids []string, f form, path ...string) (map[string]json.RawMessage, error) {
	rendered := make(map[string]json.RawMessage, len(ids))
	if !c.Wants(path...) {
		return rendered, nil
	}
	parts := catalog.Parts{
		Resources: c.Wants(append(path[:len(path):len(path)], "resources")...),
		Community: c.Wants(append(path[:len(path):len(path)], "community_resources")...),
	}
	shared := f.viewer.Anonymous() && !f.full && parts.Resources && !parts.Community
	missing := make([]string, 0, len(ids))
	for _, id := range ids {
		if piece, ok := a.Pieces.Get(pieceName(v1, id)); ok && shared {
			rendered[id] = marked(piece)
			c.Keep(f.at.Add(blocsHold))
		} else {
			missing = append(missing, id)
		}
		c.Keep(time.Time{}, web.Object(catalog.KindDataset, id))
	}
	asOf := a.Versions.Now()
	err := batches(missing, func(batch []string) error {
		datasets, err := a.Catalog.DatasetsByIDs(c.Context(), f.viewer, batch, parts)
		if err != nil {
			return err
		}
		for i := range datasets {
			piece, err := a.renderDataset(&datasets[i], v1, f)
			if err != nil {
				return err
			}
			rendered[datasets[i].ID] = marked(piece)
			keys, until := dependencies(&datasets[i], f.at, a.QualityDescriptionLength)
			c.Keep(until, keys...)
			if shared {
				a.Pieces.Put(pieceName(v1, datasets[i].ID), asOf, keys, until, piece)
			}
		}
		return nil
	})
	return rendered, err
}

// marked makes a rendered piece fit to be rendered again inside another object.
func marked(piece []byte) json.RawMessage {
	return bytes.ReplaceAll(piece, []byte{0}, []byte(siteMark))
}

// among gives the rendered objects of a list of identifiers, in order.
func among(rendered map[string]json.RawMessage, ids []string) []json.RawMessage {
	some := make([]json.RawMessage, 0, len(ids))
	for _, id := range ids {
		if body, ok := rendered[id]; ok {
			some = append(some, body)
		}
	}
	return some
}

// keepFor lets an answer be kept until an object of one of these kinds changes.
func keepFor(c *web.Call, kinds ...string) {
	for _, kind := range kinds {
		c.Keep(time.Time{}, web.Epoch(kind))
	}
}
