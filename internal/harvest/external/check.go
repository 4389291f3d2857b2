package external

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"grenier/internal/fault"
	"grenier/internal/harvest"
)

// Finding is something that a plug-in does and the contract does not say.
type Finding struct {
	// Line is the line of the answer, from 1; 0 for what concerns no line.
	Line int `json:"line"`
	// Wrong tells what makes a record or a job fail; else it is advice.
	Wrong   bool   `json:"wrong"`
	Message string `json:"message"`
}

// Checked is what a check of a plug-in came to.
type Checked struct {
	About    harvest.Description `json:"describe"`
	Lines    int                 `json:"lines"`
	Records  int                 `json:"records"`
	Complete bool                `json:"complete"`
	Wrong    int                 `json:"wrong"`
}

// Check asks a plug-in to describe itself and to harvest a source without
// anything being kept, and tells line by line what is not in the form of the
// contract. What the plug-in writes beside its answer goes to remark.
func (b *Backend) Check(ctx context.Context, r harvest.Request, found func(Finding), remark func(string)) (Checked, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, b.plugin.Timeout, errTimeout)
	defer cancel()
	c := &checker{found: found, seen: make(map[string]int)}
	aside := func(l harvest.Log) error { remark(l.Message); return nil }
	if err := b.exchange(ctx, []byte(`{"v":1,"op":"describe"}`), c.describe, aside); err != nil {
		return c.Checked, c.failed("describe", err)
	}
	if c.number == 0 {
		c.wrong("describe: it said nothing")
	}
	c.number = 0
	r.Dry = true
	body, err := b.request(r)
	if err != nil {
		return c.Checked, err
	}
	err = b.exchange(ctx, body, c.line, aside)
	c.Lines, c.number = c.number, 0
	if err != nil {
		return c.Checked, c.failed("harvest", err)
	}
	if !c.ended {
		c.wrong(`harvest: the last line is not of type "end": the job would fail`)
	}
	return c.Checked, nil
}

type checker struct {
	Checked
	found  func(Finding)
	number int
	seen   map[string]int
	ended  bool
}

func (c *checker) wrong(format string, arguments ...any) {
	c.Wrong++
	c.found(Finding{c.number, true, fmt.Sprintf(format, arguments...)})
}

func (c *checker) advise(format string, arguments ...any) {
	c.found(Finding{c.number, false, fmt.Sprintf(format, arguments...)})
}

// failed tells of a failure as of a finding; one of the context is the caller's.
func (c *checker) failed(op string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	c.number = 0
	c.wrong("%s: %s", op, fault.Of(err).SafeText())
	return nil
}

// filterTypes are those that filters may have.
var filterTypes = []string{"string", "integer", "boolean", "uuid", "date-time", "date"}

func (c *checker) describe(raw []byte) (bool, error) {
	c.number++
	if c.number > 1 {
		c.wrong("describe: one line is expected")
		return false, nil
	}
	if err := strictly(raw, &c.About); err != nil {
		c.wrong("describe: %s", err)
	}
	if c.About.ID == "" {
		c.wrong("describe: id is missing")
	}
	if c.About.Label == "" {
		c.advise("describe: label is missing; people will see the identifier")
	}
	keys := make(map[string]bool)
	named := func(kind, key string) {
		if key == "" || keys[kind+key] {
			c.wrong("describe: every %s needs a key of its own, not %q", kind, key)
		}
		keys[kind+key] = true
	}
	for _, f := range c.About.Filters {
		named("filter", f.Key)
		if !slices.Contains(filterTypes, f.Type) {
			c.wrong("describe: the type of the filter %q must be one of %s", f.Key, strings.Join(filterTypes, ", "))
		}
	}
	for _, f := range c.About.Features {
		named("feature", f.Key)
	}
	for _, e := range c.About.ExtraConfigs {
		named("extra_config", e.Key)
	}
	return true, nil
}

