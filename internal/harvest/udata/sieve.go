package udata

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"grenier/internal/harvest"
)

// sieve are the filters of a source.
type sieve []harvest.Filter

func sieveOf(filters []harvest.Filter) sieve { return sieve(filters) }

// asked are the filters that a portal applies itself, by kind of list.
var asked = map[string][]string{
	"dataset":     {"tag", "badge", "license", "format", "geozone"},
	"dataservice": {"tag"},
}

// ask adds what a portal can filter to the query of a list.
func (s sieve) ask(kind string, query url.Values) {
	for _, f := range s {
		if !f.Exclude() && slices.Contains(asked[kind], f.Key) {
			query.Add(f.Key, fmt.Sprint(f.Value))
		}
	}
}

// wanted are the values of the including filters of a key.
func (s sieve) wanted(key string) []string {
	var values []string
	for _, f := range s {
		if f.Key == key && !f.Exclude() {
			values = append(values, fmt.Sprint(f.Value))
		}
	}
	return values
}

// datasetsOnly tells that a filter asks for what only datasets have.
func (s sieve) datasetsOnly() bool {
	return slices.ContainsFunc([]string{"badge", "format", "geozone"}, func(key string) bool { return len(s.wanted(key)) > 0 })
}

// traits are what filters look at, by their keys.
type traits map[string][]string

// takes applies what the portal does not filter itself: everything that excludes,
// the origin, and licenses of dataservices.
func (s sieve) takes(kind string, of traits) bool {
	among := make(map[string]bool) // including filters of the origin or license, by key: whether one matches
	for _, f := range s {
		matches := slices.ContainsFunc(of[f.Key], func(value string) bool { return strings.EqualFold(value, fmt.Sprint(f.Value)) })
		switch {
		case f.Exclude():
			if matches {
				return false
			}
		case f.Key == "domain", f.Key == "license" && kind == "dataservice":
			among[f.Key] = among[f.Key] || matches
		}
	}
	for _, matched := range among {
		if !matched {
			return false
		}
	}
	return true
}
