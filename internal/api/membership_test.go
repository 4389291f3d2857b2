package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// call sends a request as somebody of the portal and checks the status.
func (p *portal) call(as, method, path string, body any, status int) apitest.Answer {
	p.t.Helper()
	answer := p.Do(method, p.fill(path), p.written(body), p.key(as)...)
	if answer.Status != status {
		p.t.Errorf("%s %s as %q answered %d, want %d: %.300s", method, path, as, answer.Status, status, answer.Body)
	}
	return answer
}

// key is the header of somebody of the portal, none for nobody.
func (p *portal) key(as string) []string {
	token := map[string]string{"admin": p.adminToken, "ada": p.adaToken, "eve": p.eveToken, "kim": p.ids["kim token"]}[as]
	if token == "" {
		return nil
	}
	return []string{"X-API-KEY", token}
}

func (p *portal) newcomer() {
	p.t.Helper()
	p.ids["kim"], p.ids["kim token"] = p.User("kim@example.org", false)
}

type object = map[string]any

// seen is what a path reaches in an answer, nil when there is nothing.
func seen(tree any, path string) any {
	found, _ := reach(tree, path)
	return found
}

// written renders a body whose texts name objects of the portal as <open>.
func (p *portal) written(body any) any {
	p.t.Helper()
	if body == nil {
		return nil
	}
	if text, ok := body.(string); ok {
		return text
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		p.t.Fatal(err)
	}
	return p.fill(b.String())
}

// TestOrganizationLife makes an organisation, changes it, deletes it and brings
// it back, by the API alone.
func TestOrganizationLife(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		made := p.call("eve", "POST", "/api/1/organizations/", object{
			"name": "Office des eaux", "description": "L'eau.", "acronym": "OE", "url": "https://eaux.example.org", "business_number_id": "35600000000048",
			"extras":             object{"custom": []any{object{"title": "Bassin", "description": "Le bassin", "type": "choice", "choices": []string{"a"}}}},
			"presentation_blocs": []any{object{"class": "MarkdownBloc", "title": "Bonjour", "content": "Texte"}},
			"id":                 "ignored", "members": []any{}, "unknown": 1,
		}, http.StatusCreated).JSON(t)
		p.ids["office"] = seen(made, "id").(string)
		for path, want := range map[string]any{
			"slug": "office-des-eaux", "members.0.user.id": p.eve, "members.0.role": "admin", "permissions.edit": true, "metrics.members": 1.0, "zone": nil,
		} {
			if got := seen(made, path); got != want {
				t.Errorf("made %s = %v, want %v", path, got, want)
			}
		}
		read := p.call("", "GET", "/api/1/organizations/<office>/", nil, http.StatusOK)
		etag := read.Header.Get("ETag")
		renamed := p.Do("PUT", p.fill("/api/1/organizations/<office>/"), object{"name": "Agence de l'eau", "acronym": nil}, append(p.key("eve"), "If-Match", etag)...)
		if renamed.Status != http.StatusOK || seen(renamed.JSON(t), "slug") != "agence-de-leau" || seen(renamed.JSON(t), "description") != "L'eau." || seen(renamed.JSON(t), "acronym") != nil {
			t.Errorf("renamed: %d %s", renamed.Status, renamed.Body)
		}
		if stale := p.Do("PUT", p.fill("/api/1/organizations/<office>/"), object{"name": "X"}, append(p.key("eve"), "If-Match", etag)...); stale.Status != http.StatusPreconditionFailed {
			t.Errorf("a write that counts on a former version answered %d", stale.Status)
		}
		p.call("", "GET", "/api/1/organizations/office-des-eaux/", nil, moved)
		p.call("eve", "PUT", "/api/1/organizations/<office>", object{"url": "https://x.example.org"}, moved)
		p.call("ada", "PUT", "/api/1/organizations/<office>/", object{"name": "Mine"}, denied)
		hidden := p.Do("GET", p.fill("/api/1/organizations/<office>/"), nil, "X-Fields", "presentation_blocs")
		if seen(hidden.JSON(t), "presentation_blocs.#") != 0.0 {
			t.Errorf("what is not published shows %s", hidden.Body)
		}
		p.call("eve", "PUT", "/api/1/organizations/<office>/", object{"presentation_blocs_published_at": "2026-01-01T00:00:00Z"}, http.StatusOK)
		shown := p.Do("GET", p.fill("/api/1/organizations/<office>/"), nil, "X-Fields", "presentation_blocs")
		if seen(shown.JSON(t), "presentation_blocs.0.content") != "Texte" {
			t.Errorf("what is published shows %s", shown.Body)
		}
		extras := p.call("eve", "PUT", "/api/2/organizations/<office>/extras/", object{"a": 1, "b": object{"c": 2}, "custom": nil}, http.StatusOK)
		if seen(extras.JSON(t), "b.c") != 2.0 || strings.Contains(string(extras.Body), "custom") {
			t.Errorf("extras: %s", extras.Body)
		}
		p.call("eve", "DELETE", "/api/2/organizations/<office>/extras/", []string{"b", "none"}, http.StatusNoContent)
		if got := p.call("", "GET", "/api/2/organizations/<office>/extras/", nil, http.StatusOK); string(got.Body) != `{"a":1}` {
			t.Errorf("extras left: %s", got.Body)
		}
		zone := p.call("eve", "PUT", "/api/2/organizations/<office>/zone/", object{"zone": "fr:commune:13055"}, http.StatusOK)
		if seen(zone.JSON(t), "zone") != "fr:commune:13055" {
			t.Errorf("attached: %s", zone.Body)
		}
		p.call("eve", "PUT", "/api/2/organizations/<office>/zone/", object{"zone": nil}, http.StatusOK)
		p.call("eve", "DELETE", "/api/1/organizations/<office>/", nil, http.StatusNoContent)
		p.call("eve", "DELETE", "/api/1/organizations/<office>/", nil, gone)
		p.call("", "GET", "/api/1/organizations/<office>/", nil, gone)
		p.call("ada", "PUT", "/api/1/organizations/<office>/", object{"deleted": nil}, denied)
		p.call("eve", "PUT", "/api/1/organizations/<office>/", object{"deleted": nil}, http.StatusOK)
		p.call("", "GET", "/api/1/organizations/<office>/", nil, http.StatusOK)
	})
}

