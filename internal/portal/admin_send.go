package portal

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// sentFiles is a form with files, read as it comes: fields stand before the
// files that need them.
type sentFiles struct {
	*posted
	parts *multipart.Reader
}

// sendBuffer is how much of a body is read at once, maxSentFiles bounds the files
// of one form.
const (
	sendBuffer   = 256 << 10
	maxSentFiles = 200
)

// fileForm is form for forms with files: they are read while they arrive, so that
// memory stays constant.
func fileForm[Q any](t *table, path, operation string, h func(*visit, Q, *sentFiles) error) {
	t.p.forms = append(t.p.forms, Form{path, operation})
	most := int64(maxFormBody)
	if t.p.Files != nil {
		most += t.p.Files.MaxUpload()
	}
	doc := web.Doc{People: true, NoMask: true, NoStore: true, Slow: true, MaxBody: most}
	for _, lang := range t.p.Languages {
		web.Post[web.Raw](t.root, prefixed(t.p.Language, lang, path), doc, func(c *web.Call, q Q, _ web.Raw) error {
			v := t.p.visit(c, lang)
			if v.viewer.Anonymous() {
				return v.toLogin(v.cameFrom())
			}
			sent, err := v.openFiles()
			if err != nil {
				return err
			}
			v.posted = sent.posted
			return h(v, q, sent)
		})
	}
}

// openFiles begins to read a form; one without files is read whole.
func (v *visit) openFiles() (*sentFiles, error) {
	kind, params, err := mime.ParseMediaType(v.R.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" && params["boundary"] != "" {
		body := bufio.NewReaderSize(v.R.Body, sendBuffer)
		return &sentFiles{posted: &posted{v: v, values: url.Values{}}, parts: multipart.NewReader(body, params["boundary"])}, nil
	}
	v.R.Body = http.MaxBytesReader(nil, v.R.Body, maxFormBody)
	values, err := readForm(v.R)
	return &sentFiles{posted: &posted{v: v, values: values}}, err
}

// each calls fn with the name and the bytes of every file that was chosen. After
// an error of fn the rest is read and thrown away, so that the browser sees the
// answer.
func (f *sentFiles) each(fn func(name string, body io.Reader) error) error {
	if f.parts == nil {
		return nil
	}
	var failure error
	files, fields := 0, 0
	for {
		part, err := f.parts.NextPart()
		if errors.Is(err, io.EOF) {
			return failure
		}
		if err != nil {
			return formFault(err)
		}
		switch {
		case part.FormName() == "":
		case part.FileName() == "":
			if fields++; fields > maxFormValues {
				return fault.Newf(fault.TooLarge, "The form holds more than %d values.", maxFormValues)
			}
			typed, err := io.ReadAll(io.LimitReader(part, maxFormBody))
			if err != nil {
				return formFault(err)
			}
			f.values.Add(part.FormName(), cleanText(string(typed)))
		case failure == nil:
			if files++; files > maxSentFiles {
				failure = fault.Newf(fault.Invalid, "At most %d files at once.", maxSentFiles)
			} else {
				failure = fn(part.FileName(), part)
			}
		}
	}
}

// refuse notes a file that cannot be kept, so that the others are; any other error
// ends the reading.
func (f *sentFiles) refuse(name string, err error) error {
	if err == nil {
		return nil
	}
	switch fault.Of(err).Code {
	case fault.Invalid, fault.Unsupported, fault.TooLarge:
		f.refused = append(f.refused, notKept(name, err))
		return nil
	}
	return err
}

// notKept names a file that was refused, with the reason.
func notKept(name string, err error) error {
	name = cutText(cleanText(name[strings.LastIndexAny(name, `/\`)+1:]), maxProposedTitle)
	return fault.At(`"`+name+`" was not kept: `+plainText(err), "file")
}

// refusedNotices say which files were not kept while others were, and why.
func (v *visit) refusedNotices() []Notice {
	if v.posted == nil {
		return nil
	}
	var notices []Notice
	if len(v.posted.refused) > 0 {
		notices = append(notices, Notice{"warning", "warning", v.say.T("publish.done-some")})
	}
	for _, err := range v.posted.refused {
		notices = append(notices, Notice{"danger", "error", v.refusal(plainText(err))})
	}
	return notices
}

// saidRefusal is what a script shows of a refusal.
type saidRefusal struct {
	Message string `json:"message"`
}

// refuseToScript answers a script with a refusal in the language of the page; our
// own failures stay errors.
func (v *visit) refuseToScript(err error) error {
	if fault.Of(err).Code == fault.Internal {
		return err
	}
	return v.JSON(web.StatusOf(fault.Of(err).Code), saidRefusal{v.refusal(plainText(err))})
}

// sayRefusal says what the API refused to a script in the language of the page; a
// text that it knows nothing of stays.
func (p *Portal) sayRefusal(v *visit, _ web.None, sent *posted) error {
	words, _ := v.refusalOf(cutText(sent.text("text"), maxRefusal))
	return v.JSON(http.StatusOK, saidRefusal{words})
}

// maxRefusal bounds a text that a script wants said, in characters.
const maxRefusal = 1000

// plainText is the text of an error that people may read: that of its first field.
func plainText(err error) string {
	known := fault.Of(err)
	if len(known.Fields) > 0 {
		return known.Fields[0].Text
	}
	return known.SafeText()
}

// store takes a file and makes it that of a target: a new resource of a dataset,
// or the file of a resource.
func (v *visit) store(ctx context.Context, target catalog.UploadTarget, given string, body io.Reader) (*catalog.Resource, error) {
	name, err := v.acceptFile(given)
	if err != nil {
		return nil, err
	}
	files := v.p.Files
	if err := files.Prepare(ctx, v.viewer, target); err != nil {
		return nil, err
	}
	spooled, err := files.Spool(ctx, sentBody{body})
	if err != nil {
		return nil, err
	}
	return files.Publish(ctx, v.viewer, target, name, spooled)
}

// sentBody makes faults of the errors of a body, so that they are told from those
// of the store.
type sentBody struct{ in io.Reader }

func (b sentBody) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = formFault(err)
	}
	return n, err
}

// acceptFile is the name of a file that may be sent here.
func (v *visit) acceptFile(given string) (string, error) {
	if v.p.Files == nil {
		return "", fault.New(fault.Invalid, "This site takes no files: give an address.")
	}
	name, err := v.p.Files.Accept(given, v.URL("/api/1/datasets/extensions/"))
	if known := fault.Of(err); err != nil && known.Code != fault.Internal && len(known.Fields) == 0 {
		return "", fault.At(known.SafeText(), "file")
	}
	return name, err
}
