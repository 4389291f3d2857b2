package portal

import (
	"net/url"
	"strconv"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// datasetUses is the tab of what is made with a dataset: reuses and APIs.
type datasetUses struct {
	Dataset      datasetHead
	Reuses, APIs cardList
	// Declare leads to the form of a new reuse, also for who has to log in first.
	Declare string
}

// cardList is a page of cards and their number in all. Told is the number that
// the catalogue was given, which is larger where not all came.
type cardList struct {
	Count int
	Told  int64
	Cards []card
	Pager pager
}

// datasetCommunity is the tab of resources that others made.
type datasetCommunity struct {
	Dataset datasetHead
	Count   int
	Files   []datasetFile
	Pager   pager
	// Asked is the file that the address names.
	Asked *datasetFile
	Lost  bool
	// Add leads to the form of a new file, also for who has to log in first.
	Add string
}

// cardsPerPage is how many uses of a sort a page shows; communityPerPage how
// many community resources.
const (
	cardsPerPage     = 8
	communityPerPage = 10
)

type usesArgs struct {
	Key     string `path:"dataset"`
	Reuses  string `query:"reuses_page"`
	Service string `query:"dataservices_page"`
}

func (p *Portal) showDatasetUses(v *visit, a usesArgs) error {
	d, done, err := v.dataset(a.Key, "/"+tabUses)
	if done || err != nil {
		return err
	}
	content := datasetUses{Declare: v.path("/admin/reuses/new") + "?dataset=" + d.ID}
	if content.Dataset, err = v.head(d, tabUses); err != nil {
		return err
	}
	address := func(name string) func(int) string {
		return func(n int) string { return usesAddress(v.path(datasetPath(d, tabUses)), a, name, n) }
	}
	if content.Reuses, err = v.datasetReuses(d, a.Reuses, address("reuses_page")); err != nil {
		return err
	}
	if content.APIs, err = v.datasetAPIs(d, a.Service, address("dataservices_page")); err != nil {
		return err
	}
	page := v.datasetDraft(d, "dataset-uses", tabUses, a.kept())
	page.data = content
	page.keys = append(page.keys, web.Epoch(catalog.KindReuse), web.Epoch(catalog.KindDataservice))
	page.noIndex = page.noIndex || len(page.args) > 0
	return v.show(page)
}

// kept are the arguments of the two lists, first pages left out.
func (a usesArgs) kept() url.Values {
	args := url.Values{}
	for name, value := range map[string]string{"reuses_page": a.Reuses, "dataservices_page": a.Service} {
		if pageOf(value) > 1 {
			args.Set(name, strings.TrimSpace(value))
		}
	}
	return args
}

// usesAddress is the address of a page of one list; the other stays where it is.
func usesAddress(path string, a usesArgs, name string, n int) string {
	args := a.kept()
	args.Del(name)
	if n > 1 {
		args.Set(name, strconv.Itoa(n))
	}
	return withQuery(path, args.Encode())
}

// cardPage reads a page of a list; a page beyond the last is the last.
func cardPage(arg string, size int, address func(int) string, read func(catalog.Page) (int, error)) (int, pager, error) {
	wanted := pageOf(arg)
	for {
		total, err := read(catalog.Page{Offset: (wanted - 1) * size, Limit: size})
		if err != nil {
			return 0, pager{}, err
		}
		last := pagesOf(total, size)
		if wanted <= last {
			return total, newPager(total, size, wanted, address), nil
		}
		wanted = last
	}
}

func (v *visit) datasetReuses(d *catalog.Dataset, arg string, address func(int) string) (list cardList, err error) {
	var ids []string
	list.Count, list.Pager, err = cardPage(arg, cardsPerPage, address, func(page catalog.Page) (total int, err error) {
		ids, total, err = v.p.Catalog.ReuseIDs(v.Context(), v.viewer, catalog.ReuseFilter{Dataset: d.ID, Sort: "-views"}, page)
		return total, err
	})
	if err != nil {
		return list, err
	}
	reuses, err := v.p.Catalog.ReusesByIDs(v.Context(), v.viewer, ids)
	list.Cards, list.Told, list.Pager.Label = v.reuseCards(reuses), d.Reuses, v.say.T("dataset.pages-reuses")
	return list, err
}

func (v *visit) datasetAPIs(d *catalog.Dataset, arg string, address func(int) string) (list cardList, err error) {
	var ids []string
	list.Count, list.Pager, err = cardPage(arg, cardsPerPage, address, func(page catalog.Page) (total int, err error) {
		ids, total, err = v.p.Catalog.DataserviceIDs(v.Context(), v.viewer, catalog.DataserviceFilter{Dataset: d.ID, Sort: "-views"}, page)
		return total, err
	})
	if err != nil {
		return list, err
	}
	services, err := v.p.Catalog.DataservicesByIDs(v.Context(), v.viewer, ids)
	list.Cards, list.Told, list.Pager.Label = v.dataserviceCards(services), d.Dataservices, v.say.T("dataset.pages-apis")
	return list, err
}

func (p *Portal) showDatasetCommunity(v *visit, a datasetArgs) error {
	d, done, err := v.dataset(a.Key, "/"+tabCommunity)
	if done || err != nil {
		return err
	}
	content := datasetCommunity{Add: v.path("/admin/community-resources/new") + "?dataset=" + d.ID}
	if content.Dataset, err = v.head(d, tabCommunity); err != nil {
		return err
	}
	if err := v.communityFiles(d, a, &content); err != nil {
		return err
	}
	page := v.datasetDraft(d, "dataset-community", tabCommunity, datasetArgs{Page: a.Page, Resource: a.Resource}.kept())
	page.data = content
	page.keys = append(page.keys, web.Epoch(catalog.KindCommunity))
	page.noIndex = page.noIndex || len(page.args) > 0
	return v.show(page)
}

func (v *visit) communityFiles(d *catalog.Dataset, a datasetArgs, content *datasetCommunity) error {
	if err := v.askedCommunity(d, a.Resource, content); err != nil {
		return err
	}
	path := v.path(datasetPath(d, tabCommunity))
	var rows []catalog.Resource
	var err error
	content.Count, content.Pager, err = cardPage(a.Page, communityPerPage, func(n int) string { return pageAddress(path, nil, n) },
		func(page catalog.Page) (total int, err error) {
			rows, total, err = v.p.Catalog.CommunityResources(v.Context(), v.viewer, catalog.CommunityFilter{Dataset: d.ID, Page: page})
			return total, err
		})
	if err != nil {
		return err
	}
	content.Pager.Label = v.say.T("dataset.pages-community")
	for i := range rows {
		if content.Asked == nil || rows[i].ID != content.Asked.ID {
			content.Files = append(content.Files, v.communityFile(d, &rows[i]))
		}
	}
	return nil
}

// askedCommunity reads the community resource that the address names.
func (v *visit) askedCommunity(d *catalog.Dataset, id string, content *datasetCommunity) error {
	if id = strings.TrimSpace(id); id == "" {
		return nil
	}
	content.Lost = true
	if !db.IsUUID(id) {
		return nil
	}
	r, err := v.p.Catalog.Resource(v.Context(), v.viewer, id)
	switch {
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Gone):
		return nil
	case err != nil:
		return err
	case !r.Community || deref(r.DatasetID) != d.ID:
		return nil
	}
	asked := v.communityFile(d, r)
	asked.Open = true
	content.Asked, content.Lost = &asked, false
	return nil
}