func (p *portal) countersHold() {
	p.t.Helper()
	wrong, err := p.Catalog.CheckCounters(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, mismatch := range wrong {
		p.t.Error(mismatch)
	}
}

// TestMembersByAPI goes through requests, invitations, roles and assignments.
func TestMembersByAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.newcomer()
		asked := p.call("kim", "POST", "/api/1/organizations/<town>/membership/", object{"comment": "Hello"}, http.StatusCreated).JSON(t)
		p.ids["request"] = seen(asked, "id").(string)
		if seen(asked, "status") != "pending" || seen(asked, "kind") != "request" || seen(asked, "user.email") != "ki*@example.org" {
			t.Errorf("asked: %v", asked)
		}
		p.call("kim", "POST", "/api/1/organizations/<town>/membership/", object{"comment": "Hello again"}, http.StatusOK)
		p.call("kim", "GET", "/api/1/organizations/<town>/membership/?user=<eve>", nil, denied)
		p.call("ada", "POST", "/api/1/organizations/<town>/membership/<request>/refuse/", object{}, bad)
		accepted := p.call("ada", "POST", "/api/1/organizations/<town>/membership/<request>/accept/", nil, http.StatusOK).JSON(t)
		if seen(accepted, "role") != "editor" || seen(accepted, "user.id") != p.ids["kim"] || seen(accepted, "label") != "Éditeur" {
			t.Errorf("accepted: %v", accepted)
		}
		again := p.call("ada", "POST", "/api/1/organizations/<town>/membership/<request>/accept/", nil, http.StatusConflict).JSON(t)
		if seen(again, "user.id") != p.ids["kim"] {
			t.Errorf("accepted twice: %v", again)
		}
		if got := p.call("", "GET", "/api/1/organizations/<town>/", nil, http.StatusOK).JSON(t); seen(got, "members.#") != 3.0 || seen(got, "metrics.members") != 3.0 {
			t.Errorf("members: %v", seen(got, "members"))
		}
		p.call("kim", "PUT", "/api/1/organizations/<town>/member/<kim>/", object{"role": "admin"}, denied)
		p.call("ada", "PUT", "/api/1/organizations/<town>/member/<kim>/assignments/", []any{}, bad)
		p.call("ada", "PUT", "/api/1/organizations/<town>/member/<kim>/", object{"role": "partial_editor"}, http.StatusOK)
		p.call("kim", "PUT", "/api/1/datasets/<open>/", object{"title": "Mine"}, denied)
		given := p.call("ada", "PUT", "/api/1/organizations/<town>/member/<kim>/assignments/", []any{object{"class": "Dataset", "id": p.ids["open"]}}, http.StatusOK).JSON(t)
		if seen(given, "#") != 1.0 || seen(given, "0.subject.id") != p.ids["open"] || seen(given, "0.user.id") != p.ids["kim"] {
			t.Errorf("assigned: %v", given)
		}
		p.call("kim", "PUT", "/api/1/datasets/<open>/", object{"description": "By kim.", "private": false}, http.StatusOK)
		p.call("kim", "DELETE", "/api/1/organizations/<town>/member/<ada>/", nil, denied)
		p.call("kim", "DELETE", "/api/1/organizations/<town>/member/<kim>/", nil, http.StatusNoContent)
		p.call("ada", "DELETE", "/api/1/organizations/<town>/member/<kim>/", nil, notFound)
		p.call("kim", "PUT", "/api/1/datasets/<open>/", object{"title": "Mine"}, denied)
		p.call("ada", "DELETE", "/api/1/organizations/<town>/member/<ada>/", nil, bad)

		invited := p.call("ada", "POST", "/api/1/organizations/<town>/member/", object{
			"email": "KIM@example.org", "role": "partial_editor", "assignments": []any{object{"class": "Dataset", "id": p.ids["open"]}},
		}, http.StatusCreated).JSON(t)
		p.ids["invitation"] = seen(invited, "id").(string)
		if seen(invited, "user") != nil || seen(invited, "email") != "kim@example.org" || seen(invited, "assignments.0.class") != "Dataset" {
			t.Errorf("invited: %v", invited)
		}
		p.call("ada", "POST", "/api/2/organizations/<town>/membership/<invitation>/resend/", nil, http.StatusOK)
		mine := p.call("kim", "GET", "/api/1/me/org_invitations/", nil, http.StatusOK).JSON(t)
		if seen(mine, "0.id") != p.ids["invitation"] || seen(mine, "0.assignments.0.id") != p.ids["open"] {
			t.Errorf("my invitations: %v", mine)
		}
		p.call("eve", "POST", "/api/1/me/org_invitations/<invitation>/accept/", nil, notFound)
		p.call("kim", "POST", "/api/1/me/org_invitations/<invitation>/accept/", nil, http.StatusOK)
		p.call("kim", "POST", "/api/1/me/org_invitations/<invitation>/refuse/", nil, bad)
		p.call("kim", "PUT", "/api/1/datasets/<open>/", object{"description": "By kim again.", "private": false}, http.StatusOK)
		p.call("ada", "POST", "/api/1/organizations/<town>/membership/<invitation>/cancel/", nil, bad)
		p.call("ada", "POST", "/api/2/organizations/<town>/membership/<invitation>/resend/", nil, bad)
		p.call("ada", "DELETE", "/api/1/organizations/<town>/member/kim-example/", nil, http.StatusNoContent)
	})
}

