package csw

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/harvest"
	"grenier/internal/rdf"
)

// kinds are those of records that are asked for.
var kinds = []string{"dataset", "nonGeographicDataset", "series", "service"}

// filter is the condition on kinds (OGC Filter 1.1).
var filter = func() string {
	var b strings.Builder
	b.WriteString("<ogc:Filter><ogc:Or>")
	for _, kind := range kinds {
		b.WriteString("<ogc:PropertyIsEqualTo><ogc:PropertyName>apiso:type</ogc:PropertyName><ogc:Literal>" + kind + "</ogc:Literal></ogc:PropertyIsEqualTo>")
	}
	b.WriteString("</ogc:Or></ogc:Filter>")
	return b.String()
}()

const namespaces = `xmlns:apiso="http://www.opengis.net/cat/csw/apiso/1.0" xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:ogc="http://www.opengis.net/ogc" xmlns:gmd="http://www.isotc211.org/2005/gmd"`

// document is the request for some records.
func document(schema string, start, count int, f form) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?><csw:GetRecords %s service="CSW" version="2.0.2" outputFormat="application/xml" resultType="results" startPosition="%d" maxRecords="%d" outputSchema="%s">`, namespaces, start, count, schema)
	b.WriteString(`<csw:Query typeNames="gmd:MD_Metadata"><csw:ElementSetName>full</csw:ElementSetName>`)
	if !f.All {
		b.WriteString(`<csw:Constraint version="1.1.0">` + filter + `</csw:Constraint>`)
	}
	if !f.Unsorted {
		b.WriteString(`<ogc:SortBy><ogc:SortProperty><ogc:PropertyName>apiso:identifier</ogc:PropertyName><ogc:SortOrder>ASC</ogc:SortOrder></ogc:SortProperty></ogc:SortBy>`)
	}
	b.WriteString(`</csw:Query></csw:GetRecords>`)
	return b.String()
}

// address is the same request as an address, for portals that take no documents.
func address(base, schema string, start, count int, f form) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	q := u.Query()
	for key := range q { // names of parameters have no case
		switch strings.ToLower(key) {
		case "service", "version", "request":
			q.Del(key)
		}
	}
	for key, value := range map[string]string{
		"service": "CSW", "version": "2.0.2", "request": "GetRecords", "resultType": "results", "outputFormat": "application/xml", "outputSchema": schema,
		"elementSetName": "full", "typeNames": "gmd:MD_Metadata", "startPosition": strconv.Itoa(start), "maxRecords": strconv.Itoa(count),
		"constraintLanguage": "FILTER", "constraint_language_version": "1.1.0",
	} {
		q.Set(key, value)
	}
	if !f.All {
		q.Set("constraint", strings.Replace(filter, "<ogc:Filter>", `<ogc:Filter xmlns:ogc="http://www.opengis.net/ogc" xmlns:apiso="http://www.opengis.net/cat/csw/apiso/1.0">`, 1))
	}
	if !f.Unsorted {
		q.Set("sortBy", "apiso:identifier:A")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// answer is what a portal gave for a request.
type answer struct {
	matched int
	next    int // -1 when it does not say
	held    int
	bytes   int64
	lines   []harvest.Line
	names   []string       // of the records, for telling pages apart
	at      map[string]int // places of services, by identifier
}

// following is the position of the next record; 0 when there is none. What a portal
// says of it counts unless it leads nowhere.
func (a *answer) following(start int) int {
	next := a.next
	switch {
	case a.held == 0, next == 0:
		return 0
	case next <= start:
		next = start + a.held
	}
	if a.matched > 0 && next > a.matched {
		return 0
	}
	return next
}

// refusal is why an answer holds no records although the portal may have some.
type refusal struct {
	text             string
	exception        bool // an OWS exception
	methodNotAllowed bool
	code             fault.Code
}

func (r *refusal) Error() string { return r.text }

func (r *refusal) fault() error {
	text := r.text
	if r.exception {
		text = "Failed to query CSW: " + text
	}
	return fault.New(r.code, text)
}

// refused is the refusal that an error is; one that took too long or was too long is
// one too, since fewer records may be had. nil for other errors.
func (w *walk) refused(err error) *refusal {
	var known *refusal
	switch {
	case errors.As(err, &known):
		return known
	case fault.Is(err, fault.Timeout), fault.Is(err, fault.TooLarge):
		return &refusal{text: fault.Of(err).Text, code: fault.Of(err).Code}
	}
	return nil
}

// ask asks for some records.
func (w *walk) ask(ctx context.Context, start, count int) (*answer, error) {
	to := w.request.Source.URL
	want := harvest.Want{Accept: "application/xml, text/xml;q=.9, */*;q=.1", MaxBytes: maxBody, AnyStatus: true}
	if w.Form.Get {
		to = address(to, w.schema, start, count, w.Form)
	} else {
		want.ContentType, want.Body = "application/xml", []byte(document(w.schema, start, count, w.Form))
	}
	got, err := w.request.Remote.Ask(ctx, to, want)
	if err != nil {
		return nil, err
	}
	defer func() { _ = got.Body.Close() }()
	if got.Status == http.StatusMethodNotAllowed {
		return nil, &refusal{text: "The portal takes no requests by POST.", methodNotAllowed: true, code: fault.BadGateway}
	}
	return w.readAnswer(got)
}

// readAnswer reads the records of an answer, or why there are none.
func (w *walk) readAnswer(got *harvest.Answer) (*answer, error) {
	body := &counter{in: got.Body}
	r := reply{walk: w, answer: answer{next: -1, at: map[string]int{}}}
	err := rdf.ReadElements(body, r.pass, r.whole, r.element)
	r.answer.bytes = body.n
	switch {
	case r.exception != "":
		return nil, &refusal{text: r.exception, exception: true, code: fault.BadGateway}
	case got.Status < 200 || got.Status > 299:
		return nil, fault.Newf(fault.BadGateway, "The portal answered with the status %d.", got.Status)
	case err != nil && r.root == "":
		return nil, fault.Wrap(err, fault.BadGateway, "The answer is no XML: "+err.Error())
	case err != nil:
		return nil, &refusal{text: "The answer cannot be read: " + fault.Of(err).Text + " " + err.Error(), code: fault.BadGateway}
	case !r.results:
		return nil, fault.Newf(fault.BadGateway, "Failed to query CSW: the answer is <%s> and has no csw:SearchResults.", r.root)
	}
	return &r.answer, nil
}

// counter counts bytes.
type counter struct {
	in io.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// reply is an answer that is being read.
type reply struct {
	*walk
	answer    answer
	root      string
	results   bool // csw:SearchResults was met
	exception string
	warned    []string
}

const maxWarned = 5

func (r *reply) pass(e *rdf.Error) {
	if len(r.warned) < maxWarned {
		r.warned = append(r.warned, e.Error())
	}
}

// whole tells whether an element is read with all that it holds: records, and the
// report of an exception.
func (r *reply) whole(e *rdf.Element) bool {
	return r.results || r.root == "" && e.Local == "ExceptionReport"
}

func (r *reply) element(e *rdf.Element) error {
	root := r.root == ""
	if root {
		r.root = e.Local
	}
	switch {
	case root && e.Local == "ExceptionReport":
		r.exception = exceptionText(e)
	case r.results:
		r.record(e)
	case e.Local == "SearchResults":
		r.results = true
		r.answer.matched, _ = strconv.Atoi(e.Attr("numberOfRecordsMatched")) // unknown is 0
		if next, err := strconv.Atoi(e.Attr("nextRecord")); err == nil {
			r.answer.next = next
		}
	}
	return nil
}

// exceptionText is what the report of an exception says, its codes before its texts.
func exceptionText(e *rdf.Element) string {
	var texts []string
	for _, exception := range e.Children {
		code := strings.TrimSpace(exception.Attr("exceptionCode") + " " + exception.Attr("locator"))
		if code != "" {
			texts = append(texts, code)
		}
		for _, text := range exception.Children {
			if said := strings.TrimSpace(text.Text); said != "" {
				texts = append(texts, said)
			}
		}
	}
	said := strings.Join(texts, ": ")
	if said == "" {
		said = strings.TrimSpace(e.Text)
	}
	if len(said) > 2000 {
		said = strings.ToValidUTF8(said[:2000], "") + "…"
	}
	if said == "" {
		return "an exception without a text"
	}
	return said
}
