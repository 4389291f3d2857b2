package api

import (
	"bytes"
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

func (a *API) getDataset(c *web.Call, _ web.None) error { return a.datasetDetail(c, v1) }

func (a *API) getDatasetV2(c *web.Call, _ web.None) error { return a.datasetDetail(c, v2) }

// streamFrom is the number of resources from which a dataset is streamed
// instead of being rendered whole.
const streamFrom = 2 * catalog.BatchOfResources

func (a *API) datasetDetail(c *web.Call, version int) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	f, err := a.form(c)
	if err != nil {
		return err
	}
	community := version == v1 && c.Wants("community_resources")
	dataset, err := a.Catalog.Dataset(c.Context(), f.viewer, id, catalog.Parts{Community: community})
	if err != nil {
		return err
	}
	c.Versioned(dataset.Version)
	if version == v1 && c.Wants("resources") {
		if dataset.ResourceCount >= streamFrom {
			return a.streamDataset(c, http.StatusOK, dataset, f)
		}
		if err := a.Catalog.AttachResources(c.Context(), dataset); err != nil {
			return err
		}
	}
	body, err := a.renderDataset(dataset, version, f)
	if err != nil {
		return err
	}
	keys, until := dependencies(dataset, f.at, a.QualityDescriptionLength)
	c.Keep(until, keys...)
	return c.Send(http.StatusOK, body)
}

// streamDataset writes a dataset of any size in constant memory: its head, then
// its resources a batch at a time.
func (a *API) streamDataset(c *web.Call, status int, d *catalog.Dataset, f form) error {
	body, err := a.renderDataset(d, v1, f)
	if err != nil {
		return err
	}
	const empty = `"resources":[]`
	at := bytes.LastIndex(body, []byte(empty))
	head, tail := body[:at+len(empty)-1], body[at+len(empty)-1:]
	stream := c.Stream(status, "application/json")
	var buffer []byte
	write := func(piece []byte) error {
		buffer = c.Site.Complete(buffer[:0], piece)
		_, err := stream.Write(buffer)
		return err
	}
	if err := write(head); err != nil {
		return err
	}
	first := true
	err = a.Catalog.EachResource(c.Context(), d.ID, func(rows []catalog.Resource) error {
		piece, err := render(a.resources(rows, f.at))
		if err != nil {
			return err
		}
		piece = piece[1 : len(piece)-1]
		if !first {
			piece = append([]byte{','}, piece...)
		}
		first = false
		return write(piece)
	})
	if err != nil {
		return err
	}
	if err := write(tail); err != nil {
		return err
	}
	return stream.Close()
}
