package ckan

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"grenier/internal/harvest"
)

const (
	maxTags      = 1000
	maxResources = 20_000
	maxExtras    = 2000
	maxLiteral   = 1 << 20
)

// read makes a line of a package. A package that is no dataset, or has no
// resource, is skipped; one without the least that a dataset has is an error.
func (p *portal) read(raw json.RawMessage, known string) harvest.Line {
	to := &reading{}
	o := object{to: to}
	if tooDeep(raw) {
		return harvest.Line{T: harvest.LineError, RemoteID: known, Message: fmt.Sprintf("The package is nested more than %d deep.", maxDepth)}
	}
	if json.Unmarshal(raw, &o.fields) != nil || o.fields == nil {
		return harvest.Line{T: harvest.LineError, RemoteID: known, Message: "The package is not an object."}
	}
	id, name := o.text("id"), o.text("name")
	remote := id
	if remote == "" {
		remote = name
	}
	if kind := o.text("type"); strings.EqualFold(kind, "harvest") {
		return harvest.Line{T: harvest.LineSkip, RemoteID: remote, Reason: "The package is a source of harvesting, not a dataset."}
	} else if kind != "" && !strings.EqualFold(kind, "dataset") {
		to.log("The package has the type %q; it is taken for a dataset.", kind)
	}
	if remote == "" {
		to.violate("id", "required key not provided", nil)
	}
	d := &harvest.Dataset{Title: o.required("title"), Name: name}
	if _, isList := o.fields["resources"]; !isList {
		to.violate("resources", "required key not provided", nil)
	} else if !strings.HasPrefix(strings.TrimSpace(string(o.fields["resources"])), "[") {
		to.violate("resources", "expected list", o.fields["resources"])
	}
	if len(to.violations) > 0 {
		return harvest.Line{T: harvest.LineError, RemoteID: remote, Message: "Validation error:\n" + strings.Join(to.violations, "\n")}
	}
	resources := o.list("resources", maxResources)
	if len(resources) == 0 {
		return harvest.Line{T: harvest.LineSkip, RemoteID: remote, Reason: "Dataset " + cmpOr(name, remote) + " has no record"}
	}
	p.describe(o, d)
	p.extras(o, d)
	d.Resources = p.resources(resources, to)
	return harvest.Line{T: harvest.LineDataset, RemoteID: remote, RemoteURL: p.pageOf(o, cmpOr(name, remote)), Dataset: d, Logs: to.logs}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// describe reads what a package says of itself.
func (p *portal) describe(o object, d *harvest.Dataset) {
	d.Description, d.DescriptionFormat = prose(o.text("notes"))
	for _, license := range []string{o.text("license_id"), o.text("license_title")} {
		if license != "" {
			d.License = append(d.License, license)
		}
	}
	for _, tag := range o.list("tags", maxTags) {
		if name := tag.text("name"); name != "" {
			d.Tags = append(d.Tags, name)
		}
	}
	d.Harvest.CreatedAt = p.date(o.text("metadata_created"))
}

// element finds an element of HTML that somebody wrote on purpose; the addresses in
// angles of Markdown are none.
var element = regexp.MustCompile(`(?i)<(/[a-z][a-z0-9]*|(p|br|div|span|a|ul|ol|li|b|i|em|strong|h[1-6]|table|img|hr)(\s[^<>]*)?/?)>`)

// prose is a long text and its format: CKAN's own is Markdown, in which many write
// HTML.
func prose(text string) (string, string) {
	if len(text) > maxLiteral {
		text = strings.ToValidUTF8(text[:maxLiteral], "")
	}
	switch {
	case text == "":
		return "", ""
	case element.MatchString(text):
		return text, "html"
	}
	return text, "markdown"
}

// pageOf is the page of a package for people: the one that it names, else that of
// the portal.
func (p *portal) pageOf(o object, name string) string {
	if given := o.text("url"); isPage(given) {
		return given
	}
	return harvest.Below(p.Source.URL, "dataset/"+url.PathEscape(name))
}

func isPage(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && strings.Contains(u.Hostname(), ".") && !strings.ContainsAny(text, " \t\n")
}

// extras reads the pairs of key and value that portals add.
func (p *portal) extras(o object, d *harvest.Dataset) {
	var start, end string
	for _, extra := range o.list("extras", maxExtras) {
		key := extra.text("key")
		value := plainValue(extra.fields["value"])
		if text, ok := value.(string); key == "" || value == nil || ok && strings.TrimSpace(text) == "" {
			continue
		}
		switch text, _ := value.(string); key {
		case "spatial":
			setGeometry(d, extra, value)
		case "spatial-text":
			if text != "" {
				space(d).Zones = []string{strings.TrimSpace(text)}
			}
			set(d, "ckan:spatial-text", value)
		case "spatial-uri":
			set(d, "ckan:spatial-uri", value)
		case "frequency":
			if id, ok := harvest.FrequencyOf(text); ok {
				d.Frequency = id
			} else {
				set(d, "ckan:frequency", value)
			}
		case "temporal_start":
			start = text
		case "temporal_end":
			end = text
		default:
			set(d, key, value)
		}
	}
	if start != "" && end != "" {
		d.Temporal = &harvest.Period{Start: p.date(start), End: p.date(end)}
	}
}

func set(d *harvest.Dataset, key string, value any) {
	if d.Extras == nil {
		d.Extras = make(map[string]any)
	}
	d.Extras[key] = value
}

func space(d *harvest.Dataset) *harvest.Spatial {
	if d.Spatial == nil {
		d.Spatial = &harvest.Spatial{}
	}
	return d.Spatial
}

// plainValue is the value of an extra: whatever JSON has, nil for nothing.
func plainValue(raw json.RawMessage) any {
	var value any
	if len(raw) > maxLiteral || json.Unmarshal(raw, &value) != nil {
		return nil
	}
	return value
}

func setGeometry(d *harvest.Dataset, extra object, value any) {
	shape, why := geometryOf(value)
	if why != "" {
		extra.to.log("%sspatial was left out: %s", extra.path, why)
	}
	if shape != nil {
		space(d).Geometry = shape
	}
}