func (v *visit) communityFile(d *catalog.Dataset, r *catalog.Resource) datasetFile {
	f := v.file(d, r)
	f.Owner = v.producer(&r.Owned)
	f.Here = withQuery(v.path(datasetPath(d, tabCommunity)), "resource_id="+r.ID) + "#resource-" + r.ID
	return f
}

// frequency is the name of how often a dataset is updated, empty when it says
// nothing.
func (v *visit) frequency(d *catalog.Dataset) string {
	id := deref(d.Frequency)
	if id == "" || id == catalog.FrequencyUnknown {
		return ""
	}
	return i18n.Label(i18n.Frequency, id, v.lang)
}

// harvestOf says where a dataset's description was taken from, nil for one that
// was written here.
func (v *visit) harvestOf(d *catalog.Dataset) (*datasetHarvest, error) {
	h := d.Harvest
	if h == nil {
		return nil, nil
	}
	out := &datasetHarvest{Domain: deref(h.Domain), URL: linkable(deref(h.RemoteURL))}
	if out.Domain == "" {
		out.Domain = host(out.URL)
	}
	if out.Domain == "" && out.URL == "" {
		return nil, nil
	}
	if id := deref(h.SourceID); id != "" && v.p.Harvests != nil {
		sources, err := v.p.Harvests.SourcesByIDs(v.Context(), []string{id})
		if err != nil {
			return nil, err
		}
		if s := sources[id]; s != nil && s.DeletedAt.IsZero() {
			out.Source = s.Name
		}
	}
	return out, nil
}
