package web

import (
	"net/http"
	"slices"
	"strings"
)

// maxEcho bounds what a preflight may have echoed.
const maxEcho = 1024

// crossOrigin sets the headers of the fetch standard's CORS protocol: credentials for the trusted
// origins, anything else anonymously. It tells whether the request was a preflight, then answered.
func (h *Handler) crossOrigin(x *exchange) (preflight bool) {
	hdr, r := x.Header(), x.r
	hdr["Vary"] = varyValue
	setOrigin(hdr, r.Header["Origin"], h.o.TrustedOrigins)
	if r.Method != http.MethodOptions || r.Header["Access-Control-Request-Method"] == nil || !h.openToOrigins(r.URL.Path) {
		return false
	}
	hdr["Vary"] = []string{"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}
	echo(hdr, "Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
	echo(hdr, "Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
	x.WriteHeader(http.StatusNoContent)
	return true
}

func echo(hdr http.Header, name, value string) {
	if value != "" && len(value) <= maxEcho {
		hdr[name] = []string{value}
	}
}

var (
	anyOrigin   = []string{"*"}
	credentials = []string{"true"}
)

func setOrigin(hdr http.Header, origin, trusted []string) {
	if len(origin) == 0 {
		return
	}
	if slices.Contains(trusted, origin[0]) {
		hdr["Access-Control-Allow-Origin"] = origin[:1]
		hdr["Access-Control-Allow-Credentials"] = credentials
		return
	}
	hdr["Access-Control-Allow-Origin"] = anyOrigin
}

// openToAll lets pages of every site read an answer that is the same for everybody, also when the caller did
// not say which site it comes from: caches hand it on.
func openToAll(hdr http.Header) {
	if hdr["Access-Control-Allow-Origin"] == nil {
		hdr["Access-Control-Allow-Origin"] = anyOrigin
	}
}

func (h *Handler) openToOrigins(path string) bool {
	for _, prefix := range h.o.OpenPaths {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}
