package api_test

import (
	"net/http"
	"testing"

	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// offered publishes the table that offers are cut from.
func offered(p *portal, content string) {
	p.t.Helper()
	sent := post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, fileField("ecoles.csv", content))
	if sent.Status != http.StatusCreated {
		p.t.Fatalf("answered %d %s", sent.Status, sent.Body)
	}
	p.exec("UPDATE resources SET id = ? WHERE id = ?", apitest.OfferedTable, p.text(sent, "id"))
}

func TestRowsOfATerritory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		const path = "/api/1/territory/fr:commune:13004/ecoles_com"
		if before := p.Get(path + ".csv"); before.Status != http.StatusNotFound {
			t.Errorf("a table that is not there answers %d: %s", before.Status, before.Body)
		}
		offered(p, "nom;code_insee;élèves\n\"École; de la \"\"Roquette\"\"\";13004;120\nAubagne;13005;80\nÉcole <b>;13004;\n")
		for path, want := range map[string]string{
			path + ".csv":  "nom,code_insee,élèves\r\n\"École; de la \"\"Roquette\"\"\",13004,120\r\nÉcole <b>,13004,\r\n",
			path + ".json": `[{"nom":"École; de la \"Roquette\"","code_insee":"13004","élèves":"120"},{"nom":"École \u003cb\u003e","code_insee":"13004","élèves":""}]`,
			"/api/1/territory/fr:commune:13055/ecoles_com.json": "[]",
			"/api/1/territory/fr-town-13005/ecoles_com.csv":     "nom,code_insee,élèves\r\nAubagne,13005,80\r\n",
		} {
			if got := p.Get(path); got.Status != http.StatusOK || string(got.Body) != want {
				t.Errorf("%s answers %d %q, want %q", path, got.Status, got.Body, want)
			}
		}
		if name := p.Get(path + ".csv").Header.Get("Content-Disposition"); name != `attachment; filename="ecoles_com-13004.csv"` {
			t.Errorf("the file is called %s", name)
		}
		for path, want := range map[string]int{
			"/api/1/territory/fr:commune:00000/ecoles_com.csv":     404,
			"/api/1/territory/fr:departement:13/ecoles_com.csv":    404,
			"/api/1/territory/fr:commune:13004/ecoles_com":         404,
			"/api/1/territory/fr:commune:13004/ecoles_com.xml":     404,
			"/api/1/territory/fr:commune:13004/population_com.csv": 404,
			"/api/1/territory/fr:commune:13004/nothing.csv":        404,
		} {
			if got := p.Get(path); got.Status != want {
				t.Errorf("%s answers %d %s, want %d", path, got.Status, got.Body, want)
			}
		}
		p.exec("UPDATE datasets SET private = TRUE WHERE slug = 'open'")
		if hidden := p.Do(http.MethodGet, path+".csv", nil, "X-API-KEY", p.adaToken); hidden.Status != http.StatusNotFound {
			t.Errorf("the rows of a private table answer %d", hidden.Status)
		}
	})
}

func TestRowsOfWhatIsNoTable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		offered(p, "<!DOCTYPE html><html><body>Moved</body></html>")
		answer := p.Get("/api/1/territory/fr:commune:13004/ecoles_com.csv")
		if answer.Status < 400 || answer.Status >= 500 {
			t.Errorf("a page in place of a table answers %d %s", answer.Status, answer.Body)
		}
	})
}
