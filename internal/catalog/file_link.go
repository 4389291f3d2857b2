package catalog

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"time"

	"grenier/internal/account"
	"grenier/internal/fault"
)

// LinkTime is how long a signed link opens a file.
const LinkTime = 10 * time.Minute

// Sign adds to the address of a hosted file what opens it until then, whoever
// holds it.
func (f *Files) Sign(address string, until time.Time) string {
	expires := strconv.FormatInt(until.Unix(), 10)
	return address + "?" + url.Values{"expires": {expires}, "signature": {f.signature(address, expires)}}.Encode()
}

func (f *Files) signature(address, expires string) string {
	mac := hmac.New(sha256.New, f.rules.Secret)
	mac.Write([]byte("file\x00" + address + "\x00" + expires))
	return hex.EncodeToString(mac.Sum(nil))
}

// Granted tells whether a link opens an address now. Invalid tells that it did
// and has run out.
func (f *Files) Granted(address, expires, signature string, now time.Time) (bool, error) {
	if expires == "" && signature == "" {
		return false, nil
	}
	if !hmac.Equal([]byte(signature), []byte(f.signature(address, expires))) {
		return false, errNoFile
	}
	until, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || now.Unix() >= until {
		return false, fault.New(fault.Forbidden, "This link has run out. Open the page of the dataset again and take a new one.")
	}
	return true, nil
}

// Link is where the file of a resource is had: for a hosted file that is not
// public, a link of ten minutes to who may read it, and when it runs out. The
// address of a hosted file begins with a slash.
func (f *Files) Link(ctx context.Context, v account.Viewer, resource string) (address string, until time.Time, err error) {
	r, err := f.store.Resource(ctx, v, resource)
	if err != nil {
		return "", time.Time{}, err
	}
	return f.LinkOf(ctx, r)
}

// LinkOf is Link for a resource that the viewer was found to read.
func (f *Files) LinkOf(ctx context.Context, r *Resource) (address string, until time.Time, err error) {
	if !Hosted(r.URL) {
		return r.URL, time.Time{}, nil
	}
	public, err := f.public(ctx, r)
	if err != nil || public {
		return r.URL, time.Time{}, err
	}
	until = time.Now().Add(LinkTime).Truncate(time.Second)
	return f.Sign(r.URL, until), until, nil
}
