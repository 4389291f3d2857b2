package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// measurePagesKept compares pages kept in memory with a bare handler that gives
// the same bytes.
func (o options) measurePagesKept(ctx context.Context, r *report) error {
	all, err := o.samples()
	if err != nil {
		return err
	}
	p, _, err := o.serve(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	dataset, err := landing(p.address, "/datasets/"+usual(all).id)
	if err != nil {
		return err
	}
	return o.compareKept(ctx, r, p.address, []keptWork{
		{"a dataset's page, kept", dataset, 0.40}, {"a page of search, kept", "/datasets/search?q=transport", 0.40}, {"the home page, kept", "/", 0.40},
	})
}

// landing follows the way from an address to the page's present one.
func landing(address, path string) (string, error) {
	answer, err := plain.Get("http://" + address + path)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answered %d", path, answer.StatusCode)
	}
	return answer.Request.URL.RequestURI(), nil
}

// pageKind is a type of page with the addresses it is asked by.
type pageKind struct {
	name  string
	paths []string
}

const (
	// pagesOfKind is how many addresses of each type of page are asked.
	pagesOfKind = 150
	// pageWeight bounds the HTML of a page, compressed, in bytes.
	pageWeight = 30 << 10
)

// measurePages asks every type of page of a server that keeps none, one client
// alone, and weighs them.
func (o options) measurePages(ctx context.Context, r *report) error {
	all, err := o.samples()
	if err != nil {
		return err
	}
	p, _, err := o.serve(ctx, "--kept-answers-size", "0")
	if err != nil {
		return err
	}
	defer p.stop()
	kinds, err := pageKinds(p.address, all)
	if err != nil {
		return err
	}
	slowest, heaviest := pageKind{}, pageKind{}
	worst, weight := 0.0, int64(0)
	for _, kind := range kinds {
		times, heavy, err := askPages(p.address, kind.paths)
		if err != nil {
			return err
		}
		tail := quantile(times, 0.99)
		if tail > worst {
			worst, slowest = tail, kind
		}
		if heavy > weight {
			weight, heaviest = heavy, kind
		}
		r.add("page of "+kind.name+", not kept, one client", "p99 ≤ 30 ms, ≤ 30 KB compressed",
			fmt.Sprintf("median %.1f ms, p99 %.1f ms, %.1f KB", median(times), tail, float64(heavy)/1024), "–", tail <= 30 && heavy <= pageWeight)
	}
	r.add("any public page, not kept", "p99 ≤ 30 ms", fmt.Sprintf("%.1f ms (%s)", worst, slowest.name), "–", worst <= 30)
	r.add("the heaviest page", "≤ 30 KB compressed", fmt.Sprintf("%.1f KB (%s)", float64(weight)/1024, heaviest.name), "–", weight <= pageWeight)
	return nil
}

// askPages reads pages as a browser does and tells how long each took, in
// milliseconds, and the weight of the heaviest.
func askPages(address string, paths []string) (times []float64, heaviest int64, err error) {
	for i := range pagesOfKind + 5 {
		path := paths[i%len(paths)]
		r, err := http.NewRequest(http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			return nil, 0, err
		}
		r.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9")
		began := time.Now()
		answer, err := plain.Do(r)
		if err != nil {
			return nil, 0, err
		}
		body, err := io.ReadAll(answer.Body)
		took := time.Since(began)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return nil, 0, fmt.Errorf("%s answered %d: %w", path, answer.StatusCode, err)
		}
		if i >= 5 { // the first ones compile the templates
			times = append(times, took.Seconds()*1000)
		}
		heaviest = max(heaviest, compressed(body))
	}
	return times, heaviest, nil
}

// compressed is the length of bytes under gzip.
func compressed(body []byte) int64 {
	var n counter
	w := gzip.NewWriter(&n)
	w.Write(body)
	w.Close()
	return int64(n)
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// pageKinds makes addresses of every type of page out of the catalogue.
func pageKinds(address string, all []sample) ([]pageKind, error) {
	random := rand.New(rand.NewPCG(5, 6))
	var datasets, informations, searches, filtered, everything, suggestions []string
	for range pagesOfKind {
		id := all[random.IntN(len(all))].id
		datasets, informations = append(datasets, "/datasets/"+id), append(informations, "/datasets/"+id+"/informations")
		word := url.QueryEscape(words[random.IntN(len(words))] + " " + strconv.Itoa(2010+random.IntN(16)))
		searches = append(searches, "/datasets/search?q="+word+"&page="+strconv.Itoa(1+random.IntN(5)))
		filtered = append(filtered, "/datasets/search?format_family=tabular&last_update_range=last_12_months&tag="+url.QueryEscape(words[random.IntN(len(words))]))
		everything = append(everything, "/search?q="+word)
		suggestions = append(suggestions, "/suggest?q="+word)
	}
	kinds := []pageKind{
		{"home", []string{"/", "/en"}},
		{"a dataset", datasets}, {"a dataset's informations", informations},
		{"the dataset of most files", []string{"/datasets/" + largest(all).id}},
		{"search", searches}, {"filtered search", filtered}, {"search of everything, no words", []string{"/datasets/search"}},
		{"search across kinds", everything}, {"suggestions", suggestions},
		{"lists", []string{"/dataservices/search", "/reuses/search", "/organizations", "/topics", "/posts", "/datasets", "/reuses", "/dataservices"}},
		{"keywords and licences", []string{"/tags", "/tags/transport", "/licenses"}},
		{"help", []string{"/exports", "/feeds", "/developers", "/support", "/sitemap", "/pages/legal/cgu"}},
		{"figures", []string{"/dashboard"}},
	}
	for _, list := range []struct{ name, document, path string }{
		{"an organization", "/api/1/organizations/?page_size=100&sort=-datasets", "/organizations/"},
		{"an organization's information", "/api/1/organizations/?page_size=100&sort=-datasets", "/organizations/"},
		{"a reuse", "/api/1/reuses/?page_size=100", "/reuses/"}, {"an API", "/api/1/dataservices/?page_size=100", "/dataservices/"},
		{"a topic", "/api/2/topics/?page_size=100", "/topics/"}, {"news", "/api/1/posts/?page_size=100", "/posts/"},
	} {
		paths, err := objectPages(address, list.document, list.path)
		if err != nil {
			return nil, err
		}
		if list.name == "an organization's information" {
			for i := range paths {
				paths[i] += "/information"
			}
		}
		if len(paths) > 0 {
			kinds = append(kinds, pageKind{list.name, paths})
		}
	}
	return kinds, nil
}

// objectPages are the pages of the objects that a list of the API tells.
func objectPages(address, document, path string) ([]string, error) {
	answer, err := plain.Get("http://" + address + document)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode == http.StatusNotFound { // the list is empty
		return nil, err
	}
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := decode(body, &list); err != nil {
		return nil, err
	}
	var paths []string
	for _, object := range list.Data {
		paths = append(paths, path+object.ID)
	}
	return paths, nil
}
