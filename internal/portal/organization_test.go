package portal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/geo"
)

func TestOrganizationShowsWhatItPublishes(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	o := s.organization(1, "Ville de Valmont", func(o *account.Organization) {
		o.Datasets, o.Description, o.Certified, o.Views, o.URL = 12, "Une **ville**.", true, 1500, ptr("https://www.valmont.example.org/")
	})
	s.exec("INSERT INTO badges (object_id, badge, kind, created_at, position) VALUES (?, 'certified', 'organization', 0, 0), (?, 'local-authority', 'organization', 0, 1)", o.ID, o.ID)
	for i := 1; i <= 12; i++ {
		s.dataset(i, fmt.Sprintf("Données n° %d.", i), func(d *catalog.Dataset) {
			d.OrganizationID, d.LastUpdate, d.Views = &o.ID, db.TimeOf(time.Now().Add(-time.Duration(i)*time.Hour)), int64(i)
		})
	}
	s.dataset(13, "Cachées", func(d *catalog.Dataset) { d.OrganizationID, d.Private, d.Visible = &o.ID, true, false })
	body := s.shows("/organizations/organization-1", "<h1>Ville de Valmont", "Certifié", "Collectivité territoriale", "<strong>ville</strong>", "valmont.example.org",
		"Données n° 1.", "Données n° 9.", "Voir les 12 jeux de données", "/datasets/search?organization="+o.ID, `name="organization" value="`+o.ID+`"`,
		"/datasets/recent.atom?organization="+o.ID, "/datasets/recent.rss?organization="+o.ID, "/reuses/recent.atom?organization="+o.ID, `type="application/json"`, `"@type":"`, `<link rel="canonical" href="https://data.example.org/organizations/organization-1">`)
	hides(t, body, "Données n° 10.", "Cachées")
	popular := s.shows("/organizations/organization-1?sort=popular", "Données n° 12.", "Données n° 4.")
	hides(t, popular, "Données n° 3.")
	s.shows("/en/organizations/organization-1", "See all 12 datasets", `lang="fr">Ville de Valmont`, "/en/organizations/organization-1/information")
	s.shows("/organizations/organization-1/reuses", "Pas encore de réutilisation")
}

func TestOrganizationPresentation(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	d := s.dataset(1, "Arbres", nil)
	hidden := s.dataset(2, "Cachées", func(d *catalog.Dataset) { d.Private, d.Visible = true, false })
	r := s.reuse(1, "Carte des arbres", nil)
	a := s.dataservice(1, "API des arbres", nil)
	blocs := `[{"class":"HeroBloc","id":"1","title":"Bienvenue","description":"Bonjour","color":"green","main_link_url":"javascript:alert(1)","main_link_title":"Non"},
		{"class":"MarkdownBloc","id":"2","title":"Texte","content":"# Un *mot* <script>alert(1)</script>"},
		{"class":"LinksListBloc","id":"3","title":"Liens","links":[{"title":"Ailleurs","url":"https://autre.example.org/"},{"title":"Ici","url":"/tags"},{"title":"Piège","url":"//autre.example.org"}]},
		{"class":"DatasetsListBloc","id":"4","title":"Nos données","datasets":["` + d.ID + `","` + hidden.ID + `"]},
		{"class":"ReusesListBloc","id":"5","title":"Nos usages","reuses":["` + r.ID + `"]},
		{"class":"AccordionListBloc","id":"6","title":"Questions","items":[{"title":"Et l’API ?","content":[{"class":"DataservicesListBloc","id":"7","title":"API","dataservices":["` + a.ID + `"]}]}]},
		{"class":"UnknownBloc","id":"8","title":"Inconnu"}]`
	s.organization(1, "Ville", func(o *account.Organization) {
		o.PresentationBlocs, o.PresentationBlocsPublishedAt = db.JSON(blocs), db.Now()
	})
	s.organization(2, "Brouillon", func(o *account.Organization) { o.PresentationBlocs = db.JSON(blocs) })
	s.organization(3, "Cassée", func(o *account.Organization) {
		o.PresentationBlocs, o.PresentationBlocsPublishedAt = db.JSON(`{"not":"blocs"}`), db.Now()
	})
	body := s.shows("/organizations/organization-1", "Bienvenue", "<em>mot</em>", "https://autre.example.org/", `href="/tags"`, "Nos données", "Arbres", "Carte des arbres", "API des arbres", "Présentation")
	hides(t, body, "javascript:", "<script>alert", `href="//autre`, "Cachées", "Inconnu")
	s.shows("/organizations/organization-1/datasets", `<link rel="canonical" href="https://data.example.org/organizations/organization-1/datasets">`)
	hides(t, s.shows("/organizations/organization-2"), "Bienvenue", "Présentation</a>")
	s.shows("/organizations/organization-3", "<h1>Cassée")
}

func TestOrganizationInformation(t *testing.T) {
	zones := geo.NewDirectory()
	s := newSite(t, dbtest.SQLite(t), func(deps *Deps) { deps.Zones = zones })
	months := catalog.Months(time.Now())
	last := months[len(months)-1]
	o := s.organization(1, "Ville", func(o *account.Organization) {
		o.ByMonths = db.JSON(`{"datasets_by_months":{"` + last + `":7,"2001-01":99},"reuses_by_months":{"2001-01":5},"views":"x"}`)
		o.Zone, o.BusinessNumberID = ptr("country:fr"), ptr("130 025 265 00013")
	})
	visible, inactive := s.person(1, nil), s.person(2, func(u *account.User) { u.Active = false })
	for _, u := range []*account.User{visible, inactive} {
		s.insert(&account.Member{OrganizationID: o.ID, UserID: u.ID, Role: account.RoleEditor, Since: db.Now()})
	}
	body := s.shows("/organizations/organization-1/information", "Nouveaux jeux de données", "Ada Roche 1", "Éditeur", "/users/person-1", o.ID, "<gr-copy",
		"annuaire-entreprises.data.gouv.fr/etablissement/13002526500013", "/organizations/organization-1/datasets.csv", "/territories/country/fr/France")
	hides(t, body, "Nouvelles réutilisations", "Ada Roche 2", "secret.example.org", ">99<")
	s.shows("/en/organizations/organization-1/information", "New datasets", "Identifier")
	s.organization(2, "Vide", nil)
	s.shows("/organizations/organization-2/information", "Aucun membre")
}

func TestBusinessNumbers(t *testing.T) {
	for given, want := range map[string]string{
		"130025265": "/entreprise/130025265", "13002526500013": "/etablissement/13002526500013", "DE 123": "", "": "", "-30025265": "", "12345678901234567890": "",
	} {
		if got := businessOf(given).URL; want == "" && got != "" || !strings.HasSuffix(got, want) {
			t.Errorf("%q: %q", given, got)
		}
	}
}
