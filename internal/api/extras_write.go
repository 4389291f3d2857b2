package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// extrasIn reads a body that must be an object.
func extrasIn(body json.RawMessage) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return nil, malformed(body, catalog.ErrNotDictionary)
	}
	return members, nil
}

// keysIn reads a body that must be a list of keys.
func keysIn(body json.RawMessage) ([]string, error) {
	var keys []string
	if json.Unmarshal(body, &keys) != nil || keys == nil {
		return nil, malformed(body, catalog.ErrNotList)
	}
	return keys, nil
}

func malformed(body json.RawMessage, form error) error {
	if len(body) == 0 {
		return fault.New(fault.Invalid, "The body is empty: send JSON.")
	}
	return form
}

// mergeExtras reads further extras, has them merged, and answers with all.
func mergeExtras(c *web.Call, body json.RawMessage, merge func(map[string]json.RawMessage) (db.JSON, error)) error {
	members, err := extrasIn(body)
	if err != nil {
		return err
	}
	extras, err := merge(members)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, object(extras))
}

// removeExtras reads the keys of extras, has them taken away, and answers nothing.
func removeExtras(c *web.Call, body json.RawMessage, remove func([]string) error) error {
	keys, err := keysIn(body)
	if err != nil {
		return err
	}
	if err := remove(keys); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) putDatasetExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	return mergeExtras(c, body, func(members map[string]json.RawMessage) (db.JSON, error) {
		return a.Catalog.MergeDatasetExtras(c.Context(), viewer(c), id, members)
	})
}

func (a *API) deleteDatasetExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	return removeExtras(c, body, func(keys []string) error {
		return a.Catalog.RemoveDatasetExtras(c.Context(), viewer(c), id, keys)
	})
}

func (a *API) putResourceExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	dataset, id, done, err := a.resolveResource(c)
	if done || err != nil {
		return err
	}
	return mergeExtras(c, body, func(members map[string]json.RawMessage) (db.JSON, error) {
		return a.Catalog.MergeResourceExtras(c.Context(), viewer(c), dataset, id, members)
	})
}

func (a *API) deleteResourceExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	dataset, id, done, err := a.resolveResource(c)
	if done || err != nil {
		return err
	}
	return removeExtras(c, body, func(keys []string) error {
		return a.Catalog.RemoveResourceExtras(c.Context(), viewer(c), dataset, id, keys)
	})
}
