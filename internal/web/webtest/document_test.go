package webtest

import (
	"strings"
	"testing"

	"grenier/internal/web"
)

type inner struct {
	N int `json:"n"`
}

type thing struct {
	ID     string         `json:"id"`
	At     *string        `json:"at" format:"date-time"`
	Inner  *inner         `json:"inner"`
	Extras map[string]any `json:"extras"`
	// A member called properties must not confuse the strictness.
	Properties inner  `json:"properties"`
	Note       string `json:"note,omitempty"`
}

func TestValidate(t *testing.T) {
	table := web.NewTable("/api/1", web.Info{})
	web.Get[web.Page[thing]](table, "/things/", web.Doc{Summary: "List"}, func(*web.Call, web.Paging) error { return nil })
	web.Get[thing](table, "/things/{id}/", web.Doc{Summary: "Show"}, func(*web.Call, web.None) error { return nil })
	web.Delete[web.None](table, "/things/{id}/", web.Doc{Summary: "Delete"}, func(*web.Call, web.None) error { return nil })
	d := NewDocument(t, table)
	const fine = `{"id":"a","at":"2024-05-02T09:30:15.123000+00:00","inner":{"n":1},"extras":{"x":[1]},"properties":{"n":2}}`
	d.CheckAnswer(t, "GET", "/api/1/things/{id}/", 200, []byte(fine))
	d.CheckAnswer(t, "GET", "/api/1/things/{id}/", 200, []byte(`{"id":"a","at":null,"inner":null,"extras":{},"properties":{"n":2},"note":"x"}`))
	d.CheckAnswer(t, "GET", "/api/1/things/", 200, []byte(`{"data":[`+fine+`],"next_page":null,"page":1,"page_size":20,"previous_page":null,"total":1}`))
	d.CheckAnswer(t, "GET", "/api/1/things/{id}/", 404, []byte(`{"message":"none"}`))
	d.CheckAnswer(t, "DELETE", "/api/1/things/{id}/", 204, nil)
	wrong := []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/api/1/things/{id}/", 200, strings.Replace(fine, `"id":"a",`, "", 1)},
		{"GET", "/api/1/things/{id}/", 200, strings.Replace(fine, `"id":"a"`, `"id":1`, 1)},
		{"GET", "/api/1/things/{id}/", 200, strings.Replace(fine, `"id":"a"`, `"id":null`, 1)},
		{"GET", "/api/1/things/{id}/", 200, strings.Replace(fine, `{"n":1}`, `{"n":1,"m":2}`, 1)},
		{"GET", "/api/1/things/{id}/", 200, strings.Replace(fine, `"id":"a"`, `"id":"a","more":1`, 1)},
		{"GET", "/api/1/things/{id}/", 200, strings.Replace(fine, `2024-05`, `2024-13`, 1)},
		{"GET", "/api/1/things/", 200, `{"data":[{}],"next_page":null,"page":1,"page_size":20,"previous_page":null,"total":1}`},
		{"GET", "/api/1/things/{id}/", 200, `{"id":`},
		{"GET", "/api/1/things/{id}/", 418, fine},
		{"GET", "/api/1/nothing/", 200, fine},
		{"DELETE", "/api/1/things/{id}/", 204, `{}`},
	}
	for _, c := range wrong {
		if err := d.Validate(c.method, c.path, c.status, []byte(c.body)); err == nil {
			t.Errorf("taken: %s %s %d %s", c.method, c.path, c.status, c.body)
		}
	}
}
