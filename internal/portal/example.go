package portal

import (
	"maps"
	"reflect"
	"slices"

	"grenier/internal/portal/theme"
)

// contents gives the type of Page.Data by the page's name: the contract of the
// templates. Each page has its line in its own file.
func contents() map[string]any {
	all := map[string]any{"home": home{}, "error": problem{}}
	for _, some := range []map[string]any{
		searchContents, datasetContents, organizationContents, reuseContents, dataserviceContents, topicContents, postContents,
		userContents, tagContents, helpContents, wordContents,
	} {
		maps.Copy(all, some)
	}
	return all
}

// try draws every page of a theme with examples of its data, empty and full, so
// that a template that asks for what is not there is found before a reader is.
func (p *Portal) try(worn *theme.Theme) ([]theme.Finding, error) {
	names := worn.Pages()
	known := contents()
	for name := range known {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		content, ok := known[name]
		if !ok {
			return nil, theme.UnknownPage(name)
		}
		for _, full := range []bool{false, true} {
			page := theme.Example(reflect.TypeFor[Page](), full).Interface().(Page)
			page.Name, page.Lang = name, p.Language
			page.Data = theme.Example(reflect.TypeOf(content), full).Interface()
			if _, err := worn.Execute(p.Language, name, &page); err != nil {
				return nil, err
			}
		}
	}
	return worn.Findings(), nil
}
