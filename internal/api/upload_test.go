package api_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// field is one field of a form, a file when it has a name.
type field struct {
	name, filename, value string
}

func value(name, value string) field { return field{name: name, value: value} }

func fileField(name, content string) field { return field{"file", name, content} }

// form makes a multipart body of fields in their order.
func form(t testing.TB, fields ...field) (body string, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		var part io.Writer
		var err error
		if f.filename != "" {
			part, err = w.CreateFormFile(f.name, f.filename)
		} else {
			part, err = w.CreateFormField(f.name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, f.value); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// post sends a form.
func post(s *apitest.Server, path, token string, fields ...field) apitest.Answer {
	s.T.Helper()
	body, contentType := form(s.T, fields...)
	headers := []string{"Content-Type", contentType}
	if token != "" {
		headers = append(headers, "X-API-KEY", token)
	}
	return s.Do(http.MethodPost, path, body, headers...)
}

// text is a member of an answer as text.
func (p *portal) text(a apitest.Answer, path string) string {
	p.t.Helper()
	found, _ := reach(a.JSON(p.t), path)
	return fmt.Sprint(found)
}

// local is an address of the site without its base.
func local(address string) string { return strings.TrimPrefix(address, apitest.Base) }

// TestUploadSimple sends a file whole, replaces it, and reads both addresses.
func TestUploadSimple(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		content := "a;b\n1;2\n"
		sum := sha1.Sum([]byte(content))
		first := post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, fileField(`C:\\temp\\Données d'été 2024.CSV`, content))
		if first.Status != http.StatusCreated {
			t.Fatalf("answered %d %s", first.Status, first.Body)
		}
		for path, want := range map[string]string{
			"success": "true", "title": "donnees-dete-2024.csv", "format": "csv", "mime": "text/csv", "filetype": "file", "type": "main",
			"filesize": "8", "checksum.type": "sha1", "checksum.value": hex.EncodeToString(sum[:]),
		} {
			if got := p.text(first, path); got != want {
				t.Errorf("%s is %s, want %s", path, got, want)
			}
		}
		address := p.text(first, "url")
		if !regexp.MustCompile(`^` + apitest.Base + `/s/resources/open/\d{8}-\d{6}/donnees-dete-2024\.csv$`).MatchString(address) {
			t.Errorf("the address is %s", address)
		}
		got := p.Get(local(address))
		if got.Status != http.StatusOK || string(got.Body) != content || got.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("the file is %d %q, %s", got.Status, got.Body, got.Header.Get("Content-Type"))
		}
		if dumped := p.Get("/api/1/site/resources.csv"); !strings.Contains(string(dumped.Body), `"`+address+`"`) {
			t.Errorf("the dump does not name %s:\n%s", address, dumped.Body)
		}
		dataset := p.Get("/api/1/datasets/open/")
		if p.text(dataset, "resources.0.url") != address || p.text(dataset, "resources.#") != "2" {
			t.Errorf("the dataset shows %s first of %s", p.text(dataset, "resources.0.url"), p.text(dataset, "resources.#"))
		}
		id := p.text(first, "id")
		second := post(p.Server, "/api/1/datasets/open/resources/"+id+"/upload/", p.adaToken, value("filename", "new.tar.gz"), fileField("x.csv", "zip"))
		if second.Status != http.StatusOK || p.text(second, "title") != "new.tar.gz" || p.text(second, "format") != "tar.gz" || p.text(second, "id") != id {
			t.Errorf("replacing answered %d %s", second.Status, second.Body)
		}
		if old := p.Get(local(address)); old.Status != http.StatusNotFound {
			t.Errorf("the file before is %d", old.Status)
		}
		if lead := p.Get("/api/1/datasets/r/" + id); lead.Status != http.StatusFound || lead.Header.Get("Location") != p.text(second, "url") {
			t.Errorf("the lasting address leads to %q", lead.Header.Get("Location"))
		}
		frozen := p.Do(http.MethodPut, "/api/1/datasets/open/resources/"+id+"/", map[string]any{
			"title": "Other", "url": "https://elsewhere.example.org/x", "filesize": 1, "format": "pdf", "mime": "text/html",
		}, "X-API-KEY", p.adaToken)
		if frozen.Status != http.StatusOK || p.text(frozen, "url") != p.text(second, "url") || p.text(frozen, "format") != "tar.gz" || p.text(frozen, "title") != "Other" {
			t.Errorf("a form changed the file: %d %s", frozen.Status, frozen.Body)
		}
	})
}