// TestTransfers hands a dataset over and back; both owners' counters follow.
func TestTransfers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.newcomer()
		p.exec("INSERT INTO object_contacts (object_id, contact_id, position) VALUES (?, ?, 0)", p.ids["open"], p.ids["contact"])
		if _, err := p.Catalog.RecountAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		offer := func(as, recipientClass, recipient string, status int) string {
			t.Helper()
			answer := p.call(as, "POST", "/api/1/transfer/", object{
				"subject": object{"class": "Dataset", "id": p.ids["open"]}, "recipient": object{"class": recipientClass, "id": p.ids[recipient]}, "comment": "Please take it",
			}, status)
			if answer.Status >= 300 {
				return ""
			}
			return seen(answer.JSON(t), "id").(string)
		}
		offer("eve", "User", "kim", denied)
		offer("", "User", "kim", unknown)
		offer("ada", "Organization", "town", bad)
		offer("ada", "Organization", "gone", bad)
		offer("ada", "User", "nobody", bad)
		p.ids["offer"] = offer("ada", "User", "kim", http.StatusCreated)
		if again := offer("ada", "User", "kim", http.StatusOK); again != p.ids["offer"] {
			t.Errorf("offering twice made %s besides %s", again, p.ids["offer"])
		}
		p.call("eve", "POST", "/api/1/transfer/<offer>/", object{"response": "accept"}, notFound)
		p.call("ada", "POST", "/api/1/transfer/<offer>/", object{"response": "accept"}, denied)
		p.call("kim", "POST", "/api/1/transfer/<offer>/", object{"response": "perhaps"}, bad)
		accepted := p.call("kim", "POST", "/api/1/transfer/<offer>/", object{"response": "accept", "comment": "Thanks"}, http.StatusOK).JSON(t)
		if seen(accepted, "status") != "accepted" || seen(accepted, "responded") == nil || seen(accepted, "reponse_comment") != nil {
			t.Errorf("accepted: %v", accepted)
		}
		p.call("kim", "POST", "/api/1/transfer/<offer>/", object{"response": "refuse"}, bad)
		dataset := p.call("", "GET", "/api/1/datasets/<open>/", nil, http.StatusOK).JSON(t)
		if seen(dataset, "owner.id") != p.ids["kim"] || seen(dataset, "organization") != nil || seen(dataset, "contact_points.#") != 0.0 {
			t.Errorf("the dataset belongs to %v and %v, with %v", seen(dataset, "owner"), seen(dataset, "organization"), seen(dataset, "contact_points"))
		}
		var left int
		if err := d.Read().NewRaw("SELECT count(*) FROM assignments WHERE object_id = ?", p.ids["open"]).Scan(t.Context(), &left); err != nil || left != 0 {
			t.Errorf("%d assignments are left (%v)", left, err)
		}
		if open := p.call("eve", "GET", "/api/1/transfer/<transfer>/", nil, http.StatusOK).JSON(t); seen(open, "status") != "refused" {
			t.Errorf("the other offer is %v", seen(open, "status"))
		}
		// What it became since is its new owner's to tell.
		p.call("kim", "PUT", "/api/1/datasets/<open>/", object{"title": "Plans of Kim", "private": true}, http.StatusOK)
		for _, c := range []struct {
			as, transfer string
			told         bool
		}{{"ada", "offer", false}, {"eve", "transfer", false}, {"kim", "offer", true}, {"admin", "offer", true}} {
			one := p.call(c.as, "GET", "/api/1/transfer/<"+c.transfer+">/", nil, http.StatusOK)
			list := p.call(c.as, "GET", "/api/1/transfer/?subject=<open>", nil, http.StatusOK)
			for _, answer := range []string{string(one.Body), string(list.Body)} {
				if strings.Contains(answer, "Plans of Kim") != c.told || strings.Contains(answer, "plans-of-kim") != c.told || !strings.Contains(answer, p.ids["open"]) {
					t.Errorf("%s reads of the offer: %s", c.as, answer)
				}
			}
		}
		p.call("kim", "PUT", "/api/1/datasets/<open>/", object{"private": false}, http.StatusOK)
		if got := seen(p.call("", "GET", "/api/1/users/<kim>/", nil, http.StatusOK).JSON(t), "metrics.datasets"); got != 1.0 {
			t.Errorf("kim counts %v datasets", got)
		}
		back := p.call("kim", "POST", "/api/1/transfer/", object{
			"subject": object{"class": "Dataset", "id": p.ids["open"]}, "recipient": object{"class": "Organization", "id": p.town}, "comment": "Back",
		}, http.StatusCreated).JSON(t)
		p.ids["back"] = seen(back, "id").(string)
		p.call("ada", "POST", "/api/1/transfer/<back>/", object{"response": "refuse", "comment": "No"}, http.StatusOK)
		reuse := p.call("eve", "POST", "/api/1/transfer/", object{
			"subject": object{"class": "Reuse", "id": p.ids["carte-velo"]}, "recipient": object{"class": "Organization", "id": p.town}, "comment": "Yours",
		}, http.StatusCreated).JSON(t)
		p.ids["reuse offer"] = seen(reuse, "id").(string)
		if seen(reuse, "subject.class") != "Reuse" || seen(reuse, "owner.class") != "User" {
			t.Errorf("a reuse is offered as %v", reuse)
		}
		p.call("ada", "POST", "/api/1/transfer/<reuse offer>/", object{"response": "accept"}, http.StatusOK)
		if got := p.call("", "GET", "/api/1/organizations/<town>/", nil, http.StatusOK).JSON(t); seen(got, "metrics.reuses") != 1.0 {
			t.Errorf("the town counts %v reuses", seen(got, "metrics.reuses"))
		}
		p.countersHold()
		var kinds []string
		for _, letter := range p.Letters() {
			if strings.HasPrefix(letter.Kind, "transfer.") {
				kinds = append(kinds, letter.Kind+" "+letter.Recipient)
			}
			if strings.Contains(letter.Plain, "{") || strings.Contains(letter.Subject, "mail.") {
				t.Errorf("a letter of kind %s has blanks: %s", letter.Kind, letter.Plain)
			}
		}
		if got := strings.Join(kinds, "; "); got != "transfer.asked kim@example.org; transfer.accepted ada@example.org; transfer.asked ada@example.org; transfer.refused kim@example.org; transfer.asked ada@example.org; transfer.accepted eve@example.org" {
			t.Errorf("letters: %s", got)
		}
	})
}

