package catalog

import (
	"encoding/json"
	"slices"
	"strings"

	"grenier/internal/db"
	"grenier/internal/history"
	"grenier/internal/i18n"
	"grenier/internal/text"
)

// ChecksumInput is how to verify a file.
type ChecksumInput struct {
	// Type is sha1 when it is empty.
	Type, Value string
}

// ResourceInput is what is written of a resource. What is left out stays as it
// is.
type ResourceInput struct {
	// ID names a resource of the dataset; empty for a new one.
	ID          string
	Title       Opt[string]
	Description Opt[string]
	Type        Opt[string]
	Filetype    Opt[string]
	Format      Opt[string]
	Mime        Opt[string]
	URL         Opt[string]
	Filesize    Opt[int64]
	Checksum    Opt[ChecksumInput]
	Schema      Opt[SchemaInput]
	Extras      Opt[json.RawMessage]
}

// maxFormat bounds formats and media types, in characters.
const maxFormat = 255

// applyResource changes a resource as the input says. path leads to it within
// the input. What describes a hosted file is the file's own and stays.
func applyResource(wrong *refusals, r *Resource, in ResourceInput, path ...any) {
	at := func(name string) []any { return append(slices.Clone(path), name) }
	wrong.line(in.Title, TitleMax, &r.Title, at("title")...)
	wrong.optional(in.Description, DescriptionMax, &r.Description, at("description")...)
	wrong.oneOf(in.Type, i18n.ResourceType, &r.Type, at("type")...)
	wrong.extrasBy(in.Extras, &r.Extras, checkedExtra, at("extras")...)
	wrong.schema(in.Schema, r, at("schema")...)
	if in.Filetype.Set && !in.Filetype.Null && in.Filetype.Value != r.Filetype {
		if i18n.Has(i18n.FileType, in.Filetype.Value) {
			wrong.at("Cannot modify filetype after creation", at("filetype")...)
		} else {
			wrong.at(notAChoice(i18n.FileType), at("filetype")...)
		}
	}
	if r.Filetype == "remote" {
		wrong.remote(in, r, at)
	}
	r.TitleFold = text.Fold(r.Title)
	derive(r)
}

// remote reads what describes a file that lies elsewhere.
func (r *refusals) remote(in ResourceInput, resource *Resource, at func(string) []any) {
	r.address(in.URL, &resource.URL, at("url")...)
	lower := in.Format
	lower.Value = strings.ToLower(strings.TrimSpace(lower.Value))
	r.optional(lower, maxFormat, &resource.Format, at("format")...)
	r.optional(in.Mime, maxFormat, &resource.Mime, at("mime")...)
	r.checksum(in.Checksum, resource, at)
	switch size := in.Filesize.Value; {
	case !in.Filesize.Set:
	case in.Filesize.Null:
		resource.Filesize = nil
	case size < 0:
		r.at("A size is a number of bytes, 0 or more.", at("filesize")...)
	default:
		resource.Filesize = &size
	}
}

// checksumTypes are the ways to sum a file, the usual one first.
var checksumTypes = []string{"sha1", "sha2", "sha256", "md5", "crc"}

func (r *refusals) checksum(in Opt[ChecksumInput], resource *Resource, at func(string) []any) {
	given := in.Value
	if given.Type == "" {
		given.Type = checksumTypes[0]
	}
	value := strings.TrimSpace(given.Value)
	member := func(name string) []any { return append(at("checksum"), name) }
	switch {
	case !in.Set || resource.ChecksumValue != nil && value == *resource.ChecksumValue && given.Type == shown(resource.ChecksumType, checksumTypes[0]):
	case in.Null:
		resource.ChecksumType, resource.ChecksumValue = nil, nil
	case !slices.Contains(checksumTypes, given.Type):
		r.at("Not a valid choice. Choose one of: "+strings.Join(checksumTypes, ", ")+".", member("type")...)
	case value == "":
		r.at("This field is required.", member("value")...)
	default:
		if wrong := wrongText(value, maxFormat); wrong != "" {
			r.at(wrong, member("value")...)
			return
		}
		resource.ChecksumType, resource.ChecksumValue = &given.Type, &value
	}
}

