package harvesttest

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// stamp is how CKAN writes times: without a zone.
const stamp = "2006-01-02T15:04:05.000000"

// ckan answers for an action of CKAN's API.
func (o Options) ckan(w http.ResponseWriter, r *http.Request) {
	action, ok := strings.CutPrefix(r.URL.Path, "/ckan/api/3/action/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	if o.fresh(w, r) {
		return
	}
	switch q := r.URL.Query(); {
	case action == "status_show":
		told(w, map[string]any{"ckan_version": "2.10.4", "site_title": o.Name})
	case action == "package_search" && !o.NoSearch:
		o.packageSearch(w, r)
	case action == "package_list":
		var names []string
		for _, index := range o.listed {
			names = append(names, o.nameOf(index))
		}
		first, last := window(len(names), number(q.Get("offset"), 0), number(q.Get("limit"), len(names)))
		told(w, names[first:last])
	case action == "package_show":
		o.packageShow(w, q.Get("id"))
	default:
		refused(w, http.StatusBadRequest, "Bad request", "Action name not known: "+action)
	}
}

func (o Options) packageSearch(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	rows, start := min(number(q.Get("rows"), 10), 1000, o.PageSize), number(q.Get("start"), 0)
	matching := o.matching(q.Get("q") + " AND " + q.Get("fq"))
	count := len(matching)
	first, last := window(count, start, rows)
	if o.Endless && count > 0 {
		if first == last {
			first, last = 0, 1
		}
		count = start + 2*rows
	}
	var found []Record
	for _, index := range matching[first:last] {
		found = append(found, o.Record(index))
	}
	results := make([]map[string]any, len(found))
	for i, record := range found {
		results[i] = record.pack()
		if fl := q.Get("fl"); fl != "" {
			maps.DeleteFunc(results[i], func(key string, _ any) bool { return !strings.Contains(","+fl+",", ","+key+",") })
		}
	}
	told(w, map[string]any{"count": count, "sort": q.Get("sort"), "facets": map[string]any{}, "search_facets": map[string]any{}, "results": results})
}

func (o Options) packageShow(w http.ResponseWriter, id string) {
	for _, index := range o.listed {
		if o.nameOf(index) == id || uuid(o.Name, index) == id {
			record := o.Record(index)
			told(w, record.pack())
			return
		}
	}
	refused(w, http.StatusNotFound, "Not Found Error", "Not found")
}

// matching are the indexes of the records that a query finds.
func (o Options) matching(query string) []int {
	if !strings.Contains(query, ":") || query == "*:* AND " {
		return o.listed
	}
	var found []int
	for _, index := range o.listed {
		if record := o.Record(index); record.matches(query) {
			found = append(found, index)
		}
	}
	return found
}

// matches understands tags:x, organization:x, metadata_modified:[from TO *], a
// minus before and AND between them.
func (r *Record) matches(query string) bool {
	for term := range strings.SplitSeq(query, " AND ") {
		term = strings.TrimSpace(term)
		exclude := strings.HasPrefix(term, "-")
		key, value, ok := strings.Cut(strings.TrimPrefix(term, "-"), ":")
		if !ok || key == "*" {
			continue
		}
		value = strings.Trim(value, `"`)
		hit := true
		switch key {
		case "tags":
			hit = r.tagged(value)
		case "organization":
			hit = value == "birmingham-city-council"
		case "metadata_modified":
			from, _, _ := strings.Cut(strings.TrimPrefix(value, "["), " TO ")
			since, err := time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(strings.SplitN(from, ".", 2)[0], "Z"))
			hit = err == nil && !r.Modified.Before(since)
		}
		if hit == exclude {
			return false
		}
	}
	return true
}

// pack is the record as a package of CKAN: the real one with what makes it this one.
func (r *Record) pack() map[string]any {
	base := fixtures()[r.Index%len(fixtures())]
	p := maps.Clone(base.whole)
	licence := licences[r.Index%len(licences)]
	p["id"], p["name"], p["title"], p["notes"] = r.ID, r.Name, r.Title, r.Notes
	p["license_id"], p["license_title"], p["license_url"] = licence.id, licence.title, licence.url
	p["metadata_created"], p["metadata_modified"] = r.Created.Format(stamp), r.Modified.Format(stamp)
	tags := make([]map[string]any, len(r.Tags))
	for i, tag := range r.Tags {
		tags[i] = map[string]any{"id": uuid("tag", tag), "name": tag, "display_name": tag, "state": "active", "vocabulary_id": nil}
	}
	resources := make([]map[string]any, len(r.Files))
	for i, file := range r.Files {
		one := maps.Clone(base.files[i%len(base.files)].whole)
		one["id"], one["package_id"], one["name"], one["url"] = file.ID, r.ID, file.Name, file.URL
		one["position"], one["size"], one["created"] = i, file.Size, r.Created.Format(stamp)
		resources[i] = one
	}
	p["tags"], p["num_tags"], p["resources"], p["num_resources"] = tags, len(tags), resources, len(resources)
	return p
}

func told(w http.ResponseWriter, result any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]any{"help": "", "success": true, "result": result})
}

func refused(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"help": "", "success": false, "error": map[string]any{"__type": kind, "message": message}})
}

// number reads a parameter that is one, and is otherwise what it is without.
func number(given string, otherwise int) int {
	if n, err := strconv.Atoi(given); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

// window cuts a page out of n.
func window(n, start, size int) (first, last int) {
	first = min(start, n)
	return first, min(first+size, n)
}