// TestContactPoints makes, finds, changes and removes contact points.
func TestContactPoints(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		body := object{"name": "Guichet", "email": "guichet@example.org", "role": "contact", "organization": object{"class": "Organization", "id": p.town}}
		made := p.call("ada", "POST", "/api/1/contacts/", body, http.StatusCreated).JSON(t)
		p.ids["desk"] = seen(made, "id").(string)
		if same := p.call("ada", "POST", "/api/1/contacts/", body, http.StatusOK).JSON(t); seen(same, "id") != p.ids["desk"] || seen(same, "organization.id") != p.town {
			t.Errorf("the same once more: %v", same)
		}
		mine := p.call("ada", "POST", "/api/1/contacts/", object{"name": "Guichet", "email": "guichet@example.org", "role": "contact"}, http.StatusCreated).JSON(t)
		if seen(mine, "owner.id") != p.ada || seen(mine, "id") == p.ids["desk"] {
			t.Errorf("of another owner: %v", mine)
		}
		p.call("eve", "PUT", "/api/1/contacts/<desk>/", object{"name": "Mine"}, denied)
		p.call("ada", "PUT", "/api/1/contacts/<desk>/", object{"name": "Service mobilités", "email": "mobility@example.org"}, bad)
		changed := p.call("ada", "PUT", "/api/1/contacts/<desk>/", object{"contact_form": "https://example.org/form", "email": nil}, http.StatusOK).JSON(t)
		if seen(changed, "email") != nil || seen(changed, "contact_form") != "https://example.org/form" || seen(changed, "name") != "Guichet" {
			t.Errorf("changed: %v", changed)
		}
		p.call("ada", "PUT", "/api/1/contacts/<desk>/", object{"contact_form": nil}, bad)
		p.exec("INSERT INTO object_contacts (object_id, contact_id, position) VALUES (?, ?, 0)", p.ids["open"], p.ids["desk"])
		if _, err := p.Catalog.RecountAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.call("ada", "DELETE", "/api/1/contacts/<desk>/", nil, http.StatusNoContent)
		p.call("", "GET", "/api/1/contacts/<desk>/", nil, notFound)
		p.call("ada", "DELETE", "/api/1/contacts/<desk>/", nil, notFound)
		if got := p.call("", "GET", "/api/1/datasets/<open>/", nil, http.StatusOK).JSON(t); seen(got, "contact_points.#") != 0.0 {
			t.Errorf("a dataset still names %v", seen(got, "contact_points"))
		}
		p.countersHold()
	})
}

// TestPeopleByAPI changes accounts as administrators and as oneself.
func TestPeopleByAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.newcomer()
		made := p.call("admin", "POST", "/api/1/users/", object{"email": "Lou@example.org", "first_name": "Lou", "last_name": "Example", "roles": []string{"admin"}, "active": true}, http.StatusCreated).JSON(t)
		if seen(made, "email") != "lou@example.org" || seen(made, "roles.0") != "admin" {
			t.Errorf("made: %v", made)
		}
		p.ids["lou"] = seen(made, "id").(string)
		p.call("admin", "PUT", "/api/1/users/<lou>/", object{"roles": []string{}, "about": "Hi", "first_name": "Louise"}, http.StatusOK)
		if got := p.call("", "GET", "/api/1/users/<lou>/", nil, http.StatusOK).JSON(t); seen(got, "roles.#") != 0.0 || seen(got, "slug") != "lou-example" || seen(got, "first_name") != "Louise" || seen(got, "email") != nil {
			t.Errorf("changed: %v", got)
		}
		me := p.call("kim", "PUT", "/api/1/me/", object{
			"first_name": "Kim", "last_name": "Possible", "about": "x", "website": "https://kim.example.org", "prefered_language": "en", "email": "root@example.org",
			"roles": []string{"admin"}, "active": false,
		}, http.StatusOK).JSON(t)
		if seen(me, "email") != "kim@example.org" || seen(me, "roles.#") != 0.0 || seen(me, "active") != true || seen(me, "website") != "https://kim.example.org" {
			t.Errorf("me: %v", me)
		}
		p.call("admin", "POST", "/api/1/users/<kim>/rotate_password/", nil, http.StatusNoContent)
		p.call("admin", "DELETE", "/api/1/users/<admin>/", nil, denied)
		p.call("admin", "DELETE", "/api/1/users/<lou>/?no_mail=true", nil, http.StatusNoContent)
		p.call("admin", "DELETE", "/api/1/users/<lou>/", nil, gone)
		p.call("", "GET", "/api/1/users/<lou>/", nil, gone)
		p.call("kim", "DELETE", "/api/1/me/", nil, http.StatusNoContent)
		p.call("kim", "GET", "/api/1/me/", nil, unknown)
	})
}

