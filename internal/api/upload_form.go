package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strconv"
	"strings"

	"grenier/internal/blob"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// Bounds of the fields beside a file.
const (
	formFields     = 50
	formFieldBytes = 4 << 10
	// formRoom is what fields and boundaries may take besides the file.
	formRoom = 1 << 20
	// formBuffer is how much of a body is read at once.
	formBuffer = 256 << 10
)

// uploadForm is a form with a file, read part by part as it comes: the fields
// may stand before and behind the file.
type uploadForm struct {
	parts  *multipart.Reader
	fields map[string]string
	count  int
}

// openForm begins to read a form; nil when the body is none.
func openForm(c *web.Call) *uploadForm {
	media, params, err := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil
	}
	body := bufio.NewReaderSize(c.R.Body, formBuffer)
	return &uploadForm{parts: multipart.NewReader(body, params["boundary"]), fields: map[string]string{}}
}

// next reads fields up to the next file; nil at the end.
func (f *uploadForm) next() (*multipart.Part, error) {
	for {
		part, err := f.parts.NextRawPart()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, formFault(err)
		}
		if f.count++; f.count > formFields {
			return nil, fault.Newf(fault.Invalid, "A form has at most %d fields.", formFields)
		}
		name := part.FormName()
		if name == "file" {
			return part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, formFieldBytes+1))
		switch {
		case err != nil:
			return nil, formFault(err)
		case len(value) > formFieldBytes:
			return nil, fault.Newf(fault.Invalid, "The field %q is longer than %d bytes.", strings.ToValidUTF8(name[:min(len(name), 50)], ""), formFieldBytes)
		}
		if _, ok := f.fields[name]; !ok {
			f.fields[name] = string(value)
		}
	}
}

// number reads a whole number; otherwise stands in for a field that is not
// there.
func (f *uploadForm) number(name string, otherwise int64) (int64, error) {
	text, ok := f.fields[name]
	if !ok || text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 0 {
		return 0, fault.Newf(fault.Invalid, "The field %s must be a whole number, 0 or more.", name)
	}
	return n, nil
}

// formFault says what a person can do about a body that cannot be read.
func formFault(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return web.BodyFault(err)
}

// bodyReader makes faults of the errors of a body, so that they are told from
// those of the store.
type bodyReader struct{ in io.Reader }

func (r bodyReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if err != nil && err != io.EOF {
		err = formFault(err)
	}
	return n, err
}

// received is what a request to an upload route brought.
type received struct {
	form *uploadForm
	// part tells of a part of an upload that was kept, end that a file has all
	// its parts; otherwise spooled is the file, nil when there was none.
	part, end bool
	spooled   *blob.Spooled
	filename  string
}

// receiver reads one request to an upload route.
type receiver struct {
	files      *catalog.Files
	call       *web.Call
	target     catalog.UploadTarget
	extensions string
	form       *uploadForm
	of         catalog.PartOf
	name       string
	// unnamed is why the name was refused, nil when it was not.
	unnamed error
}

func (r *receiver) run(ctx context.Context) (*received, error) {
	out := &received{form: r.form}
	file, err := r.form.next()
	if err != nil {
		return nil, err
	}
	if file != nil {
		if err := r.file(ctx, file, out); err != nil {
			return nil, r.drop(ctx, out, err)
		}
		for { // what stands behind the file; a second one is passed over
			more, err := r.form.next()
			if err != nil {
				return nil, r.drop(ctx, out, err)
			}
			if more == nil {
				break
			}
		}
	}
	if out.part {
		return out, nil
	}
	return out, r.drop(ctx, out, r.judge(ctx, out))
}

// drop forgets what was spooled when an error ends the request.
func (r *receiver) drop(ctx context.Context, out *received, err error) error {
	if err != nil && out.spooled != nil {
		return errors.Join(err, r.files.Drop(ctx, *out.spooled))
	}
	return err
}

// file takes the file itself: straight to its place when the fields before it
// say that it is a part, else aside until all fields are known.
func (r *receiver) file(ctx context.Context, file *multipart.Part, out *received) error {
	out.filename = file.FileName()
	chunked, err := r.readPart(out)
	if err != nil {
		return err
	}
	if chunked {
		if _, ok := r.form.fields["partindex"]; ok && r.of.Client != "" {
			out.part = true
			return r.files.ReceivePart(ctx, viewer(r.call), r.target, r.of, bodyReader{file})
		}
	} else if _, ok := r.form.fields["totalparts"]; ok || r.form.fields["filename"] != "" {
		if err := r.accept(out); err != nil {
			return err
		}
	}
	spooled, err := r.files.Spool(ctx, bodyReader{file})
	if err == nil {
		out.spooled = &spooled
	}
	return err
}

// judge decides what a request was, now that all fields are known.
func (r *receiver) judge(ctx context.Context, out *received) error {
	chunked, err := r.readPart(out)
	switch {
	case err != nil:
		return err
	case !chunked && out.spooled == nil:
		return errMissingFile
	case !chunked:
		return r.accept(out)
	case out.spooled == nil:
		out.end = true
		return nil
	}
	if _, ok := r.form.fields["partindex"]; !ok {
		return fault.New(fault.Invalid, "Say in the field partindex which part this is, counted from 0.")
	}
	out.part = true
	err = r.files.SpooledPart(ctx, viewer(r.call), r.target, r.of, *out.spooled)
	return errors.Join(err, r.files.Drop(ctx, *out.spooled))
}

var errMissingFile = fault.New(fault.Invalid, "Missing file parameter")

// readPart reads the fields of parts, and tells whether there are several.
func (r *receiver) readPart(out *received) (chunked bool, err error) {
	of := catalog.PartOf{Client: r.form.fields["uuid"]}
	if of.Parts, err = r.form.number("totalparts", 0); err != nil || of.Parts <= 1 {
		return false, err
	}
	var total int64
	for _, field := range []struct {
		name      string
		otherwise int64
		into      *int64
	}{
		{"partindex", 0, &of.Index}, {"partbyteoffset", -1, &of.Offset}, {"chunksize", -1, &of.Size}, {"totalfilesize", 0, &total},
	} {
		if *field.into, err = r.form.number(field.name, field.otherwise); err != nil {
			return true, err
		}
	}
	if err := r.files.TooLong(total); err != nil {
		return true, err
	}
	r.of = of
	if err := r.accept(out); err != nil {
		return true, err
	}
	r.of.Filename = r.name
	return true, nil
}

// accept judges the name that is known so far.
func (r *receiver) accept(out *received) error {
	given := r.form.fields["filename"]
	if given == "" {
		given = out.filename
	}
	r.name, r.unnamed = r.files.Accept(given, r.extensions)
	return r.unnamed
}
