package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// RootFiles declares the routes of hosted files at the root of the site.
func (a *API) RootFiles(root *web.Table) {
	doc := web.Doc{Slow: true, NoMask: true}
	web.Get[web.Raw](root, "/s/{storage}/{folder}/{name}", doc, a.serveFile)
	web.Get[web.Raw](root, "/s/{storage}/{folder}/{moment}/{name}", doc, a.serveFile)
}

// serveFile sends a hosted file, or a part of it. Nothing in it can run: what
// browsers do not show without running anything is saved, and what they show is
// cut off from the site.
func (a *API) serveFile(c *web.Call, _ web.None) error {
	path := c.Param("folder") + "/"
	if moment := c.Param("moment"); moment != "" {
		path += moment + "/"
	}
	path += c.Param("name")
	storage := c.Param("storage")
	granted, err := a.Files.Granted("/s/"+storage+"/"+path, first(c.Args("expires")), first(c.Args("signature")), now())
	if err != nil {
		return err
	}
	file, err := a.Files.Open(c.Context(), viewer(c), storage, path, granted)
	if err != nil {
		return err
	}
	a.fileHeaders(c, file)
	content := &fileReader{ctx: c.Context(), files: a.Files, file: file}
	defer content.Close()
	if err := content.ready(); err != nil {
		return err
	}
	// Parts and lengths count the bytes as they are kept: none is compressed on
	// its way.
	c.W.Header()["Content-Encoding"] = []string{}
	http.ServeContent(c.W, c.R, "", file.CreatedAt.Time, content)
	return content.failed()
}

// fileHeaders say what a file is, how long it may be kept, and that nothing of
// it runs.
func (a *API) fileHeaders(c *web.Call, file *catalog.Opened) {
	h := c.W.Header()
	media := file.Mime
	if strings.HasPrefix(media, "text/") {
		media += "; charset=utf-8"
	}
	h["Content-Type"] = []string{media}
	h["Etag"] = []string{`"` + file.SHA256 + `"`}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Cross-Origin-Resource-Policy"] = []string{"cross-origin"}
	h["Content-Security-Policy"] = []string{"sandbox; default-src 'none'"}
	disposition := "attachment"
	switch {
	case file.Mime == "application/pdf": // browsers' own viewers do not work in a sandbox
		h["Content-Security-Policy"] = []string{"frame-ancestors 'self'"}
		disposition = "inline"
	case catalog.Inert(file.Mime):
		disposition = "inline"
	}
	h["Content-Disposition"] = []string{fmt.Sprintf(`%s; filename="%s"`, disposition, file.Name)}
	switch {
	case !file.Public:
		h["Cache-Control"] = []string{"private, no-store"}
		h["Cross-Origin-Resource-Policy"] = []string{"same-site"}
	case file.Lasting:
		h["Cache-Control"] = []string{"public, max-age=31536000, immutable"}
	default:
		h["Cache-Control"] = []string{fmt.Sprintf("public, max-age=%d, immutable", int(fileRefresh.Seconds()))}
	}
}

// first is the first of some values, empty when there is none.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// fileReader reads a hosted file from where it is asked to.
type fileReader struct {
	ctx   context.Context
	files *catalog.Files
	file  *catalog.Opened
	at    int64
	open  io.ReadCloser
	err   error
}

// ready opens the file, so that one that cannot be read is told before the
// answer begins.
func (r *fileReader) ready() error {
	if r.file.Size == 0 || r.open != nil {
		return nil
	}
	r.open, r.err = r.files.Read(r.ctx, r.file.File, r.at, -1)
	return r.err
}

func (r *fileReader) Read(p []byte) (int, error) {
	if r.at >= r.file.Size {
		return 0, io.EOF
	}
	if err := r.ready(); err != nil {
		return 0, err
	}
	n, err := r.open.Read(p)
	r.at += int64(n)
	if err == io.EOF && r.at < r.file.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// Seek moves without reading; the next read opens the file there.
func (r *fileReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.file.Size
	}
	if offset < 0 {
		return 0, errors.New("api: before the beginning of a file")
	}
	if offset != r.at {
		r.Close()
		r.at = offset
	}
	return offset, nil
}

// Close ends the reading.
func (r *fileReader) Close() {
	if r.open != nil {
		_ = r.open.Close() // nothing was written to it
		r.open = nil
	}
}

// failed is the error that cut an answer short, so that nobody takes a part for
// the whole.
func (r *fileReader) failed() error {
	if r.err == nil || r.ctx.Err() != nil {
		return nil
	}
	return fault.Of(r.err)
}