// refusals are writes about people, organisations, members, transfers and
// contact points that are refused, with the member that is blamed ("" for
// none) and a part of the message.
var membershipRefusals = []struct {
	as, method, path string
	body             any
	status           int
	member, message  string
}{
	{"", "POST", "/api/1/organizations/", object{"name": "X", "description": "x"}, unknown, "", ""},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X"}, bad, "description", "required"},
	{"eve", "POST", "/api/1/organizations/", object{"description": "X"}, bad, "name", "required"},
	{"eve", "POST", "/api/1/organizations/", object{"name": "   ", "description": "X"}, bad, "name", "required"},
	{"eve", "POST", "/api/1/organizations/", object{"name": nil, "description": "X"}, bad, "name", "required"},
	{"eve", "POST", "/api/1/organizations/", object{"name": 3, "description": "X"}, bad, "name", "must be text"},
	{"eve", "POST", "/api/1/organizations/", object{"name": strings.Repeat("x", 256), "description": "X"}, bad, "name", "255"},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X", "description": "X", "acronym": strings.Repeat("x", 129)}, bad, "acronym", "128"},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X", "description": "X", "url": "nowhere"}, bad, "url", "Invalid URL"},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X", "description": "X", "business_number_id": "1"}, bad, "business_number_id", "A siret number is made of 14 digits"},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X", "description": "X", "business_number_id": "1234567890123X"}, bad, "business_number_id", "only made of digits"},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X", "description": "X", "business_number_id": "12345678901234"}, bad, "business_number_id", "Invalid Siret number"},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X", "description": "X", "extras": []any{}}, bad, "extras", "JSON object"},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X", "description": "X", "extras": object{"custom": 1}}, bad, "extras", ""},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X", "description": "X", "presentation_blocs": []any{object{"class": "Nothing"}}}, bad, "presentation_blocs", ""},
	{"eve", "POST", "/api/1/organizations/", object{"name": "X", "description": "X", "presentation_blocs_published_at": "soon"}, bad, "", ""},
	{"eve", "POST", "/api/1/organizations/", []any{}, bad, "", "JSON object"},
	{"eve", "POST", "/api/1/organizations/", "{", bad, "", "not JSON"},
	{"eve", "PUT", "/api/1/organizations/<town>/", object{"name": "X"}, denied, "", "permission"},
	{"ada", "PUT", "/api/1/organizations/<town>/", object{"name": ""}, bad, "name", "required"},
	{"ada", "PUT", "/api/1/organizations/<gone>/", object{"name": "X"}, gone, "", "deleted"},
	{"ada", "PUT", "/api/1/organizations/none/", object{"name": "X"}, notFound, "", "not found"},
	{"ada", "PUT", "/api/2/organizations/<town>/extras/", []any{}, bad, "", "dict expected"},
	{"ada", "PUT", "/api/2/organizations/<town>/extras/", "null", bad, "", "dict expected"},
	{"ada", "DELETE", "/api/2/organizations/<town>/extras/", object{}, bad, "", "list expected"},
	{"ada", "DELETE", "/api/2/organizations/<town>/extras/", []int{1}, bad, "", "list expected"},
	{"eve", "PUT", "/api/2/organizations/<town>/extras/", object{"a": 1}, denied, "", "permission"},
	{"ada", "PUT", "/api/2/organizations/<town>/zone/", object{"zone": "fr:commune:none"}, bad, "zone", "Unknown zone"},
	{"ada", "PUT", "/api/2/organizations/<town>/zone/", object{}, bad, "zone", ""},
	{"eve", "PUT", "/api/2/organizations/<town>/zone/", object{"zone": nil}, denied, "", "permission"},
	{"eve", "DELETE", "/api/1/organizations/<town>/", nil, denied, "", "permission"},
	{"kim", "POST", "/api/1/organizations/<town>/membership/", object{}, bad, "comment", "required"},
	{"kim", "POST", "/api/1/organizations/<town>/membership/", object{"comment": " "}, bad, "comment", "required"},
	{"kim", "POST", "/api/1/organizations/<town>/membership/", object{"comment": strings.Repeat("x", 10_001)}, bad, "comment", "10000"},
	{"ada", "POST", "/api/1/organizations/<town>/membership/", object{"comment": "x"}, bad, "", "already"},
	{"kim", "POST", "/api/1/organizations/<gone>/membership/", object{"comment": "x"}, gone, "", "deleted"},
	{"ada", "POST", "/api/1/organizations/<town>/membership/00000000-0000-4000-8000-000000000000/accept/", nil, notFound, "", "Unknown membership request id"},
	{"ada", "POST", "/api/1/organizations/<town>/membership/none/accept/", nil, notFound, "", "Unknown membership request id"},
	{"eve", "POST", "/api/1/organizations/<town>/membership/00000000-0000-4000-8000-000000000000/accept/", nil, denied, "", "permission"},
	{"ada", "POST", "/api/1/organizations/<town>/membership/00000000-0000-4000-8000-000000000000/cancel/", nil, notFound, "", "Unknown"},
	{"ada", "POST", "/api/1/organizations/<town>/member/", object{}, bad, "user", ""},
	{"ada", "POST", "/api/1/organizations/<town>/member/", object{"user": "<kim>", "email": "kim@example.org"}, bad, "email", "not both"},
	{"ada", "POST", "/api/1/organizations/<town>/member/", object{"user": "none"}, bad, "user", "Unknown user"},
	{"ada", "POST", "/api/1/organizations/<town>/member/", object{"email": "kim at home"}, bad, "email", "Invalid email"},
	{"ada", "POST", "/api/1/organizations/<town>/member/", object{"email": "kim@example.org", "role": "chief"}, bad, "role", "Unknown role"},
	{"ada", "POST", "/api/1/organizations/<town>/member/", object{"email": "ada@example.org"}, bad, "email", "already"},
	{"ada", "POST", "/api/1/organizations/<town>/member/", object{"user": "<eve>"}, bad, "user", "already"},
	{"ada", "POST", "/api/1/organizations/<town>/member/", object{"user": "<kim>", "assignments": []any{object{"class": "Dataset", "id": "<open>"}}}, bad, "assignments", "partial editors"},
	{"ada", "POST", "/api/1/organizations/<town>/member/", object{"user": "<kim>", "role": "partial_editor", "assignments": []any{object{"class": "Dataset", "id": "<mine>"}}}, bad, "assignments", ""},
	{"eve", "POST", "/api/1/organizations/<town>/member/", object{"user": "<kim>"}, denied, "", "permission"},
	{"ada", "PUT", "/api/1/organizations/<town>/member/<admin>/", object{"role": "chief"}, bad, "role", "Unknown role"},
	{"ada", "PUT", "/api/1/organizations/<town>/member/<admin>/", object{}, bad, "role", "Unknown role"},
	{"ada", "PUT", "/api/1/organizations/<town>/member/<eve>/", object{"role": "editor"}, notFound, "", "not a member"},
	{"ada", "PUT", "/api/1/organizations/<town>/member/<ada>/", object{"role": "editor"}, bad, "", "needs an administrator"},
	{"ada", "PUT", "/api/1/organizations/<town>/member/<admin>/assignments/", []any{object{"class": "Topic", "id": "<open>"}}, bad, "", "Unknown class"},
	{"ada", "PUT", "/api/1/organizations/<town>/member/<admin>/assignments/", []any{object{"class": "Dataset", "id": "<mine>"}}, bad, "", "No such object"},
	{"ada", "PUT", "/api/1/organizations/<town>/member/<admin>/assignments/", object{}, bad, "", "list"},
	{"ada", "PUT", "/api/1/organizations/<town>/member/<ada>/assignments/", []any{}, bad, "", "partial editors"},
	{"eve", "PUT", "/api/1/organizations/<town>/member/<admin>/assignments/", []any{}, denied, "", "permission"},
	{"eve", "POST", "/api/1/me/org_invitations/none/accept/", nil, notFound, "", "not found"},
	{"ada", "POST", "/api/1/transfer/", object{}, bad, "subject", "Unknown class"},
	{"ada", "POST", "/api/1/transfer/", object{"subject": object{"class": "Topic", "id": "<open>"}, "recipient": object{"class": "User", "id": "<eve>"}, "comment": "x"}, bad, "subject", "Unknown class"},
	{"ada", "POST", "/api/1/transfer/", object{"subject": object{"class": "Dataset", "id": "open"}, "recipient": object{"class": "User", "id": "<eve>"}, "comment": "x"}, bad, "subject", "Unknown reference"},
	{"ada", "POST", "/api/1/transfer/", object{"subject": object{"class": "Dataset", "id": "<open>"}, "recipient": object{"class": "Team", "id": "<eve>"}, "comment": "x"}, bad, "recipient", "Unknown class"},
	{"ada", "POST", "/api/1/transfer/", object{"subject": object{"class": "Dataset", "id": "<open>"}, "recipient": object{"class": "User", "id": "<town>"}, "comment": "x"}, bad, "recipient", "Unknown reference"},
	{"ada", "POST", "/api/1/transfer/", object{"subject": object{"class": "Dataset", "id": "<open>"}, "recipient": object{"class": "User", "id": "<eve>"}}, bad, "comment", "required"},
	{"eve", "POST", "/api/1/transfer/", object{"subject": object{"class": "Dataset", "id": "<secret>"}, "recipient": object{"class": "User", "id": "<eve>"}, "comment": "x"}, bad, "subject", "Unknown reference"},
	{"ada", "POST", "/api/1/transfer/", object{"subject": object{"class": "Dataset", "id": "<open>"}, "recipient": object{"class": "Organization", "id": "<town>"}, "comment": "x"}, bad, "", "Recipient should be different than the current owner"},
	{"eve", "POST", "/api/1/transfer/<transfer>/", object{}, bad, "response", "accept or refuse"},
	{"eve", "POST", "/api/1/transfer/<transfer>/", object{"response": "accept", "comment": strings.Repeat("x", 10_001)}, bad, "comment", "10000"},
	{"", "POST", "/api/1/transfer/<transfer>/", object{"response": "accept"}, unknown, "", ""},
	{"ada", "POST", "/api/1/contacts/", object{"role": "contact"}, bad, "name", "required"},
	{"ada", "POST", "/api/1/contacts/", object{"name": "X"}, bad, "role", "required"},
	{"ada", "POST", "/api/1/contacts/", object{"name": "X", "role": "boss"}, bad, "role", "one of"},
	{"ada", "POST", "/api/1/contacts/", object{"name": "X", "role": "contact"}, bad, "email", "At least an email or a contact form"},
	{"ada", "POST", "/api/1/contacts/", object{"name": "www.example.org", "role": "creator"}, bad, "name", "URLs not allowed"},
	{"ada", "POST", "/api/1/contacts/", object{"name": strings.Repeat("x", 256), "role": "creator"}, bad, "name", "255"},
	{"ada", "POST", "/api/1/contacts/", object{"name": "X", "role": "contact", "email": "x"}, bad, "email", "Invalid email"},
	{"ada", "POST", "/api/1/contacts/", object{"name": "X", "role": "contact", "contact_form": "javascript:alert(1)"}, bad, "contact_form", "Invalid URL"},
	{"eve", "POST", "/api/1/contacts/", object{"name": "X", "role": "creator", "organization": "<town>"}, bad, "organization", "Permission denied for this organization"},
	{"eve", "POST", "/api/1/contacts/", object{"name": "X", "role": "creator", "owner": "<ada>"}, bad, "owner", "yourself"},
	{"eve", "DELETE", "/api/1/contacts/<contact>/", nil, denied, "", "permission"},
	{"ada", "PUT", "/api/1/contacts/none/", object{"name": "X"}, notFound, "", "not found"},
	{"eve", "POST", "/api/1/users/", object{"email": "x@example.org", "first_name": "X", "last_name": "Y"}, denied, "", ""},
	{"admin", "POST", "/api/1/users/", object{"first_name": "X", "last_name": "Y"}, bad, "email", "required"},
	{"admin", "POST", "/api/1/users/", object{"email": "x@example.org", "last_name": "Y"}, bad, "first_name", "required"},
	{"admin", "POST", "/api/1/users/", object{"email": "x@example.org", "first_name": "https://x.example.org", "last_name": "Y"}, bad, "first_name", "URLs not allowed in this field"},
	{"admin", "POST", "/api/1/users/", object{"email": "x", "first_name": "X", "last_name": "Y"}, bad, "email", "Invalid email"},
	{"admin", "POST", "/api/1/users/", object{"email": "eve@example.org", "first_name": "X", "last_name": "Y"}, bad, "email", "already"},
	{"admin", "POST", "/api/1/users/", object{"email": "x@example.org", "first_name": "X", "last_name": "Y", "roles": []string{"king"}}, bad, "roles", "The role king does not exist"},
	{"admin", "PUT", "/api/1/users/<eve>/", object{"roles": "admin"}, bad, "", ""},
	{"eve", "PUT", "/api/1/users/<eve>/", object{"about": "x"}, denied, "", ""},
	{"admin", "PUT", "/api/1/users/none/", object{"about": "x"}, notFound, "", "not found"},
	{"eve", "DELETE", "/api/1/users/<ada>/", nil, denied, "", ""},
	{"eve", "POST", "/api/1/users/<ada>/rotate_password/", nil, denied, "", ""},
	{"eve", "DELETE", "/api/2/users/<ada>/second-factor/", nil, denied, "", ""},
	{"admin", "DELETE", "/api/2/users/<ada>/second-factor/", nil, 409, "", ""},
	{"", "PUT", "/api/1/me/", object{"about": "x"}, unknown, "", ""},
	{"eve", "PUT", "/api/1/me/", object{"first_name": ""}, bad, "first_name", "required"},
	{"eve", "PUT", "/api/1/me/", object{"website": "eve"}, bad, "website", "Invalid URL"},
	{"eve", "PUT", "/api/1/me/", object{"prefered_language": "tlh"}, bad, "prefered_language", "Unknown language"},
	{"eve", "PUT", "/api/1/me/", object{"about": strings.Repeat("x", 20_001)}, bad, "about", "20000"},
}

