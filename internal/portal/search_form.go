package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"grenier/internal/dump"
	"grenier/internal/fault"
	"grenier/internal/search"
)

// Forms of a search for programs: a CSV file, a page of the API, feeds.

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
			return "/" + kind.name + ".csv" + queryOf(a.listArgs()), a.understood(kind.csv)
		})
	}
	for _, form := range dump.Forms {
		lead("."+string(form), func(v *visit, a *asking) (string, error) {
			return v.feedPath(kind.name, form, a.newsArgs()), a.understood(kind.feed)
		})
	}
}

// forms are the other forms of a search.
func (v *visit) forms(a *asking) []searchForm {
	var forms []searchForm
	if a.kind.csv != nil && a.understood(a.kind.csv) == nil {
		forms = append(forms, searchForm{"csv", v.say.T("search.as-csv"), "/" + a.kind.name + ".csv" + queryOf(a.listArgs()), "text/csv"})
	}
	forms = append(forms, searchForm{"json", v.say.T("search.as-json"), a.jsonAddress(), "application/json"})
	if a.understood(a.kind.feed) == nil {
		for _, form := range dump.Forms {
			forms = append(forms, searchForm{
				string(form), v.say.T("search.as-" + string(form)), v.feedPath(a.kind.name, form, a.listArgs()), form.Type(),
			})
		}
	}
	return forms
}

// feeds are the links by which feed readers find what is new in a search.
func (v *visit) feeds(a *asking, title string) []Sibling {
	if a.understood(a.kind.feed) != nil {
		return nil
	}
	return v.feedLinks(title, a.kind.name, a.listArgs())
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

// listArgs are the arguments of the search in a form that has an order of its own.
func (a *asking) listArgs() url.Values {
	args := a.args()
	args.Del("sort")
	return args
}

// newsArgs are the arguments of the search as a feed, which datasets can be in by
// their last update.
func (a *asking) newsArgs() url.Values {
	args := a.listArgs()
	if a.kind.kind == search.Dataset && (a.sort == "-last_update" || a.sort == "-created") {
		args.Set("sort", a.sort)
	}
	return args
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
