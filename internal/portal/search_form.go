package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"grenier/internal/fault"
)

// Forms of a search for programs: a CSV file, a page of the API, a feed.

// formRoutes lead from the address of a search page with an ending to the same
// search in another form.
func (p *Portal) formRoutes(t *table, kind *searchKind) {
	base := "/" + kind.name + "/search"
	lead := func(ending string, address func(*visit, *asking) (string, error)) {
		page(t, base+ending, func(v *visit, _ searchArgs) error {
			to, err := address(v, v.asked(kind))
			if err != nil {
				return err
			}
			return v.Redirect(http.StatusFound, to)
		})
	}
	lead(".json", func(_ *visit, a *asking) (string, error) { return a.jsonAddress(), nil })
	if kind.csv != nil {
		lead(".csv", func(_ *visit, a *asking) (string, error) {
			return "/" + kind.name + ".csv" + a.question(""), a.understood(kind.csv)
		})
	}
	if kind.atom != nil {
		lead(".atom", func(v *visit, a *asking) (string, error) {
			return v.path("/"+kind.name+"/recent.atom") + a.question(a.sort), a.understood(kind.atom)
		})
	}
}

// forms are the other forms of a search.
func (v *visit) forms(a *asking) []searchForm {
	var forms []searchForm
	if a.kind.csv != nil && a.understood(a.kind.csv) == nil {
		forms = append(forms, searchForm{"csv", v.say.T("search.as-csv"), "/" + a.kind.name + ".csv" + a.question(""), "text/csv"})
	}
	forms = append(forms, searchForm{"json", v.say.T("search.as-json"), a.jsonAddress(), "application/json"})
	if a.kind.atom != nil && a.understood(a.kind.atom) == nil {
		forms = append(forms, searchForm{
			"atom", v.say.T("search.as-atom"), v.path("/"+a.kind.name+"/recent.atom") + a.question(""), "application/atom+xml",
		})
	}
	return forms
}

// understood refuses filters that another form does not have: it would hold
// more than what was asked for.
func (a *asking) understood(known []string) error {
	if slices.Equal(known, []string{"*"}) {
		return nil
	}
	for name := range a.chosen {
		if !slices.Contains(known, name) {
			return fault.Newf(fault.Invalid, "This form of the search has no filter %q: take it away, or use the JSON form.", name)
		}
	}
	return nil
}

// question is the query of the search in another form.
func (a *asking) question(sort string) string {
	args := a.args()
	if args.Del("sort"); sort == "-last_update" || sort == "-created" {
		args.Set("sort", sort)
	}
	return queryOf(args)
}

func queryOf(args url.Values) string {
	if len(args) == 0 {
		return ""
	}
	return "?" + args.Encode()
}

// jsonAddress is the same page of the same search in the API.
func (a *asking) jsonAddress() string {
	args := a.args()
	args.Set("page", strconv.Itoa(a.page))
	args.Set("page_size", strconv.Itoa(pageSize))
	return "/api/2/" + a.kind.name + "/search/" + queryOf(args)
}
