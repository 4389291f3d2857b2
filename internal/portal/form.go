package portal

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// Form is a declared form: where it is posted, and the operation of the API
// that does the same.
type Form struct {
	// Path is the template of the path in the site's own language.
	Path string
	// Operation is a method and a path: POST /api/1/datasets/.
	Operation string
}

// Forms are the forms that the pages declared, once Routes has run.
func (p *Portal) Forms() []Form { return slices.Clone(p.forms) }

const (
	// maxFormBody bounds the body of a form, in bytes: texts, no files.
	maxFormBody = 2 << 20
	// maxFormValues bounds the values in a form.
	maxFormValues = 5000
)

// form declares the POST of a page's form for people who are signed in. The
// operation is the one of the API that does the same. The handler calls a
// subject, and answers by posted.done after a success, by posted.again after an
// error. Requests from pages of other sites never come here.
func form[Q any](t *table, path, operation string, h func(*visit, Q, *posted) error) {
	openForm(t, path, operation, forPeople(h))
}

// patientForm is form for what waits for other servers, for as long as it says.
func patientForm[Q any](t *table, path, operation string, most time.Duration, h func(*visit, Q, *posted) error) {
	t.p.forms = append(t.p.forms, Form{path, operation})
	answerPosts(t, path, most, forPeople(h))
}

// forPeople leads those who are not signed in to log in.
func forPeople[Q any](h func(*visit, Q, *posted) error) func(*visit, Q, *posted) error {
	return func(v *visit, q Q, sent *posted) error {
		if v.viewer.Anonymous() {
			return v.toLogin(v.cameFrom())
		}
		return h(v, q, sent)
	}
}

// openForm is form for everybody: logging in, registering.
func openForm[Q any](t *table, path, operation string, h func(*visit, Q, *posted) error) {
	t.p.forms = append(t.p.forms, Form{path, operation})
	answerPosts(t, path, 0, h)
}

// fragment declares what a script of a page asks for while somebody types: it
// gets what is in the form, answers by visit.fragment, and changes nothing. It
// is for people who are signed in.
func fragment[Q any](t *table, path string, h func(*visit, Q, *posted) error) {
	answerPosts(t, path, 0, func(v *visit, q Q, sent *posted) error {
		if v.viewer.Anonymous() {
			return fault.New(fault.Unauthorized, "Log in to go on.")
		}
		return h(v, q, sent)
	})
}

// answerPosts declares what takes posts; most is how long it may take, 0 for as
// long as any request.
func answerPosts[Q any](t *table, path string, most time.Duration, h func(*visit, Q, *posted) error) {
	doc := web.Doc{People: true, NoMask: true, NoStore: true, MaxBody: maxFormBody, Timeout: most}
	for _, lang := range t.p.Languages {
		web.Post[web.Raw](t.root, prefixed(t.p.Language, lang, path), doc, func(c *web.Call, q Q, _ web.Raw) error {
			v := t.p.visit(c, lang)
			values, err := readForm(c.R)
			if err != nil {
				return err
			}
			v.posted = &posted{v: v, values: values}
			return h(v, q, v.posted)
		})
	}
}

// cameFrom is the page of this site that the request came from, or the first
// page of the administration.
func (v *visit) cameFrom() string {
	from, err := url.Parse(v.R.Referer())
	if err != nil || from.Host != v.R.Host || from.Path == "" {
		return v.path("/admin")
	}
	return from.RequestURI()
}

// readForm reads the texts of a form. Files in it are passed over: they go to
// the API, where they are taken in pieces.
func readForm(r *http.Request) (url.Values, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.ContentLength != 0 {
		return nil, errNoForm
	}
	var values url.Values
	switch kind {
	case "multipart/form-data":
		values, err = readParts(r, params["boundary"])
	case "application/x-www-form-urlencoded", "":
		var body []byte
		if body, err = io.ReadAll(r.Body); err == nil {
			values, err = url.ParseQuery(string(body))
		}
	default:
		return nil, errNoForm
	}
	if err != nil {
		return nil, formFault(err)
	}
	count := 0
	for name, given := range values {
		if count += len(given); count > maxFormValues {
			return nil, fault.Newf(fault.TooLarge, "The form holds more than %d values.", maxFormValues)
		}
		for i := range given {
			values[name][i] = cleanText(given[i])
		}
	}
	return values, nil
}

// readParts reads the texts of a form in parts, within the bound of its body.
func readParts(r *http.Request, boundary string) (url.Values, error) {
	if boundary == "" {
		return nil, errNoForm
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	values := url.Values{}
	for range maxFormValues {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" || part.FormName() == "" {
			continue
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		values.Add(part.FormName(), string(text))
	}
	return nil, fault.Newf(fault.TooLarge, "The form holds more than %d values.", maxFormValues)
}

var errNoForm = fault.New(fault.Unsupported, "This page takes forms: application/x-www-form-urlencoded or multipart/form-data.")

func formFault(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return fault.Newf(fault.TooLarge, "The form is larger than %d bytes.", tooLarge.Limit).Because(err)
	}
	if fault.Is(err, fault.TooLarge) || fault.Is(err, fault.Unsupported) {
		return err
	}
	return fault.Wrap(err, fault.Invalid, "The form did not arrive whole.")
}

