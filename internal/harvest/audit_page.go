package harvest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// auditPage is an answer of a portal that is to be kept.
type auditPage struct {
	number int64
	at     time.Time
	asked  string
	want   Want
	url    string
	status int
	header http.Header
	// unchanged tells that the portal gave no body, as the page is the one it was.
	unchanged bool
	body      *kept // nil for none
}

// size is how many bytes its body has.
func (p *auditPage) size() int64 {
	if p.body == nil {
		return 0
	}
	return p.body.size
}

func (p *auditPage) release() {
	if p.body != nil {
		_ = p.body.Close()
	}
}

// whole reads a body as far as it came.
func (k *kept) whole() io.Reader {
	k.rewind()
	return k.in
}

// keep keeps an answer; the body stays the caller's.
func (a *audit) keep(asked string, w Want, answer *Answer, body *kept) {
	if a == nil || a.deaf.Load() {
		return
	}
	p := auditPage{at: time.Now(), asked: asked, want: w, url: answer.URL, status: answer.Status, header: answer.Header, unchanged: answer.NotModified}
	if body != nil {
		p.body = body.share()
	}
	a.put(p)
}

// tee keeps a body that is read as it comes, when it is closed, as far as it was read.
func (a *audit) tee(asked string, w Want, answer *Answer, body io.ReadCloser) io.ReadCloser {
	if a == nil || a.deaf.Load() {
		return body
	}
	in, out := io.Pipe()
	read := &teed{ReadCloser: body, copy: out, ended: make(chan struct{})}
	go func() {
		defer close(read.ended)
		whole, _ := spool(in)
		_ = in.Close() // what follows is not kept, where the disk is full
		a.keep(asked, w, answer, whole)
		_ = whole.Close()
	}()
	return read
}

// teed is a body of which a copy is kept.
type teed struct {
	io.ReadCloser
	copy  *io.PipeWriter
	ended chan struct{}
}

func (t *teed) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	_, _ = t.copy.Write(p[:n])
	return n, err
}

func (t *teed) Close() error {
	_ = t.copy.Close()
	<-t.ended
	return t.ReadCloser.Close()
}

// maxAuditRequest bounds what is kept of the body of a request, in bytes.
const maxAuditRequest = 64 << 10

// auditAbout is what is told of an answer beside its bytes. The headers of the request
// are not in it.
type auditAbout struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	URL    string    `json:"url"`
	// AnsweredBy is the address that answered, where it is another one.
	AnsweredBy  string            `json:"answered_by,omitempty"`
	Request     string            `json:"request,omitempty"`
	Status      int               `json:"status"`
	Headers     map[string]string `json:"headers,omitempty"`
	NotModified bool              `json:"not_modified,omitempty"`
	// Bytes and File are those of the body, after decompression.
	Bytes int64  `json:"bytes"`
	File  string `json:"file,omitempty"`
	// BrokeOff is why the body is not whole.
	BrokeOff string `json:"broke_off,omitempty"`
}

// auditHeaders are the headers of answers that are kept.
var auditHeaders = []string{"Content-Language", "Content-Type", "Date", "Etag", "Last-Modified", "Link", "Retry-After"}

// about writes what is told of the answer, without secrets; name is that of its entries.
func (p *auditPage) about(masks [][]byte, name string) []byte {
	about := auditAbout{
		At: p.at.UTC(), Method: http.MethodGet, URL: maskText(shown(p.asked), masks), Status: p.status, Headers: map[string]string{}, NotModified: p.unchanged, Bytes: p.size(),
	}
	if p.want.Body != nil {
		about.Method, about.Request = http.MethodPost, maskText(string(p.want.Body[:min(len(p.want.Body), maxAuditRequest)]), masks)
	}
	if p.url != p.asked {
		about.AnsweredBy = maskText(shown(p.url), masks)
	}
	for _, key := range auditHeaders {
		if value := p.header.Get(key); value != "" {
			about.Headers[key] = maskText(clip(value), masks)
		}
	}
	if p.body != nil {
		about.File = path.Base(name) + p.extension()
		if p.body.end != nil {
			about.BrokeOff = maskText(told(p.body.end), masks)
		}
	}
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(about); err != nil {
		panic(err) // strings and numbers
	}
	return text.Bytes()
}

// extension is that of the body's file.
func (p *auditPage) extension() string {
	media, _, err := mime.ParseMediaType(p.header.Get("Content-Type"))
	if err != nil {
		return ".bin"
	}
	for _, known := range []struct{ part, extension string }{
		{"json", ".json"}, {"html", ".html"}, {"xml", ".xml"}, {"turtle", ".ttl"}, {"n-triples", ".nt"}, {"csv", ".csv"}, {"text/plain", ".txt"},
	} {
		if strings.Contains(media, known.part) {
			return known.extension
		}
	}
	return ".bin"
}

// leastMask is the shortest text that is masked: what is shorter stands in many pages
// by chance.
const leastMask = 4

// auditMasks are the texts of a source that nothing kept may hold, as they are and as
// they stand in addresses.
func auditMasks(secrets map[string]string, config Config) [][]byte {
	for key, raw := range config.Other { // of sources that were taken over
		var text string
		if namesSecret(key) && json.Unmarshal(raw, &text) == nil {
			secrets[" "+key] = text
		}
	}
	var masks [][]byte
	add := func(text string) {
		if len(text) < leastMask {
			return
		}
		for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text)} {
			if len(masks) == 0 || string(masks[len(masks)-1]) != form {
				masks = append(masks, []byte(form))
			}
		}
	}
	for _, secret := range secrets {
		add(secret)
		if _, credentials, ok := strings.Cut(secret, " "); ok { // Basic …, Bearer …
			add(credentials)
		}
	}
	return masks
}

// mask writes asterisks over texts.
func mask(p []byte, masks [][]byte) {
	for _, secret := range masks {
		for at := 0; ; at += len(secret) {
			found := bytes.Index(p[at:], secret)
			if found < 0 {
				break
			}
			at += found
			for i := range secret {
				p[at+i] = '*'
			}
		}
	}
}

func maskText(text string, masks [][]byte) string {
	if len(masks) == 0 {
		return text
	}
	p := []byte(text)
	mask(p, masks)
	return string(p)
}

// masked reads what it is given with asterisks over texts; as many bytes come out as
// went in.
type masked struct {
	in    io.Reader
	masks [][]byte
	// held are read and masked, of which those before sure are to be given; a secret
	// may begin in the last of them.
	held []byte
	sure int
	keep int
	err  error
}

func newMasked(in io.Reader, masks [][]byte) io.Reader {
	if len(masks) == 0 {
		return in
	}
	m := &masked{in: in, masks: masks}
	for _, secret := range masks {
		m.keep = max(m.keep, len(secret)-1)
	}
	return m
}

func (m *masked) Read(p []byte) (int, error) {
	for m.sure == 0 && m.err == nil {
		begun := len(m.held)
		m.held = append(m.held, make([]byte, 32<<10)...)
		n, err := io.ReadFull(m.in, m.held[begun:])
		m.held = m.held[:begun+n]
		mask(m.held, m.masks)
		m.sure = max(0, len(m.held)-m.keep)
		if err != nil {
			m.sure, m.err = len(m.held), err
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			m.err = io.EOF
		}
	}
	n := copy(p, m.held[:m.sure])
	m.held, m.sure = m.held[n:], m.sure-n
	if n == 0 && m.err != nil && len(p) > 0 {
		return 0, m.err
	}
	return n, nil
}
