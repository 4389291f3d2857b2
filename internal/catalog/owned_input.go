package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"
	"golang.org/x/text/unicode/norm"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// textRequired is how the objects that answer one text for each member say that
// one is missing.
const textRequired = "Field is required"

// Bounds of what reuses, dataservices, topics, posts and charts hold.
const (
	// maxWords bounds the free tags of an object, maxWord the characters of
	// each.
	maxWords, maxWord = 500, 255
	// maxLinks bounds the objects that one object is linked to.
	maxLinks = 5000
	// maxAddress bounds an address, in characters.
	maxAddress = 4096
)

// checks reads the members of inputs whose errors are one text each.
type checks struct{ refusals }

// checks judges addresses as the settings say.
func (s *Store) checks() checks { return checks{refusals{reachable: s.deps.CheckURL}} }

// need makes members of a new object required.
func need(members ...*Opt[string]) {
	for _, member := range members {
		member.Set = true
	}
}

// wrongText tells what is wrong with a text; "" when nothing is.
func wrongText(value string, most int) string {
	switch {
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }):
		return "Control characters are not allowed."
	case utf8.RuneCountInString(value) > most:
		return fmt.Sprintf("Field cannot be longer than %d characters.", most)
	}
	return ""
}

func tidy(value string) string { return strings.TrimSpace(norm.NFC.String(value)) }

// text reads a text that must be there; one of white space alone is none. One
// that stays as it was is taken, however long.
func (c *checks) text(in Opt[string], most int, into *string, path ...any) {
	value := tidy(in.Value)
	switch {
	case !in.Set:
	case value == "":
		c.at(textRequired, path...)
	case in.Value == *into:
	case wrongText(value, most) != "":
		c.at(wrongText(value, most), path...)
	default:
		*into = value
	}
}

// choice reads one of some values that must be there.
func (c *checks) choice(in Opt[string], allowed []string, into *string, path ...any) {
	switch {
	case !in.Set:
	case tidy(in.Value) == "":
		c.at(textRequired, path...)
	case in.Value == *into:
	case !slices.Contains(allowed, in.Value):
		c.at("Value must be one of ("+strings.Join(allowed, ", ")+")", path...)
	default:
		*into = in.Value
	}
}

// maybeChoice reads one of some values, or none.
func (c *checks) maybeChoice(in Opt[string], allowed []string, into **string, path ...any) {
	var value string
	switch {
	case !in.Set:
		return
	case in.Null || tidy(in.Value) == "":
		*into = nil
		return
	case *into != nil:
		value = **into
	}
	before := value
	if c.choice(in, allowed, &value, path...); value != before {
		*into = &value
	}
}

// link reads an address that must be there. One that stays as it was is taken.
func (c *checks) link(in Opt[string], into *string, path ...any) {
	value := tidy(in.Value)
	switch {
	case !in.Set || value != "" && value == *into:
	case value == "":
		c.at(textRequired, path...)
	case c.wrongURL(value) != "":
		c.at(c.wrongURL(value), path...)
	default:
		*into = value
	}
}

// labels reads the tags of an object whose tags are slugs.
func (c *checks) labels(in Opt[[]string], into *[]string) {
	if !in.Set {
		return
	}
	scratch := Dataset{Attributes: Attributes{Tags: *into}}
	c.tags(in, &scratch)
	*into = scratch.Tags
}

// words reads free tags: as they are written, each once.
func (c *checks) words(in Opt[[]string], into *[]string, path ...any) {
	if !in.Set {
		return
	}
	*into = nil
	for _, given := range in.Value {
		word := tidy(given)
		if word == "" || slices.Contains(*into, word) {
			continue
		}
		if wrong := wrongText(word, maxWord); wrong != "" {
			c.at(wrong, path...)
			return
		}
		if *into = append(*into, word); len(*into) > maxWords {
			c.at(fmt.Sprintf("At most %d tags.", maxWords), path...)
			return
		}
	}
}

// switched reads a yes or no.
func switched(in Opt[bool], into *bool) {
	if in.Set {
		*into = in.Value
	}
}

// dictionary reads extras.
func (c *checks) dictionary(in Opt[json.RawMessage], into *db.JSON, path ...any) {
	c.extras(in, into, path...)
}

// linkedTo reads what an object is linked to: each once, and all that the
// viewer may read. What it is linked to already and the viewer may not see
// stays, behind the rest.
func (r relation) linkedTo(ctx context.Context, tx bun.IDB, v account.Viewer, in Opt[[]string], current []string, path ...any) ([]string, error) {
	if !in.Set {
		return current, nil
	}
	if len(in.Value) > maxLinks {
		return nil, fault.At(fmt.Sprintf("At most %d of them.", maxLinks), path...)
	}
	wanted := make([]string, 0, len(in.Value))
	seen := make(map[string]bool, len(in.Value))
	for _, id := range in.Value {
		if !seen[id] {
			seen[id] = true
			wanted = append(wanted, id)
		}
	}
	readable, err := r.readable(ctx, tx, v, append(slices.Clone(wanted), current...))
	if err != nil {
		return nil, err
	}
	for _, id := range wanted {
		if !readable[id] {
			return nil, fault.At("Unknown reference '"+clipped(id)+"'", path...)
		}
	}
	for _, id := range current {
		if !readable[id] && !seen[id] {
			wanted = append(wanted, id)
		}
	}
	return wanted, nil
}

// clipped shortens what is repeated in an error.
func clipped(value string) string {
	if utf8.RuneCountInString(value) > 60 {
		value = string([]rune(value)[:60]) + "…"
	}
	return value
}

// readable tells which of the objects at the far end of a relation the viewer
// may read.
func (r relation) readable(ctx context.Context, read bun.IDB, v account.Viewer, ids []string) (map[string]bool, error) {
	found := make(map[string]bool, len(ids))
	for batch := range slices.Chunk(ids, 500) {
		listed, args := v.Listed("x", r.public)
		var rows []string
		if err := read.NewRaw("SELECT x.id FROM "+r.far+" x WHERE x.id IN (?) AND "+listed, append([]any{bun.List(batch)}, args...)...).Scan(ctx, &rows); err != nil {
			return nil, err
		}
		for _, id := range rows {
			found[id] = true
		}
	}
	return found, nil
}

// save writes the links of an object.
func (r relation) save(ctx context.Context, tx *db.Tx, id string, before, after []string) error {
	if slices.Equal(before, after) {
		return nil
	}
	if err := forget(ctx, tx, r.table, r.from, id); err != nil {
		return err
	}
	for batch := range slices.Chunk(after, 500) {
		offset := slices.Index(after, batch[0])
		var values []any
		var marks strings.Builder
		for i, target := range batch {
			marks.WriteString("(?, ?, ?),")
			values = append(values, id, target, offset+i)
		}
		query := "INSERT INTO " + r.table + " (" + r.from + ", " + r.to + ", position) VALUES " + strings.TrimSuffix(marks.String(), ",")
		if _, err := tx.NewRaw(query, values...).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
