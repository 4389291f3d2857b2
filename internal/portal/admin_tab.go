package portal

import (
	"grenier/internal/account"
	"grenier/internal/catalog"
)

// adminTabs are the pages of an object's administration by its kind: a message
// and what follows the object in the address. The versions come last.
var adminTabs = map[string][]struct{ label, tail string }{
	catalog.KindDataset:      {{"publish.tab-metadata", ""}, {"publish.tab-files", "/files"}, {"publish.tab-community", "/community"}},
	catalog.KindReuse:        {{"admin-kept.tab-description", ""}},
	catalog.KindDataservice:  {{"admin-kept.tab-description", ""}, {"admin-reuse.datasets", "/datasets"}},
	catalog.KindTopic:        {{"admin-kept.tab-description", ""}, {"admin-topic.elements", "/elements"}},
	catalog.KindPost:         {{"admin-kept.tab-description", ""}, {"admin-post.content", "/content"}},
	catalog.KindChart:        {{"admin-kept.tab-description", ""}},
	catalog.KindCommunity:    {{"admin-kept.tab-description", ""}},
	catalog.KindOrganization: {{"admin-organization.tab-profile", ""}, {"admin-organization.tab-contacts", "/contacts"}, {"admin-organization.tab-presentation", "/presentation"}},
}

// tailHistory stands for the tab of the versions, which have an address of their
// own.
const tailHistory = "history"

// tabsOf are the tabs of an object's administration. counts are the numbers that
// some of them show, by what follows the object in their addresses.
func (v *visit) tabsOf(kind, id, current string, counts map[string]int64) []tab {
	base := adminPathOf(kind, id)
	if base == "" || !v.p.showsAdmin(base) {
		return nil
	}
	var tabs []tab
	for _, one := range adminTabs[kind] {
		count, counted := counts[one.tail]
		if !counted {
			count = -1
		}
		tabs = append(tabs, tab{v.say.T(one.label), v.path(base + one.tail), count, one.tail == current})
	}
	if versions := historyPath(kind, id); v.p.showsAdmin(versions) {
		tabs = append(tabs, tab{v.say.T("admin-history.title"), v.path(versions), -1, current == tailHistory})
	}
	return tabs
}

// profileTabs are the parts of what an organisation tells of itself.
func (v *visit) profileTabs(o *account.Organization, current string) []tab {
	return v.tabsOf(catalog.KindOrganization, o.ID, current, nil)
}
