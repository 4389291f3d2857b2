package ckan

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"

	"grenier/internal/harvest"
)

// resourceTypes are the kinds of resources that are taken, and what they are here;
// "" leaves the kind to the catalogue. Others of CKAN's (image, visualization) are
// no data.
var resourceTypes = map[string]string{
	"": "", "null": "", "none": "", "file": "", "file.upload": "", "metadata": "", "dkan": "", "api": "api", "documentation": "documentation",
}

var droppedTypes = map[string]bool{"image": true, "visualization": true}

// resources reads those of a package. Where one identifier stands for several, each
// is known by its address as well.
func (p *portal) resources(list []object, to *reading) []harvest.Resource {
	ids := make(map[string]int)
	for _, o := range list {
		ids[o.text("id")]++
	}
	resources := make([]harvest.Resource, 0, len(list))
	known := make(map[string]bool)
	for _, o := range list {
		r, ok := p.resource(o)
		if !ok {
			continue
		}
		if r.RemoteID != "" && ids[r.RemoteID] > 1 {
			r.RemoteID += " " + r.URL
			if known[r.RemoteID] {
				to.log("%sid is that of another resource with the same address: it was left out.", o.path)
				continue
			}
		}
		known[r.RemoteID] = true
		resources = append(resources, r)
	}
	return resources
}

func (p *portal) resource(o object) (harvest.Resource, bool) {
	kind := strings.ToLower(o.text("resource_type"))
	if droppedTypes[kind] {
		return harvest.Resource{}, false
	}
	r := harvest.Resource{RemoteID: o.text("id"), Title: o.text("name"), URL: withScheme(o.text("url"))}
	if r.URL == "" {
		o.to.log("%surl is missing: the resource was left out.", o.path)
		return r, false
	}
	known := false
	if r.Type, known = resourceTypes[kind]; !known {
		o.to.log("%sresource_type %q is not known: the resource is taken for a file.", o.path, kind)
	}
	r.Description, r.DescriptionFormat = prose(o.text("description"))
	r.Format, r.Mime = strings.ToLower(o.text("format")), strings.ToLower(o.text("mimetype"))
	if r.Mime != "" && !strings.Contains(r.Mime, "/") {
		if r.Format == "" {
			r.Format = r.Mime
		}
		r.Mime = ""
	}
	r.Filesize = sizeOf(o.text("size"))
	r.Checksum = checksumOf(o.text("hash"))
	r.Harvest.IssuedAt, r.Harvest.ModifiedAt = p.date(o.text("created")), p.date(o.text("last_modified"))
	return r, true
}

// withScheme adds http:// to an address that has no scheme.
func withScheme(address string) string {
	if address == "" || strings.Contains(address, "://") {
		return address
	}
	if rest, ok := strings.CutPrefix(address, "//"); ok {
		return "http://" + rest
	}
	if u, err := url.Parse(address); err == nil && u.Scheme != "" && !strings.Contains(u.Scheme, ".") && u.Opaque == "" {
		return address
	}
	return "http://" + address
}

// checksumOf tells which checksum a text of hexadecimal digits is by its length; nil for
// what is none.
func checksumOf(text string) *harvest.Checksum {
	text = strings.ToLower(text)
	for _, known := range []string{"md5:", "sha1:", "sha256:"} {
		text = strings.TrimPrefix(text, known)
	}
	kind, ok := map[int]string{32: "md5", 40: "sha1", 64: "sha256"}[len(text)]
	if _, err := hex.DecodeString(text); !ok || err != nil {
		return nil
	}
	return &harvest.Checksum{Type: kind, Value: text}
}

// units are those of sizes, in bytes.
var units = map[string]float64{
	"": 1, "b": 1, "byte": 1, "bytes": 1, "octet": 1, "octets": 1, "o": 1,
	"k": 1e3, "kb": 1e3, "ko": 1e3, "kib": 1 << 10, "m": 1e6, "mb": 1e6, "mo": 1e6, "mib": 1 << 20,
	"g": 1e9, "gb": 1e9, "go": 1e9, "gib": 1 << 30,
}

// sizeOf reads a number of bytes, with or without a unit ("42 octets"); nil for what is none.
func sizeOf(text string) *int64 {
	text = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), ",", "."))
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz \u00a0\u202f")
	unit, known := units[strings.Trim(text[len(digits):], " \u00a0\u202f")]
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !known || !(n >= 0) || n*unit > 1<<60 {
		return nil
	}
	size := int64(n * unit)
	return &size
}