// strictly reads JSON and refuses members that are not there.
func strictly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// members are those of each type of line besides "t"; those with ! must be there.
var members = map[harvest.LineType]string{
	harvest.LineStart:       "total format",
	harvest.LineDataset:     "remote_id! data! remote_url hash logs page",
	harvest.LineDataservice: "remote_id! data! remote_url hash logs page",
	harvest.LineUnchanged:   "remote_id! kind",
	harvest.LineGone:        "remote_id! kind",
	harvest.LineSkip:        "reason! remote_id remote_url kind",
	harvest.LineError:       "message! remote_id details fatal kind",
	harvest.LineLog:         "message! level! remote_id",
	harvest.LineCheckpoint:  "cursor! done",
	harvest.LineEnd:         "complete!",
}

var levels = []string{"debug", "info", "warning", "error"}

func (c *checker) line(raw []byte) (bool, error) {
	c.number++
	if c.ended {
		c.wrong(`there is a line after that of type "end"`)
		return false, nil
	}
	var given map[string]json.RawMessage
	if !utf8.Valid(raw) {
		c.wrong("the line is not UTF-8")
		return true, nil
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		c.wrong("the line is not a JSON object: %s: the job would fail", err)
		return true, nil
	}
	line, known, err := decode(raw)
	switch {
	case err != nil:
		c.wrong("%s: the job would fail", err)
		return true, nil
	case !known:
		c.advise("there is no type %q of lines: the line is passed over", line.T)
		return true, nil
	}
	c.present(line.T, given)
	c.judge(line, given)
	return true, nil
}

// present looks for members that are missing, or not in the contract.
func (c *checker) present(t harvest.LineType, given map[string]json.RawMessage) {
	known := []string{"t"}
	for name := range strings.FieldsSeq(members[t]) {
		name, needed := strings.CutSuffix(name, "!")
		known = append(known, name)
		if value := string(given[name]); needed && (value == "" || value == "null" || value == `""`) {
			c.wrong("a line of type %q needs %s", t, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			c.advise("a line of type %q has no member %s: it is passed over", t, name)
		}
	}
}

func (c *checker) judge(l harvest.Line, given map[string]json.RawMessage) {
	switch l.T {
	case harvest.LineStart:
		if c.number > 1 {
			c.advise("the line of type \"start\" comes first")
		}
	case harvest.LineLog:
		if l.Level != "" && !slices.Contains(levels, l.Level) {
			c.wrong("the level must be one of %s", strings.Join(levels, ", "))
		}
	case harvest.LineCheckpoint:
		if !c.About.Resumable {
			c.wrong("there is a checkpoint, but describe does not say that the plug-in is resumable")
		}
	case harvest.LineEnd:
		c.ended, c.Complete = true, l.Complete
		if !l.Complete {
			c.advise("complete is false: nothing would be taken for removed")
		}
	}
	if given["data"] != nil {
		c.record(l, given)
	}
	if l.RemoteID != "" && l.T != harvest.LineLog {
		c.Records++
		if first, ok := c.seen[l.RemoteID]; ok {
			c.wrong("the remote_id %q was on line %d already", l.RemoteID, first)
		}
		c.seen[l.RemoteID] = c.number
	}
}

// record looks into the data of a record.
func (c *checker) record(l harvest.Line, given map[string]json.RawMessage) {
	if string(given["t"]) == `"dataservice"` {
		var s harvest.Dataservice
		if err := strictly(given["data"], &s); err != nil {
			c.wrong("%q: data: %s", l.RemoteID, err)
		} else if s.Title == "" {
			c.wrong("%q: data.title is missing", l.RemoteID)
		}
		return
	}
	var d harvest.Dataset
	if err := strictly(given["data"], &d); err != nil {
		c.wrong("%q: data: %s", l.RemoteID, err)
		return
	}
	if strings.TrimSpace(d.Title) == "" {
		c.wrong("%q: data.title is missing", l.RemoteID)
	}
	for i, r := range d.Resources {
		if u, err := url.Parse(r.URL); err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "ftp", "ftps"}, u.Scheme) {
			c.wrong("%q: data.resources[%d].url: %q is no address of a file", l.RemoteID, i, r.URL)
		}
		if strings.TrimSpace(r.Title) == "" {
			c.advise("%q: data.resources[%d].title is missing", l.RemoteID, i)
		}
	}
}