// derive reads what the analysis wrote into the extras.
func derive(r *Resource) {
	r.Available, r.Preview, r.AnalysedModifiedAt = nil, false, db.Time{}
	var known map[string]json.RawMessage
	if len(r.Extras) == 0 || json.Unmarshal(r.Extras, &known) != nil {
		return
	}
	var available bool
	if text := known["check:available"]; len(text) > 0 && string(text) != "null" && json.Unmarshal(text, &available) == nil {
		r.Available = &available
	}
	table := string(known["analysis:parsing:parsing_table"])
	r.Preview = table != "" && table != "null"
	var modified string
	if json.Unmarshal(known["analysis:last-modified-at"], &modified) == nil {
		r.AnalysedModifiedAt = parseMoment(modified)
	}
}

// newResource makes a resource out of an input; its title and address are
// required.
func newResource(wrong *refusals, in ResourceInput, dataset string, rank int64, now db.Time, path ...any) Resource {
	r := Resource{
		ID: db.NewUUID(), Version: 1, DatasetID: &dataset, Rank: rank, Filetype: "remote", Type: "other",
		CreatedInternal: now, ModifiedInternal: now,
	}
	in.Title.Set, in.URL.Set = true, true
	if in.Filetype.Value == "file" { // a file is hosted by sending it; its address may be named
		in.Filetype = Opt[string]{}
	}
	applyResource(wrong, &r, in, path...)
	return r
}

// newResources makes the resources of a new dataset, in the order given.
func newResources(wrong *refusals, inputs []ResourceInput, dataset string, now db.Time) []Resource {
	if !wrong.fewResources(len(inputs)) {
		return nil
	}
	resources := make([]Resource, len(inputs))
	for i, in := range inputs {
		wrong.identifier(in.ID, i)
		resources[i] = newResource(wrong, in, dataset, int64(i)*rankGap, now, "resources", i)
	}
	return resources
}

func (r *refusals) fewResources(count int) bool {
	if count > maxResources {
		r.at("A dataset has at most 100000 resources.", "resources")
	}
	return count <= maxResources
}

// identifier refuses what is no identifier of a resource at all.
func (r *refusals) identifier(id string, position int) bool {
	if id == "" || db.IsUUID(id) {
		return true
	}
	r.at("Not a valid UUID.", "resources", position, "id")
	return false
}

// resourceDifference compares the fields that people write, and the place among
// the others.
func resourceDifference(before, after *Resource) history.Difference {
	difference := history.Difference{}
	compare := func(name string, old, new any, same bool) {
		if !same {
			difference["resource/"+after.ID+"/"+name] = [2]any{old, new}
		}
	}
	texts := func(name string, old, new *string) { compare(name, old, new, equalText(old, new)) }
	compare("title", before.Title, after.Title, before.Title == after.Title)
	compare("url", before.URL, after.URL, before.URL == after.URL)
	compare("type", before.Type, after.Type, before.Type == after.Type)
	compare("rank", before.Rank, after.Rank, before.Rank == after.Rank)
	texts("description", before.Description, after.Description)
	texts("format", before.Format, after.Format)
	texts("mime", before.Mime, after.Mime)
	texts("checksum_type", before.ChecksumType, after.ChecksumType)
	texts("checksum_value", before.ChecksumValue, after.ChecksumValue)
	texts("schema_name", before.SchemaName, after.SchemaName)
	texts("schema_version", before.SchemaVersion, after.SchemaVersion)
	texts("schema_url", before.SchemaURL, after.SchemaURL)
	compare("extras", before.Extras, after.Extras, string(before.Extras) == string(after.Extras))
	same := before.Filesize == after.Filesize || before.Filesize != nil && after.Filesize != nil && *before.Filesize == *after.Filesize
	compare("filesize", before.Filesize, after.Filesize, same)
	return difference
}