// TestUploadKeepsTitle: who asks so keeps a title that somebody wrote, not the
// name of the file before.
func TestUploadKeepsTitle(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, kind := range []struct{ send, one, token string }{
		{"/api/1/datasets/open/upload/", "/api/1/datasets/open/resources/", p.adaToken},
		{"/api/1/datasets/open/upload/community/", "/api/1/datasets/community_resources/", p.eveToken},
	} {
		sent := post(p.Server, kind.send, kind.token, fileField("one.csv", "a\n1\n"))
		one := kind.one + p.text(sent, "id") + "/"
		replace := func(query, name string) string {
			return p.text(post(p.Server, one+"upload/"+query, kind.token, fileField(name, "a\n2\n")), "title")
		}
		if got := replace("?keep_title=true", "two.csv"); got != "two.csv" {
			t.Errorf("%s: the name of the file before stayed: %s", one, got)
		}
		if got := p.Do(http.MethodPut, one, map[string]any{"title": "Counts", "type": "main"}, "X-API-KEY", kind.token); got.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", one, got.Status, got.Body)
		}
		if got := replace("?keep_title=true", "three.csv"); got != "Counts" {
			t.Errorf("%s: a written title became %s", one, got)
		}
		if got := replace("", "four.csv"); got != "four.csv" {
			t.Errorf("%s: without asking the title is %s", one, got)
		}
	}
}

// TestUploadMask: a mask chooses members of the resource, not of the answer to a
// part.
func TestUploadMask(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	body, contentType := form(t, fileField("a.csv", "1"))
	sent := p.Do(http.MethodPost, "/api/1/datasets/open/upload/", body, "X-API-KEY", p.adaToken, "Content-Type", contentType, "X-Fields", "title,success")
	if got := strings.TrimSpace(string(sent.Body)); got != `{"title":"a.csv","success":true}` && got != `{"success":true,"title":"a.csv"}` {
		t.Errorf("answered %s", got)
	}
	body, contentType = form(t, value("uuid", "m"), value("filename", "a.csv"), value("totalparts", "2"), value("partindex", "0"), fileField("blob", "1"))
	part := p.Do(http.MethodPost, "/api/1/datasets/open/upload/", body, "X-API-KEY", p.adaToken, "Content-Type", contentType, "X-Fields", "title")
	if p.text(part, "success") != "true" {
		t.Errorf("a part was answered %s", part.Body)
	}
}

// TestUploadCommunity sends a file beside a dataset of others.
func TestUploadCommunity(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	sent := post(p.Server, "/api/1/datasets/open/upload/community/", p.eveToken, fileField("map.geojson", "{}"))
	if sent.Status != http.StatusCreated || p.text(sent, "owner.id") != p.eve || p.text(sent, "dataset.id") != p.ids["open"] || p.text(sent, "success") != "true" {
		t.Fatalf("answered %d %s", sent.Status, sent.Body)
	}
	again := "/api/1/datasets/community_resources/" + p.text(sent, "id") + "/upload/"
	if refused := post(p.Server, again, p.adaToken, fileField("x.csv", "1")); refused.Status != http.StatusForbidden {
		t.Errorf("somebody else's file was replaced: %d", refused.Status)
	}
	replaced := post(p.Server, again, p.eveToken, fileField("x.csv", "1"))
	if replaced.Status != http.StatusOK || p.text(replaced, "title") != "x.csv" {
		t.Errorf("replacing answered %d %s", replaced.Status, replaced.Body)
	}
	p.ReadOnly.Store(true)
	if closed := post(p.Server, "/api/1/datasets/open/upload/community/", p.eveToken, fileField("x.csv", "1")); closed.Status != http.StatusLocked {
		t.Errorf("a community resource was taken in read-only mode: %d", closed.Status)
	}
	if open := post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, fileField("x.csv", "1")); open.Status != http.StatusCreated {
		t.Errorf("a file of an existing dataset was refused in read-only mode: %d", open.Status)
	}
}

