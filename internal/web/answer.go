package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Header values that are shared by all answers: never change them.
var (
	jsonType       = []string{"application/json"}
	noSniff        = []string{"nosniff"}
	referrerPolicy = []string{"strict-origin-when-cross-origin"}
	revalidate     = []string{"no-cache"}
	privateControl = []string{"private, no-cache"}
	noStore        = []string{"private, no-store"}
	varyValue      = []string{"Origin, Accept-Encoding"}
	encodingValue  = [...][]string{gzipped: {"gzip"}, zstded: {"zstd"}}
)

// validity says as of when something was made, from what, and until when it holds at most.
type validity struct {
	asOf  uint64
	keys  []Key
	until int64 // nanoseconds since 1970, 0 for ever
	lists bool  // an epoch is among the keys
}

func (v *validity) setDeps(keys []Key, until time.Time) {
	v.keys = append([]Key(nil), keys...)
	for _, k := range keys {
		v.lists = v.lists || k.isEpoch()
	}
	if !until.IsZero() {
		v.until = until.UnixNano()
	}
}

func (v *validity) holds(versions *Versions, now time.Time) bool {
	if v.until != 0 && now.UnixNano() >= v.until {
		return false
	}
	return versions.Holds(v.asOf, v.keys)
}

// answer is a whole 200 with everything needed to send it: to be kept, or sent once.
type answer struct {
	validity
	route        *Route
	body         []byte
	contentType  []string
	etag         []string
	length       []string
	cacheControl []string
	vary         []string // what cross-origin rules and compression look at, and what the route added
	extra        []header // what the route set besides
	small        bool     // not worth compressing, or of a kind that is compressed already
	variants     [zstded + 1]atomic.Pointer[variant]
}

type header struct {
	name   string
	values []string
}

// variant is the body in one encoding.
type variant struct {
	body   []byte
	length []string
}

// minCompressed is the size from which compressing pays.
const minCompressed = 860

// newAnswer prepares a body; the headers that the route has set are taken over.
func newAnswer(contentType []string, body []byte, set http.Header) *answer {
	a := &answer{
		body:         body,
		contentType:  contentType,
		length:       []string{strconv.Itoa(len(body))},
		cacheControl: revalidate,
		vary:         varyValue,
		small:        len(body) < minCompressed || !compressible(contentType[0]),
	}
	sum := sha256.Sum256(body)
	a.etag = []string{`W/"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`}
	for name, values := range set {
		switch name {
		case "Etag":
			a.etag = []string{weak(values[0])}
		case "Cache-Control":
			a.cacheControl = values
		case "Vary":
			a.vary = values
		case "X-Request-Id", "Content-Type", "Content-Length", "Access-Control-Allow-Origin",
			"Access-Control-Allow-Credentials", "X-Content-Type-Options", "Referrer-Policy":
		default:
			a.extra = append(a.extra, header{name, append([]string(nil), values...)})
		}
	}
	return a
}

// weight is what the answer takes in memory, its compressed forms included as far as can be foreseen.
func (a *answer) weight() int {
	n := len(a.body) + 512 + 4*len(a.keys)
	if !a.small {
		n += len(a.body) / 3
	}
	for _, h := range a.extra {
		n += len(h.name) + 64
	}
	return n
}

// serve writes the answer, or 304 when the caller has it, in the encoding the caller takes. Headers
// that differ between callers are set before.
func (a *answer) serve(w http.ResponseWriter, r *http.Request, enc coding) int {
	h := w.Header()
	h["Etag"] = a.etag
	h["Vary"] = a.vary
	h["Cache-Control"] = a.cacheControl
	for _, e := range a.extra {
		h[e.name] = e.values
	}
	if inm, ok := r.Header["If-None-Match"]; ok && matchesETag(inm, a.etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified
	}
	h["Content-Type"] = a.contentType
	h["X-Content-Type-Options"] = noSniff
	body, length := a.body, a.length
	if enc != identity && !a.small {
		v := a.variant(enc)
		body, length = v.body, v.length
		h["Content-Encoding"] = encodingValue[enc]
	}
	h["Content-Length"] = length
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that went away is seen in the log
	}
	return http.StatusOK
}

// variant compresses the body at the first wish.
func (a *answer) variant(enc coding) *variant {
	if v := a.variants[enc].Load(); v != nil {
		return v
	}
	body := compressWhole(enc, a.body)
	v := &variant{body: body, length: []string{strconv.Itoa(len(body))}}
	a.variants[enc].Store(v)
	return v
}

// weak makes a validator weak: the same for all encodings of an answer.
func weak(etag string) string {
	if strings.HasPrefix(etag, "W/") {
		return etag
	}
	return "W/" + etag
}

// matchesETag applies the weak comparison of RFC 9110 §13.1.2 to the values of If-None-Match.
func matchesETag(values []string, etag string) bool {
	opaque := strings.TrimPrefix(etag, "W/")
	for _, v := range values {
		for v != "" {
			var one string
			one, v, _ = strings.Cut(v, ",")
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == opaque {
				return true
			}
		}
	}
	return false
}
