package portal

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"grenier/internal/catalog"
)

// fileReplaced stands, among the fields of a file, for all those that change when
// another file takes its place. Its values are those of the address.
const fileReplaced = "replaced"

// withReplacedFiles tells of each file that was replaced once, by the names of the
// files, and leaves out their sums: people read neither these nor where files lie.
func withReplacedFiles(changed versionFields) versionFields {
	shown := versionFields{}
	for name, values := range changed {
		id, field, nested := strings.Cut(strings.TrimPrefix(name, "resource/"), "/")
		if !nested || !strings.HasPrefix(name, "resource/") {
			shown[name] = values
			continue
		}
		own := "resource/" + id + "/"
		address, moved := changed[own+"url"]
		here := moved && (hostedValue(address[0]) || hostedValue(address[1]))
		switch {
		case field == "url" && here:
			shown[own+fileReplaced] = values
		case field == "checksum_value" && !moved:
			shown[own+fileReplaced] = [2]json.RawMessage{}
		case field == "checksum_value", field == "checksum_type", field == "mime" && here:
		default:
			shown[name] = values
		}
	}
	return shown
}

// hostedValue tells whether a value is the address of a file that is kept here.
func hostedValue(value json.RawMessage) bool {
	var address string
	return json.Unmarshal(value, &address) == nil && catalog.Hosted(address)
}

// replacedChange names the files before and after one took the place of the other;
// without addresses only that it did.
func (v *visit) replacedChange(values [2]json.RawMessage) fieldChange {
	named := func(value json.RawMessage) string {
		var address string
		if json.Unmarshal(value, &address) != nil || !catalog.Hosted(address) {
			return address
		}
		return path.Base(address)
	}
	before, after := named(values[0]), named(values[1])
	if before == "" && after == "" {
		return fieldChange{Kind: "silent"}
	}
	return fieldChange{Kind: "value", Before: before, After: after}
}

// orderChange shows the order of the files of a dataset before and after the ranks
// of a version come back; nil when it stays.
func (v *visit) orderChange(dataset string, former versionFields) (*fieldChange, error) {
	then := map[string]int64{}
	for name, values := range former {
		rest, ok := strings.CutPrefix(name, "resource/")
		id, field, _ := strings.Cut(rest, "/")
		var rank int64
		if ok && field == "rank" && json.Unmarshal(values[1], &rank) == nil {
			then[id] = rank
		}
	}
	if len(then) == 0 {
		return nil, nil
	}
	files, err := v.p.Catalog.FileRanks(v.Context(), dataset)
	if err != nil {
		return nil, err
	}
	titles := func() string {
		var all []string
		for _, file := range files {
			all = append(all, shortTitle(file.Title))
		}
		return strings.Join(all, " · ")
	}
	before := titles()
	for i, file := range files {
		if rank, ok := then[file.ID]; ok {
			files[i].Rank = rank
		}
	}
	slices.SortStableFunc(files, func(a, b catalog.FileRank) int { return int(a.Rank - b.Rank) })
	after := titles()
	if before == after {
		return nil, nil
	}
	return &fieldChange{Label: v.fieldName("rank"), Kind: "value", Before: before, After: after, Lang: v.contentLang()}, nil
}

// restorableVersions tell of versions of one object, the latest first, which ones
// restoring would change something. since is what changed after the first of them,
// then and now.
func restorableVersions(all []versionFields, since versionFields) []bool {
	changed := versionFields{}
	for name, values := range since {
		changed[name] = values
	}
	found := make([]bool, len(all))
	for i, fields := range all {
		found[i] = len(catalog.Restorable(changed)) > 0
		for name, values := range fields {
			if later, known := changed[name]; known {
				values[1] = later[1]
			}
			changed[name] = values
		}
	}
	return found
}