func TestRefusedMembershipWrites(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	p.newcomer()
	for _, c := range membershipRefusals {
		answer := p.call(c.as, c.method, c.path, c.body, c.status)
		name := fmt.Sprintf("%s %s %.100v", c.method, c.path, c.body)
		tree := answer.JSON(t)
		if message, _ := seen(tree, "message").(string); message == "" || !strings.Contains(string(answer.Body), c.message) {
			t.Errorf("%s: %s, want %q", name, answer.Body, c.message)
		}
		if c.member == "" {
			continue
		}
		if errors, _ := seen(tree, "errors").(map[string]any); errors[c.member] == nil {
			t.Errorf("%s blames %s, want %q", name, answer.Body, c.member)
		}
	}
	if len(membershipRefusals) < 40 {
		t.Errorf("only %d refusals are tried", len(membershipRefusals))
	}
	// A body that does not call itself JSON.
	if answer := p.Do("POST", "/api/1/contacts/", "name=x", append(p.key("ada"), "Content-Type", "text/plain")...); answer.Status != http.StatusUnsupportedMediaType {
		t.Errorf("a form answered %d", answer.Status)
	}
}

// TestRolesOfMembershipRoutes asks the routes of one organisation in every role.
func TestRolesOfMembershipRoutes(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	p.newcomer()
	tokens := map[string]string{"visitor": "", "outsider": p.ids["kim token"], "platform": p.adminToken}
	members := []account.NewMember{}
	for _, role := range account.Roles {
		id, token := p.User(string(role)+"@example.org", false)
		tokens[string(role)] = token
		members = append(members, account.NewMember{UserID: id, Role: role})
		p.ids[string(role)] = id
	}
	p.ids["house"] = p.Organization("House", members...)
	roles := []string{"visitor", "outsider", "partial_editor", "editor", "admin", "platform"}
	const nobody = "00000000-0000-4000-8000-000000000000"
	for _, c := range []struct {
		method, path string
		body         any
		want         [6]int
	}{
		{"PUT", "/api/1/organizations/<house>/", object{"acronym": "H"}, [6]int{401, 403, 403, 403, 200, 200}},
		{"PUT", "/api/2/organizations/<house>/extras/", object{"a": 1}, [6]int{401, 403, 403, 403, 200, 200}},
		{"DELETE", "/api/2/organizations/<house>/extras/", []string{"a"}, [6]int{401, 403, 403, 403, 204, 204}},
		{"PUT", "/api/2/organizations/<house>/zone/", object{"zone": nil}, [6]int{401, 403, 403, 403, 200, 200}},
		{"GET", "/api/1/organizations/<house>/membership/", nil, [6]int{401, 403, 403, 403, 200, 200}},
		{"POST", "/api/1/organizations/<house>/membership/", object{"comment": "x"}, [6]int{401, 201, 400, 400, 400, 201}},
		{"POST", "/api/1/organizations/<house>/membership/" + nobody + "/accept/", nil, [6]int{401, 403, 403, 403, 404, 404}},
		{"POST", "/api/1/organizations/<house>/membership/" + nobody + "/refuse/", object{"comment": "x"}, [6]int{401, 403, 403, 403, 404, 404}},
		{"POST", "/api/1/organizations/<house>/membership/" + nobody + "/cancel/", nil, [6]int{401, 403, 403, 403, 404, 404}},
		{"POST", "/api/2/organizations/<house>/membership/" + nobody + "/resend/", nil, [6]int{401, 403, 403, 403, 404, 404}},
		{"POST", "/api/1/organizations/<house>/member/", object{"user": "<eve>", "role": "chief"}, [6]int{401, 403, 403, 403, 400, 400}},
		{"PUT", "/api/1/organizations/<house>/member/<editor>/", object{"role": "editor"}, [6]int{401, 403, 403, 403, 200, 200}},
		{"PUT", "/api/1/organizations/<house>/member/<partial_editor>/assignments/", []any{}, [6]int{401, 403, 403, 403, 200, 200}},
		{"GET", "/api/1/organizations/<house>/assignments/", nil, [6]int{401, 403, 403, 403, 200, 200}},
		{"DELETE", "/api/1/organizations/<house>/member/<eve>/", nil, [6]int{401, 403, 403, 403, 404, 404}},
		{"POST", "/api/1/contacts/", object{"name": "X", "role": "creator", "organization": "<house>"}, [6]int{401, 400, 201, 200, 200, 200}},
		{"PUT", "/api/1/contacts/<contact>/", object{"name": "Service mobilités"}, [6]int{401, 403, 403, 403, 403, 200}},
		{"POST", "/api/1/transfer/", object{"subject": object{"class": "Dataset", "id": "<open>"}, "recipient": object{"class": "User", "id": "<eve>"}, "comment": "x"}, [6]int{401, 403, 403, 403, 403, 200}},
		{"POST", "/api/1/transfer/<transfer>/", object{"response": "accept"}, [6]int{401, 404, 404, 404, 404, 200}},
		{"POST", "/api/1/users/", object{}, [6]int{401, 403, 403, 403, 403, 400}},
		{"PUT", "/api/1/users/<eve>/", object{"about": "x"}, [6]int{401, 403, 403, 403, 403, 200}},
		{"POST", "/api/1/users/<eve>/rotate_password/", nil, [6]int{401, 403, 403, 403, 403, 204}},
		{"PUT", "/api/1/me/", object{"about": "x"}, [6]int{401, 200, 200, 200, 200, 200}},
		{"DELETE", "/api/1/organizations/<house>/", nil, [6]int{401, 403, 403, 403, 204, 410}},
	} {
		for i, role := range roles {
			var headers []string
			if tokens[role] != "" {
				headers = []string{"X-API-KEY", tokens[role]}
			}
			if answer := p.Do(c.method, p.fill(c.path), p.written(c.body), headers...); answer.Status != c.want[i] {
				t.Errorf("%s %s as %s answered %d, want %d: %.200s", c.method, c.path, role, answer.Status, c.want[i], answer.Body)
			}
		}
	}
}

