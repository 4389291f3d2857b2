package portal

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"grenier/internal/fault"
	"grenier/internal/image"
	"grenier/internal/web"
)

// maxPictureBody bounds the body of a form with a picture, in bytes. Pictures
// beyond what is kept are read so far as to say so beside their field.
const maxPictureBody = 64 << 20

// pictureForm is form for a form with one picture, in its field named file: what
// browsers without scripts send. picture is empty when none was chosen.
func pictureForm[Q any](t *table, path, operation string, h func(v *visit, q Q, sent *posted, picture *bytes.Reader) error) {
	t.p.forms = append(t.p.forms, Form{path, operation})
	doc := web.Doc{People: true, NoMask: true, NoStore: true, MaxBody: maxPictureBody}
	for _, lang := range t.p.Languages {
		web.Post[web.Raw](t.root, prefixed(t.p.Language, lang, path), doc, func(c *web.Call, q Q, _ web.Raw) error {
			v := t.p.visit(c, lang)
			if v.viewer.Anonymous() {
				return v.toLogin(v.cameFrom())
			}
			values, picture, err := readPictureForm(c.R)
			if err != nil {
				return err
			}
			v.posted = &posted{v: v, values: values}
			return h(v, q, v.posted, picture)
		})
	}
}

// readPictureForm reads the texts and the picture of a form, within the bound of
// its body. Of a picture beyond what is kept it gives one byte more than that.
func readPictureForm(r *http.Request) (url.Values, *bytes.Reader, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, nil, errNoForm
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, formFault(err)
	}
	values, picture := url.Values{}, bytes.NewReader(nil)
	for range maxFormValues {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return values, picture, nil
		}
		if err != nil {
			return nil, nil, formFault(err)
		}
		most := int64(maxFormBody)
		if part.FileName() != "" {
			most = image.DefaultBytes + 1
		}
		body, err := io.ReadAll(io.LimitReader(part, most))
		if err != nil {
			return nil, nil, formFault(err)
		}
		switch {
		case part.FormName() == "file" && part.FileName() != "":
			picture = bytes.NewReader(body)
		case part.FileName() == "" && part.FormName() != "":
			values.Add(part.FormName(), cleanText(string(body)))
		}
	}
	return nil, nil, fault.Newf(fault.TooLarge, "The form holds more than %d values.", maxFormValues)
}
