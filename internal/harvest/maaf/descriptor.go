package maaf

import (
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/harvest"
)

const (
	maxTags      = 1000
	maxResources = 20_000
)

// metadata is what a descriptor says.
type metadata struct {
	ID              string     `xml:"id"`
	Title           string     `xml:"title"`
	Notes           string     `xml:"notes"`
	Author          string     `xml:"author"`
	AuthorEmail     string     `xml:"author_email"`
	Maintainer      string     `xml:"maintainer"`
	MaintainerEmail string     `xml:"maintainer_email"`
	Extras          []extra    `xml:"extras"`
	Frequency       string     `xml:"frequency"`
	Groups          string     `xml:"groups"`
	License         string     `xml:"license_id"`
	Private         string     `xml:"private"`
	Resources       []resource `xml:"resources"`
	Tags            string     `xml:"tags"`
	From            string     `xml:"temporal_coverage_from"`
	To              string     `xml:"temporal_coverage_to"`
	Territory       struct {
		Code        string `xml:"territorial_coverage_code"`
		Granularity string `xml:"territorial_coverage_granularity"`
	} `xml:"territorial_coverage"`
}

type extra struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

type resource struct {
	Description  string `xml:"description"`
	Format       string `xml:"format"`
	Name         string `xml:"name"`
	URL          string `xml:"url"`
	LastModified string `xml:"last_modified"`
}

// parse reads a descriptor that is UTF-8 already, whatever it declares.
func parse(in io.Reader) (*metadata, error) {
	decoder := xml.NewDecoder(in)
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var root struct {
		XMLName  xml.Name  `xml:"ETALAB"`
		Metadata *metadata `xml:"metadata"`
	}
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	if root.Metadata == nil {
		return nil, errors.New("it has no metadata")
	}
	return root.Metadata, nil
}

var frequencies = map[string]string{
	"ponctuelle": "punctual", "temps réel": "continuous", "quotidienne": "daily", "hebdomadaire": "weekly", "bimensuelle": "semimonthly",
	"mensuelle": "monthly", "bimestrielle": "bimonthly", "trimestrielle": "quarterly", "semestrielle": "semiannual", "annuelle": "annual",
	"triennale": "triennial", "quinquennale": "quinquennial", "aucune": "unknown", "au fil de l'eau": "irregular", "au fil de l’eau": "irregular",
}

var territories = map[string]string{"country/fr": "country:fr", "country/monde": "country-group:world"}

var granularities = map[string]string{"commune": "fr:commune", "france": "country", "pays": "country"}

// formats are those of resources; cle is that of checksums.
var formats = map[string]bool{"cle": true, "csv": true, "pdf": true, "txt": true, "html": true, "xml": true, "json": true, "odt": true, "ods": true}

const group = "agriculture et alimentation"

// line makes a line of a descriptor; key reads the file of a checksum.
func (m *metadata) line(address string, key func(string) (string, error)) harvest.Line {
	id := clean(m.ID)
	l := harvest.Line{T: harvest.LineDataset, RemoteID: id, RemoteURL: address}
	if id == "" {
		l.RemoteID = address
	}
	d, wrong := m.dataset()
	if wrong != "" {
		l.T, l.Message = harvest.LineError, wrong
		return l
	}
	l.Dataset = d
	sum := m.checksum(key, &l)
	for i := range d.Resources {
		if d.Resources[i].Format == "csv" {
			d.Resources[i].Checksum = sum
		}
	}
	return l
}