// TestNarrowTokens lets tokens do what they are for and no more.
func TestNarrowTokens(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	other := p.Organization("Other", account.NewMember{UserID: p.ada, Role: account.RoleAdmin})
	_, token, err := p.Tokens.Create(t.Context(), p.ada, "narrow", []string{account.ScopeOrganization + p.town}, db.Time{})
	if err != nil {
		t.Fatal(err)
	}
	_, reader, err := p.Tokens.Create(t.Context(), p.ada, "reader", []string{account.ScopeRead}, db.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		token, method, path string
		body                any
		status              int
	}{
		{token, "PUT", "/api/1/organizations/" + p.town + "/", object{"acronym": "V"}, http.StatusOK},
		{token, "PUT", "/api/1/organizations/" + other + "/", object{"acronym": "O"}, denied},
		{token, "POST", "/api/1/organizations/", object{"name": "X", "description": "x"}, denied},
		{token, "PUT", "/api/1/me/", object{"about": "x"}, denied},
		{token, "DELETE", "/api/1/me/", nil, denied},
		{reader, "PUT", "/api/1/organizations/" + p.town + "/", object{"acronym": "V"}, denied},
		{reader, "POST", "/api/1/organizations/", object{"name": "X", "description": "x"}, denied},
		{reader, "POST", "/api/1/contacts/", object{"name": "X", "role": "creator"}, denied},
		{reader, "GET", "/api/1/me/", nil, http.StatusOK},
	} {
		if answer := p.Do(c.method, c.path, c.body, "X-API-KEY", c.token); answer.Status != c.status {
			t.Errorf("%s %s answered %d, want %d: %.200s", c.method, c.path, answer.Status, c.status, answer.Body)
		}
	}
}

