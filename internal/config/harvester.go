package config

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Harvester is a plug-in that reads portals: a program, or an address that is
// asked. It is declared by a table [harvest.external.<id>] of the file of
// settings, and nowhere else.
type Harvester struct {
	ID string
	// Command is the program, by its absolute path, with its arguments; Endpoint is
	// an address instead, and Secret what its requests are signed with.
	Command          []string
	Endpoint, Secret string
	// Timeout bounds a run, IdleTimeout the time without a line.
	Timeout, IdleTimeout time.Duration
	// MaxRSS bounds the memory of the program and of those that it starts, in bytes.
	MaxRSS Size
	// Concurrency is how many runs may go at once.
	Concurrency int
	// User is the account that the program runs as, where this one is root.
	User string
	// Read are folders that the program may read besides those of the system and
	// its own.
	Read []string
	// Sandbox keeps the program from files that are none of its business, where the
	// system can do that.
	Sandbox bool
}

// harvesterID is what identifies a plug-in: the backend of sources.
var harvesterID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// builtIn are the backends of this program, whose names plug-ins cannot have.
var builtIn = []string{"ckan", "csv", "csw-dcat", "csw-iso-19139", "datajson", "dcat", "dkan", "maaf", "ods", "udata"}

// takeHarvesters takes the tables of plug-ins out of the members of a file.
func takeHarvesters(members map[string]any) ([]Harvester, error) {
	section, ok := members["harvest"].(map[string]any)
	if !ok {
		return nil, nil // what else it is, the settings refuse
	}
	delete(members, "harvest")
	tables, ok := section["external"].(map[string]any)
	if !ok || len(section) != 1 {
		return nil, fmt.Errorf("harvest: expected tables [harvest.external.<id>] alone")
	}
	var all []Harvester
	for _, id := range slices.Sorted(maps.Keys(tables)) {
		table, ok := tables[id].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("harvest.external.%s: expected a table", id)
		}
		h, err := harvesterOf(id, table)
		if err != nil {
			return nil, fmt.Errorf("harvest.external.%s: %w", id, err)
		}
		all = append(all, h)
	}
	return all, nil
}

func harvesterOf(id string, table map[string]any) (Harvester, error) {
	h := Harvester{ID: id, Timeout: 2 * time.Hour, IdleTimeout: 5 * time.Minute, MaxRSS: 1 << 30, Concurrency: 1, Sandbox: true}
	if !harvesterID.MatchString(id) {
		return h, fmt.Errorf("the identifier may hold lower-case letters, digits, - and _")
	}
	if slices.Contains(builtIn, id) {
		return h, fmt.Errorf("the program has a backend of this name itself: choose another")
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if err := h.set(key, table[key]); err != nil {
			return h, fmt.Errorf("%s: %w", key, err)
		}
	}
	return h, h.check()
}

// set takes one member of a table.
func (h *Harvester) set(key string, value any) (err error) {
	var ok bool
	switch key {
	case "command":
		h.Command, ok = texts(value)
	case "read":
		h.Read, ok = texts(value)
	case "endpoint":
		h.Endpoint, ok = value.(string)
	case "secret":
		h.Secret, ok = value.(string)
	case "user":
		h.User, ok = value.(string)
	case "sandbox":
		h.Sandbox, ok = value.(bool)
	case "concurrency":
		var n int64
		n, ok = value.(int64)
		h.Concurrency = int(min(max(n, -1), 1000))
	case "timeout", "idle_timeout", "max_rss":
		var text string
		if text, ok = value.(string); ok {
			switch key {
			case "timeout":
				h.Timeout, err = parseSpan(text)
			case "idle_timeout":
				h.IdleTimeout, err = parseSpan(text)
			default:
				h.MaxRSS, err = parseSize(text)
			}
		}
	default:
		return fmt.Errorf("there is no such setting of a plug-in")
	}
	if !ok && err == nil {
		return fmt.Errorf("expected another type of value")
	}
	return err
}

// texts reads a list of texts, or one text.
func texts(value any) ([]string, bool) {
	switch value := value.(type) {
	case string:
		return []string{value}, true
	case []any:
		list := make([]string, len(value))
		for i, part := range value {
			text, ok := part.(string)
			if !ok {
				return nil, false
			}
			list[i] = text
		}
		return list, true
	}
	return nil, false
}

// minHarvesterRSS is less than any program of use takes.
const minHarvesterRSS = 16 << 20

func (h *Harvester) check() error {
	switch {
	case len(h.Command) == 0 && h.Endpoint == "", len(h.Command) > 0 && h.Endpoint != "":
		return fmt.Errorf("expected either command or endpoint")
	case len(h.Command) > 0 && !filepath.IsAbs(h.Command[0]):
		return fmt.Errorf("command: expected the absolute path of a program, not %q", h.Command[0])
	case h.Timeout <= 0 || h.IdleTimeout <= 0:
		return fmt.Errorf("timeout and idle_timeout must be more than 0")
	case h.MaxRSS < minHarvesterRSS:
		return fmt.Errorf("max_rss: expected at least 16MiB")
	case h.Concurrency < 1 || h.Concurrency > 100:
		return fmt.Errorf("concurrency: expected 1 to 100")
	}
	for _, folder := range h.Read {
		if !filepath.IsAbs(folder) {
			return fmt.Errorf("read: expected absolute paths, not %q", folder)
		}
	}
	if h.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(h.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("endpoint: expected an address as https://host/path")
	}
	if len(strings.TrimSpace(h.Secret)) < 16 {
		return fmt.Errorf("secret: an endpoint needs one of at least 16 characters")
	}
	return nil
}
