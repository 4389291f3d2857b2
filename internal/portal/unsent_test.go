package portal

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"grenier/internal/account"
)

var (
	identified = regexp.MustCompile(` id="([^"]*)"`)
	labelled   = regexp.MustCompile(`<label for="([^"]*)"`)
)

// onceEach holds that no two elements of a page share an identifier and that
// every label leads to one.
func onceEach(t *testing.T, body string) {
	t.Helper()
	seen := map[string]bool{}
	for _, found := range identified.FindAllStringSubmatch(body, -1) {
		if seen[found[1]] {
			t.Errorf("the identifier %q is there twice", found[1])
		}
		seen[found[1]] = true
	}
	for _, found := range labelled.FindAllStringSubmatch(body, -1) {
		if !seen[found[1]] {
			t.Errorf("the label of %q leads nowhere", found[1])
		}
	}
}

// Without a mail server no page says that a letter left, and administrators of the
// site hear what to set; nobody else does.
func TestNoLetterIsClaimed(t *testing.T) {
	for unsent, title := range map[bool]string{false: "A message is on its way", true: "No message can leave"} {
		s := newSignedSite(t, func(d *Deps) { d.Unsent = unsent })
		_, ada := s.person("ada@example.org", false)
		_, root := s.person("root@example.org", true)
		for _, name := range []string{"register", "confirm", "reset"} {
			body := s.ask("/en/"+name+"/sent", "", nil).Body.String()
			if strings.Contains(body, "No message can leave") != unsent || strings.Contains(body, `href="/en/support"`) == false {
				t.Errorf("unsent %v: /%s/sent is not %q: %s", unsent, name, title, mainOf(body))
			}
			if strings.Contains(body, "--smtp") {
				t.Errorf("/%s/sent tells strangers of the settings", name)
			}
		}
		for _, path := range []string{"/en/admin", "/en/admin/site/settings"} {
			if body := s.ask(path, root, nil).Body.String(); strings.Contains(body, "--smtp") != unsent {
				t.Errorf("unsent %v: %s tells an administrator so: %v", unsent, path, !unsent)
			}
		}
		if body := s.ask("/en/admin", ada, nil).Body.String(); strings.Contains(body, "--smtp") {
			t.Error("the settings concern administrators alone")
		}
		for id := range unsentNotices {
			if !doneMessage(id) {
				continue
			}
			body := s.ask("/en/admin?done="+url.QueryEscape(id), root, nil).Body.String()
			if got := strings.Contains(body, "the site has no mail server"); got != unsent {
				t.Errorf("unsent %v: %s says that the letter could not leave: %v", unsent, id, got)
			}
		}
	}
}

// An administrator of the site who takes its only administrator from an
// organisation says so first, for a role as for a removal.
func TestOnlyAdministratorAsksFirst(t *testing.T) {
	s := newSignedSite(t, nil)
	root, session := s.person("root@example.org", true)
	viewer, err := account.ViewerOf(context.Background(), s.d.Read(), root.ID)
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.accounts.CreateOrganization(context.Background(), viewer, account.NewOrganization{
		Name: "Valmont", Description: "Une ville.",
	})
	if err != nil {
		t.Fatal(err)
	}
	path := "/en" + memberPath(o.ID, root.ID)
	const said = "the organization will have no administrator any more"
	if body := s.ask(path, session, nil).Body.String(); strings.Count(body, said) != 2 {
		t.Errorf("the page asks %d times", strings.Count(body, said))
	} else {
		onceEach(t, body)
	}
	role := url.Values{"role": {"editor"}}
	if got := s.ask(path, session, role); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "Confirm that "+said) {
		t.Errorf("the role is lowered unasked: %d", got.Code)
	}
	if got := s.ask(path+"/remove", session, url.Values{}); got.Code != http.StatusBadRequest {
		t.Errorf("the member is removed unasked: %d", got.Code)
	}
	if got := s.ask("/en"+membersPath(o.ID)+"/leave", session, url.Values{}); got.Code != http.StatusSeeOther || got.Header().Get("Location") != path {
		t.Errorf("leaving is not asked about: %d to %q", got.Code, got.Header().Get("Location"))
	}
	role.Set(withoutAdmin, "true")
	if got := s.ask(path, session, role); got.Code != http.StatusSeeOther {
		t.Errorf("what was confirmed is refused: %d %s", got.Code, mainOf(got.Body.String()))
	}
}