// dataset checks and maps; invalid says for people what is not valid.
func (m *metadata) dataset() (d *harvest.Dataset, invalid string) {
	var wrong []string
	check := func(ok bool, field, reason, value string) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf("- [%s] %s: %s", field, reason, value))
		}
	}
	frequency, known := frequencies[strings.ToLower(clean(m.Frequency))]
	check(known, "frequency", "unknown frequency", clean(m.Frequency))
	private, isBool := boolean(m.Private)
	check(isBool, "private", "unable to parse boolean", clean(m.Private))
	check(clean(m.License) == "fr-lo", "license_id", "not a valid value", clean(m.License))
	check(clean(m.Groups) == "" || strings.EqualFold(clean(m.Groups), group), "groups", "not a valid value", clean(m.Groups))
	check(clean(m.Title) != "", "title", "required", "None")
	check(clean(m.ID) != "", "id", "required", "None")
	for i, r := range m.Resources {
		check(formats[strings.ToLower(clean(r.Format))], fmt.Sprintf("resources.%d.format", i), "not a valid value", clean(r.Format))
		check(clean(r.URL) != "", fmt.Sprintf("resources.%d.url", i), "required", "None")
	}
	zone, granularity := strings.ToLower(clean(m.Territory.Code)), strings.ToLower(clean(m.Territory.Granularity))
	check(zone == "" || territories[zone] != "", "territorial_coverage_code", "not a valid value", zone)
	check(granularity == "" || granularities[granularity] != "", "territorial_coverage_granularity", "not a valid value", granularity)
	if len(wrong) > 0 {
		return nil, "Validation error:\n" + strings.Join(wrong, "\n")
	}
	d = &harvest.Dataset{
		Title: clean(m.Title), Description: clean(m.Notes), License: []string{"fr-lo"}, Frequency: frequency, Private: &private, Tags: m.tags(),
		Extras: m.extras(), Resources: m.resources(), ResourcesWhole: true,
	}
	if territories[zone] != "" || granularities[granularity] != "" {
		d.Spatial = &harvest.Spatial{Granularity: granularities[granularity]}
		if territories[zone] != "" {
			d.Spatial.Zones = []string{territories[zone]}
		}
	}
	if from, to := clean(m.From), clean(m.To); from != "" && to != "" {
		d.Temporal = &harvest.Period{Start: from, End: to}
	}
	return d, ""
}

func clean(text string) string { return strings.TrimSpace(text) }

// boolean reads what people write for a truth value; nothing is false.
func boolean(text string) (value, ok bool) {
	switch strings.ToLower(clean(text)) {
	case "on", "t", "true", "y", "yes", "1":
		return true, true
	case "", "f", "false", "n", "no", "off", "0":
		return false, true
	}
	return false, false
}

func (m *metadata) tags() (tags []string) {
	for tag := range strings.SplitSeq(m.Tags, ",") {
		if tag = clean(tag); tag != "" && len(tags) < maxTags {
			tags = append(tags, tag)
		}
	}
	return tags
}

func (m *metadata) extras() map[string]any {
	all := make(map[string]any)
	for _, e := range append([]extra{
		{"author", m.Author}, {"author_email", m.AuthorEmail}, {"maintainer", m.Maintainer}, {"maintainer_email", m.MaintainerEmail},
	}, m.Extras...) {
		if key, value := clean(e.Key), clean(e.Value); key != "" && value != "" {
			all[key] = value
		}
	}
	return all
}

// resources are the files; those of checksums are none.
func (m *metadata) resources() (list []harvest.Resource) {
	for _, r := range m.Resources {
		format := strings.ToLower(clean(r.Format))
		if format == "cle" || len(list) >= maxResources {
			continue
		}
		one := harvest.Resource{
			Title: clean(r.Name), Description: clean(r.Description), URL: clean(r.URL), Format: format,
			Harvest: harvest.Origin{ModifiedAt: clean(r.LastModified)},
		}
		list = append(list, one)
	}
	return list
}

// checksum reads the first of the files of checksums. One that cannot be read costs
// no more than the checksum.
func (m *metadata) checksum(key func(string) (string, error), l *harvest.Line) *harvest.Checksum {
	for _, r := range m.Resources {
		if strings.ToLower(clean(r.Format)) != "cle" {
			continue
		}
		text, err := key(clean(r.URL))
		reason := "it is not a SHA-256."
		if err == nil {
			if sum, broken := hex.DecodeString(text); broken == nil && len(sum) == 32 {
				return &harvest.Checksum{Type: "sha256", Value: strings.ToLower(text)}
			}
		} else {
			reason = fault.Of(err).SafeText()
		}
		l.Logs = append(l.Logs, harvest.Log{Level: "warning", Message: "The checksum was left out: " + reason})
		return nil
	}
	return nil
}
