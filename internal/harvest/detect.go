package harvest

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/fault"
)

// Attempt is a backend that was tried on an address.
type Attempt struct {
	Backend string `json:"backend"`
	URL     string `json:"url"`
	// Records is how many of the first ones are read.
	Records int  `json:"records"`
	Works   bool `json:"works"`
	// Why says what stands in the way, "" when nothing does.
	Why string `json:"why"`
}

// Detection is what is looked for behind an address.
type Detection struct {
	URL   string
	Owner account.Owner
	// Full tries all backends, also after one was found.
	Full bool
	// Tried is told after each backend; nil for nobody.
	Tried func()
}

// detections are the backends in the order in which they are tried, with where a
// portal has what they read besides the given address. A backend that any page
// might satisfy comes late.
var detections = []struct {
	backend string
	paths   []string
}{
	{"udata", []string{""}}, {"ckan", []string{""}}, {"ods", []string{""}}, {"dkan", []string{""}},
	{"csw-dcat", []string{"", "geonetwork/srv/fre/csw", "csw"}}, {"csw-iso-19139", []string{"", "geonetwork/srv/fre/csw", "csw"}},
	{"dcat", []string{"", "catalog.rdf", "catalog.ttl", "catalog.jsonld", "catalog.xml"}}, {"datajson", []string{"", "data.json"}},
	{"csv", []string{""}}, {"maaf", []string{""}},
}

// DetectionSteps is how many backends a detection tries at most.
func DetectionSteps() int { return len(detections) }

// detectionTime bounds the try of one backend at one address.
const detectionTime = 20 * time.Second

// Detect finds out which backends read an address, by reading the first records
// through each of them; those that work come first. It writes nothing, counts as
// one preview of the person, and ends with the context: what was found until then
// is given. The fault of an address that cannot be harvested is at "url".
func (s *Store) Detect(ctx context.Context, v account.Viewer, d Detection) ([]Attempt, error) {
	if address, err := url.Parse(d.URL); err != nil || hostname(d.URL) == "" || address.Scheme == "" {
		return nil, fault.At("Invalid URL: expected http:// or https:// and a host name.", "url")
	}
	if err := s.take(ctx, v, previewRule); err != nil {
		return nil, err
	}
	all := []Attempt{}
	found := false
	for _, one := range detections {
		if _, err := s.backend(one.backend); err != nil || found && !d.Full {
			continue // the site does not harvest this kind
		}
		tried, err := s.tryBackend(ctx, v, d, one.backend, one.paths)
		all = append(all, tried...)
		if ctx.Err() != nil && len(all) > 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		found = found || slices.ContainsFunc(tried, func(t Attempt) bool { return t.Works })
		if d.Tried != nil {
			d.Tried()
		}
	}
	slices.SortStableFunc(all, func(x, y Attempt) int {
		if x.Works == y.Works {
			return 0
		} else if x.Works {
			return -1
		}
		return 1
	})
	return all, nil
}

// tryBackend reads the beginning of what a backend finds at an address, else below it.
func (s *Store) tryBackend(ctx context.Context, v account.Viewer, d Detection, backend string, paths []string) ([]Attempt, error) {
	var tried []Attempt
	for _, path := range paths {
		if path != "" && strings.Contains(d.URL, "?") {
			continue // the address of one document
		}
		in := SourceInput{Name: account.Some("detection"), URL: account.Some(below(d.URL, path)), Backend: account.Some(backend)}
		if d.Owner.Organization != "" {
			in.Organization = account.Some(d.Owner.Organization)
		}
		src, err := s.Draft(ctx, v, in)
		if err != nil {
			return tried, err
		}
		limited, cancel := context.WithTimeout(ctx, detectionTime)
		job, items, err := s.look(limited, src, true)
		late := limited.Err() != nil && ctx.Err() == nil
		cancel()
		one := Attempt{Backend: backend, URL: src.URL}
		switch {
		case late:
			one.Why = "The portal did not answer in time."
		case err != nil:
			return tried, err
		default:
			one.judge(job, items)
		}
		if tried = append(tried, one); one.Works {
			break
		}
	}
	return tried, nil
}

// judge says whether a preview shows that a backend reads a portal.
func (a *Attempt) judge(job *Job, items []PreviewItem) {
	for i := range items {
		if items[i].Status == ItemDone || items[i].Outcome == OutcomeConflict { // what another holds is read as well
			a.Records++
		}
	}
	if a.Works = a.Records > 0; a.Works {
		return
	}
	a.Why = "It holds no record."
	if troubles := job.Troubles(); len(troubles) > 0 {
		a.Why = troubles[0].Message
	} else if len(items) > 0 {
		a.Why = "None of its first records can be taken."
		if troubles := items[0].Troubles(); len(troubles) > 0 {
			a.Why += " Of one: " + troubles[0].Message
		}
	}
}

// below is an address below that of a portal.
func below(address, path string) string {
	u, err := url.Parse(address)
	if err != nil || path == "" {
		return address
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + path
	return u.String()
}
