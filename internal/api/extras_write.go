package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/web"
)

func (a *API) putDatasetExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	extras, err := a.Catalog.MergeDatasetExtras(c.Context(), viewer(c), id, body)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, object(extras))
}

func (a *API) deleteDatasetExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.RemoveDatasetExtras(c.Context(), viewer(c), id, body); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) putResourceExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	dataset, id, done, err := a.resolveResource(c)
	if done || err != nil {
		return err
	}
	extras, err := a.Catalog.MergeResourceExtras(c.Context(), viewer(c), dataset, id, body)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, object(extras))
}

func (a *API) deleteResourceExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	dataset, id, done, err := a.resolveResource(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.RemoveResourceExtras(c.Context(), viewer(c), dataset, id, body); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
