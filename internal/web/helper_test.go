package web

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"grenier/internal/fault"
)

// Types of an imaginary face.
type house struct {
	ID     string         `json:"id"`
	Name   *string        `json:"name"`
	Rooms  []room         `json:"rooms"`
	Owner  *person        `json:"owner"`
	Extras map[string]any `json:"extras"`
	Secret *room          `json:"secret" mask:"hidden"`
	Kind   string         `json:"kind" enum:"big,small"`
	Note   string         `json:"note,omitempty"`
}

type room struct {
	Size   int     `json:"size"`
	Floor  *string `json:"floor"`
	Hidden string  `json:"hidden" mask:"hidden"`
}

type person struct {
	Name    string  `json:"name"`
	Friend  *person `json:"friend"`
	Friends []person
}

type listArgs struct {
	Paging
	Sort     string   `query:"sort" sort:"title,created"`
	Tags     []string `query:"tag" help:"Tags that all must match"`
	Featured *bool    `query:"featured"`
	Drafts   bool     `query:"with_drafts" truthy:"any"`
	Kind     string   `query:"kind" enum:"big,small" help:"The kind"`
	Owner    string   `query:"organization" oid:"Organization arg must be an identifier"`
	Ratio    float64  `query:"ratio"`
	Size     int64    `query:"size" default:"10" min:"0" max:"50"`
	Day      dayArg   `query:"day" help:"A day"`
}

type dayArg string

func (d *dayArg) ParseArg(s string) error {
	if len(s) != 10 {
		return errDay
	}
	*d = dayArg(s)
	return nil
}

var errDay = fault.New(fault.Invalid, "must look like 2024-01-31")

type houseBody struct {
	Name  Opt[string] `json:"name"`
	Rooms []room      `json:"rooms"`
	Count int         `json:"count"`
}

type housePath struct {
	House string `path:"house"`
}

const sampleHouse = `{"id":"h1","name":"A \"big\" one","rooms":[{"size":3,"floor":null,"hidden":"x"}],"owner":{"name":"Ann","friend":null,"Friends":[]},"extras":{"a":{"b":1,"c":[1,2]}},"secret":{"size":9,"floor":"1","hidden":"y"},"kind":"big"}`

// testTable declares routes of every sort; seen receives the arguments of the list.
func testTable(seen *listArgs) *Table {
	t := NewTable("/api/1", Info{Title: "Houses", Version: "1"})
	Get[Page[house]](t, "/houses/", Doc{Summary: "List houses"}, func(c *Call, q listArgs) error {
		*seen = q
		if err := PastEnd(q.Paging, map[bool]int{true: 1}[q.Page <= 3]); err != nil {
			return err
		}
		return c.Send(200, AppendPage(nil, c, q.Paging, [][]byte{[]byte(sampleHouse)}, 3*q.PageSize, ""))
	})
	Post[house, None, houseBody](t, "/houses/", Doc{Summary: "Make a house", Auth: User, Creates: true, Family: Form, Status: 201}, func(c *Call, _ None, b houseBody) error {
		return c.JSON(201, map[string]any{"name": b.Name.Value, "set": b.Name.Set, "null": b.Name.Null, "count": b.Count})
	})
	Get[house](t, "/houses/{house}/", Doc{Summary: "Show a house"}, func(c *Call, q housePath) error {
		switch q.House {
		case "gone":
			return fault.New(fault.Gone, "House has been deleted")
		case "old":
			return c.ToSlug("house", "new")
		case "panic":
			panic("a mistake")
		case "broken":
			return errDay.Because(io.ErrUnexpectedEOF)
		}
		return c.Send(200, []byte(sampleHouse))
	})
	Put[house, housePath, houseBody](t, "/houses/{house}/", Doc{Summary: "Change a house", Auth: User}, func(c *Call, q housePath, b houseBody) error {
		return c.JSON(200, map[string]any{"name": b.Name.Value})
	})
	Delete[None](t, "/houses/{house}/", Doc{Summary: "Delete a house", Auth: Admin}, func(c *Call, q housePath) error { return c.Empty(204) })
	Get[Raw](t, "/houses/{house}/rdf.{fmt}", Doc{Summary: "RDF", Produces: []string{"text/turtle"}}, func(c *Call, q struct {
		House string `path:"house"`
		Fmt   string `path:"fmt"`
	}) error {
		return c.Blob(200, "text/turtle", []byte(q.House+"|"+q.Fmt))
	})
	Get[Raw](t, "/rooms/{room}/", Doc{Summary: "A room"}, func(c *Call, q struct {
		ID string `path:"room" uuid:"Room does not exist"`
	}) error {
		return c.Blob(200, "text/plain", []byte(q.ID))
	})
	return t
}

func testCaller(r *http.Request, _ string) (Caller, error) {
	switch r.Header.Get("X-Api-Key") {
	case "":
		return Caller{}, nil
	case "user":
		return Caller{Known: true, Viewer: "ann"}, nil
	case "admin":
		return Caller{Known: true, Admin: true, Viewer: "root"}, nil
	}
	return Caller{}, fault.New(fault.Unauthorized, "Invalid API token")
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func testOptions() Options {
	return Options{
		Sites:        OneSite(Site{Base: "https://portal.test", Language: "fr", Languages: []string{"fr", "en"}}),
		Authenticate: testCaller,
		Log:          quiet(),
	}
}

func newTestHandler(t testing.TB, o Options, tables ...*Table) *Handler {
	t.Helper()
	h, err := NewHandler(o, tables...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ask sends a request; headers come as name, value.
func ask(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	var r *http.Request
	if body == "" {
		r = httptest.NewRequest(method, target, nil)
	} else {
		r = httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// sameJSON compares two JSON texts by meaning.
func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Errorf("not JSON: %v\n%s", err, got)
		return
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("the test is wrong: %v", err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if string(x) != string(y) {
		t.Errorf("got  %s\nwant %s", x, y)
	}
}