// cleanText brings a typed text into the form that subjects expect: valid UTF-8
// without NUL, lines parted by one sign.
func cleanText(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n"), "\x00", "")
}

// posted is a form as it was sent.
type posted struct {
	v      *visit
	values url.Values
	// results and changed tell what became of several objects that were changed
	// alike.
	results []bulkResult
	changed int
	// refused are the files that were not kept while others were.
	refused []error
	// failure is why the form is shown again; nil the first time.
	failure *fault.Error
}

// has tells whether the form held a field.
func (f *posted) has(name string) bool { _, ok := f.values[name]; return ok }

// text is what was typed in a field, without spaces around it.
func (f *posted) text(name string) string { return strings.TrimSpace(f.values.Get(name)) }

// raw is a field as it was typed: passwords.
func (f *posted) raw(name string) string { return f.values.Get(name) }

// texts are the values that were chosen under one name.
func (f *posted) texts(name string) []string {
	var given []string
	for _, value := range f.values[name] {
		if value = strings.TrimSpace(value); value != "" {
			given = append(given, value)
		}
	}
	return given
}

// list are the entries of a field that takes several, parted by commas or lines:
// tags, pickers.
func (f *posted) list(name string) []string {
	var given []string
	for _, value := range f.values[name] {
		for _, one := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '\n' || r == ';' }) {
			if one = strings.TrimSpace(one); one != "" && !slices.Contains(given, one) {
				given = append(given, one)
			}
		}
	}
	return given
}

// id is the object that a picker names: its identifier or slug, also when the
// address of its page was pasted.
func (f *posted) id(name string) string { return keyOf(f.text(name)) }

// ids are the objects that a picker of several names.
func (f *posted) ids(name string) []string {
	given := f.list(name)
	for i := range given {
		given[i] = keyOf(given[i])
	}
	return given
}

// keyOf takes the key of an object out of the address of its page.
func keyOf(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i, part := range parts {
		if i+1 < len(parts) && slices.Contains([]string{"datasets", "organizations", "reuses", "dataservices", "topics", "users", "posts"}, part) {
			return parts[i+1]
		}
	}
	return parts[len(parts)-1]
}

// checked tells whether a box is ticked.
func (f *posted) checked(name string) bool {
	value := f.values.Get(name)
	return value != "" && value != "0" && value != "false"
}

// whole is a number that was typed; ok is false when it is none.
func (f *posted) whole(name string) (n int64, ok bool) {
	n, err := strconv.ParseInt(f.text(name), 10, 64)
	return n, err == nil
}

// versionField is the hidden field with the version that the form was made from.
const versionField = "version"

// Context is the request's, in which the write counts on the version that the
// person has seen.
func (f *posted) Context() context.Context {
	if version, ok := f.whole(versionField); ok && version > 0 {
		return event.Expect(f.v.Context(), version)
	}
	return f.v.Context()
}

// done leads to a page of the site after a success, with what to say there: the
// identifier of a message, whose part behind the dot begins with "done-", or ""
// for nothing. The path is in the site's own language and may hold a query.
func (f *posted) done(path, message string) error {
	target := f.v.path(path)
	if message != "" {
		joint := "?"
		if strings.Contains(target, "?") {
			joint = "&"
		}
		target += joint + "done=" + url.QueryEscape(message)
	}
	return f.v.Redirect(http.StatusSeeOther, target)
}

// again shows the page of the form again after an error, with what was typed and
// what is wrong with it. show is the handler of the page: what it builds by
// visit.form takes the values that were sent. Errors that no retyping mends
// (missing objects, our own failures) stay errors.
func (f *posted) again(err error, show func() error) error {
	if errors.Is(err, account.ErrVerify) {
		return f.v.Redirect(http.StatusSeeOther, withNext(f.v.path("/verify"), f.v.cameFrom()))
	}
	known := fault.Of(err)
	switch known.Code {
	case fault.NotFound, fault.Gone, fault.Internal, fault.Timeout, fault.Unavailable, fault.NotImplemented, fault.BadGateway:
		return err
	}
	f.failure = known
	if known.Retry > 0 {
		f.v.W.Header().Set("Retry-After", strconv.Itoa(int(known.Retry.Seconds()+0.999)))
	}
	return show()
}

// status is that of the page while the form is shown again.
func (v *visit) status() int {
	if v.posted == nil || v.posted.failure == nil {
		return http.StatusOK
	}
	return web.StatusOf(v.posted.failure.Code)
}

// declared tells whether a form is posted to a path of the site.
func (p *Portal) declared(path string) bool {
	return slices.ContainsFunc(p.forms, func(f Form) bool { return fits(f.Path, path) })
}

// fits tells whether a path is one of a template's.
func fits(template, path string) bool {
	wanted, given := strings.Split(template, "/"), strings.Split(path, "/")
	if len(wanted) != len(given) {
		return false
	}
	for i := range wanted {
		if !strings.HasPrefix(wanted[i], "{") && wanted[i] != given[i] {
			return false
		}
	}
	return true
}