// TestUploadRefusals is what upload routes refuse, and how they say it.
func TestUploadRefusals(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	const open = "/api/1/datasets/open/upload/"
	notAllowed := "This file type is not allowed.The allowed file type list is available at " + apitest.Base + "/api/1/datasets/extensions/"
	chunk := func(over ...field) []field {
		base := []field{value("uuid", "refused"), value("filename", "a.csv"), value("partindex", "0"), value("partbyteoffset", "0"),
			value("totalparts", "3"), value("chunksize", "4")}
		for _, o := range over {
			for i := range base {
				if base[i].name == o.name {
					base[i] = o
				}
			}
			if o.filename != "" {
				base = append(base, o)
			}
		}
		return base
	}
	four := fileField("blob", "1234")
	for _, c := range []struct {
		name, path, token string
		fields            []field
		status            int
		member, want      string
	}{
		{"nobody", open, "", []field{fileField("a.csv", "1")}, 401, "message", ""},
		{"somebody else", open, p.eveToken, []field{fileField("a.csv", "1")}, 403, "message", "You do not have the permission to modify that object."},
		{"a hidden dataset", "/api/1/datasets/secret/upload/", p.eveToken, []field{fileField("a.csv", "1")}, 404, "message", ""},
		{"a hidden dataset, community", "/api/1/datasets/secret/upload/community/", p.eveToken, []field{fileField("a.csv", "1")}, 404, "message", ""},
		{"a deleted dataset", "/api/1/datasets/deleted/upload/", p.adaToken, []field{fileField("a.csv", "1")}, 410, "message", "Dataset has been deleted"},
		{"an unknown dataset", "/api/1/datasets/nowhere/upload/", p.adaToken, []field{fileField("a.csv", "1")}, 404, "message", ""},
		{"an unknown resource", "/api/1/datasets/open/resources/" + db.NewUUID() + "/upload/", p.adaToken, []field{fileField("a.csv", "1")}, 404, "message", "Resource does not exist"},
		{"no identifier", "/api/1/datasets/open/resources/x/upload/", p.adaToken, []field{fileField("a.csv", "1")}, 404, "message", ""},
		{"unknown community", "/api/1/datasets/community_resources/" + db.NewUUID() + "/upload/", p.adaToken, []field{fileField("a.csv", "1")}, 404, "message", "Community resource does not exist"},
		{"no file", open, p.adaToken, []field{value("filename", "a.csv")}, 400, "error", "Missing file parameter"},
		{"one part and no file", open, p.adaToken, []field{value("totalparts", "1"), value("uuid", "u")}, 400, "error", "Missing file parameter"},
		{"an extension", open, p.adaToken, []field{fileField("a.exe", "MZ")}, 400, "message", notAllowed},
		{"no extension", open, p.adaToken, []field{fileField("README", "x")}, 400, "message", notAllowed},
		{"parquet, unless allowed", open, p.adaToken, []field{fileField("a.parquet", "PAR1")}, 400, "message", notAllowed},
		{"a script", open, p.adaToken, []field{fileField("a.js", "alert(1)")}, 400, "message", notAllowed},
		{"a page", open, p.adaToken, []field{fileField("a.html", "<p>")}, 415, "message", "Incorrect file content type: HTML"},
		{"a page of the X sort", open, p.adaToken, []field{fileField("a.xhtml", "<p>")}, 415, "message", "Incorrect file content type: HTML"},
		{"a page by its field", open, p.adaToken, []field{value("filename", "a.html"), fileField("a.csv", "<p>")}, 415, "message", "Incorrect file content type: HTML"},
		{"a page by a field behind", open, p.adaToken, []field{fileField("a.csv", "<p>"), value("filename", "a.html")}, 415, "message", "Incorrect file content type: HTML"},
		{"a NUL", open, p.adaToken, []field{value("filename", "a.csv\x00.exe"), fileField("a.csv", "1")}, 400, "message", notAllowed},
		{"a part that is too short", open, p.adaToken, chunk(fileField("blob", "123")), 400, "error", "Chunk size mismatch"},
		{"a part that is too long", open, p.adaToken, chunk(fileField("blob", "12345")), 400, "error", "Chunk size mismatch"},
		{"a part behind the last", open, p.adaToken, chunk(four, value("partindex", "3")), 400, "error", "The field partindex counts from 0 and stays below totalparts."},
		{"a part before the first", open, p.adaToken, chunk(four, value("partindex", "-1")), 400, "message", "The field partindex must be a whole number, 0 or more."},
		{"a number that is none", open, p.adaToken, chunk(four, value("totalparts", "many")), 400, "message", "The field totalparts must be a whole number, 0 or more."},
		{"too many parts", open, p.adaToken, chunk(four, value("totalparts", "100001")), 400, "error", ""},
		{"far behind the end", open, p.adaToken, chunk(four, value("partbyteoffset", "9223372036854775807")), 413, "message", ""},
		{"no name for the upload", open, p.adaToken, chunk(four, value("uuid", "")), 400, "error", ""},
		{"a long name for the upload", open, p.adaToken, chunk(four, value("uuid", strings.Repeat("u", 101))), 400, "error", ""},
		{"parts of what is not hosted", open, p.adaToken, chunk(four, value("filename", "a.exe")), 400, "message", notAllowed},
		{"the end of nothing", open, p.adaToken, chunk(value("uuid", "nothing")), 400, "error", "No part of this upload is here: send the parts first, with the same uuid."},
		{"a long field", open, p.adaToken, []field{value("filename", strings.Repeat("a", 5000)), fileField("a.csv", "1")}, 400, "message", `The field "filename" is longer than 4096 bytes.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := post(p.Server, c.path, c.token, c.fields...)
			if answer.Status != c.status || c.want != "" && p.text(answer, c.member) != c.want || answer.Status == 400 && c.member == "error" && p.text(answer, "success") != "false" {
				t.Errorf("answered %d %s, want %d %s", answer.Status, answer.Body, c.status, c.want)
			}
		})
	}
	if none := p.Do(http.MethodPost, open, "{}", "X-API-KEY", p.adaToken); none.Status != 400 || p.text(none, "error") != "Missing file parameter" {
		t.Errorf("JSON was answered %d %s", none.Status, none.Body)
	}
	many := make([]field, 60)
	for i := range many {
		many[i] = value(fmt.Sprint("f", i), "x")
	}
	if refused := post(p.Server, open, p.adaToken, many...); refused.Status != 400 {
		t.Errorf("60 fields were answered %d", refused.Status)
	}
	body, contentType := form(t, fileField("cut.csv", strings.Repeat("x", 1000)))
	if cut := p.Do(http.MethodPost, open, body[:500], "X-API-KEY", p.adaToken, "Content-Type", contentType); cut.Status != 400 {
		t.Errorf("a body that ends early was answered %d %s", cut.Status, cut.Body)
	}
}

// TestUploadTooLarge refuses what is announced, and what is sent, beyond the limit.
func TestUploadTooLarge(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	request, err := http.NewRequest(http.MethodPost, p.URL+"/api/1/datasets/open/upload/", io.LimitReader(zeros{}, apitest.MaxUpload*2))
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = apitest.MaxUpload * 2
	request.Header.Set("X-API-KEY", p.adaToken)
	request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	request.Header.Set("Expect", "100-continue")
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("what was announced as too long was answered %d", answer.StatusCode)
	}
	part := post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, value("uuid", "big"), value("filename", "a.csv"), value("totalparts", "2"),
		value("partindex", "0"), value("totalfilesize", fmt.Sprint(apitest.MaxUpload+1)), fileField("blob", "x"))
	if part.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a part of what is too long was answered %d %s", part.Status, part.Body)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// chunked sends the parts of a file.
type chunked struct {
	p       *portal
	path    string
	token   string
	uuid    string
	content string
	size    int
}

func (c chunked) parts() int { return (len(c.content) + c.size - 1) / c.size }

// part sends one part; the file comes first in the form when asked.
func (c chunked) part(i int, fileFirst bool) apitest.Answer {
	at := i * c.size
	content := c.content[at:min(at+c.size, len(c.content))]
	fields := append(c.end(), value("partindex", fmt.Sprint(i)), value("partbyteoffset", fmt.Sprint(at)), value("chunksize", fmt.Sprint(len(content))))
	file := fileField("blob", content)
	if fileFirst {
		fields = append([]field{file}, fields...)
	} else {
		fields = append(fields, file)
	}
	return post(c.p.Server, c.path, c.token, fields...)
}

func (c chunked) end() []field {
	return []field{value("uuid", c.uuid), value("filename", "Grand fichier.csv"), value("totalparts", fmt.Sprint(c.parts()))}
}

// TestUploadByParts sends parts in any order, twice and at once, goes on after a
// stop, and ends several times at once: one resource comes of it.
func TestUploadByParts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		c := chunked{p: p, path: "/api/1/datasets/open/upload/", token: p.adaToken, uuid: "3f1c-parts", content: strings.Repeat("0123456789abcdef\n", 1000), size: 4000}
		state := "/api/2/uploads/" + c.uuid + "/"
		if unknown := p.Get(state, "X-API-KEY", c.token); unknown.Status != http.StatusNotFound {
			t.Errorf("an upload that was not begun is %d", unknown.Status)
		}
		for _, i := range []int{3, 1, 3} {
			if answer := c.part(i, false); answer.Status != http.StatusOK || strings.TrimSpace(string(answer.Body)) != `{"error":null,"message":"","success":true}` {
				t.Fatalf("part %d was answered %d %s", i, answer.Status, answer.Body)
			}
		}
		early := post(p.Server, c.path, c.token, c.end()...)
		if early.Status != http.StatusBadRequest || p.text(early, "error") != "Parts are missing: send 0, 2, 4 of 5, then end the upload." {
			t.Errorf("the end without all parts was answered %d %s", early.Status, early.Body)
		}
		if here := p.Get(state, "X-API-KEY", c.token); p.text(here, "received") != "[1 3]" || p.text(here, "totalparts") != "5" || p.text(here, "state") != "open" {
			t.Errorf("the upload is told as %s", here.Body)
		}
		if other := p.Get(state, "X-API-KEY", p.eveToken); other.Status != http.StatusNotFound {
			t.Errorf("somebody else's upload is %d", other.Status)
		}
		for scope, status := range map[string]int{
			account.ScopeOrganization + p.town: http.StatusOK, account.ScopeDataset + p.ids["open"]: http.StatusOK,
			account.ScopeOrganization + db.NewID(): http.StatusNotFound, account.ScopeDataset + p.ids["secret"]: http.StatusNotFound,
		} {
			_, narrow, err := p.Tokens.Create(t.Context(), p.ada, "narrow", []string{scope}, db.Time{})
			if err != nil {
				t.Fatal(err)
			}
			if answer := p.Get(state, "X-API-KEY", narrow); answer.Status != status {
				t.Errorf("with %s the upload is %d, want %d: %s", scope, answer.Status, status, answer.Body)
			}
		}
		if wrong := post(p.Server, c.path, c.token, append(c.end(), value("sha1", strings.Repeat("0", 40)))...); wrong.Status != http.StatusBadRequest {
			t.Errorf("an end with parts missing and a wrong sum was answered %d", wrong.Status)
		}
		var work sync.WaitGroup
		for _, i := range []int{0, 2, 4, 4, 0, 1} {
			work.Go(func() {
				if answer := c.part(i, i%2 == 0); answer.Status != http.StatusOK {
					t.Errorf("part %d was answered %d %s", i, answer.Status, answer.Body)
				}
			})
		}
		work.Wait()
		if wrong := post(p.Server, c.path, c.token, append(c.end(), value("sha1", strings.Repeat("0", 40)))...); wrong.Status != http.StatusBadRequest ||
			!strings.Contains(p.text(wrong, "error"), "checksum") {
			t.Errorf("a wrong sum was answered %d %s", wrong.Status, wrong.Body)
		}
		sum := sha1.Sum([]byte(c.content))
		ids := make([]string, 4)
		for i := range ids {
			work.Go(func() {
				ended := post(p.Server, c.path, c.token, append(c.end(), value("sha1", hex.EncodeToString(sum[:])))...)
				if ended.Status != http.StatusCreated || p.text(ended, "checksum.value") != hex.EncodeToString(sum[:]) || p.text(ended, "filesize") != fmt.Sprint(len(c.content)) {
					t.Errorf("the end was answered %d %s", ended.Status, ended.Body)
				}
				ids[i] = p.text(ended, "id")
			})
		}
		work.Wait()
		again := post(p.Server, c.path, c.token, c.end()...)
		for _, id := range append(ids, p.text(again, "id")) {
			if id != ids[0] || id == "" {
				t.Fatalf("the ends gave the resources %v and %s", ids, again.Body)
			}
		}
		if late := c.part(2, false); late.Status != http.StatusOK {
			t.Errorf("a part that came late was answered %d %s", late.Status, late.Body)
		}
		if got := p.Get(local(p.text(again, "url"))); string(got.Body) != c.content {
			t.Errorf("the file came back changed: %d bytes of %d", len(got.Body), len(c.content))
		}
		if p.text(p.Get("/api/1/datasets/open/"), "resources.#") != "2" {
			t.Error("the upload became several resources")
		}
		if here := p.Get(state, "X-API-KEY", c.token); p.text(here, "state") != "done" || p.text(here, "resource") != ids[0] {
			t.Errorf("the upload is told as %s", here.Body)
		}
	})
}

// TestUploadSameIdentifier: two people's uploads under one identifier are two.
func TestUploadSameIdentifier(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	one := chunked{p: p, path: "/api/1/datasets/open/upload/community/", token: p.adaToken, uuid: "same", content: strings.Repeat("a", 10), size: 5}
	two := one
	two.token, two.content = p.eveToken, strings.Repeat("b", 10)
	for i := range 2 {
		one.part(i, false)
		two.part(i, false)
	}
	for _, c := range []chunked{two, one} {
		ended := post(p.Server, c.path, c.token, c.end()...)
		if got := p.Get(local(p.text(ended, "url"))); string(got.Body) != c.content {
			t.Errorf("the file is %q, want %q (%s)", got.Body, c.content, ended.Body)
		}
	}
}

// TestUploadKilled: a part that was cut stays away, and the upload goes on; one
// that another program of the same data took up again ends well.
func TestUploadCut(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	c := chunked{p: p, path: "/api/1/datasets/open/upload/", token: p.adaToken, uuid: "cut", content: strings.Repeat("0123456789", 100), size: 500}
	body, contentType := form(t, append(c.end(), value("partindex", "0"), value("partbyteoffset", "0"), value("chunksize", "500"), fileField("blob", c.content[:500]))...)
	cut := p.Do(http.MethodPost, c.path, body[:len(body)-200], "X-API-KEY", c.token, "Content-Type", contentType)
	if cut.Status != http.StatusBadRequest {
		t.Errorf("a part that was cut was answered %d %s", cut.Status, cut.Body)
	}
	c.part(1, false)
	if early := post(p.Server, c.path, c.token, c.end()...); early.Status != http.StatusBadRequest {
		t.Errorf("the end without the cut part was answered %d", early.Status)
	}
	c.part(0, false)
	ended := post(p.Server, c.path, c.token, c.end()...)
	if got := p.Get(local(p.text(ended, "url"))); string(got.Body) != c.content {
		t.Errorf("the file is %d bytes (%s)", len(got.Body), ended.Body)
	}
}

// TestFileRights walks who reads the file of a dataset in each state.
func TestFileRights(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		sent := post(p.Server, "/api/1/datasets/secret/upload/", p.adaToken, fileField("a.csv", "secret"))
		address, id := local(p.text(sent, "url")), p.text(sent, "id")
		status := func(path, token string) int {
			headers := []string{}
			if token != "" {
				headers = []string{"X-API-KEY", token}
			}
			return p.Get(path, headers...).Status
		}
		for _, path := range []string{address, "/api/1/datasets/r/" + id} {
			for token, want := range map[string]int{"": 404, p.eveToken: 404} {
				if got := status(path, token); got != want {
					t.Errorf("%s for %q is %d, want %d", path, token, got, want)
				}
			}
		}
		if got := status(address, p.adaToken); got != 200 {
			t.Errorf("the file is %d for an editor", got)
		}
		lead := p.Get("/api/1/datasets/r/"+id, "X-API-KEY", p.adaToken)
		link := lead.Header.Get("Location")
		opened := p.Get(local(link))
		if lead.Status != 302 || opened.Status != 200 || string(opened.Body) != "secret" || !strings.Contains(opened.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("the link %s is %d %q", link, opened.Status, opened.Body)
		}
		made := p.Do(http.MethodPost, "/api/2/files/link/", map[string]any{"resource": id}, "X-API-KEY", p.adaToken)
		if got := p.Get(local(p.text(made, "url"))); got.Status != 200 || p.text(made, "expires_at") == "<nil>" {
			t.Errorf("the link that was made is %d (%s)", got.Status, made.Body)
		}
		if refused := p.Do(http.MethodPost, "/api/2/files/link/", map[string]any{"resource": id}, "X-API-KEY", p.eveToken); refused.Status != 404 {
			t.Errorf("a link for somebody else is %d", refused.Status)
		}
		for _, wrong := range []string{strings.Replace(local(link), "expires=", "expires=9", 1), local(link) + "0", strings.Replace(local(link), "a.csv", "b.csv", 1), address + "?expires=1&signature="} {
			if got := status(wrong, ""); got != 404 {
				t.Errorf("%s is %d", wrong, got)
			}
		}
		public := p.Do(http.MethodPut, "/api/1/datasets/secret/", map[string]any{"private": false}, "X-API-KEY", p.adaToken)
		if got := p.Get(address); public.Status != 200 || got.Status != 200 || !strings.Contains(got.Header.Get("Cache-Control"), "public") {
			t.Errorf("published, the file is %d, %s", got.Status, got.Header.Get("Cache-Control"))
		}
		p.Do(http.MethodDelete, "/api/1/datasets/secret/", nil, "X-API-KEY", p.adaToken)
		if got := status(address, ""); got != 410 && got != 404 {
			t.Errorf("deleted, the file is %d", got)
		}
		if got := status(address, p.adaToken); got != 200 {
			t.Errorf("deleted, the file is %d for an editor", got)
		}
	})
}

// TestFileServing asks for ranges, again, and for what could run.
func TestFileServing(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	send := func(name, content string) string {
		t.Helper()
		sent := post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, fileField(name, content))
		if sent.Status != http.StatusCreated {
			t.Fatalf("%s: %d %s", name, sent.Status, sent.Body)
		}
		return local(p.text(sent, "url"))
	}
	content := strings.Repeat("line of a file\n", 500)
	address := send("a.txt", content)
	whole := p.Get(address, "Accept-Encoding", "gzip")
	etag := whole.Header.Get("ETag")
	if string(whole.Body) != content || whole.Header.Get("Content-Encoding") != "" || whole.Header.Get("Content-Length") != fmt.Sprint(len(content)) || strings.HasPrefix(etag, "W/") {
		t.Errorf("the file is %d bytes, %v", len(whole.Body), whole.Header)
	}
	part := p.Get(address, "Range", "bytes=5-9")
	if part.Status != http.StatusPartialContent || string(part.Body) != content[5:10] {
		t.Errorf("a range is %d %q", part.Status, part.Body)
	}
	if end := p.Get(address, "Range", "bytes=-4"); string(end.Body) != content[len(content)-4:] {
		t.Errorf("the end is %q", end.Body)
	}
	if beyond := p.Get(address, "Range", "bytes=999999-"); beyond.Status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a range behind the end is %d", beyond.Status)
	}
	if same := p.Get(address, "If-None-Match", etag); same.Status != http.StatusNotModified {
		t.Errorf("asked again, the file is %d", same.Status)
	}
	if head := p.Do(http.MethodHead, address, nil); head.Status != http.StatusOK || len(head.Body) != 0 || head.Header.Get("Content-Length") != fmt.Sprint(len(content)) {
		t.Errorf("HEAD is %d, %v", head.Status, head.Header)
	}
	if empty := p.Get(send("empty.csv", "")); empty.Status != http.StatusOK || len(empty.Body) != 0 {
		t.Errorf("an empty file is %d", empty.Status)
	}
	page := "<!doctype html><script>alert(1)</script>"
	for _, c := range []struct{ name, content, media, disposition string }{
		{"a.csv", "a,b", "text/csv; charset=utf-8", "inline"}, {"a.json", "{}", "application/json", "inline"},
		{"b.csv", page, "application/octet-stream", "attachment"}, {"b.txt", "\xef\xbb\xbf  " + page, "application/octet-stream", "attachment"},
		{"c.txt", "<!-- x --><svg onload=alert(1)>", "application/octet-stream", "attachment"}, {"a.json", page, "application/octet-stream", "attachment"},
		{"a.svg", "<svg/>", "image/svg+xml", "attachment"}, {"a.xml", page, "application/xml", "attachment"}, {"a.png", page, "application/octet-stream", "attachment"},
		{"a.gif", "GIF89a/*" + page, "image/gif", "inline"}, {"a.pdf", page, "application/octet-stream", "attachment"}, {"b.pdf", "%PDF-1.7 ", "application/pdf", "inline"},
		{"a.zip", "PK\x03\x04", "application/zip", "attachment"}, {"x.csv.gz", "\x1f\x8b", "application/gzip", "attachment"},
	} {
		got := p.Get(send(c.name, c.content))
		if got.Header.Get("Content-Type") != c.media || !strings.HasPrefix(got.Header.Get("Content-Disposition"), c.disposition) {
			t.Errorf("%s beginning %.12q is served as %s, %s", c.name, c.content, got.Header.Get("Content-Type"), got.Header.Get("Content-Disposition"))
		}
		if got.Header.Get("X-Content-Type-Options") != "nosniff" || c.media != "application/pdf" && !strings.Contains(got.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s is served with %v", c.name, got.Header)
		}
	}
	for _, path := range []string{
		"/s/resources/../../etc/passwd", "/s/resources/..%2f..%2fetc/passwd", "/s/resources/open/%2e%2e/a.csv", "/s/other/a/b", "/s/resources/a/b%00c",
		"/s/resources/open/20240101-000000/none.csv", "/s/avatars/ab/cd.png", "/s/resources/%5c..%5c/x",
	} {
		if got := p.Get(path); got.Status != http.StatusNotFound && got.Status != http.StatusPermanentRedirect {
			t.Errorf("%s is %d", path, got.Status)
		}
	}
}

// TestFileSweep: what nothing refers to goes after its time, and nothing else.
func TestFileSweep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		ctx := context.Background()
		sent := post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, fileField("a.csv", "kept by two"))
		twin := post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, fileField("b.csv", "kept by two"))
		gone := post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, fileField("c.csv", "removed"))
		p.Do(http.MethodDelete, "/api/1/datasets/open/resources/"+p.text(gone, "id")+"/", nil, "X-API-KEY", p.adaToken)
		p.Do(http.MethodDelete, "/api/1/datasets/open/resources/"+p.text(twin, "id")+"/", nil, "X-API-KEY", p.adaToken)
		if answer := p.Get(local(p.text(gone, "url"))); answer.Status != http.StatusNotFound {
			t.Errorf("the file of a resource that was removed is %d", answer.Status)
		}
		swept, err := p.Files.Sweep(ctx)
		if err != nil || swept.Files != 0 || swept.Blobs != 0 || p.ended() != 2 {
			t.Errorf("swept %+v, %v; %d files have ended", swept, err, p.ended())
		}
		p.exec("UPDATE files SET ended_at = 1 WHERE ended_at IS NOT NULL")
		p.exec("UPDATE blobs SET written_at = 1")
		if swept, err = p.Files.Sweep(ctx); err != nil || swept != (catalog.Swept{Files: 2, Blobs: 1}) {
			t.Errorf("swept %+v, %v", swept, err)
		}
		if answer := p.Get(local(p.text(sent, "url"))); string(answer.Body) != "kept by two" {
			t.Errorf("a file in use is %d", answer.Status)
		}
		c := chunked{p: p, path: "/api/1/datasets/open/upload/", token: p.adaToken, uuid: "left", content: strings.Repeat("x", 10), size: 5}
		c.part(0, false)
		p.exec("UPDATE uploads SET touched_at = ? WHERE client_id = 'begun'", db.Now())
		if n, err := p.Files.SweepUploads(ctx); err != nil || n != 0 {
			t.Errorf("removed %d uploads, %v", n, err)
		}
		p.exec("UPDATE uploads SET touched_at = 1 WHERE client_id = 'left'")
		if n, err := p.Files.SweepUploads(ctx); err != nil || n != 1 {
			t.Errorf("removed %d uploads, %v", n, err)
		}
		lost, stray, err := p.Files.Examine(ctx)
		if err != nil || len(lost) != 0 || len(stray) != 0 {
			t.Errorf("examined: %v, %v, %v", lost, stray, err)
		}
		if err := p.Files.Shelf().Store().Delete(ctx, p.sumOf(p.text(sent, "id"))); err != nil {
			t.Fatal(err)
		}
		if lost, _, err = p.Files.Examine(ctx); err != nil || len(lost) != 1 {
			t.Errorf("examined: %v, %v", lost, err)
		}
		if lost := p.Get(local(p.text(sent, "url"))); lost.Status != http.StatusServiceUnavailable {
			t.Errorf("a lost file is %d", lost.Status)
		}
	})
}

// ended counts the files that nothing refers to.
func (p *portal) ended() (count int) {
	p.t.Helper()
	if err := p.DB.Read().NewRaw("SELECT count(*) FROM files WHERE ended_at IS NOT NULL").Scan(context.Background(), &count); err != nil {
		p.t.Fatal(err)
	}
	return count
}

func (p *portal) sumOf(resource string) string {
	p.t.Helper()
	var sums []string
	if err := p.DB.Read().NewRaw("SELECT sha256 FROM files WHERE object_id = ?", resource).Scan(context.Background(), &sums); err != nil || len(sums) != 1 {
		p.t.Fatal(sums, err)
	}
	return sums[0]
}
