package api_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/api/apitest"
	"grenier/internal/db/dbtest"
	pages "grenier/internal/portal"
	"grenier/internal/web"
)

// formsAlone are forms that have no operation of the API, and why.
var formsAlone = map[string]string{
	"/setup": "before the first start nobody can call the API; `grenier user create --admin` does the same",
}

// TestFormsNameTheirOperation holds that what can be done in the pages can be
// done by the API: each form names the operation that does the same.
func TestFormsNameTheirOperation(t *testing.T) {
	server := apitest.New(t, dbtest.SQLite(t))
	portal, err := pages.New(pages.Deps{
		Catalog: server.Catalog, Organizations: account.NewOrganizations(server.DB, server.Found), People: account.NewPeople(server.DB),
		Zones: server.Zones, Search: server.Found, Versions: server.Versions, Language: "fr", Languages: []string{"fr"},
		Pictures: t.TempDir(), Accounts: &account.Writer{}, Sessions: &account.Sessions{}, Tokens: &account.Tokens{}, Programs: &oauth.Server{},
	})
	if err != nil {
		t.Fatal(err)
	}
	portal.Routes(web.NewTable("", web.Info{}))
	var operations []string
	for _, table := range server.Tables {
		for _, route := range table.Routes() {
			operations = append(operations, route.Method+" "+nameless(route.Path))
		}
	}
	forms := portal.Forms()
	if len(forms) < 8 {
		t.Fatalf("only %d forms are declared", len(forms))
	}
	for _, form := range forms {
		if formsAlone[form.Path] == "" && !slices.Contains(operations, nameless(form.Operation)) {
			t.Errorf("the form of %s names %q, which the API does not have", form.Path, form.Operation)
		}
	}
	checkTemplates(t, forms)
}

var variableName = regexp.MustCompile(`\{[^}]*\}`)

// nameless leaves out the names of variables.
func nameless(path string) string { return variableName.ReplaceAllString(path, "{}") }

var (
	postedForm = regexp.MustCompile(`(?is)<form\b[^>]*method="?post[^>]*>`)
	formAction = regexp.MustCompile(`action="([^"]*)"`)
	fixedPath  = regexp.MustCompile(`^\{\{ *path "([^"]+)" *\}\}$`)
)

// checkTemplates holds that no template posts to where no form is declared: the
// address comes from the program, which declares it, or is written out.
func checkTemplates(t *testing.T, forms []pages.Form) {
	seen := 0
	err := fs.WalkDir(os.DirFS("../portal/templates"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".html") {
			return err
		}
		content, err := os.ReadFile("../portal/templates/" + name)
		if err != nil {
			return err
		}
		for _, tag := range postedForm.FindAllString(string(content), -1) {
			seen++
			action := formAction.FindStringSubmatch(tag)
			switch {
			case action == nil:
				t.Errorf("%s: a form does not say where it is posted: %s", name, tag)
			case fixedPath.MatchString(action[1]):
				path := fixedPath.FindStringSubmatch(action[1])[1]
				if !slices.ContainsFunc(forms, func(f pages.Form) bool { return f.Path == path }) {
					t.Errorf("%s: no form is declared at %s", name, path)
				}
			case !strings.HasSuffix(action[1], "Action}}") && !strings.HasSuffix(action[1], ".LogOut}}"):
				t.Errorf("%s: the address %s of a form comes neither from visit.form, visit.button nor from path", name, action[1])
			}
		}
		return nil
	})
	if err != nil || seen < 4 {
		t.Errorf("%d forms in the templates: %v", seen, err)
	}
}