// TestKeptOrganizationsFall reads kept answers around writes of every sort: what
// was answered before is never shown after.
func TestKeptOrganizationsFall(t *testing.T) {
	p := &portal{Server: apitest.NewKeeping(t, dbtest.SQLite(t), 1<<20), t: t, ids: map[string]string{}}
	p.admin, p.adminToken = p.User("root@example.org", true)
	p.ada, p.adaToken = p.User("ada@example.org", false)
	p.eve, p.eveToken = p.User("eve@example.org", false)
	p.ids["ada"], p.ids["eve"] = p.ada, p.eve
	p.ids["town"] = p.Organization("Valmont", account.NewMember{UserID: p.ada, Role: account.RoleAdmin})
	asked := func() string {
		return seen(p.call("eve", "POST", "/api/1/organizations/<town>/membership/", object{"comment": "x"}, http.StatusCreated).JSON(t), "id").(string)
	}
	for _, c := range []struct {
		name  string
		write func()
		path  string
		want  any
	}{
		{"name", func() {
			p.call("ada", "PUT", "/api/1/organizations/<town>/", object{"name": "Valmont-sur-Mer"}, http.StatusOK)
		}, "name", "Valmont-sur-Mer"},
		{"extras", func() { p.call("ada", "PUT", "/api/2/organizations/<town>/extras/", object{"k": "v"}, http.StatusOK) }, "extras.k", "v"},
		{"member", func() {
			p.call("ada", "POST", "/api/1/organizations/<town>/membership/"+asked()+"/accept/", nil, http.StatusOK)
		}, "metrics.members", 2.0},
		{"role", func() {
			p.call("ada", "PUT", "/api/1/organizations/<town>/member/<eve>/", object{"role": "admin"}, http.StatusOK)
		}, "members.1.role", "admin"},
		{"person", func() { p.call("eve", "PUT", "/api/1/me/", object{"first_name": "Evelyn"}, http.StatusOK) }, "members.1.user.first_name", "Evelyn"},
		{"leaving", func() {
			p.call("eve", "DELETE", "/api/1/organizations/<town>/member/<eve>/", nil, http.StatusNoContent)
		}, "members.#", 1.0},
		{"badge", func() {
			if _, err := p.Accounts.GiveOrganizationBadge(t.Context(), account.System("test"), p.ids["town"], "certified"); err != nil {
				t.Fatal(err)
			}
		}, "badges.0.kind", "certified"},
	} {
		read := func() any {
			return seen(p.call("", "GET", "/api/1/organizations/<town>/", nil, http.StatusOK).JSON(t), c.path)
		}
		if before := read(); before == c.want || read() != before {
			t.Errorf("%s was %v before it was written", c.name, before)
		}
		c.write()
		if got := read(); got != c.want {
			t.Errorf("after the write of %s, %s is %v, want %v", c.name, c.path, got, c.want)
		}
	}
}
